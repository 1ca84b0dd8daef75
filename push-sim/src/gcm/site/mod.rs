//! GCM as the carrier sees it.

use std::collections::HashMap;

use super::config::Config;
use super::groups::Groups;
use super::reply;
use super::request::{self, Format, Request, Target};
use super::verdict::{self, Verdict};
use crate::fault::Answer;
use crate::fcm::{Ids, is_condition};
use crate::web::{Asked, Site, Told};

/// The service: its settings, and the device groups.
#[derive(Debug)]
pub(crate) struct Shared {
    config: Config,
    groups: Groups,
    ids: Ids,
}

impl Shared {
    pub(crate) fn new(mut config: Config) -> Self {
        Self {
            groups: Groups::new(std::mem::take(&mut config.groups)),
            ids: Ids::new(),
            config,
        }
    }

    /// Whether the key is one, and is known; `Err`: whether there is one.
    fn admit(&self, asked: &Asked) -> Result<(), bool> {
        let header = asked.header("authorization").unwrap_or_default();
        let key = header.strip_prefix("key=").map_or("", str::trim);
        let known = &self.config.api_keys;
        let is_good =
            !key.is_empty() && (known.is_empty() || known.iter().any(|known| known == key));
        if is_good {
            Ok(())
        } else {
            Err(!key.is_empty())
        }
    }

    fn send(&self, asked: &Asked, refusals: &HashMap<String, Answer>) -> Told {
        let request = match Request::read(asked) {
            Ok(request) => request,
            Err(text) => return reply::bad_request(&text).rejected("InvalidParameters"),
        };
        let error = verdict::of_all(&request, &self.config);
        match &request.target {
            Target::Topic(name) if !verdict::is_full_topic(name) => {
                reply::bad_request(&format!("InvalidParameters: Invalid topic name: {name}"))
                    .rejected("InvalidParameters")
            }
            Target::Condition(text) if !is_condition(text) => {
                reply::bad_request(&format!("InvalidParameters: Invalid condition: {text}"))
                    .rejected("InvalidParameters")
            }
            Target::Topic(name) | Target::Condition(name) => {
                let fault = refusals
                    .get(name)
                    .and_then(|answer| answer.reason.as_deref());
                self.to_topic(asked, &request, name, error.or(fault))
            }
            Target::Ids(ids) => {
                let group = match ids.as_slice() {
                    [key] => self.groups.members(key),
                    _ => None,
                };
                match group {
                    Some(members) => self.to_group(asked, &request, &members, error, refusals),
                    None => self.to_ids(asked, &request, ids, error, refusals),
                }
            }
        }
    }

    fn to_topic(&self, asked: &Asked, request: &Request, name: &str, error: Option<&str>) -> Told {
        let is_dry = request.is_on("dry_run");
        let told = reply::topic(request.format, error, &self.ids, is_dry);
        match error {
            Some(error) => told.rejected(error),
            None if is_dry => told.managed(),
            None => told.accepted(name, asked.body.clone()),
        }
    }

    fn to_ids(
        &self,
        asked: &Asked,
        request: &Request,
        ids: &[String],
        error: Option<&str>,
        refusals: &HashMap<String, Answer>,
    ) -> Told {
        let verdicts: Vec<_> = ids
            .iter()
            .map(|id| match error {
                Some(error) => Verdict::Refused(error.to_owned()),
                None => verdict::of_id(id, refusals.get(id)),
            })
            .collect();
        let is_dry = request.is_on("dry_run");
        let mut told = reply::results(request.format, &verdicts, &self.ids, is_dry);
        let payload = payload(asked, request, ids.len());
        for (id, verdict) in ids.iter().zip(&verdicts) {
            told = match verdict {
                Verdict::Refused(error) => told.rejected(error),
                Verdict::Taken { .. } if is_dry => told,
                Verdict::Taken { .. } => told.accepted(id, payload.clone()),
            };
        }
        if is_dry && told.counted.rejected.is_empty() {
            told = told.managed();
        }
        told
    }

    fn to_group(
        &self,
        asked: &Asked,
        request: &Request,
        members: &[String],
        error: Option<&str>,
        refusals: &HashMap<String, Answer>,
    ) -> Told {
        if let Some(error) = error {
            let verdict = Verdict::Refused(error.to_owned());
            let told = reply::results(request.format, &[verdict], &self.ids, false);
            return told.rejected(error);
        }
        let mut failed = Vec::new();
        let mut reasons = Vec::new();
        let mut taken = Vec::new();
        for member in members {
            match verdict::of_id(member, refusals.get(member)) {
                Verdict::Taken { .. } => taken.push(member),
                Verdict::Refused(reason) => {
                    failed.push(member.as_str());
                    reasons.push(reason);
                }
            }
        }
        let mut told = reply::group(taken.len(), &failed);
        for reason in reasons {
            told = told.rejected(reason);
        }
        if request.is_on("dry_run") {
            return told.managed();
        }
        let payload = payload(asked, request, 1);
        for member in taken {
            told = told.accepted(member, payload.clone());
        }
        told
    }
}

/// As it was sent; without the ids if there are several, since each of them gets it listed.
fn payload(asked: &Asked, request: &Request, ids: usize) -> Vec<u8> {
    if ids <= 1 || request.format == Format::Plain {
        return asked.body.clone();
    }
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&asked.body) else {
        return Vec::new();
    };
    if let Some(fields) = body.as_object_mut() {
        fields.remove("registration_ids");
    }
    body.to_string().into_bytes()
}

/// What a path is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Send,
    Groups,
}

impl Route {
    fn of(path: &str) -> Option<Self> {
        match path {
            "/gcm/send" | "/fcm/send" => Some(Self::Send),
            "/gcm/notification" | "/fcm/notification" => Some(Self::Groups),
            _ => None,
        }
    }
}

impl Site for Shared {
    fn tokens(&self, asked: &Asked) -> Vec<String> {
        if Route::of(&asked.path) != Some(Route::Send) {
            return Vec::new();
        }
        let mut ids = request::ids(asked);
        if let [key] = ids.as_slice()
            && let Some(members) = self.groups.members(key)
        {
            ids.extend(members);
        }
        ids
    }

    fn is_aside(&self, asked: &Asked) -> bool {
        Route::of(&asked.path).is_none()
    }

    fn answer(&self, asked: &Asked, refusals: &HashMap<String, Answer>) -> Told {
        let route = Route::of(&asked.path);
        match (route, asked.method.as_str()) {
            (None, _) | (Some(Route::Send), "GET" | "HEAD") => return Told::not_found(&asked.path),
            (Some(Route::Send), method) if method != "POST" => {
                return reply::failed(405, "Method Not Allowed");
            }
            _ => {}
        }
        if let Err(has_key) = self.admit(asked) {
            return reply::unauthorized(has_key).rejected("Unauthorized");
        }
        match route {
            Some(Route::Groups) => self.groups.answer(asked, &self.ids),
            _ => self.send(asked, refusals),
        }
    }

    fn refuse(&self, asked: &Asked, answer: &Answer) -> Told {
        let text = answer.message.as_deref().or(answer.reason.as_deref());
        match answer.status {
            // Not for one id but for all.
            200 => self.send_all_refused(asked, answer),
            400 => reply::bad_request(text.unwrap_or("InvalidParameters")),
            401 => match text {
                Some(text) => reply::failed(401, text),
                None => reply::unauthorized(true),
            },
            500 => reply::failed(500, text.unwrap_or("Internal Server Error")),
            503 => reply::failed(503, text.unwrap_or("Service Unavailable")),
            status => reply::failed(status, text.unwrap_or("Error")),
        }
    }

    fn answers_each(&self) -> bool {
        true
    }

    fn max_streams(&self) -> u32 {
        self.config.max_streams
    }

    fn reset(&self) {
        self.groups.clear();
    }
}

impl Shared {
    /// A fault of no particular id that has status 200: it is said for each id of the request.
    fn send_all_refused(&self, asked: &Asked, answer: &Answer) -> Told {
        let ids = self.tokens(asked);
        let refusals = ids.into_iter().map(|id| (id, answer.clone())).collect();
        self.answer(asked, &refusals)
    }
}

#[cfg(test)]
mod tests;
