//! One connection of a provider, without its socket: requests in, answers out.

use std::sync::Arc;

use super::answer::answer;
use super::channels::Channels;
use super::check::Case;
use super::credentials::{Credentials, Now};
use super::fate::Fate;
use super::headers::Headers;
use super::ids::{Id, Ids};
use super::reply::Reply;
use super::route::Route;
use super::trouble::{Answered, Trouble};
use super::{Config, ProviderKey};
use crate::fault::{Action, Close};
use crate::http2::{Connection, Event, Limits, Request};
use crate::ledger::{Book, Ledger};

/// More than any push type allows.
const KEPT_BODY_BYTES: usize = 8 << 10;

/// What all connections of the service share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// All that are known, the one of the files first.
    pub(crate) keys: Vec<ProviderKey>,
    pub(crate) channels: Channels,
    pub(crate) ledger: Arc<Ledger>,
}

/// How a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Close(Close),
    /// Stays open, and is not touched any more.
    Stall,
    /// Stays open, and is read, but not looked at or answered any more.
    Wedge,
    /// The client speaks HTTP/1.
    OldHttp,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) http2: Connection,
    credentials: Credentials,
    ids: Ids,
    pub(super) trouble: Trouble,
    /// The highest stream that was served.
    pub(super) processed: u32,
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
            trouble: Trouble::default(),
            processed: 0,
            limit,
            shared,
        }
    }

    /// Serves all requests that are whole, and takes them off the front of `input`.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> Option<Ending> {
        if self.http2.is_new() {
            if is_old_http(input) {
                return Some(Ending::OldHttp);
            }
            // Too little to tell the one from the other.
            if input.len() < 3 {
                return None;
            }
        }
        let shared = Arc::clone(&self.shared);
        let now = Now::read();
        let mut book = shared.ledger.open();
        self.http2.watch_heads(book.watches_heads());
        while self.reads()
            && let Some(event) = self.http2.receive(input)
        {
            match event {
                Event::Head { stream } => {
                    let ending = self.head(stream, &mut book, now.instant);
                    if ending.is_some() {
                        return ending;
                    }
                }
                Event::Request(request) => {
                    let ending = self.request(&shared, &request, &mut book, now);
                    self.http2.recycle(request);
                    if ending.is_some() {
                        return ending;
                    }
                }
                Event::Reset { stream, code } => {
                    tracing::trace!(stream, ?code, "the client gave a stream up");
                    self.abandon(|answered| answered == stream, &mut book);
                }
                Event::Pong { payload } => {
                    let ending = self.pong(payload, &mut book);
                    if ending.is_some() {
                        return ending;
                    }
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
        let recipient = headers.recipient().unwrap_or_default();
        let early = self.late_head(request, recipient, book);
        let action = book.request(recipient, early);
        if let Some(action) = &action
            && let Fate::Unserved(ending) = self.befall(action, stream, book, now.instant)
        {
            return ending;
        }

        self.processed = self.processed.max(stream);
        let id = headers
            .valid_id()
            .and_then(Id::copy)
            .unwrap_or_else(|| self.ids.next());
        let reply = match action.as_ref().and_then(Action::answer) {
            Some(answer) => Reply::commanded(id, &answer, headers.route),
            None => self.serve(shared, request, &headers, id, now),
        }
        .on(headers.route);
        let is_notification = headers.route.is_none_or(Route::is_notification);
        if !is_notification && reply.is_success() {
            book.stats.managed += 1;
        } else if reply.status() == 200 {
            book.stats.accepted += 1;
            book.stats.bytes += request.body_len();
            if let Some(id) = headers.valid_id() {
                book.take(id);
            }
            let (fields, payload) = (request.fields(), request.body());
            book.journal.push(recipient, fields, payload);
        } else {
            book.stats.reject(reply.reason());
        }
        let answer = Answered {
            stream,
            is_accepted: is_notification && reply.status() == 200,
            reply,
        };
        self.answer(action, answer, book, now.instant)
    }

    fn serve(
        &mut self,
        shared: &Shared,
        request: &Request,
        headers: &Headers<'_>,
        id: Id,
        now: Now,
    ) -> Reply {
        let mut case = Case {
            request,
            headers,
            credentials: &mut self.credentials,
            shared,
            now,
        };
        let reply = answer(&mut case, id, &mut self.ids);
        if self.limit == Limit::First && self.credentials.are_known() {
            self.limit = Limit::Configured;
            self.http2.limit_streams(shared.config.max_streams, true);
        }
        reply
    }

    pub(super) fn command_limit(&mut self, limit: u32) {
        if self.limit != Limit::Commanded(limit) {
            self.limit = Limit::Commanded(limit);
            self.http2.limit_streams(limit, true);
        }
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
    use crate::fault::{Answer, GoAway};
    use crate::http2::{ErrorCode, Frame, PREFACE, Settings, encode_field};
    use crate::journal::Journal;
    use crate::{Fault, Service};

    const DEVICE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

    fn shared() -> Arc<Shared> {
        Arc::new(Shared {
            config: Config::default(),
            keys: vec![ProviderKey::generate("ABC123DEFG", "DEF123GHIJ").unwrap()],
            channels: Channels::default(),
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
                        Just("apns-channel-id"), Just("apns-request-id"),
                        Just("apns-topic"), Just("apns-push-type"), Just("apns-priority"),
                        Just("apns-expiration"), Just("apns-collapse-id"), Just("x"),
                    ],
                    prop_oneof![
                        Just("/3/device/00fc13adff785122b4ad28809a342098".to_owned()),
                        Just("/3/device/".to_owned()),
                        Just("/4/broadcasts/apps/com.example.app".to_owned()),
                        Just("/1/apps/com.example.app/channels".to_owned()),
                        Just("/1/apps/com.example.app/all-channels".to_owned()),
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
            let answered = stats.accepted + stats.managed + stats.rejected.values().sum::<u64>();
            prop_assert_eq!(stats.requests, answered);
        }
    }
}
