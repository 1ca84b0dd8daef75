//! The way to one server by HTTP/1.1: a request at a time on each connection, which is a lease.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Method, Uri, Version};
use http_body_util::Full;

use super::apart::Apart;
use super::exchange::{Answer, Outgoing};
use super::hyper_io::HyperIo;
use super::limits::Limits;
use super::talk::{Ended, How, converse};
use super::tally::{Event, Tally};
use crate::clock::later;
use crate::session::{Lease, News, Session, Watch};
use crate::{Error, ErrorKind, ResendUnknown, Result, Target};

/// The way to one server by HTTP/1.1, over a session's leases.
#[derive(Debug)]
pub(super) struct Http1 {
    session: Session,
    target: Target,
    limits: Limits,
    tally: Arc<Tally>,
    /// How many requests wait for a connection.
    waiting: AtomicUsize,
    /// The server has turned to HTTP/2.
    turned: Arc<News>,
}

/// How an exchange by HTTP/1.1 ended.
pub(super) enum Exchanged {
    Answered(Answer),
    Failed(Error),
    /// The server chose HTTP/2 for its connections; nothing was sent. The error is for where that is
    /// of no use.
    SpeaksHttp2(Error),
}

/// How one attempt ended.
enum Attempt {
    Answered(Answer),
    /// Nothing of it was written, since a connection had ended that was used before: it may go to
    /// another one.
    NotStarted(Error),
    /// Nothing of it was written, and no other connection would help.
    NotSent(Error),
    /// Written, at least in part, with no answer.
    Failed(Error),
}

/// What comes of the wait for a connection.
enum Leased {
    Connection(Lease),
    SpeaksHttp2,
}

/// How many connections may end under a request before it is written: as with HTTP/2.
const MAX_NOT_STARTED: u32 = 100;

/// What belongs to a connection and not to a request: a request that has it can't be sent by HTTP/2
/// either.
const OF_CONNECTIONS: [HeaderName; 5] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

impl Http1 {
    pub(super) fn new(session: Session, target: Target, limits: Limits) -> Self {
        let tally = Tally::new(session.shared().clone(), &target.authority());
        Self {
            tally: Arc::new(tally),
            session,
            target,
            limits,
            waiting: AtomicUsize::new(0),
            turned: Arc::default(),
        }
    }

    /// How many requests can be under way at once.
    pub(super) fn capacity(&self) -> usize {
        self.limits
            .connections(self.session.shared().config.max_connections_per_key)
    }

    /// The error where a server changes its mind again and again.
    pub(super) fn undecided() -> Error {
        let message = "the server chooses now HTTP/2, now HTTP/1.1";
        Error::new(ErrorKind::Protocol, message)
    }

    /// Connects, unless a connection stands ready; `false` where the server chose HTTP/2.
    pub(super) async fn ready(&self, deadline: Instant) -> Result<bool> {
        let mut watch = self.session.shared().watch(deadline);
        match self.lease(&mut watch, true).await? {
            Leased::Connection(lease) => {
                lease.release();
                Ok(true)
            }
            Leased::SpeaksHttp2 => Ok(false),
        }
    }

    /// Sends a request, and again where nothing of it was written, or where the caller allows it.
    ///
    /// One of many goes on a task of its own: nobody may poll it for a while, and it has a connection for
    /// itself that others wait for.
    pub(super) async fn exchange(
        self: &Arc<Self>,
        outgoing: &(impl Outgoing + ?Sized),
        deadline: Instant,
    ) -> Exchanged {
        if !outgoing.is_patient() {
            return self.exchange_here(outgoing, deadline).await;
        }
        let (this, outgoing) = (self.clone(), Kept::from(outgoing));
        let work = async move { this.exchange_here(&outgoing, deadline).await };
        let exchanged = Apart::start(self.session.backend().as_ref(), work).await;
        exchanged.unwrap_or_else(|| {
            let message = "the runtime has ended under the request: it may have been taken";
            Exchanged::Failed(Error::new(ErrorKind::Lost, message).with_attempts(1))
        })
    }

    async fn exchange_here(
        &self,
        outgoing: &(impl Outgoing + ?Sized),
        deadline: Instant,
    ) -> Exchanged {
        let mut watch = self.session.shared().watch(deadline);
        let begun = self.tally.begin();
        let mut history = History::default();
        loop {
            let lease = match self.lease(&mut watch, outgoing.is_patient()).await {
                Ok(Leased::Connection(lease)) => lease,
                Ok(Leased::SpeaksHttp2) => {
                    let error = Self::undecided();
                    return match history.lost {
                        None => Exchanged::SpeaksHttp2(error),
                        Some(_) => history.end(error),
                    };
                }
                Err(error) => return history.end(error),
            };
            let again = history.attempts > 0;
            match self.attempt(lease, outgoing, &mut watch, again).await {
                Attempt::Answered(mut answer) => {
                    self.tally.count(Event::Answered);
                    self.tally.end(&begun);
                    answer.attempts = history.attempts + 1;
                    answer.may_have_been_taken_before = history.lost.is_some();
                    return Exchanged::Answered(answer);
                }
                Attempt::NotSent(error) => return history.end(error),
                Attempt::NotStarted(error) => {
                    history.not_started += 1;
                    if history.not_started > MAX_NOT_STARTED {
                        return history.end(error);
                    }
                }
                Attempt::Failed(error) => {
                    let allowed = outgoing.resend_unknown().allows(history.attempts);
                    history.attempts += 1;
                    if !allowed || error.kind() != ErrorKind::Lost {
                        return history.end(error);
                    }
                    history.lost = Some(error);
                }
            }
        }
    }

    /// A connection, before the deadline; none on which nothing was heard for so long that HTTP/2
    /// would ask whether it is alive, since nothing can be asked here.
    async fn lease(&self, watch: &mut Watch, patient: bool) -> Result<Leased> {
        loop {
            match self.any_lease(watch, patient).await? {
                // Each turn closes one.
                Leased::Connection(lease) if self.was_quiet(&lease) => {}
                leased => return Ok(leased),
            }
        }
    }

    /// Whether nothing was heard on a connection for a while, whatever was on others.
    fn was_quiet(&self, lease: &Lease) -> bool {
        let shared = self.session.shared();
        let since = lease.idle_since();
        since.is_some_and(|at| shared.backend.now() >= later(at, shared.config.probe_after))
    }

    async fn any_lease(&self, watch: &mut Watch, patient: bool) -> Result<Leased> {
        let mut turned = self.turned.listen();
        let mut lease = self
            .session
            .lease(self.target.clone(), None, self.limits, true)?;
        let mut place = None;
        let ready = poll_fn(|cx| {
            if let Poll::Ready(ready) = lease.poll_ready(cx) {
                return Poll::Ready(Ok(Some(ready)));
            }
            if turned.poll(cx).is_ready() {
                return Poll::Ready(Ok(None));
            }
            if place.is_none() {
                place = Some(self.wait(patient)?);
            }
            watch.poll(cx).map(|()| Err(self.timed_out(&lease)))
        });
        match ready.await? {
            Some(ready) => ready?,
            None => return Ok(Leased::SpeaksHttp2),
        }
        if lease.alpn() == Some(b"h2") {
            // All who wait would find the same, at the cost of a dial each.
            self.turned.tell();
            return Ok(Leased::SpeaksHttp2);
        }
        Ok(Leased::Connection(lease))
    }

    /// Joins those who wait; unless patient, only while the queue has room.
    fn wait(&self, patient: bool) -> Result<Waits<'_>> {
        let depth = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Waits(self);
        match self.session.shared().config.max_waiting {
            Some(most) if !patient && depth >= most => {
                let message = format!(
                    "the queue is full: {depth} requests wait for a connection already, and {most} may"
                );
                Err(Error::new(ErrorKind::QueueFull, message).with_queue_depth(depth))
            }
            _ => {
                self.tell_waiting();
                Ok(waits)
            }
        }
    }

    fn tell_waiting(&self) {
        self.tally.waiting(|| self.waiting.load(Ordering::Relaxed));
    }

    fn timed_out(&self, lease: &Lease) -> Error {
        self.tally.count(Event::TimedOut);
        let message = match lease.waits_its_turn() {
            true => "not sent: the deadline passed while all connections were in use",
            false => "not sent: the deadline passed before there was a connection",
        };
        Error::new(ErrorKind::Timeout, message)
    }

    async fn attempt(
        &self,
        lease: Lease,
        outgoing: &(impl Outgoing + ?Sized),
        watch: &mut Watch,
        again: bool,
    ) -> Attempt {
        if watch.has_passed(self.session.backend().as_ref()) {
            lease.release();
            self.tally.count(Event::TimedOut);
            let message = "not sent: the deadline passed before the request was written";
            return Attempt::NotSent(Error::new(ErrorKind::Timeout, message));
        }
        let request = match in_http1_form(outgoing) {
            Ok(request) => request,
            Err(error) => {
                lease.release();
                return Attempt::NotSent(error);
            }
        };
        let session_limit = self.session.shared().config.max_answer_bytes;
        let limit = outgoing.max_answer_bytes().unwrap_or(session_limit);
        let reused = lease.is_reused();
        let io = HyperIo::new(lease, self.tally.clone(), again);
        match converse(io, request, limit, watch).await {
            Ok(ended) => self.judge(ended, reused),
            Err(error) => Attempt::NotSent(not_sent(Some(error))),
        }
    }

    /// Tells a request that was surely not taken from one that may have been, and leaves the
    /// connection to others, or closes it.
    fn judge(&self, ended: Ended, reused: bool) -> Attempt {
        let Ended {
            how, lease, wrote, ..
        } = ended;
        match how {
            How::Answered(answer) => {
                match ended.reusable {
                    true => lease.release(),
                    // It was of use all the same.
                    false => lease.proved(),
                }
                Attempt::Answered(answer)
            }
            How::Broken(error) if !wrote => {
                let error = not_sent(error);
                if reused {
                    return Attempt::NotStarted(error);
                }
                if self.session.is_closed() {
                    let message = "the session was shut down";
                    return Attempt::NotSent(Error::new(ErrorKind::Closed, message));
                }
                // As a dial that failed.
                lease.failed(error.clone());
                Attempt::NotSent(error)
            }
            How::Broken(error) => {
                self.tally.count(Event::Lost);
                let message = match ended.spoke {
                    true => "the answer can't be read: the request may have been taken",
                    false => {
                        "the connection was lost before the answer came: the request may have been taken"
                    }
                };
                if !ended.spoke && !reused {
                    let message = "the server ended the connection without an answer";
                    lease.failed(Error::new(ErrorKind::Connect, message));
                }
                let lost = Error::new(ErrorKind::Lost, message);
                Attempt::Failed(match error {
                    Some(error) => lost.with_source(error),
                    None => lost,
                })
            }
            How::TooLate if !wrote => {
                self.tally.count(Event::TimedOut);
                let message = "not sent: the deadline passed before the request was written";
                Attempt::NotSent(Error::new(ErrorKind::Timeout, message))
            }
            How::TooLate => {
                self.tally.count(Event::TimedOut);
                let message = "no answer before the deadline: the request may have been taken";
                Attempt::Failed(Error::new(ErrorKind::Unanswered, message))
            }
        }
    }
}

/// A request that is kept while it is sent.
struct Kept {
    request: http::Request<()>,
    body: Bytes,
    max_answer_bytes: Option<usize>,
    resend_unknown: ResendUnknown,
}

impl<O: Outgoing + ?Sized> From<&O> for Kept {
    fn from(outgoing: &O) -> Self {
        Self {
            request: outgoing.request(),
            body: outgoing.body(),
            max_answer_bytes: outgoing.max_answer_bytes(),
            resend_unknown: outgoing.resend_unknown(),
        }
    }
}

impl Outgoing for Kept {
    fn request(&self) -> http::Request<()> {
        self.request.clone()
    }

    fn body(&self) -> Bytes {
        self.body.clone()
    }

    fn is_patient(&self) -> bool {
        true
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        self.max_answer_bytes
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend_unknown
    }
}

/// One of those who wait.
struct Waits<'a>(&'a Http1);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.tell_waiting();
    }
}

/// What became of a request so far.
#[derive(Default)]
struct History {
    /// How often it was handed to a connection.
    attempts: u32,
    not_started: u32,
    /// Why nobody knows whether an earlier attempt was taken.
    lost: Option<Error>,
}

impl History {
    /// The end without an answer. A request that may have been taken once does not become one that
    /// surely was not.
    fn end(self, error: Error) -> Exchanged {
        let error = match self.lost {
            Some(lost) if !error.may_have_been_taken() => lost,
            _ => error,
        };
        Exchanged::Failed(match self.attempts {
            0 => error,
            attempts => error.with_attempts(attempts),
        })
    }
}

fn not_sent(error: Option<hyper::Error>) -> Error {
    let message = "not sent: the connection ended before the request was written";
    let not_sent = Error::new(ErrorKind::Connect, message);
    match error {
        Some(error) => not_sent.with_source(error),
        None => not_sent,
    }
}

/// The request with `Host` and `Content-Length`, and with no more of the URI than path and query
/// (RFC 9112, section 3.2).
fn in_http1_form(outgoing: &(impl Outgoing + ?Sized)) -> Result<http::Request<Full<Bytes>>> {
    let unfit = |why: &str| {
        let message = format!("the request can't be sent by HTTP/1.1: {why}");
        Error::new(ErrorKind::Config, message)
    };
    let (mut head, ()) = outgoing.request().into_parts();
    if head.method == Method::CONNECT {
        return Err(unfit("CONNECT asks for a tunnel"));
    }
    let headers = &mut head.headers;
    if let Some(name) = OF_CONNECTIONS
        .iter()
        .find(|name| headers.contains_key(*name))
    {
        return Err(unfit(&format!("{name} is for connections")));
    }
    let Some(authority) = head.uri.authority() else {
        return Err(unfit("its URI is not absolute"));
    };
    // Without a user and a password, which may stand in front.
    let host = authority.host();
    let usual = if head.uri.scheme_str() == Some("http") {
        80
    } else {
        443
    };
    let host = match authority.port_u16() {
        Some(port) if port != usual => format!("{host}:{port}"),
        _ => host.to_owned(),
    };
    let host = HeaderValue::try_from(host).map_err(|_| unfit("its host can't be a header"))?;
    headers.entry(HOST).or_insert(host);
    let body = outgoing.body();
    // What the caller said of it may be wrong; and some servers refuse a POST without it.
    headers.remove(CONTENT_LENGTH);
    if !body.is_empty() || ![Method::GET, Method::HEAD].contains(&head.method) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    head.uri = head
        .uri
        .path_and_query()
        .map_or_else(|| Uri::from_static("/"), |path| Uri::from(path.clone()));
    head.version = Version::HTTP_11;
    Ok(http::Request::from_parts(head, Full::new(body)))
}
