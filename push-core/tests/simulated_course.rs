//! The course of a request that a service does not take at once, in simulated time.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use backend_simulated::Simulation;
use bytes::Bytes;
use http::{Request, Response};
use push_core::http::{Answer, Course, HttpClient, HttpTransport};
use push_core::{ErrorKind, RetryPolicy, Session, async_trait};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const TIMEOUT: Duration = Duration::from_secs(30);

/// Another HTTP client, which is always answered with no.
#[derive(Debug)]
struct Busy;

#[async_trait]
impl HttpTransport for Busy {
    async fn send(&self, _: Request<Bytes>, _: usize) -> push_core::Result<Response<Bytes>> {
        let response = Response::builder().status(503);
        Ok(response.body(Bytes::from_static(b"no")).unwrap())
    }
}

fn answer(sim: &Simulation, session: &Session) -> Answer {
    let http = HttpClient::over(session.clone(), Arc::new(Busy));
    let request = Request::get("https://push.example/").body(Bytes::new());
    let sending = http.send(request.unwrap(), sim.now() + TIMEOUT);
    sim.block_on(sending).unwrap()
}

#[test]
fn each_further_attempt_has_the_timeout_of_its_own() {
    let sim = Simulation::new(1);
    let session = Session::new(sim.backend());
    let retry = RetryPolicy::none().attempts(3);
    let mut course = Course::new(&session, &retry, TIMEOUT, sim.now() + TIMEOUT);
    assert_eq!(course.deadline(), sim.now() + TIMEOUT);
    // For longer than the timeout of one.
    for _ in 0..2 {
        let begun = sim.now();
        course.note_answer(&answer(&sim, &session));
        assert!(sim.block_on(course.wait(60 * SECOND)));
        assert_eq!(sim.now(), begun + 60 * SECOND);
        assert_eq!(course.deadline(), sim.now() + TIMEOUT);
    }
    course.note_answer(&answer(&sim, &session));
    assert!(
        !sim.block_on(course.wait(60 * SECOND)),
        "the policy ends it"
    );
    assert_eq!(course.attempts(), 3);
}

#[test]
fn the_total_of_the_policy_counts_from_the_first_attempt() {
    let sim = Simulation::new(1);
    let session = Session::new(sim.backend());
    let retry = RetryPolicy::none().attempts(9).total(20 * SECOND);
    let mut course = Course::new(&session, &retry, TIMEOUT, sim.now() + TIMEOUT);
    sim.advance(5 * SECOND);
    assert!(sim.block_on(course.wait(10 * SECOND)));
    let begun = sim.now();
    assert!(!sim.block_on(course.wait(6 * SECOND)), "it would be 21 s");
    assert_eq!(sim.now(), begun);
    assert!(sim.block_on(course.wait(5 * SECOND)));
}

#[test]
fn a_wait_ends_when_the_session_is_shut_down() {
    let sim = Simulation::new(1);
    let session = Session::new(sim.backend());
    let begun = sim.now();
    let waiting = sim.spawn({
        let session = session.clone();
        async move {
            let retry = RetryPolicy::none().attempts(2);
            let mut course = Course::new(&session, &retry, TIMEOUT, begun + TIMEOUT);
            course.wait(HOUR).await
        }
    });
    sim.advance(SECOND);
    sim.block_on(session.shutdown(SECOND));
    assert!(!sim.block_on(waiting));
    assert!(sim.now() < begun + TIMEOUT);
}

#[test]
fn a_token_is_renewed_once_and_its_refusal_does_not_count_for_the_policy() {
    let sim = Simulation::new(1);
    let session = Session::new(sim.backend());
    let retry = RetryPolicy::none().attempts(2);
    let mut course = Course::new(&session, &retry, TIMEOUT, sim.now() + TIMEOUT);
    course.note_answer(&answer(&sim, &session));
    assert!(!course.renews_token(|| false), "there is no other");
    assert!(course.renews_token(|| true));
    course.note_answer(&answer(&sim, &session));
    assert!(!course.renews_token(|| true), "the other is refused too");
    assert!(sim.block_on(course.wait(SECOND)));
    course.note_answer(&answer(&sim, &session));
    assert!(!sim.block_on(course.wait(SECOND)));
    assert_eq!(course.attempts(), 3);
    assert!(!course.is_in_doubt());
}

#[test]
fn what_leaves_it_open_whether_an_attempt_was_taken_stays_noted() {
    let sim = Simulation::new(1);
    let session = Session::new(sim.backend());
    let retry = RetryPolicy::none();
    let mut course = Course::new(&session, &retry, TIMEOUT, sim.now() + TIMEOUT);
    let mut answer = answer(&sim, &session);
    answer.may_have_been_taken_before = true;
    answer.attempts = 2;
    course.note_answer(&answer);
    answer.may_have_been_taken_before = false;
    course.note_answer(&answer);
    let lost = push_core::Error::new(ErrorKind::Lost, "made by a test");
    course.note_error(&lost.with_attempts(3));
    assert_eq!((course.attempts(), course.is_in_doubt()), (7, true));
}

#[test]
fn an_answer_that_is_longer_than_is_read_was_not_cut_off() {
    let sim = Simulation::new(1);
    let mut answer = answer(&sim, &Session::new(sim.backend()));
    assert!(!answer.is_cut_off());
    answer.complete = false;
    assert!(answer.is_cut_off());
    let error = answer.cut_off();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.retry_after(), Some(10 * SECOND));
    assert!(error.to_string().contains("status 503"), "{error}");
    answer.too_long = true;
    assert!(!answer.is_cut_off());
}
