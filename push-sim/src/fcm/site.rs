//! FCM as the carrier sees it.

use std::collections::HashMap;

use super::oauth::Endpoint;
use super::route::Route;
use super::shared::Shared;
use super::{iid, refuse, send, subscriptions};
use crate::fault::Answer;
use crate::web::{Asked, Site, Told};

impl Site for Shared {
    fn tokens(&self, asked: &Asked) -> Vec<String> {
        match Route::of(&asked.method, &asked.path) {
            Some(Route::Send { .. }) => send::tokens(asked),
            Some(Route::Subscriptions { registration, .. }) => vec![registration],
            Some(route) => iid::tokens(asked, &route),
            None => Vec::new(),
        }
    }

    fn is_aside(&self, asked: &Asked) -> bool {
        Route::of(&asked.method, &asked.path).is_none()
    }

    fn answer(&self, asked: &Asked, refusals: &HashMap<String, Answer>) -> Told {
        let told = self.respond(asked, refusals);
        if self.config.clock_offset_seconds == 0 {
            return told;
        }
        told.header("date", self.now().imf_fixdate())
    }

    fn refuse(&self, asked: &Asked, answer: &Answer) -> Told {
        let told = match Route::of(&asked.method, &asked.path) {
            Some(route) if route.is_instance_id() => iid::refuse(answer),
            Some(_) => refuse::status(answer).told(asked),
            None => match Endpoint::of(asked) {
                Some(endpoint) => endpoint.refuse(asked, answer),
                None => refuse::status(answer).told(asked),
            },
        };
        if self.config.clock_offset_seconds == 0 {
            return told;
        }
        told.header("date", self.now().imf_fixdate())
    }

    /// The Instance ID service does.
    fn answers_each(&self) -> bool {
        true
    }

    fn revoke_tokens(&self) -> Option<usize> {
        Some(self.tokens.revoke_all())
    }

    fn revoke_token(&self, token: &str) -> Option<bool> {
        Some(self.tokens.revoke(token))
    }

    fn max_streams(&self) -> u32 {
        self.config.max_streams
    }

    fn reset(&self) {
        self.subscriptions.clear();
    }
}

impl Shared {
    fn respond(&self, asked: &Asked, refusals: &HashMap<String, Answer>) -> Told {
        let Some(route) = Route::of(&asked.method, &asked.path) else {
            let endpoint = Endpoint::of(asked);
            return endpoint.map_or_else(
                || Told::not_found(&asked.path),
                |endpoint| endpoint.answer(asked, self),
            );
        };
        if route.is_instance_id() {
            return iid::answer(asked, self, &route, refusals);
        }
        // One device for each request: whatever is said for it is the whole answer.
        if let Some(answer) = refusals.values().next() {
            return self.refuse(asked, answer);
        }
        match &route {
            Route::Send { project } => send::answer(asked, self, project),
            Route::Subscriptions {
                project,
                registration,
                topic,
            } => {
                let of = subscriptions::Of {
                    project,
                    registration,
                    topic: topic.as_deref(),
                };
                subscriptions::answer(asked, self, &of)
            }
            _ => Told::not_found(&asked.path),
        }
    }
}
