//! WNS as the carrier sees it.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::channel::State;
use super::channels::{Channels, Target};
use super::config::Config;
use super::delivery::Delivery;
use super::oauth::Grant;
use super::reason::{self, Problem, Reason};
use super::request::{Push, is_match};
use super::route::Route;
use crate::fault::Answer;
use crate::journal::Shown;
use crate::web::{Asked, Site, Tokens, Told, Verdict};

/// The service: its settings, the access tokens that it has given, and the channels.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) config: Config,
    pub(super) tokens: Tokens<Grant>,
    channels: Arc<Channels>,
}

impl Shared {
    pub(crate) fn new(mut config: Config, channels: Arc<Channels>) -> Self {
        let fixed = std::mem::take(&mut config.access_tokens);
        let fixed = fixed.into_iter().map(|token| (token, Grant::default()));
        Self {
            tokens: Tokens::new(fixed),
            config,
            channels,
        }
    }

    /// Takes a notification, or says what is wrong: first with the method, then with who sends, then
    /// with the channel, then with the notification.
    fn push(&self, asked: &Asked, id: &str) -> Result<Told, Problem> {
        let target = self.channels.target(id);
        let is_phone = target.as_ref().is_some_and(|target| target.phone);
        match asked.method.as_str() {
            "POST" => {}
            "DELETE" if is_phone => {}
            _ => return Err(Reason::MethodNotAllowed.into()),
        }
        let grant = self.sender(asked)?;
        if let Some(target) = &target {
            admit(target, &grant)?;
        }
        if asked.method == "DELETE" {
            return remove(asked).map(|()| reason::received(asked, self.header()).managed());
        }
        let push = Push::read(asked, target.as_ref(), self.config.refuses_bad_xml)?;
        if let (Some(target), Some(most)) = (&target, self.config.notifications_per_channel)
            && target.accepted >= most
        {
            return Err(Reason::ChannelThrottled.into());
        }
        self.channels.took(id);
        Ok(self.take(asked, id, push))
    }

    /// For whom the access token was given.
    fn sender(&self, asked: &Asked) -> Result<Grant, Problem> {
        let said = |description: &'static str| Problem::new(Reason::Unauthorized, description);
        let token = asked
            .bearer()
            .ok_or_else(|| said("The access token is missing."))?;
        match self.tokens.look(token) {
            Verdict::Good(grant) => Ok(grant),
            Verdict::Expired => Err(said("The access token has expired.")),
            Verdict::Unknown => Err(said("The access token is not valid.")),
        }
    }

    fn take(&self, asked: &Asked, id: &str, push: Push) -> Told {
        let payload_base64 = str::from_utf8(&asked.body).is_err();
        let payload = match payload_base64 {
            true => STANDARD.encode(&asked.body).into_bytes(),
            false => asked.body.clone(),
        };
        let delivery = Delivery {
            kind: push.kind,
            payload_base64,
            notes: push.notes,
        };
        let mut told = reason::received(asked, self.header());
        if push.wants_status {
            told = told.header("x-wns-deviceconnectionstatus", "connected");
        }
        told.pushed(id, payload, Shown::Windows(Arc::new(delivery)))
    }

    fn header(&self) -> super::StatusHeader {
        self.config.status_header
    }
}

/// Whether the channel is still there, and is one of the sender's app.
fn admit(target: &Target, grant: &Grant) -> Result<(), Problem> {
    match target.state {
        State::Open => {}
        State::Expired => return Err(Reason::ChannelExpired.into()),
        State::Revoked => return Err(Reason::ChannelRevoked.into()),
    }
    match grant.serves(target.kind, target.app.as_deref()) {
        true => Ok(()),
        false => Err(Reason::OtherApp.into()),
    }
}

/// Whether toasts can be removed as the request has it.
fn remove(asked: &Asked) -> Result<(), Problem> {
    let wanted = asked
        .header("x-wns-match")
        .ok_or_else(|| Problem::bad("The X-WNS-Match header is missing."))?;
    match is_match(wanted) {
        true => Ok(()),
        false => Err(Problem::bad(
            "X-WNS-Match is not like type:wns/toast;all, or ;group=G;tag=T, or one of these.",
        )),
    }
}

impl Site for Shared {
    /// What the path ends in or the token of the query, and all that comes after the host, and the whole
    /// of it.
    fn tokens(&self, asked: &Asked) -> Vec<String> {
        let Some(Route::Channel { id }) = Route::of(asked) else {
            return Vec::new();
        };
        let target = match asked.query.as_deref() {
            Some(query) => format!("{}?{query}", asked.path),
            None => asked.path.clone(),
        };
        let host = asked.host.as_deref().unwrap_or_default();
        let whole = format!("{}://{host}{target}", asked.scheme);
        vec![id, target, whole]
    }

    fn is_aside(&self, asked: &Asked) -> bool {
        !matches!(Route::of(asked), Some(Route::Channel { .. }))
    }

    fn answer(&self, asked: &Asked, _: &HashMap<String, Answer>) -> Told {
        match Route::of(asked) {
            Some(Route::Token(endpoint)) => endpoint.answer(asked, self),
            Some(Route::Channel { id }) => match self.push(asked, &id) {
                Ok(told) => told,
                Err(problem) => problem.told(asked, self.header()),
            },
            None => {
                let mut told = Problem::from(Reason::ChannelNotFound).told(asked, self.header());
                // It is aside, and counted as such.
                told.counted = Default::default();
                told
            }
        }
    }

    fn refuse(&self, asked: &Asked, answer: &Answer) -> Told {
        match Route::of(asked) {
            Some(Route::Token(endpoint)) => endpoint.refuse(asked, answer),
            _ if is_taken(answer) => self.answer(asked, &HashMap::new()),
            _ => reason::ordered(asked, self.header(), answer),
        }
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
        self.channels.reset();
    }
}

/// Whether a fault says no more than what is said anyhow.
fn is_taken(answer: &Answer) -> bool {
    let says = |reason: &String| reason.eq_ignore_ascii_case("received");
    answer.status == 200 && answer.reason.as_ref().is_some_and(says)
}
