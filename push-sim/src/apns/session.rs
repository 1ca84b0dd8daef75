//! One connection of a provider, without its socket: requests in, answers out.

use std::sync::Arc;
use std::time::Instant;

use super::check::check;
use super::credentials::{Credentials, Now};
use super::headers::Headers;
use super::ids::{Id, Ids};
use super::reply::Reply;
use super::{Config, Environment, ProviderKey};
use crate::fault::{Action, Close, GoAway};
use crate::http2::{Connection, ErrorCode, Event, Limits, Request};
use crate::ledger::{Book, Ledger};

/// More than any push type allows.
const KEPT_BODY_BYTES: usize = 8 << 10;

/// What all connections of the service share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// All that are known, the one of the files first.
    pub(crate) keys: Vec<ProviderKey>,
    pub(crate) ledger: Arc<Ledger>,
}

/// How a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Close(Close),
    /// Stays open, and is not touched any more.
    Stall,
    /// The client speaks HTTP/1.
    OldHttp,
}

#[derive(Debug)]
pub(super) struct Session {
    shared: Arc<Shared>,
    http2: Connection,
    credentials: Credentials,
    ids: Ids,
    delayed: Vec<Delayed>,
    /// The highest stream that was served.
    processed: u32,
    limit: Limit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// One stream, until a token is found valid.
    First,
    Configured,
    /// A fault has set it.
    Commanded(u32),
}

#[derive(Debug)]
struct Delayed {
    due: Instant,
    stream: u32,
    reply: Reply,
}

impl Session {
    /// A session on a connection with this client certificate, in DER.
    pub(super) fn new(shared: Arc<Shared>, certificate: Option<&[u8]>) -> Self {
        let config = &shared.config;
        let (limit, max_streams, strict) = if certificate.is_some() {
            (Limit::Configured, config.max_streams, true)
        } else {
            (Limit::First, 1, config.strict_first_stream)
        };
        let limits = Limits {
            max_streams,
            strict,
            connection_window: config.connection_window,
            body_bytes: KEPT_BODY_BYTES,
            ..Limits::default()
        };
        Self {
            http2: Connection::new(limits),
            credentials: Credentials::new(certificate),
            ids: Ids::new(),
            delayed: Vec::new(),
            processed: 0,
            limit,
            shared,
        }
    }

    /// Serves all requests that are whole, and takes them off the front of `input`.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> Option<Ending> {
        if self.http2.is_new() && is_old_http(input) {
            return Some(Ending::OldHttp);
        }
        let shared = Arc::clone(&self.shared);
        let now = Now::read();
        let mut book = shared.ledger.open();
        while let Some(event) = self.http2.receive(input) {
            match event {
                Event::Request(request) => {
                    let ending = self.request(&shared, &request, &mut book, now);
                    self.http2.recycle(request);
                    if ending.is_some() {
                        return ending;
                    }
                }
                Event::Reset { stream, code } => {
                    tracing::trace!(stream, ?code, "the client gave a stream up");
                    self.delayed.retain(|delayed| delayed.stream != stream);
                }
                Event::GoAway { code } => tracing::debug!(?code, "the client leaves"),
            }
        }
        None
    }

    fn request(
        &mut self,
        shared: &Shared,
        request: &Request,
        book: &mut Book,
        now: Now,
    ) -> Option<Ending> {
        let headers = Headers::of(request);
        let stream = request.stream();
        let action = book.request(headers.device().unwrap_or_default());
        match &action {
            None | Some(Action::Delay(_) | Action::DropAnswer | Action::Answer(_)) => {}
            Some(Action::Streams(limit)) => self.command_limit(*limit),
            Some(Action::GoAway(goaway)) => {
                let last = goaway.last.unwrap_or(self.processed);
                self.go_away(last, goaway);
                if stream > last {
                    book.stats.unprocessed += 1;
                    return None;
                }
            }
            Some(Action::Reset(code)) => {
                book.stats.unprocessed += 1;
                self.http2.reset(stream, ErrorCode(*code));
                return None;
            }
            Some(Action::Close(close)) => {
                book.stats.unprocessed += 1;
                return Some(Ending::Close(*close));
            }
            Some(Action::Stall) => {
                book.stats.unprocessed += 1;
                return Some(Ending::Stall);
            }
        }

        self.processed = self.processed.max(stream);
        let id = headers
            .valid_id()
            .and_then(Id::copy)
            .unwrap_or_else(|| self.ids.next());
        let reply = match &action {
            Some(Action::Answer(answer)) => Reply::commanded(id, answer),
            _ => self.serve(shared, request, &headers, id, now),
        };
        if reply.status() == 200 {
            book.stats.accepted += 1;
            book.stats.bytes += request.body_len();
            let device = headers.device().unwrap_or_default();
            book.journal.push(device, request.fields(), request.body());
        } else {
            book.stats.reject(reply.reason());
        }
        match action {
            Some(Action::DropAnswer) => {}
            Some(Action::Delay(delay)) => self.delayed.push(Delayed {
                due: now.instant + delay,
                stream,
                reply,
            }),
            _ => reply.send(&mut self.http2, stream),
        }
        None
    }

    fn serve(
        &mut self,
        shared: &Shared,
        request: &Request,
        headers: &Headers<'_>,
        id: Id,
        now: Now,
    ) -> Reply {
        let Shared { config, keys, .. } = shared;
        let checked = check(request, headers, &mut self.credentials, config, keys, now);
        if self.limit == Limit::First && self.credentials.are_known() {
            self.limit = Limit::Configured;
            self.http2.limit_streams(config.max_streams, true);
        }
        match checked {
            Ok(()) => {
                let is_development = config.environment == Environment::Development;
                Reply::accepted(id, is_development.then(|| self.ids.next()))
            }
            Err(reason) => Reply::refused(id, reason),
        }
    }

    fn command_limit(&mut self, limit: u32) {
        if self.limit != Limit::Commanded(limit) {
            self.limit = Limit::Commanded(limit);
            self.http2.limit_streams(limit, true);
        }
    }

    fn go_away(&mut self, last: u32, goaway: &GoAway) {
        let text = goaway
            .reason
            .as_ref()
            .map(|reason| serde_json::json!({ "reason": reason }).to_string())
            .unwrap_or_default();
        self.http2
            .go_away(last, ErrorCode(goaway.code), text.as_bytes());
        self.delayed.retain(|delayed| delayed.stream <= last);
    }

    /// Sends the answers whose time has come.
    pub(super) fn send_due(&mut self, now: Instant) {
        let http2 = &mut self.http2;
        self.delayed.retain(|delayed| {
            let waits = delayed.due > now;
            if !waits {
                delayed.reply.send(http2, delayed.stream);
            }
            waits
        });
    }

    /// When the next answer's time comes.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.delayed.iter().map(|delayed| delayed.due).min()
    }

    /// Bytes to write; the caller takes off what it has written, and says when all is.
    pub(super) fn http2(&mut self) -> &mut Connection {
        &mut self.http2
    }
}

/// A request line of HTTP/1 instead of `PRI * HTTP/2.0`.
fn is_old_http(input: &[u8]) -> bool {
    input
        .first_chunk::<3>()
        .is_some_and(|start| start != b"PRI" && start.iter().all(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::*;
    use crate::fault::Answer;
    use crate::http2::{Frame, PREFACE, Settings, encode_field};
    use crate::journal::Journal;
    use crate::{Fault, Service};

    const DEVICE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

    fn shared() -> Arc<Shared> {
        Arc::new(Shared {
            config: Config::default(),
            keys: vec![ProviderKey::generate("ABC123DEFG", "DEF123GHIJ").unwrap()],
            ledger: Arc::new(Ledger::new(Journal::new(10, 1 << 20))),
        })
    }

    fn start() -> Vec<u8> {
        let mut wire = PREFACE.to_vec();
        Settings::encode(&[], &mut wire);
        wire
    }

    fn push(stream: u32, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut block = vec![0x83, 0x87];
        for (name, value) in fields {
            encode_field(name, value, &mut block);
        }
        let mut wire = Vec::new();
        let headers = Frame::Headers {
            stream,
            end_stream: false,
            end_headers: true,
            block: &block,
        };
        headers.encode(&mut wire);
        let data = Frame::Data {
            stream,
            end_stream: true,
            data: body,
        };
        data.encode(&mut wire);
        wire
    }

    fn authorization(shared: &Shared) -> String {
        format!(
            "bearer {}",
            shared.keys[0].token(SystemTime::now()).unwrap()
        )
    }

    fn good(authorization: &str, stream: u32) -> Vec<u8> {
        let path = format!("/3/device/{DEVICE}");
        let fields = [
            (":path", path.as_str()),
            ("apns-topic", "com.example.app"),
            ("authorization", authorization),
        ];
        push(stream, &fields, b"{}")
    }

    #[test]
    fn a_delayed_answer_is_sent_when_it_is_due() {
        let shared = shared();
        let delay = Action::Delay(Duration::from_secs(60));
        shared.ledger.fault(Fault::new(Service::Apns, delay));
        let mut session = Session::new(Arc::clone(&shared), None);
        let wire = [start(), good(&authorization(&shared), 1)].concat();
        session.receive(&mut &wire[..]);
        session.http2().output().clear();
        let due = session.next_due().unwrap();
        session.send_due(due - Duration::from_millis(1));
        assert!(session.http2().output().is_empty());
        session.send_due(due);
        assert!(!session.http2().output().is_empty());
        assert_eq!(session.next_due(), None);
        assert_eq!(shared.ledger.stats().accepted, 1);
    }

    #[test]
    fn a_stream_that_is_given_up_takes_its_delayed_answer_along() {
        let shared = shared();
        let delay = Action::Delay(Duration::from_secs(60));
        shared.ledger.fault(Fault::new(Service::Apns, delay));
        let mut session = Session::new(Arc::clone(&shared), None);
        let mut wire = [start(), good(&authorization(&shared), 1)].concat();
        let reset = Frame::Reset {
            stream: 1,
            code: ErrorCode::CANCEL,
        };
        reset.encode(&mut wire);
        session.receive(&mut &wire[..]);
        assert_eq!(session.next_due(), None);
    }

    #[test]
    fn what_was_processed_is_named_by_goaway() {
        let shared = shared();
        let goaway = Action::GoAway(GoAway::new());
        shared
            .ledger
            .fault(Fault::new(Service::Apns, goaway).after(2));
        let mut session = Session::new(Arc::clone(&shared), None);
        let mut wire = start();
        let authorization = authorization(&shared);
        for stream in [1, 3, 5, 7] {
            wire.extend(good(&authorization, stream));
        }
        session.receive(&mut &wire[..]);
        let out = std::mem::take(session.http2().output());
        let mut expected = Vec::new();
        let goaway = Frame::GoAway {
            last: 3,
            code: ErrorCode::NO_ERROR,
            debug: b"",
        };
        goaway.encode(&mut expected);
        assert!(out.windows(expected.len()).any(|part| part == expected));
        assert!(session.http2().is_finished());
        let stats = shared.ledger.stats();
        assert_eq!((stats.accepted, stats.unprocessed), (2, 1));
    }

    proptest! {
        #[test]
        fn any_request_is_answered_or_refused(
            fields in prop::collection::vec(
                (
                    prop_oneof![
                        Just(":path"), Just("authorization"), Just("apns-id"),
                        Just("apns-topic"), Just("apns-push-type"), Just("apns-priority"),
                        Just("apns-expiration"), Just("apns-collapse-id"), Just("x"),
                    ],
                    prop_oneof![
                        Just("/3/device/00fc13adff785122b4ad28809a342098".to_owned()),
                        Just("/3/device/".to_owned()),
                        Just("com.example.app".to_owned()),
                        Just("voip".to_owned()),
                        Just("10".to_owned()),
                        "\\PC{0,40}",
                    ],
                ),
                0..6,
            ),
            body: Vec<u8>,
            status in 200u16..600,
            faulty: bool,
        ) {
            let shared = shared();
            if faulty {
                let action = Action::Answer(Answer::new(status));
                shared.ledger.fault(Fault::new(Service::Apns, action));
            }
            let certificate = crate::Authority::new("test").unwrap();
            let mut session = Session::new(
                Arc::clone(&shared),
                Some(certificate.certificate_der()),
            );
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let wire = [start(), push(1, &fields, &body)].concat();
            session.receive(&mut &wire[..]);
            let stats = shared.ledger.stats();
            prop_assert_eq!(stats.requests, stats.accepted + stats.rejected.values().sum::<u64>());
        }
    }
}
