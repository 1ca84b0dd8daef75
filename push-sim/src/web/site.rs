//! What a service that speaks plain requests and answers has to say, apart from how it is carried.

use std::collections::HashMap;
use std::fmt;

use super::form;
use super::upgrade::Upgrade;
use crate::fault::Answer;
use crate::journal::Shown;

/// A request, whole, whichever version of HTTP has carried it.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Without the query; as it was sent, so not percent-decoded.
    pub(crate) path: String,
    /// Behind the `?`, as it was sent.
    pub(crate) query: Option<String>,
    /// By which the client has reached the service: `host`, or `:authority` of HTTP/2.
    pub(crate) host: Option<String>,
    /// Names in lower case, in the order in which they came; no pseudo-header fields of HTTP/2.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// With chunks put together.
    pub(crate) body: Vec<u8>,
    /// The scheme by which the client has reached the service: `https`, or `http` on a plain
    /// address.
    pub(crate) scheme: &'static str,
}

/// An answer, and what it means for the counters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) status: u16,
    /// Names in lower case. The carrier adds `date`, unless it is here, and `content-length` where
    /// it is needed.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) phrase: Phrase,
    pub(crate) counted: Counted,
}

/// What stands behind the status in HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phrase {
    /// What mostly does.
    #[default]
    Usual,
    /// WNS's, for a sender that it takes nothing from any more.
    DomainBlocked,
}

impl Phrase {
    /// In place of the usual one.
    pub(crate) fn text(self) -> Option<&'static str> {
        match self {
            Self::Usual => None,
            Self::DomainBlocked => Some("Domain Blocked"),
        }
    }
}

/// What the ledger counts. All empty: nothing, as for a token endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    /// One for each device, topic or condition for which a notification was taken.
    pub(crate) accepted: Vec<Notice>,
    /// The reasons of those that were refused, one for each device.
    pub(crate) rejected: Vec<String>,
    /// Requests that are no notification and were granted, such as subscriptions to topics.
    pub(crate) managed: u64,
    /// Tokens by which senders identified themselves to browsers' push services, each once.
    pub(crate) vapid_tokens: u64,
}

impl Counted {
    pub(crate) fn is_nothing(&self) -> bool {
        self.accepted.is_empty() && self.rejected.is_empty() && self.managed == 0
    }
}

/// A notification for one device that was taken; `/received` shows it.
#[derive(Clone)]
pub(crate) struct Notice {
    pub(crate) token: String,
    pub(crate) payload: Vec<u8>,
    /// What is shown beside headers and payload.
    pub(crate) delivery: Option<Shown>,
}

/// The logic of a service. It neither waits nor minds connections.
pub(crate) trait Site: Send + Sync + fmt::Debug + 'static {
    /// Whom a request is for: device tokens or ids, topics as `/topics/x`. Empty: nobody, as for a
    /// token endpoint. Faults find the request by any of them, and by its path. Asked only while
    /// there are faults.
    fn tokens(&self, asked: &Asked) -> Vec<String>;

    /// Whether a request asks for leave to push, or is about nothing at all, such as those to a token
    /// endpoint and a metadata server. It is not counted among the requests but apart, and
    /// only faults that name its path befall it. By method and path alone: the body may still be
    /// to come.
    fn is_aside(&self, asked: &Asked) -> bool;

    /// Answers a request.
    ///
    /// `refusals` is what faults say for single tokens, by the token as [`Self::tokens`] gave it:
    /// answers of status 200 with `reason` or `canonical`. It is empty unless [`Self::answers_each`].
    fn answer(&self, asked: &Asked, refusals: &HashMap<String, Answer>) -> Told;

    /// The whole answer that a fault orders: status and reason as this service writes them. The
    /// carrier then adds `retry-after` and replaces the body if the fault says so
    /// ([`Told::ordered`]), and counts the request as refused for the fault's reason, or its status
    /// where there is none, unless `counted` says something. It is not asked for an answer without a
    /// reason whose status [`Self::grants`]: then the request is served, and `ordered` changes what
    /// comes of it.
    fn refuse(&self, asked: &Asked, answer: &Answer) -> Told;

    /// Whether an answer of this status says that a notification was taken. A fault that orders it
    /// without a reason lets the request be served.
    fn grants(&self, status: u16) -> bool {
        status == 200
    }

    /// Whether one request can have an answer for each of several devices, so that a fault for one
    /// of them with status 200 is no answer for all.
    fn answers_each(&self) -> bool {
        false
    }

    /// How many streams a connection of HTTP/2 may have open.
    fn max_streams(&self) -> u32 {
        100
    }

    /// Makes invalid all access tokens that were given here; how many there were. `None`: none are.
    fn revoke_tokens(&self) -> Option<usize> {
        None
    }

    /// Makes an access token invalid; whether there was such a one. `None`: none are given here.
    fn revoke_token(&self, _: &str) -> Option<bool> {
        None
    }

    /// Forgets what clients have made of it, such as subscriptions.
    fn reset(&self) {}

    /// Whether there are requests that leave HTTP/1.1. They are taken on a TLS port without TLS too:
    /// browsers do not trust the simulator's authority.
    fn has_upgrades(&self) -> bool {
        false
    }

    /// What a request that asks for it makes of its connection, if it comes by HTTP/1.1; or the
    /// answer that says why it can't be. `None`: an ordinary request. Neither is counted, and no fault
    /// befalls it.
    fn upgrade(&self, _: &Asked) -> Option<Result<Upgrade, Told>> {
        None
    }
}

impl Asked {
    /// The field's first value, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(field, _)| field == name)?;
        std::str::from_utf8(&field.1).ok()
    }

    /// The first value of this name in the query, as it was sent: a client that encodes it anew shows
    /// so.
    pub(crate) fn raw_query_value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.as_deref()?.split('&');
        pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// The token of an `authorization` header; its scheme may be in either case.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }

    /// The first value of this name in the query, percent-decoded.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        let pairs = form::pairs(self.query.as_deref()?.as_bytes());
        pairs
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }
}

impl Told {
    /// An answer of this type.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            phrase: Phrase::Usual,
            counted: Counted::default(),
        }
    }

    /// Google's page for what it does not have.
    pub(crate) fn not_found(path: &str) -> Self {
        let shown: String = path.chars().filter(|c| !"<>&\"'".contains(*c)).collect();
        let body = format!(
            "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  \
             <title>Error 404 (Not Found)!!1</title>\n  \
             <p><b>404.</b> <ins>That\u{2019}s an error.</ins>\n  \
             <p>The requested URL <code>{shown}</code> was not found on this server.  \
             <ins>That\u{2019}s all we know.</ins>\n"
        );
        Self::new(404, "text/html; charset=UTF-8", body)
    }

    /// With this field; one of the same name is replaced.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(field, _)| field != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A notification was taken for this device, of which more is shown.
    pub(crate) fn pushed(
        mut self,
        token: impl Into<String>,
        payload: impl Into<Vec<u8>>,
        delivery: Shown,
    ) -> Self {
        self.counted.accepted.push(Notice {
            token: token.into(),
            payload: payload.into(),
            delivery: Some(delivery),
        });
        self
    }

    /// A notification was taken for this device.
    pub(crate) fn accepted(
        mut self,
        token: impl Into<String>,
        payload: impl Into<Vec<u8>>,
    ) -> Self {
        self.counted.accepted.push(Notice {
            token: token.into(),
            payload: payload.into(),
            delivery: None,
        });
        self
    }

    /// A notification was refused for this reason.
    pub(crate) fn rejected(mut self, reason: impl Into<String>) -> Self {
        self.counted.rejected.push(reason.into());
        self
    }

    /// A request that is no notification was granted.
    pub(crate) fn managed(mut self) -> Self {
        self.counted.managed += 1;
        self
    }

    /// With what a fault says word for word: `retry_after`, `headers`, and `body` with its
    /// `content_type`.
    pub(crate) fn ordered(mut self, answer: &Answer) -> Self {
        if let Some(body) = &answer.body {
            self.body = body.clone().into_bytes();
            self.headers.retain(|(field, _)| field != "content-type");
        }
        if let Some(content_type) = &answer.content_type {
            self = self.header("content-type", content_type);
        }
        if let Some(when) = &answer.retry_after {
            self = self.header("retry-after", when);
        }
        for (name, value) in &answer.headers {
            let name = name.to_ascii_lowercase();
            match value {
                Some(value) => self = self.header(&name, value),
                None => self.headers.retain(|(field, _)| *field != name),
            }
        }
        self
    }
}

/// Shortened: headers and body hold credentials, tokens identify devices.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Asked")
            .field("method", &self.method)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String = self.token.chars().take(8).collect();
        f.debug_struct("Notice")
            .field("token", &format_args!("{short}…"))
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_follows_its_scheme() {
        let asked = |value: &str| Asked {
            headers: vec![("authorization".to_owned(), value.into())],
            ..Asked::default()
        };
        assert_eq!(asked("Bearer ya29.x").bearer(), Some("ya29.x"));
        assert_eq!(asked("bearer  ya29.x").bearer(), Some("ya29.x"));
        for bad in ["", "Bearer", "Bearer ", "key=x", "Basic eA=="] {
            assert_eq!(asked(bad).bearer(), None, "{bad}");
        }
    }

    #[test]
    fn a_fault_sets_fields_and_leaves_others_out() {
        let answer = Answer::new(200).header("X-A", "new").without_header("X-B");
        let told = Told::default()
            .header("x-a", "old")
            .header("x-b", "old")
            .header("x-c", "old")
            .ordered(&answer);
        let expected = [("x-c", "old"), ("x-a", "new")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(told.headers, expected);
    }
}
