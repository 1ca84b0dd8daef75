//! The way to one server by HTTP/1.1: a request at a time on each connection, which is a lease.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, HOST};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, Version};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Connection, SendRequest};

use super::exchange::{Answer, Outgoing};
use super::hyper_io::HyperIo;
use super::tally::{Event, Tally};
use crate::session::{Lease, Session, Watch};
use crate::{Error, ErrorKind, Result, Target};

/// The way to one server by HTTP/1.1, over a session's leases.
#[derive(Debug)]
pub(super) struct Http1 {
    session: Session,
    target: Target,
    tally: Tally,
}

/// How an exchange by HTTP/1.1 ended.
pub(super) enum Exchanged {
    Answered(Answer),
    Failed(Error),
    /// The server chose HTTP/2 for this connection; nothing was sent. The error is for where that is
    /// of no use.
    SpeaksHttp2(Error),
}

/// How one attempt ended.
enum Attempt {
    Answered(Answer),
    /// Provably not sent: the connection had ended before.
    NotSent(Error),
    Failed(Error),
    SpeaksHttp2,
}

/// How many connections may end under a request before it is written.
const MAX_NOT_SENT: u32 = 10;

impl Http1 {
    pub(super) fn new(session: Session, target: Target) -> Self {
        Self {
            tally: Tally::new(session.shared().clone(), &target.authority()),
            session,
            target,
        }
    }

    /// How many requests can be under way at once.
    pub(super) fn capacity(&self) -> usize {
        self.session.shared().config.max_connections_per_key
    }

    /// Connects, unless a connection stands ready; `false` where the server chose HTTP/2.
    pub(super) async fn ready(&self, deadline: Instant) -> Result<bool> {
        let mut watch = self.session.shared().watch(deadline);
        let lease = self.lease(&mut watch).await?;
        let fits = !speaks_http2(&lease);
        if fits {
            lease.release();
        }
        Ok(fits)
    }

    /// Sends a request, and again where nothing of it was written, or where the caller allows it.
    pub(super) async fn exchange(
        &self,
        outgoing: &(impl Outgoing + ?Sized),
        deadline: Instant,
    ) -> Exchanged {
        let mut watch = self.session.shared().watch(deadline);
        let begun = self.tally.begin();
        let mut attempts = 0;
        let mut not_sent = 0;
        let mut lost: Option<Error> = None;
        let end = |error: Error, attempts, lost: Option<Error>| {
            let error = match lost {
                Some(lost) if !error.may_have_been_taken() => lost,
                _ => error,
            };
            Exchanged::Failed(error.with_attempts(attempts))
        };
        loop {
            let lease = match self.lease(&mut watch).await {
                Ok(lease) => lease,
                Err(error) => return end(error, attempts, lost),
            };
            match self.attempt(lease, outgoing, &mut watch).await {
                Attempt::Answered(mut answer) => {
                    self.tally.count(Event::Answered);
                    self.tally.end(&begun);
                    answer.attempts = attempts + 1;
                    answer.may_have_been_taken_before = lost.is_some();
                    return Exchanged::Answered(answer);
                }
                Attempt::SpeaksHttp2 => {
                    let message = "the server chooses now HTTP/2, now HTTP/1.1";
                    let error = Error::new(ErrorKind::Protocol, message);
                    return match lost {
                        None => Exchanged::SpeaksHttp2(error),
                        Some(_) => end(error, attempts, lost),
                    };
                }
                Attempt::NotSent(error) => {
                    not_sent += 1;
                    if not_sent > MAX_NOT_SENT || watch.has_passed(self.session.backend().as_ref())
                    {
                        return end(error, attempts, lost);
                    }
                }
                Attempt::Failed(error) => {
                    let allowed = outgoing.resend_unknown().allows(attempts);
                    attempts += 1;
                    if !allowed || error.kind() != ErrorKind::Lost {
                        return end(error, attempts, lost);
                    }
                    self.tally.count(Event::Resent);
                    lost = Some(error);
                }
            }
        }
    }

    /// A connection, before the deadline.
    async fn lease(&self, watch: &mut Watch) -> Result<Lease> {
        let mut lease = self.session.connection(self.target.clone(), None)?;
        let ready = poll_fn(|cx| match lease.poll_ready(cx) {
            Poll::Ready(ready) => Poll::Ready(Some(ready)),
            Poll::Pending => watch.poll(cx).map(|()| None),
        });
        match ready.await {
            Some(ready) => ready.map(|()| lease),
            None => {
                self.tally.count(Event::TimedOut);
                let message = match lease.waits_its_turn() {
                    true => "not sent: the deadline passed while all connections were in use",
                    false => "not sent: the deadline passed before there was a connection",
                };
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }

    async fn attempt(
        &self,
        lease: Lease,
        outgoing: &(impl Outgoing + ?Sized),
        watch: &mut Watch,
    ) -> Attempt {
        if speaks_http2(&lease) {
            return Attempt::SpeaksHttp2;
        }
        let request = match in_http1_form(outgoing) {
            Ok(request) => request,
            Err(error) => return Attempt::Failed(error),
        };
        let reused = lease.is_reused();
        let session_limit = self.session.shared().config.max_answer_bytes;
        let limit = outgoing.max_answer_bytes().unwrap_or(session_limit);
        let (sender, connection) = match http1::handshake(HyperIo::new(lease)).await {
            Ok(begun) => begun,
            Err(error) => return Attempt::NotSent(not_sent(error)),
        };
        self.tally.count(Event::Sent);
        let mut talk = Talk::new(connection);
        let told = {
            let mut told = pin!(converse(sender, request, limit));
            poll_fn(|cx| match talk.poll(told.as_mut(), cx) {
                Poll::Ready(told) => Poll::Ready(Some(told)),
                Poll::Pending => watch.poll(cx).map(|()| None),
            })
            .await
        };
        let (lease, wrote, spoke) = talk.end();
        match told {
            Some(Ok(told)) => {
                if told.reusable()
                    && let Some(lease) = lease
                {
                    lease.release();
                }
                Attempt::Answered(told.answer())
            }
            Some(Err(error)) if !wrote => Attempt::NotSent(not_sent(error)),
            Some(Err(error)) => {
                self.tally.count(Event::Lost);
                if let Some(lease) = lease.filter(|_| !spoke && !reused) {
                    let message = "the server ended the connection without an answer";
                    lease.failed(Error::new(ErrorKind::Connect, message));
                }
                let message = if spoke {
                    "the answer can't be read: the request may have been taken"
                } else {
                    "the connection was lost before the answer came: the request may have been taken"
                };
                Attempt::Failed(Error::new(ErrorKind::Lost, message).with_source(error))
            }
            None => {
                self.tally.count(Event::TimedOut);
                let (kind, message) = match wrote {
                    true => (
                        ErrorKind::Unanswered,
                        "the deadline passed before the answer came: the request may have been taken",
                    ),
                    false => (
                        ErrorKind::Timeout,
                        "not sent: the deadline passed before the request was written",
                    ),
                };
                Attempt::Failed(Error::new(kind, message))
            }
        }
    }
}

fn speaks_http2(lease: &Lease) -> bool {
    lease.alpn() == Some(b"h2")
}

fn not_sent(error: hyper::Error) -> Error {
    let message = "not sent: the connection ended before the request was written";
    Error::new(ErrorKind::Connect, message).with_source(error)
}

/// The request with a `Host`, and with no more of the URI than path and query (RFC 9112, section 3.2).
fn in_http1_form(outgoing: &(impl Outgoing + ?Sized)) -> Result<http::Request<Full<Bytes>>> {
    let (mut head, ()) = outgoing.request().into_parts();
    let unfit = || {
        let message = "the request can't be sent by HTTP/1.1: its URI is not absolute";
        Error::new(ErrorKind::Config, message)
    };
    let authority = head.uri.authority().ok_or_else(unfit)?;
    let usual = if head.uri.scheme_str() == Some("http") {
        ":80"
    } else {
        ":443"
    };
    let host = authority.as_str();
    let host = host.strip_suffix(usual).unwrap_or(host);
    let host = HeaderValue::from_str(host).map_err(|_| unfit())?;
    head.headers.entry(HOST).or_insert(host);
    let path = head.uri.path_and_query().cloned().ok_or_else(unfit)?;
    head.uri = Uri::from(path);
    head.version = Version::HTTP_11;
    Ok(http::Request::from_parts(head, Full::new(outgoing.body())))
}

/// What the server said.
struct Told {
    status: StatusCode,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
    complete: bool,
}

impl Told {
    /// Whether the connection may serve another request (RFC 9112, section 9.3).
    fn reusable(&self) -> bool {
        let says = |word: &str| {
            let values = self.headers.get_all(CONNECTION).iter();
            let mut words = values
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','));
            words.any(|one| one.trim().eq_ignore_ascii_case(word))
        };
        let persistent = match self.version {
            Version::HTTP_11 => !says("close"),
            _ => says("keep-alive"),
        };
        self.complete && persistent
    }

    fn answer(self) -> Answer {
        Answer::apart(self.status, self.headers, self.body, self.complete)
    }
}

/// Sends the request and reads the answer, its body up to a limit.
async fn converse(
    mut sender: SendRequest<Full<Bytes>>,
    request: http::Request<Full<Bytes>>,
    limit: usize,
) -> hyper::Result<Told> {
    let sent = sender.try_send_request(request).await;
    let (head, body) = sent.map_err(TrySendError::into_error)?.into_parts();
    let (body, complete) = read(body, limit).await;
    Ok(Told {
        status: head.status,
        version: head.version,
        headers: head.headers,
        body,
        complete,
    })
}

/// The body, or what came of it before it broke off or passed the limit; and whether it is whole.
async fn read(mut body: Incoming, limit: usize) -> (Bytes, bool) {
    let mut whole = BytesMut::new();
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let Some(frame) = frame else {
            return (whole.freeze(), true);
        };
        let Ok(frame) = frame else {
            return (whole.freeze(), false);
        };
        if let Ok(data) = frame.into_data() {
            let room = limit - whole.len();
            whole.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return (whole.freeze(), false);
            }
        }
    }
}

/// A connection that is driven while somebody talks over it.
struct Talk {
    connection: Connection<HyperIo, Full<Bytes>>,
    ended: bool,
}

impl Talk {
    fn new(connection: Connection<HyperIo, Full<Bytes>>) -> Self {
        Self {
            connection,
            ended: false,
        }
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.ended {
            // What went wrong is told to the one who talks.
            self.ended = self.connection.poll_without_shutdown(cx).is_ready();
        }
    }

    fn poll<T>(
        &mut self,
        mut told: Pin<&mut impl Future<Output = T>>,
        cx: &mut Context<'_>,
    ) -> Poll<T> {
        // First the request is given to the connection; then what came is there.
        if let Poll::Ready(told) = told.as_mut().poll(cx) {
            return Poll::Ready(told);
        }
        self.drive(cx);
        told.poll(cx)
    }

    /// The lease, where the conversation left nothing behind; whether anything was written, and read.
    fn end(mut self) -> (Option<Lease>, bool, bool) {
        // The sender is gone: a connection on which nothing is outstanding ends without waiting.
        self.drive(&mut Context::from_waker(std::task::Waker::noop()));
        let ended = self.ended;
        let parts = self.connection.into_parts();
        let (wrote, read) = (parts.io.wrote, parts.io.read);
        let clean = ended && parts.read_buf.is_empty();
        (clean.then(|| parts.io.into_lease()), wrote, read)
    }
}
