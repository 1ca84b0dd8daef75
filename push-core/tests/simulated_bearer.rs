//! One access token for all who need it, in simulated time.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use backend_simulated::{SimulatedBackend, Simulation, Task};
use futures_util::future::join_all;
use push_core::bearer::{AccessToken, Bearer, Token, TokenSource};
use push_core::{Backend, Error, ErrorKind, Result, Session, Verdict, async_trait};

const SEEDS: std::ops::Range<u64> = 0..20;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// What becomes of one fetch, each after a second.
#[derive(Clone, Debug)]
enum Act {
    Token(Option<Duration>),
    Text(&'static str),
    Fail(ErrorKind),
    RetryAfter(Duration),
    Hang,
    Panic,
}

/// A source that acts by its script, and then gives tokens of an hour; the number of the fetch is
/// the token's text.
#[derive(Debug)]
struct Scripted {
    backend: SimulatedBackend,
    script: Mutex<VecDeque<Act>>,
    /// When each fetch began.
    fetches: Mutex<Vec<Duration>>,
}

#[async_trait]
impl TokenSource for Scripted {
    async fn fetch(&self, deadline: Instant) -> Result<AccessToken> {
        let number = {
            let mut fetches = self.fetches.lock().unwrap();
            fetches.push(self.backend.elapsed());
            fetches.len()
        };
        assert_eq!(deadline - self.backend.now(), MINUTE);
        self.backend.sleep(SECOND).await;
        let act = self.script.lock().unwrap().pop_front();
        match act.unwrap_or(Act::Token(Some(HOUR))) {
            Act::Token(lifetime) => Ok(AccessToken::new(format!("token-{number}"), lifetime)),
            Act::Text(text) => Ok(AccessToken::new(text, None)),
            Act::Fail(kind) => Err(Error::new(kind, format!("fetch {number} failed"))),
            Act::RetryAfter(wait) => {
                Err(Error::new(ErrorKind::Refused, "overloaded").with_retry_after(wait))
            }
            Act::Hang => std::future::pending().await,
            Act::Panic => panic!("a source that panics"),
        }
    }

    fn describe(&self) -> String {
        "the account of the test".to_owned()
    }
}

struct World<'a> {
    sim: &'a Simulation,
    source: Arc<Scripted>,
    bearer: Bearer,
}

impl<'a> World<'a> {
    fn new(sim: &'a Simulation, script: impl IntoIterator<Item = Act>) -> Self {
        let source = Arc::new(Scripted {
            backend: sim.backend(),
            script: Mutex::new(script.into_iter().collect()),
            fetches: Mutex::default(),
        });
        let bearer = Bearer::new(Arc::new(sim.backend()), source.clone());
        Self {
            sim,
            source,
            bearer,
        }
    }

    fn ask(&self, timeout: Duration) -> Task<Result<Token>> {
        let (bearer, deadline) = (self.bearer.clone(), self.sim.now() + timeout);
        self.sim.spawn(async move { bearer.token(deadline).await })
    }

    /// Asks and waits, for half a minute.
    fn token(&self) -> Result<Token> {
        self.sim.block_on(self.ask(30 * SECOND))
    }

    /// Which token there is at once: its number.
    fn at_once(&self) -> Option<usize> {
        let begun = self.sim.elapsed();
        let deadline = self.sim.now();
        let token = self.sim.block_on(self.bearer.token(deadline)).ok()?;
        assert_eq!(self.sim.elapsed(), begun);
        Some(number(&token))
    }

    fn fetches(&self) -> Vec<Duration> {
        self.source.fetches.lock().unwrap().clone()
    }
}

fn number(token: &Token) -> usize {
    let header = token.header();
    let text = header.to_str().unwrap().strip_prefix("Bearer token-");
    text.unwrap().parse().unwrap()
}

#[test]
fn a_thousand_who_wait_are_served_by_one_fetch() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        let waiting: Vec<_> = (0..1000).map(|_| world.ask(MINUTE)).collect();
        let tokens = sim.block_on(join_all(waiting));
        assert!(
            tokens
                .iter()
                .all(|token| number(token.as_ref().unwrap()) == 1)
        );
        assert_eq!(world.fetches().len(), 1);
        assert_eq!(sim.elapsed(), SECOND);
        assert_eq!(world.at_once(), Some(1), "and the next has it at once");
        assert_eq!(world.fetches().len(), 1);
        assert_eq!((sim.live_tasks(), sim.armed_timers()), (0, 0));
    });
}

#[test]
fn a_failure_goes_to_all_who_waited() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Fail(ErrorKind::Connect)]);
        let waiting: Vec<_> = (0..100).map(|_| world.ask(MINUTE)).collect();
        for outcome in sim.block_on(join_all(waiting)) {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connect);
            assert_eq!(
                error.report(),
                "no access token for the account of the test: fetch 1 failed"
            );
            let Verdict::RetryAfter(wait) = error.verdict() else {
                panic!("{:?}", error.verdict());
            };
            assert!(wait >= SECOND / 2 && wait <= SECOND, "{wait:?}");
        }
        assert_eq!(world.fetches().len(), 1);
        assert_eq!(number(&world.token().unwrap()), 2);
    });
}

#[test]
fn a_token_serves_until_its_end_and_not_longer() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Token(Some(HOUR)), Act::Hang]);
        world.token().unwrap();
        // Counted from when it was asked for, and less ten seconds.
        sim.advance(HOUR - 12 * SECOND);
        assert_eq!(world.at_once(), Some(1));
        sim.advance(SECOND);
        assert_eq!(world.at_once(), None);
    });
}

#[test]
fn a_token_is_renewed_in_the_background_five_minutes_before_its_end() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        world.token().unwrap();
        sim.advance(54 * MINUTE);
        assert_eq!(world.at_once(), Some(1));
        sim.advance(10 * SECOND);
        assert_eq!(world.fetches().len(), 1, "not yet");
        sim.advance(50 * SECOND);
        assert_eq!(world.at_once(), Some(1), "the old one serves meanwhile");
        assert_eq!(world.at_once(), Some(1));
        sim.advance(SECOND);
        assert_eq!(world.at_once(), Some(2));
        assert_eq!(world.fetches().len(), 2);
    });
}

#[test]
fn a_short_lived_token_is_renewed_at_half_of_its_lifetime() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Token(Some(100 * SECOND))]);
        world.token().unwrap();
        sim.advance(43 * SECOND);
        assert_eq!(world.at_once(), Some(1));
        sim.advance(SECOND);
        assert_eq!(world.fetches().len(), 1);
        sim.advance(6 * SECOND);
        assert_eq!(world.at_once(), Some(1));
        sim.advance(SECOND);
        assert_eq!(world.at_once(), Some(2));
    });
}

#[test]
fn a_token_that_has_ended_as_it_comes_does_not_make_a_fetch_of_every_request() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, vec![Act::Token(Some(Duration::ZERO)); 100]);
        for number in 1..=10 {
            assert_eq!(self::number(&world.token().unwrap()), number);
            for _ in 0..4 {
                assert_eq!(world.at_once(), Some(number));
                sim.advance(SECOND / 10);
            }
            assert_eq!(world.fetches().len(), number);
            sim.advance(SECOND);
        }
    });
}

#[test]
fn a_token_without_a_lifetime_is_kept_until_it_is_refused() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Token(None)]);
        let token = world.token().unwrap();
        sim.advance(20 * 24 * HOUR);
        assert_eq!(world.at_once(), Some(1));
        assert!(world.bearer.refused(&token));
        assert_eq!(number(&world.token().unwrap()), 2);
    });
}

#[test]
fn the_old_token_serves_while_renewing_it_fails_and_tries_are_spaced() {
    Simulation::for_seeds(SEEDS, |sim| {
        let mut script = vec![Act::Token(Some(HOUR))];
        script.extend(vec![Act::Fail(ErrorKind::Refused); 100]);
        let world = World::new(sim, script);
        world.token().unwrap();
        sim.advance(55 * MINUTE);
        for _ in 0..280 {
            assert_eq!(world.at_once(), Some(1));
            sim.advance(SECOND);
        }
        let tried = world.fetches();
        // Waits of at most 1, 2, 4 … 60 seconds, at least half of that.
        assert!((8..=16).contains(&tried.len()), "{tried:?}");
        let last_gap = tried[tried.len() - 1] - tried[tried.len() - 2];
        assert!(last_gap >= 30 * SECOND, "{tried:?}");
        sim.advance(10 * SECOND);
        assert_eq!(world.at_once(), None, "it has ended");
    });
}

#[test]
fn who_comes_during_a_back_off_waits_for_the_next_fetch() {
    Simulation::for_seeds(SEEDS, |sim| {
        let wait = 20 * SECOND;
        let world = World::new(sim, [Act::RetryAfter(wait)]);
        let error = world.token().unwrap_err();
        assert_eq!(error.verdict(), Verdict::RetryAfter(wait));
        sim.advance(5 * SECOND);
        // Who can't wait for it is told at once.
        let begun = sim.elapsed();
        let error = sim.block_on(world.ask(10 * SECOND)).unwrap_err();
        assert_eq!(sim.elapsed(), begun);
        assert_eq!(error.verdict(), Verdict::RetryAfter(15 * SECOND));
        assert_eq!(number(&world.token().unwrap()), 2);
        assert_eq!(world.fetches(), [Duration::ZERO, 21 * SECOND]);
    });
}

#[test]
fn a_retry_after_of_days_is_not_obeyed_for_days() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::RetryAfter(100 * HOUR)]);
        world.token().unwrap_err();
        sim.advance(10 * MINUTE);
        assert_eq!(number(&world.token().unwrap()), 2);
    });
}

#[test]
fn a_failure_of_the_credentials_is_told_at_once_to_each_and_tried_again_later() {
    Simulation::for_seeds(SEEDS, |sim| {
        let script = vec![Act::Fail(ErrorKind::Identity); 2];
        let world = World::new(sim, script);
        world.token().unwrap_err();
        let begun = sim.elapsed();
        for _ in 0..100 {
            let error = world.token().unwrap_err();
            assert_eq!(error.verdict(), Verdict::FixCredentials);
            assert!(error.report().contains("fetch 1 failed"), "{error:?}");
        }
        assert_eq!((sim.elapsed(), world.fetches().len()), (begun, 1));
        sim.advance(5 * SECOND - SECOND / 10);
        assert!(world.token().unwrap_err().report().contains("fetch 1"));
        sim.advance(10 * SECOND);
        assert!(world.token().unwrap_err().report().contains("fetch 2"));
        sim.advance(20 * SECOND);
        assert_eq!(number(&world.token().unwrap()), 3);
    });
}

#[test]
fn no_failure_of_a_fetch_blames_the_push_or_leaves_it_in_doubt() {
    for (kind, verdict) in [
        (ErrorKind::Lost, None),
        (ErrorKind::Unanswered, None),
        (ErrorKind::Resolve, None),
        (ErrorKind::Rejected, Some(Verdict::FixCredentials)),
        (ErrorKind::Egress, Some(Verdict::FixCredentials)),
        (ErrorKind::InvalidMessage, Some(Verdict::FixCredentials)),
    ] {
        let sim = Simulation::new(1);
        let world = World::new(&sim, [Act::Fail(kind)]);
        let error = world.token().unwrap_err();
        assert!(!error.may_have_been_taken(), "{kind:?}");
        match verdict {
            Some(verdict) => assert_eq!(error.verdict(), verdict, "{kind:?}"),
            None => assert!(
                matches!(error.verdict(), Verdict::RetryAfter(_)),
                "{kind:?}"
            ),
        }
    }
}

#[test]
fn a_token_that_is_none_is_an_error_that_does_not_show_it() {
    let sim = Simulation::new(1);
    let world = World::new(&sim, [Act::Text("sec\r\nret")]);
    let error = world.token().unwrap_err();
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    assert!(!format!("{error:?}").contains("sec\\r"), "{error:?}");
}

#[test]
fn a_storm_of_refusals_makes_one_fetch() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        let first = world.token().unwrap();
        for _ in 0..1000 {
            assert!(world.bearer.refused(&first));
        }
        assert_eq!(world.at_once(), None, "a refused token is not given out");
        let waiting: Vec<_> = (0..100).map(|_| world.ask(MINUTE)).collect();
        for token in sim.block_on(join_all(waiting)) {
            assert_eq!(number(&token.unwrap()), 2);
        }
        // Stragglers of the first one change nothing.
        assert!(world.bearer.refused(&first));
        assert_eq!(world.at_once(), Some(2));
        assert_eq!(world.fetches().len(), 2);
    });
}

#[test]
fn a_new_token_that_is_refused_too_is_kept_for_a_while_that_doubles_up_to_a_minute() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        assert!(world.bearer.refused(&world.token().unwrap()));
        let second = world.token().unwrap();
        for _ in 0..100 {
            assert!(!world.bearer.refused(&second));
        }
        assert_eq!(world.at_once(), Some(2));
        let mut refused = second;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            sim.advance(Duration::from_millis(seconds * 1000 - 1));
            assert!(!world.bearer.refused(&refused), "{seconds}");
            sim.advance(Duration::from_millis(1));
            assert!(world.bearer.refused(&refused), "{seconds}");
            refused = world.token().unwrap();
        }
        assert_eq!(world.fetches().len(), 10);
        // After a token that was good for longer it begins anew.
        sim.advance(2 * MINUTE);
        assert!(world.bearer.refused(&refused));
        let refused = world.token().unwrap();
        sim.advance(Duration::from_secs(1));
        assert!(world.bearer.refused(&refused));
    });
}

#[test]
fn a_refused_token_is_not_given_out_though_renewing_fails() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Token(Some(HOUR)), Act::Fail(ErrorKind::Refused)]);
        assert!(world.bearer.refused(&world.token().unwrap()));
        assert_eq!(world.token().unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!(number(&world.token().unwrap()), 3);
    });
}

#[test]
fn a_refusal_during_a_renewal_waits_for_that_one() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        let first = world.token().unwrap();
        sim.advance(55 * MINUTE);
        assert_eq!(world.at_once(), Some(1));
        assert!(world.bearer.refused(&first));
        assert_eq!(number(&world.token().unwrap()), 2);
        assert_eq!(world.fetches().len(), 2);
    });
}

#[test]
fn a_waiter_that_is_cancelled_ends_nobodys_fetch() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        let deadline = sim.now() + MINUTE;
        let backend = sim.backend();
        sim.block_on(async {
            let first = std::pin::pin!(world.bearer.token(deadline));
            let limit = backend.sleep(SECOND / 2);
            let cancelled = futures_util::future::select(first, limit).await;
            assert!(matches!(cancelled, futures_util::future::Either::Right(_)));
        });
        assert_eq!(number(&world.token().unwrap()), 1);
        assert_eq!(sim.elapsed(), SECOND);
    });
}

#[test]
fn each_waits_as_long_as_its_own_deadline() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Hang]);
        let short = world.ask(5 * SECOND);
        let long = world.ask(2 * MINUTE);
        let error = sim.block_on(short).unwrap_err();
        assert_eq!(
            (error.kind(), sim.elapsed()),
            (ErrorKind::Timeout, 5 * SECOND)
        );
        assert!(!error.may_have_been_taken());
        // The source that hangs is left after a minute, and that is told.
        let error = sim.block_on(long).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.report().contains("within 62 seconds"), "{error:?}");
        assert_eq!(sim.elapsed(), 62 * SECOND);
        assert_eq!(number(&world.token().unwrap()), 2);
    });
}

#[test]
fn a_wall_clock_that_is_set_moves_nothing() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        world.token().unwrap();
        for time in [sim.system_time() + 10 * HOUR, sim.system_time() - 10 * HOUR] {
            sim.set_system_time(time);
            assert_eq!(world.at_once(), Some(1));
        }
        sim.advance(MINUTE);
        assert_eq!((world.at_once(), world.fetches().len()), (Some(1), 1));
    });
}

#[test]
fn when_the_runtime_is_gone_all_are_told() {
    let sim = Simulation::new(1);
    let world = World::new(&sim, [Act::Hang]);
    let bearer = world.bearer.clone();
    let deadline = sim.now() + HOUR;
    let mut waiting = Box::pin(bearer.token(deadline));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    sim.run_until_idle();
    drop(world.source);
    drop(world.bearer);
    drop(sim);
    let told = |polled| match polled {
        std::task::Poll::Ready(Err(error)) => Error::kind(&error),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(waiting.as_mut().poll(&mut cx)), ErrorKind::RuntimeGone);
    // And who asks afterwards.
    let mut again = Box::pin(bearer.token(deadline));
    assert_eq!(told(again.as_mut().poll(&mut cx)), ErrorKind::RuntimeGone);
}

#[test]
fn a_source_that_panics_hangs_nobody() {
    let sim = Simulation::new(1);
    let world = World::new(&sim, [Act::Panic]);
    let asked = world.ask(MINUTE);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sim.run_until_idle();
        sim.advance(2 * SECOND);
    }));
    let told = sim.block_on(asked).unwrap_err();
    assert_eq!(told.kind(), ErrorKind::RuntimeGone, "{panicked:?}");
    assert_eq!(number(&world.token().unwrap()), 2);
}

#[test]
fn nothing_goes_on_when_the_last_clone_is_gone() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Hang]);
        let backend = sim.backend();
        sim.block_on(async {
            let deadline = backend.now() + SECOND;
            world.bearer.token(deadline).await.unwrap_err();
        });
        assert_eq!(sim.live_tasks(), 1);
        drop(world);
        sim.run_until_idle();
        assert_eq!((sim.live_tasks(), sim.armed_timers()), (0, 0));
    });
}

#[test]
fn no_token_is_shown() {
    let sim = Simulation::new(1);
    let world = World::new(&sim, []);
    let token = world.token().unwrap();
    let shown = format!("{:?} {token:?}", world.bearer);
    assert!(!shown.contains("token-1"), "{shown}");
}

#[test]
fn a_session_that_is_shut_down_waits_for_no_token() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, [Act::Hang]);
        let session = Session::new(sim.backend());
        let (bearer, waits, deadline) = (world.bearer.clone(), session.clone(), sim.now() + HOUR);
        let waiting = sim.spawn(async move { bearer.token_for(&waits, deadline).await });
        sim.advance(2 * SECOND);
        sim.block_on(session.shutdown(SECOND));
        let error = sim.block_on(waiting).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(sim.elapsed() < MINUTE);
    });
}

#[test]
fn a_token_that_is_there_is_given_over_any_session() {
    Simulation::for_seeds(SEEDS, |sim| {
        let world = World::new(sim, []);
        let session = Session::new(sim.backend());
        let deadline = sim.now() + MINUTE;
        let token = sim.block_on(world.bearer.token_for(&session, deadline));
        assert_eq!(number(&token.unwrap()), 1);
        sim.block_on(session.shutdown(SECOND));
        let token = sim.block_on(world.bearer.token_for(&session, deadline));
        assert_eq!(number(&token.unwrap()), 1);
    });
}
