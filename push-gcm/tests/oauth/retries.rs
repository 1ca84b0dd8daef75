use std::time::Duration;

use push_core::{ErrorKind, Verdict};
use push_gcm::v1::oauth::OAuthError;

use crate::service_account::credentials;
use crate::{MINUTE, Reply, SECOND, Seen, World};

fn gaps(asked: &[Seen]) -> Vec<f64> {
    let gap = |pair: &[Seen]| (pair[1].at - pair[0].at).as_secs_f64();
    asked.windows(2).map(gap).collect()
}

#[test]
fn what_may_pass_is_tried_three_times_a_second_and_two_apart() {
    let refused = |error: &str| Reply::refused(error, "try later");
    for reply in [
        Reply::text(408, ""),
        Reply::text(429, ""),
        Reply::text(500, "<html>oops"),
        Reply::text(502, "<html>Bad Gateway"),
        Reply::text(503, ""),
        Reply::text(504, ""),
        refused("internal_failure"),
        refused("server_error"),
        refused("temporarily_unavailable"),
        Reply::Fail(ErrorKind::Connect),
        Reply::Fail(ErrorKind::Resolve),
        Reply::Fail(ErrorKind::Lost),
    ] {
        let world = World::replying([reply.clone(), reply.clone(), Reply::token("t")]);
        world.fetch(&credentials()).unwrap();
        let gaps = gaps(&world.asked());
        assert_eq!(gaps.len(), 2, "{reply:?}");
        assert!((0.9..1.2).contains(&gaps[0]), "{reply:?}: {gaps:?}");
        assert!((1.8..2.3).contains(&gaps[1]), "{reply:?}: {gaps:?}");

        let world = World::replying([reply.clone()]);
        let error = world.failure(&credentials());
        assert_eq!(world.asked().len(), 3, "{reply:?}");
        assert!(
            matches!(error.verdict(), Verdict::RetryAfter(_)),
            "{reply:?}: {error:?}"
        );
    }
}

#[test]
fn what_is_temporary_keeps_what_the_server_said() {
    let world = World::replying([Reply::text(503, "<html>")]);
    let error = world.failure(&credentials());
    assert_eq!(OAuthError::of(&error).unwrap().status, 503);
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[test]
fn a_tls_fault_is_not_tried_again() {
    let world = World::replying([Reply::Fail(ErrorKind::Tls)]);
    let error = world.failure(&credentials());
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    assert_eq!(world.asked().len(), 1);
}

#[test]
fn retry_after_is_obeyed_and_one_that_is_long_is_told() {
    let soon = Reply::text(503, "").header("retry-after", "5");
    let world = World::replying([soon, Reply::token("t")]);
    world.fetch(&credentials()).unwrap();
    assert!((5.0..5.1).contains(&gaps(&world.asked())[0]));

    let world = World::new(|_| Reply::Hang);
    let date = httpdate::fmt_http_date(world.sim.system_time() + 5 * SECOND);
    let world = World::replying([
        Reply::text(429, "").header("retry-after", &date),
        Reply::token("t"),
    ]);
    world.fetch(&credentials()).unwrap();
    let gap = gaps(&world.asked())[0];
    assert!((3.9..5.1).contains(&gap), "{gap}");

    let world = World::replying([Reply::text(503, "").header("retry-after", "30")]);
    let error = world.failure(&credentials());
    assert!(matches!(error.verdict(), Verdict::RetryAfter(wait) if wait == 30 * SECOND));
    assert_eq!(world.asked().len(), 1, "nobody is kept waiting for so long");

    let late = Reply::text(429, "").header("retry-after", "120");
    let world = World::replying([late, Reply::token("t")]);
    let bearer = credentials().bearer(&world.http);
    let error = world.token(&bearer).unwrap_err();
    assert_eq!(error.verdict(), Verdict::RetryAfter(120 * SECOND));
    assert_eq!(world.asked().len(), 1);
    world.sim.advance(MINUTE);
    let soon = world.sim.now() + SECOND;
    let error = world.sim.block_on(bearer.token(soon)).unwrap_err();
    assert!(matches!(error.verdict(), Verdict::RetryAfter(wait) if wait > 50 * SECOND));
    assert!(world.asked().is_empty(), "not before it may");
    world.sim.advance(MINUTE);
    world.token(&bearer).unwrap();
}

#[test]
fn a_server_that_does_not_answer_is_given_up_within_a_minute() {
    let world = World::replying([Reply::Hang]);
    let begun = world.sim.elapsed();
    let error = world.failure(&credentials());
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.may_have_been_taken());
    assert_eq!(world.asked().len(), 3);
    assert!(world.sim.elapsed() - begun < MINUTE);
    assert!(
        error.report().contains("oauth2.googleapis.com"),
        "{}",
        error.report()
    );
}

#[test]
fn the_deadline_holds_through_all_that_is_tried() {
    let world = World::replying([
        Reply::Hang,
        Reply::Hang,
        crate::service_account::out_of_time(),
        Reply::Hang,
    ]);
    world.server.set_clock(Some(10 * MINUTE));
    let error = world.failure(&credentials());
    assert_eq!(world.sim.elapsed(), MINUTE);
    assert!(
        error.report().contains("no answer of oauth2"),
        "{}",
        error.report()
    );
}

#[test]
fn a_session_that_is_closed_is_told_at_once() {
    let world = World::replying([Reply::token("t")]);
    world
        .sim
        .block_on(world.http.session().shutdown(Duration::ZERO));
    let error = world.failure(&credentials());
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(world.asked().is_empty());
}
