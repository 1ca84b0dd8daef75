//! One request from queueing to the last byte of its answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::select;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::acquire::{Carrier, Slot};
use super::credential::Rejected;
use super::flight::{BodyEnd, Flight};
use super::link::NotStarted;
use super::set::Set;
use super::tally::Event;
use crate::clock::later;
use crate::session::Watch;
use crate::{BoxFuture, Error, ErrorKind, ResendUnknown, Result, RetryPolicy};

/// A request that can be made again: it is, for each connection that it is offered to.
pub trait Outgoing: Send + Sync {
    /// Method, URI and headers; the credential's header is added once the connection is chosen.
    /// Headers that differ from request to request are best marked sensitive: those are kept out
    /// of the compression table, whose entries they would push out.
    fn request(&self) -> http::Request<()>;

    /// The body, the same for each try.
    fn body(&self) -> Bytes;

    /// Whether it waits for a stream though as many wait already as
    /// [`max_waiting`](crate::session::SessionBuilder::max_waiting) allows, for those who bound by
    /// other means how many of theirs there are. Default: no.
    fn is_patient(&self) -> bool {
        false
    }

    /// The largest body of its answer, in bytes; `None`, the default: as the session has it.
    fn max_answer_bytes(&self) -> Option<usize> {
        None
    }

    /// Whether it is sent again after its connection was lost or its stream broken off, though the
    /// peer may have taken it. Default: never.
    fn resend_unknown(&self) -> ResendUnknown {
        ResendUnknown::Never
    }
}

/// What the peer answered.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or what came of it before it broke off or passed the limit of the session.
    pub body: Bytes,
    /// Whether the body is whole.
    pub complete: bool,
    /// Whether the body passed the limit: it is not whole then, but it did not break off.
    pub too_long: bool,
    /// How often the request was handed to a connection.
    pub attempts: u32,
    /// Whether an attempt before this one may have been taken: its answer was lost, and
    /// [`ResendUnknown`] allowed another.
    pub may_have_been_taken_before: bool,
    /// What stands beside the status in HTTP/1.1: services exist that tell two meanings of a status apart by
    /// it. `None` where it is not known: HTTP/2 has none, and mostly another HTTP client does not tell it.
    pub reason_phrase: Option<Box<str>>,
    carrier: Option<Carrier>,
}

impl Answer {
    /// One that came by no connection of HTTP/2.
    #[cfg(feature = "http1")]
    pub(super) fn apart(head: http::response::Parts, body: Bytes, end: BodyEnd) -> Self {
        let phrase = head.extensions.get::<hyper::ext::ReasonPhrase>();
        let phrase = phrase.and_then(|phrase| std::str::from_utf8(phrase.as_bytes()).ok());
        Self {
            reason_phrase: phrase.filter(|text| !text.is_empty()).map(Box::from),
            status: head.status,
            headers: head.headers,
            body,
            complete: end == BodyEnd::Whole,
            too_long: end == BodyEnd::TooLong,
            attempts: 1,
            may_have_been_taken_before: false,
            carrier: None,
        }
    }

    /// Tells the connection's credential that the service refused it, in the service's words, and
    /// does what it says. A request that was refused for its credential was not processed: unless
    /// the credential stays, it may be sent again.
    pub fn reject_credential(&self, reason: &str) -> Rejected {
        let Some(Carrier { set, link }) = &self.carrier else {
            return Rejected::Keep;
        };
        let now = set.shared.backend.system_time();
        let rejected = link
            .with_credential(|credential| credential.rejected(reason, now))
            .unwrap_or(Rejected::Keep);
        if rejected == Rejected::Retire {
            tracing::debug!(
                link = link.id,
                reason,
                "credential refused: connection left"
            );
            set.retire(link);
        }
        rejected
    }
}

/// How one attempt ended.
enum Attempt {
    Answered(Answer),
    /// Never handed to the connection, which is left.
    NotStarted,
    /// Provably not processed: it may go to another connection.
    Unprocessed(Error),
    /// Handed to a connection, with no answer.
    Failed(Error),
    /// Not handed to a connection, and no other would help.
    NotSent(Error),
}

/// How many connections may end under a request before it is written; each takes a dial.
const MAX_NOT_STARTED: u32 = 100;

/// Sends a request, and again where it was provably not processed, or where the caller allows it.
pub(crate) async fn exchange(
    set: &Arc<Set>,
    outgoing: &(impl Outgoing + ?Sized),
    deadline: Instant,
) -> Result<Answer> {
    let mut watch = set.shared.watch(deadline);
    let begun = set.tally.begin();
    let generation = set.generation();
    let mut history = History::default();
    loop {
        if set.generation() != generation {
            return Err(history.end(Set::moved()));
        }
        let slot = match set.acquire(&mut watch, outgoing.is_patient()).await {
            Ok(slot) => slot,
            Err(error) => return Err(history.end(error)),
        };
        let again = history.attempts > 0;
        let attempts = match attempt(set, slot, outgoing, &mut watch, again).await {
            Attempt::Answered(mut answer) => {
                set.tally.count(Event::Answered);
                set.tally.end(&begun);
                answer.attempts = history.attempts + 1;
                answer.may_have_been_taken_before = history.lost.is_some();
                return Ok(answer);
            }
            Attempt::NotSent(error) => return Err(history.end(error)),
            Attempt::NotStarted => {
                history.not_started += 1;
                if history.not_started > MAX_NOT_STARTED {
                    let message = "every connection ended before the request could be written";
                    return Err(history.end(Error::new(ErrorKind::Refused, message)));
                }
                continue;
            }
            Attempt::Failed(error) => {
                history.attempts += 1;
                let allowed = outgoing.resend_unknown().allows(history.losses);
                if !allowed || error.kind() != ErrorKind::Lost {
                    return Err(error.with_attempts(history.attempts));
                }
                history.losses += 1;
                history.lost = Some(error);
                history.attempts
            }
            Attempt::Unprocessed(error) => {
                history.attempts += 1;
                history.refusals += 1;
                let refusals = history.refusals;
                if refusals > set.shared.config.max_resends {
                    let message = format!("the server refused the request {refusals} times");
                    let refused = Error::new(ErrorKind::Refused, message).with_source(error);
                    return Err(history.end(refused));
                }
                history.attempts
            }
        };
        // The first one goes out at once: mostly a connection was left in order.
        if attempts > 1 {
            Box::pin(pause(set, attempts - 1, deadline)).await;
        }
    }
}

/// What became of a request so far.
#[derive(Default)]
struct History {
    /// How often it was handed to a connection.
    attempts: u32,
    not_started: u32,
    refusals: u32,
    losses: u32,
    /// Why nobody knows whether an earlier attempt was taken.
    lost: Option<Error>,
}

impl History {
    /// The end without an answer. A request that may have been taken once does not become one that
    /// surely was not.
    fn end(self, error: Error) -> Error {
        let error = match self.lost {
            Some(lost) if !error.may_have_been_taken() => lost,
            _ => error,
        };
        match self.attempts {
            0 => error,
            attempts => error.with_attempts(attempts),
        }
    }
}

/// Waits a little before a server is asked again that refuses; no longer than the set takes requests.
async fn pause(set: &Arc<Set>, refusals: u32, deadline: Instant) {
    let backend = &set.shared.backend;
    let policy = RetryPolicy::exponential(Duration::from_millis(50))
        .attempts(u32::MAX)
        .max_delay(Duration::from_secs(5));
    let wait = policy.delay(refusals, Duration::ZERO, None, backend.jitter());
    let until = later(backend.now(), wait.unwrap_or_default());
    let pause = Paused { set, key: None };
    select(backend.sleep_until(until.min(deadline)), pause).await;
}

/// Resolves when the set takes no more requests, or sends them elsewhere.
struct Paused<'a> {
    set: &'a Set,
    key: Option<usize>,
}

impl Future for Paused<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.set.poll_paused(&mut self.key, cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.set.forget_paused(key);
        }
    }
}

async fn attempt(
    set: &Arc<Set>,
    slot: Slot,
    outgoing: &(impl Outgoing + ?Sized),
    watch: &mut Watch,
    again: bool,
) -> Attempt {
    let mut flight = match begin(set, slot, outgoing, watch, again) {
        Ok(flight) => flight,
        Err(Some(error)) => return Attempt::NotSent(error),
        Err(None) => return Attempt::NotStarted,
    };
    let limit = outgoing.max_answer_bytes();
    let limit = limit.unwrap_or(set.shared.config.max_answer_bytes);
    // An answer that has come wins over a deadline that passed while nobody polled.
    let head = poll_fn(|cx| match flight.poll_head(cx) {
        Poll::Ready(Ok(head)) => Poll::Ready(Some(Ok(take_in(&mut flight, head, limit, cx)))),
        Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
        Poll::Pending => watch.poll(cx).map(|()| None),
    })
    .await;
    let rest = match head {
        None => {
            set.tally.count(Event::TimedOut);
            return Attempt::Failed(Error::new(
                ErrorKind::Unanswered,
                "no answer before the deadline: the request may have been taken",
            ));
        }
        Some(Err(error)) => return failed(set, flight, error),
        Some(Ok((head, Some((body, end))))) => {
            return answered(head, (body, end), flight.land(end == BodyEnd::Whole));
        }
        Some(Ok((head, None))) => read_boxed(flight, head, watch),
    };
    rest.await
}

/// The head of an answer, and its body where all of it came along: so short a one mostly does.
fn take_in(
    flight: &mut Flight,
    head: http::Response<h2::RecvStream>,
    limit: usize,
    cx: &mut Context<'_>,
) -> (http::response::Parts, Option<(Bytes, BodyEnd)>) {
    let (head, body) = head.into_parts();
    if body.is_end_stream() {
        return (head, Some((Bytes::new(), BodyEnd::Whole)));
    }
    flight.expect_body(body, limit);
    match flight.poll_body(cx) {
        Poll::Ready(end) => (head, Some((flight.take_body(), end))),
        Poll::Pending => (head, None),
    }
}

/// Boxed, and here, so that the future of those whose body came along, which are the most, has no
/// room for it.
fn read_boxed(
    flight: Flight,
    head: http::response::Parts,
    watch: &mut Watch,
) -> BoxFuture<'_, Attempt> {
    Box::pin(read(flight, head, watch))
}

/// Hands a request to the connection on which a stream is kept for it; without an error when that
/// connection has ended. No part of the future: what it needs it needs for a moment.
fn begin(
    set: &Arc<Set>,
    slot: Slot,
    outgoing: &(impl Outgoing + ?Sized),
    watch: &Watch,
    again: bool,
) -> Result<Flight, Option<Error>> {
    let shared = &set.shared;
    // Time can have passed only if there was something to wait for.
    if watch.was_waited_for() && watch.has_passed(shared.backend.as_ref()) {
        set.tally.count(Event::TimedOut);
        let message = "not sent: the deadline passed before the request was written";
        return Err(Some(Error::new(ErrorKind::Timeout, message)));
    }
    let Some(Carrier { link, .. }) = slot.carrier() else {
        return Err(None);
    };
    let mut request = outgoing.request();
    match link.header(shared.backend.system_time()) {
        Ok(Some(value)) => {
            put(request.headers_mut(), value);
        }
        Ok(None) => {
            // A place that was kept for a credential stays empty on a connection that has none.
            let headers = request.headers_mut();
            if headers
                .get(AUTHORIZATION)
                .is_some_and(HeaderValue::is_empty)
            {
                headers.remove(AUTHORIZATION);
            }
        }
        Err(error) => return Err(Some(error)),
    }
    match link.start(request, outgoing.body()) {
        Ok((response, stream)) => {
            set.tally.count(Event::Sent);
            if again {
                set.tally.count(Event::Resent);
                link.counters.resent.count();
            }
            Ok(Flight::new(slot, response, stream))
        }
        Err(NotStarted::Malformed(error)) => {
            let message = "the request can't be sent by HTTP/2";
            let error = Error::new(ErrorKind::Config, message).with_source(error);
            Err(Some(error))
        }
        Err(NotStarted::Ended) => {
            set.failed(link, None);
            set.retire(link);
            Err(None)
        }
    }
}

/// Mostly there is a place for it already, which is found without a hash.
fn put(headers: &mut HeaderMap, value: HeaderValue) {
    let mut places = headers.iter_mut();
    match places.find(|(name, _)| **name == AUTHORIZATION) {
        Some((_, place)) => *place = value,
        None => {
            headers.insert(AUTHORIZATION, value);
        }
    }
}

fn answered(
    head: http::response::Parts,
    (body, end): (Bytes, BodyEnd),
    carrier: Option<Carrier>,
) -> Attempt {
    if let Some(Carrier { link, .. }) = &carrier {
        link.counters.answered.count();
    }
    Attempt::Answered(Answer {
        status: head.status,
        headers: head.headers,
        body,
        complete: end == BodyEnd::Whole,
        too_long: end == BodyEnd::TooLong,
        attempts: 0,
        may_have_been_taken_before: false,
        reason_phrase: None,
        carrier,
    })
}

/// The rest of an answer, so far as it comes before the deadline.
async fn read(mut flight: Flight, head: http::response::Parts, watch: &mut Watch) -> Attempt {
    let end = poll_fn(|cx| match flight.poll_body(cx) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending => watch.poll(cx).map(|()| None),
    })
    .await;
    let Some(end) = end else {
        let body = flight.leave_body();
        let carrier = flight.carrier().cloned();
        return answered(head, (body, BodyEnd::CutOff), carrier);
    };
    let body = flight.take_body();
    answered(head, (body, end), flight.land(end == BodyEnd::Whole))
}

/// Tells a request that was provably not processed from one that may have been.
fn failed(set: &Arc<Set>, flight: Flight, error: h2::Error) -> Attempt {
    let broken_off = error.is_reset();
    let attempt = judge(set, &flight, error);
    if let Some(Carrier { link, .. }) = flight.carrier() {
        match &attempt {
            Attempt::Unprocessed(_) => link.counters.refused.count(),
            _ => link.counters.lost.count(),
        }
    }
    flight.land(!broken_off);
    attempt
}

fn judge(set: &Arc<Set>, flight: &Flight, error: h2::Error) -> Attempt {
    let stream = flight.stream();
    let link = flight.carrier().map(|carrier| &carrier.link);
    let refused =
        error.is_reset() && error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    if refused {
        return Attempt::Unprocessed(refused_by("the server refused the stream", error));
    }
    if let Some(link) = link.filter(|_| !error.is_reset()) {
        set.broke(link, &error);
    }
    let goaway = link.and_then(|link| link.observed.goaway());
    if let Some(goaway) = goaway.filter(|goaway| stream > goaway.last_stream) {
        let message =
            format!("the server closed the connection before it processed the request: {goaway}");
        let error = Error::new(ErrorKind::Refused, message);
        return Attempt::Unprocessed(error.with_goaway(goaway));
    }
    if !error.is_reset() && link.is_some_and(|link| !link.was_written(stream)) {
        let message = "the connection was lost before the request was written";
        return Attempt::Unprocessed(refused_by(message, error));
    }
    let calm = error.is_reset()
        && error.is_remote()
        && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM);
    if let Some(link) = link.filter(|_| calm) {
        set.calm(link);
    }
    set.tally.count(Event::Lost);
    let message = if error.is_reset() {
        "the server broke off the request: it may have been taken"
    } else {
        "the connection was lost before the answer came: the request may have been taken"
    };
    Attempt::Failed(Error::new(ErrorKind::Lost, message).with_source(error))
}

fn refused_by(message: &str, error: h2::Error) -> Error {
    Error::new(ErrorKind::Refused, message).with_source(error)
}
