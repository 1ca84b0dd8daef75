//! What the provider API makes of one connection.

use std::sync::Arc;

use super::answer::answer;
use super::channels::Channels;
use super::check::Case;
use super::credentials::Credentials;
use super::headers::Headers;
use super::ids::{Id, Ids};
use super::reply::Reply;
use super::{Config, ProviderKey};
use crate::armed::Whom;
use crate::fault::Action;
use crate::http2::{Limits, Request};
use crate::ledger::{Book, Ledger};
use crate::now::Now;
use crate::web::http2::Serve;

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

/// One connection of a provider.
#[derive(Debug)]
pub(super) struct ProviderConnection {
    shared: Arc<Shared>,
    credentials: Credentials,
    ids: Ids,
    /// One stream only, until a token is found valid.
    is_limited: bool,
}

impl ProviderConnection {
    /// A connection with this client certificate, in DER.
    pub(super) fn new(shared: Arc<Shared>, certificate: Option<&[u8]>) -> Self {
        Self {
            credentials: Credentials::new(certificate),
            ids: Ids::new(),
            is_limited: certificate.is_none(),
            shared,
        }
    }
}

impl Serve for ProviderConnection {
    type Reply = Reply;

    fn ledger(&self) -> &Arc<Ledger> {
        &self.shared.ledger
    }

    fn limits(&self) -> Limits {
        let config = &self.shared.config;
        let (max_streams, strict) = match self.is_limited {
            true => (1, config.strict_first_stream),
            false => (config.max_streams, true),
        };
        Limits {
            max_streams,
            strict,
            connection_window: config.connection_window,
            body_bytes: KEPT_BODY_BYTES,
            ..Limits::default()
        }
    }

    fn max_streams(&self) -> u32 {
        self.shared.config.max_streams
    }

    fn raised_limit(&mut self) -> Option<u32> {
        if !self.is_limited || !self.credentials.are_known() {
            return None;
        }
        self.is_limited = false;
        Some(self.shared.config.max_streams)
    }

    fn strike_head(&mut self, request: &Request, book: &mut Book) -> Option<Action> {
        book.head(Whom::named(&[recipient(request)]))
    }

    fn strike(
        &mut self,
        request: &Request,
        early: Option<Action>,
        book: &mut Book,
    ) -> Option<Action> {
        book.count_request();
        if early.is_some() || !book.has_faults() {
            return early;
        }
        book.request(Whom::named(&[recipient(request)]), |_| true)
    }

    fn serve(
        &mut self,
        request: &Request,
        action: Option<&Action>,
        book: &mut Book,
        now: Now,
    ) -> Reply {
        let headers = Headers::of(request);
        let id = headers
            .valid_id()
            .and_then(Id::copy)
            .unwrap_or_else(|| self.ids.next());
        let reply = match action.and_then(Action::answer) {
            Some(answer) => Reply::commanded(id, &answer, headers.route),
            None => {
                let mut case = Case {
                    request,
                    headers: &headers,
                    credentials: &mut self.credentials,
                    shared: &self.shared,
                    now,
                };
                answer(&mut case, id, &mut self.ids)
            }
        }
        .on(headers.route);
        if reply.is_accepted() {
            book.stats.accepted += 1;
            book.stats.bytes += request.body_len();
            if let Some(id) = headers.valid_id() {
                book.take(id);
            }
            let recipient = headers.recipient().unwrap_or_default();
            let (fields, payload) = (request.fields(), request.body());
            book.journal.push(recipient, fields, payload, None);
        } else if reply.is_success() {
            book.stats.managed += 1;
        } else {
            book.stats.reject(reply.reason());
        }
        reply
    }
}

fn recipient(request: &Request) -> &str {
    Headers::of(request).recipient().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::*;
    use crate::fault::{Answer, GoAway};
    use crate::http2::{ErrorCode, Frame, PREFACE, Settings, encode_field};
    use crate::journal::Journal;
    use crate::web::http2::Session;
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

    fn session(shared: &Arc<Shared>, certificate: Option<&[u8]>) -> Session<ProviderConnection> {
        Session::new(ProviderConnection::new(Arc::clone(shared), certificate))
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
        let mut session = session(&shared, None);
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
        let mut session = session(&shared, None);
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
        let mut session = session(&shared, None);
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
            let mut session = session(&shared, Some(certificate.certificate_der()));
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let wire = [start(), push(1, &fields, &body)].concat();
            session.receive(&mut &wire[..]);
            let stats = shared.ledger.stats();
            let answered = stats.accepted + stats.managed + stats.rejected.values().sum::<u64>();
            prop_assert_eq!(stats.requests, answered);
        }
    }
}
