//! Sends over the binary gateway in simulated time: what is told must be what the gateway counted.

#![allow(clippy::unwrap_used)]

mod gateway;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backend_simulated::{Conditions, Simulation};
use futures_util::StreamExt;
use gateway::{Act, End, Gateway, HOST, PORT, Random, builder, refuse, token};
use push_apns::gateway::{Client, Command, Error, Outcome, Status};
use push_apns::{Endpoint, Notification};
use push_core::{ErrorKind, ResendUnknown, RetryPolicy, Session, Verdict};

fn hello() -> Notification {
    Notification::alert("Hello")
}

/// Sends to so many devices; the outcomes by their numbers.
async fn send(client: &Client, devices: u32) -> Vec<Outcome> {
    let source = (0..devices).map(|number| (token(number), number));
    let mut outcomes: Vec<Option<Outcome>> = (0..devices).map(|_| None).collect();
    let mut all = client.send_all(source, &hello());
    while let Some(((_, number), outcome)) = all.next().await {
        let place = &mut outcomes[number as usize];
        assert!(place.is_none(), "device {number} has two outcomes");
        *place = Some(outcome);
    }
    outcomes.into_iter().map(Option::unwrap).collect()
}

/// The numbers of those for which this holds.
fn which(outcomes: &[Outcome], is: impl Fn(&Outcome) -> bool) -> Vec<usize> {
    let numbered = outcomes.iter().enumerate();
    numbered
        .filter(|(_, outcome)| is(outcome))
        .map(|(number, _)| number)
        .collect()
}

fn all_taken(outcomes: &[Outcome]) {
    let failed = outcomes
        .iter()
        .enumerate()
        .find(|(_, outcome)| outcome.is_err());
    assert!(failed.is_none(), "{failed:?}");
}

fn status(outcome: &Outcome) -> Option<Status> {
    outcome.as_ref().err().and_then(Error::status)
}

#[test]
fn every_notification_is_proven_to_be_taken() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |_| Act::Take);
        let client = builder(sim).build().unwrap();
        let outcomes = sim.block_on(send(&client, 1000));
        all_taken(&outcomes);
        assert_eq!(gateway.log().taken.len(), 1000);
        assert_eq!(gateway.log().connections, 1);
        assert!(
            sim.elapsed() < Duration::from_secs(3),
            "{:?}",
            sim.elapsed()
        );
    });
}

#[test]
fn a_proof_is_asked_for_with_every_command() {
    for command in Command::ALL {
        let sim = Simulation::new(1);
        let gateway = Gateway::start(&sim, |_| Act::Take);
        let client = builder(&sim).command(command).build().unwrap();
        all_taken(&sim.block_on(send(&client, 100)));
        let frames = gateway.log().frames;
        assert!(
            frames[..100]
                .iter()
                .all(|seen| seen.command == command.as_u8())
        );
        // The question has an identifier, whatever the others have.
        assert_eq!(frames[100].identifier, Some(101));
    }
}

#[test]
fn what_is_behind_a_refused_one_is_sent_again_and_nothing_before_it() {
    Simulation::for_seeds(0..50, |sim| {
        let gateway = Gateway::start(sim, |seen| match seen.number() % 100 {
            42 => refuse(8),
            _ => Act::Take,
        });
        let client = builder(sim).build().unwrap();
        let outcomes = sim.block_on(send(&client, 1000));
        let refused = which(&outcomes, |outcome| {
            status(outcome) == Some(Status::InvalidToken)
        });
        assert_eq!(
            refused,
            (0..10).map(|block| block * 100 + 42).collect::<Vec<_>>()
        );
        assert_eq!(which(&outcomes, Result::is_ok).len(), 990);
        let log = gateway.log();
        assert_eq!(log.taken.len(), 990);
        assert!(
            log.taken.values().all(|times| *times == 1),
            "{:?}",
            log.taken
        );
        // Others were taken, so the tokens are dead.
        let verdict = outcomes[42].as_ref().unwrap_err().verdict();
        assert_eq!(verdict, Verdict::remove_token(None));
    });
}

#[test]
fn frames_that_come_before_a_late_answer_are_thrown_away_and_sent_again() {
    Simulation::for_seeds(0..50, |sim| {
        let late = Duration::from_millis(700);
        let gateway = Gateway::start(sim, move |seen| match seen.number() {
            17 => Act::Refuse(5, None, late, End::Close),
            _ => Act::Take,
        });
        let client = builder(sim).build().unwrap();
        let outcomes = sim.block_on(send(&client, 3000));
        assert_eq!(which(&outcomes, Result::is_err), [17]);
        assert!(gateway.log().taken.values().all(|times| *times == 1));
        assert_eq!(gateway.log().taken.len(), 2999);
    });
}

#[test]
fn the_last_one_of_a_shutdown_was_taken() {
    Simulation::for_seeds(0..50, |sim| {
        let gateway = Gateway::start(sim, |seen| match seen.number() % 50 {
            49 => Act::TakeAndShutDown,
            _ => Act::Take,
        });
        let client = builder(sim).build().unwrap();
        let outcomes = sim.block_on(send(&client, 500));
        all_taken(&outcomes);
        assert!(gateway.log().taken.values().all(|times| *times == 1));
        assert_eq!(gateway.log().taken.len(), 500);
    });
}

#[test]
fn a_fault_of_the_message_ends_the_send() {
    Simulation::for_seeds(0..20, |sim| {
        for code in [3, 4, 6, 7] {
            let sim = Simulation::new(sim.seed());
            let gateway = Gateway::start(&sim, move |seen| match seen.number() {
                250 => refuse(code),
                _ => Act::Take,
            });
            let client = builder(&sim).build().unwrap();
            let outcomes = sim.block_on(send(&client, 5000));
            assert_eq!(
                which(&outcomes, Result::is_ok),
                (0..250).collect::<Vec<_>>()
            );
            assert_eq!(status(&outcomes[250]), Some(Status::from(code)));
            for outcome in &outcomes[251..] {
                let error = outcome.as_ref().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Ended);
                assert_eq!(error.verdict(), Verdict::RetryAfter(Duration::ZERO));
            }
            assert_eq!(gateway.log().taken.len(), 250);
        }
    });
}

#[test]
fn the_end_of_a_send_is_told_to_those_who_wait_for_another_try_too() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |seen| match seen.number() {
            5 => refuse(1),
            50 => refuse(7),
            _ => Act::Take,
        });
        let hours = RetryPolicy::exponential(Duration::from_secs(100_000))
            .max_delay(Duration::from_secs(100_000));
        let client = builder(sim).retry(hours).build().unwrap();
        let outcomes = sim.block_on(send(&client, 100));
        assert_eq!(outcomes[5].as_ref().unwrap_err().kind(), ErrorKind::Ended);
        assert_eq!(which(&outcomes, Result::is_ok).len(), 49);
        assert_eq!(gateway.log().taken.len(), 49);
        assert!(sim.elapsed() < Duration::from_secs(60));
    });
}

#[test]
fn identifiers_count_up_on_each_connection() {
    let sim = Simulation::new(1);
    let _gateway = Gateway::start(&sim, |seen| match seen.number() {
        20 => refuse(8),
        40 => Act::Vanish(End::Close),
        _ => Act::Take,
    });
    let client = builder(&sim).build().unwrap();
    let outcomes = sim.block_on(send(&client, 100));
    for (number, outcome) in outcomes.iter().enumerate() {
        let identifier = match outcome {
            Ok(receipt) => receipt.identifier,
            Err(error) if error.attempts() == 0 => continue,
            Err(error) => error.identifier().unwrap(),
        };
        // The refused one was the last of its connection.
        let expected = if number <= 20 {
            number + 1
        } else {
            number - 20
        };
        assert_eq!(identifier as usize, expected, "{number}");
    }
}

#[test]
fn a_payload_of_its_own_that_is_refused_ends_nothing_else() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |seen| match seen.number() {
            3 => refuse(7),
            6 => refuse(4),
            _ => Act::Take,
        });
        let client = builder(sim).build().unwrap();
        let pushes = (0..100).map(|number| {
            let text = format!("for {number}");
            ((token(number), number), Notification::alert(text))
        });
        let outcomes: Vec<_> = sim.block_on(client.send_each(pushes).collect());
        assert_eq!(outcomes.len(), 100);
        for ((_, number), outcome) in outcomes {
            assert_eq!(
                outcome.is_err(),
                [3, 6].contains(&number),
                "{number}: {outcome:?}"
            );
        }
        let frames = gateway.log().frames;
        let payload = |seen: &gateway::Seen| String::from_utf8(seen.payload.clone()).unwrap();
        let with_token = frames.iter().filter(|seen| !seen.token.is_empty());
        for seen in with_token {
            assert!(payload(seen).contains(&format!("\"for {}\"", seen.number())));
        }
    });
}

#[test]
fn who_stops_has_an_outcome_for_each_device_that_was_taken_in() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |_| Act::Take);
        let client = builder(sim).window(10).batch(10).build().unwrap();
        let outcomes = sim.block_on(async {
            let mut all = client.send_all((0..).map(token), &hello());
            let first = all.next().await.unwrap();
            all.stop();
            let mut outcomes = vec![first];
            while let Some(outcome) = all.next().await {
                outcomes.push(outcome);
            }
            outcomes
        });
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
        assert!(outcomes.len() < 100, "{}", outcomes.len());
        assert_eq!(gateway.log().taken.len(), outcomes.len());
    });
}

#[test]
fn what_passes_is_tried_as_often_as_the_policy_says() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |seen| match seen.number() {
            5 => refuse(1),
            6 => refuse(99),
            _ => Act::Take,
        });
        let policy = RetryPolicy::exponential(Duration::from_secs(1)).attempts(3);
        let client = builder(sim).retry(policy).build().unwrap();
        let outcomes = sim.block_on(send(&client, 100));
        assert_eq!(which(&outcomes, Result::is_err), [5, 6]);
        let frames = gateway.log().frames;
        let tried = |number| {
            let frames = frames.iter().filter(|seen| !seen.token.is_empty());
            // Thrown away behind another one it was not tried.
            frames.filter(|seen| seen.number() == number).count()
        };
        assert_eq!(tried(5), 3);
        assert!((3..=5).contains(&tried(6)), "{}", tried(6));
        for number in [5, 6] {
            let error = outcomes[number].as_ref().unwrap_err();
            assert!(error.may_be_sent_again(), "{error}");
        }
    });
}

#[test]
fn an_end_without_a_word_leaves_the_tail_unknown() {
    Simulation::for_seeds(0..50, |sim| {
        for end in [End::Close, End::Reset] {
            let sim = Simulation::new(sim.seed());
            let gateway = Gateway::start(&sim, move |seen| match seen.number() {
                300 => Act::Vanish(end),
                _ => Act::Take,
            });
            let client = builder(&sim).build().unwrap();
            let outcomes = sim.block_on(send(&client, 1000));
            agree(&gateway, &outcomes, true);
            let unknown = which(&outcomes, |outcome| {
                outcome
                    .as_ref()
                    .is_err_and(|error| error.verdict() == Verdict::Unknown)
            });
            assert!(unknown.contains(&300), "{unknown:?}");
        }
    });
}

#[test]
fn at_least_once_loses_nothing() {
    Simulation::for_seeds(0..50, |sim| {
        let mut ends = 0;
        let gateway = Gateway::start(sim, move |seen| match seen.number() % 97 {
            96 if ends < 20 => {
                ends += 1;
                Act::Vanish(End::Reset)
            }
            _ => Act::Take,
        });
        let again = ResendUnknown::Times(30);
        let client = builder(sim).resend_unknown(again).build().unwrap();
        let outcomes = sim.block_on(send(&client, 500));
        all_taken(&outcomes);
        assert_eq!(gateway.log().taken.len(), 500);
    });
}

#[test]
fn windows_are_proven_one_beside_the_other() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |_| Act::Take);
        let window = 100;
        let client = builder(sim).window(window).build().unwrap();
        let outcomes = sim.block_on(send(&client, 1050));
        all_taken(&outcomes);
        assert_eq!(gateway.log().connections, 11);
        assert!(gateway.log().taken.values().all(|times| *times == 1));
    });
}

#[test]
fn what_waits_for_another_try_takes_room_from_the_source() {
    Simulation::for_seeds(0..20, |sim| {
        let _gateway = Gateway::start(sim, |_| refuse(1));
        let hour = Duration::from_secs(3600);
        let policy = RetryPolicy::exponential(hour).max_delay(hour).attempts(2);
        let client = builder(sim).window(10).retry(policy).build().unwrap();
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = taken.clone();
        let source = (0..1000).map(token).inspect(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        sim.block_on(async {
            let mut outcomes = client.send_all(source, &hello());
            let (_, first) = outcomes.next().await.unwrap();
            assert!(first.unwrap_err().may_be_sent_again());
        });
        let taken = taken.load(Ordering::SeqCst);
        assert!(
            taken <= 3 * 10,
            "{taken} were taken in before the first had an outcome"
        );
    });
}

#[test]
fn a_refused_certificate_is_told_at_once_and_as_such() {
    Simulation::for_seeds(0..50, |sim| {
        let gateway = Gateway::start(sim, |_| Act::RefuseCertificate);
        let client = builder(sim).build().unwrap();
        let outcomes = sim.block_on(send(&client, 20_000));
        for outcome in &outcomes {
            let error = outcome.as_ref().unwrap_err();
            assert_eq!(
                error.verdict(),
                Verdict::FixCredentials,
                "{}",
                error.report()
            );
        }
        assert_eq!(gateway.log().connections, 1);
        assert!(
            sim.elapsed() < Duration::from_secs(10),
            "{:?}",
            sim.elapsed()
        );
    });
}

#[test]
fn without_a_question_nothing_is_proven() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |seen| match seen.number() {
            50 => refuse(8),
            _ => Act::Take,
        });
        let client = builder(sim).confirm(false).build().unwrap();
        let outcomes = sim.block_on(send(&client, 100));
        assert_eq!(which(&outcomes, Result::is_ok), (0..50).collect::<Vec<_>>());
        for outcome in &outcomes[51..] {
            assert_eq!(outcome.as_ref().unwrap_err().verdict(), Verdict::Unknown);
        }
        assert_eq!(gateway.log().taken.len(), 99);
    });
}

#[test]
fn a_late_answer_is_none_to_the_next_send() {
    Simulation::for_seeds(0..20, |sim| {
        let late = Duration::from_secs(4);
        let gateway = Gateway::start(sim, move |seen| match seen.number() {
            3 => Act::Refuse(8, None, late, End::Close),
            _ => Act::Take,
        });
        let client = builder(sim).confirm(false).build().unwrap();
        agree(&gateway, &sim.block_on(send(&client, 10)), true);
        // The same gateway has not yet said that it throws away what comes over the connection.
        let source = (100..110).map(|number| (token(number), number));
        let outcomes: Vec<_> = sim.block_on(client.send_all(source, &hello()).collect());
        for ((_, number), outcome) in outcomes {
            assert_eq!(gateway.taken(number), 1, "{number}: {outcome:?}");
            assert_eq!(outcome.unwrap_err().verdict(), Verdict::Unknown);
        }
    });
}

#[test]
fn without_a_question_as_many_as_the_window_holds_wait_for_a_late_error() {
    Simulation::for_seeds(0..20, |sim| {
        let late = Duration::from_secs(1);
        let _gateway = Gateway::start(sim, move |seen| match seen.number() {
            7 => Act::Refuse(8, None, late, End::Close),
            _ => Act::Take,
        });
        let client = builder(sim).confirm(false).window(10).build().unwrap();
        let outcomes = sim.block_on(send(&client, 10));
        assert_eq!(which(&outcomes, Result::is_ok), (0..7).collect::<Vec<_>>());
        assert_eq!(status(&outcomes[7]), Some(Status::InvalidToken));
    });
}

#[test]
fn a_gateway_that_is_not_there_ends_the_send() {
    Simulation::for_seeds(0..20, |sim| {
        let client = builder(sim).build().unwrap();
        let outcomes = sim.block_on(send(&client, 10_000));
        for outcome in &outcomes {
            let error = outcome.as_ref().unwrap_err();
            assert!(error.may_be_sent_again(), "{error}");
            assert_eq!(error.attempts(), 0);
        }
        assert!(
            sim.elapsed() < Duration::from_secs(60),
            "{:?}",
            sim.elapsed()
        );
    });
}

#[test]
fn who_waits_for_a_connection_that_others_have_waits_as_long_as_they_do() {
    Simulation::for_seeds(0..20, |sim| {
        let slow = Duration::from_secs(1);
        let gateway = Gateway::start(sim, move |_| Act::TakeLater(slow));
        let session = Session::builder(sim.backend()).max_connections_per_destination(1);
        let client = Client::builder(session.build())
            .endpoint(Endpoint::new(HOST, PORT))
            .window(40)
            .tail(Duration::from_secs(300))
            .build()
            .unwrap();
        // They wait for each other, and each for its own window before the next.
        let sends = [send(&client, 90), send(&client, 50)];
        let outcomes = sim.block_on(futures_util::future::join_all(sends));
        outcomes.iter().for_each(|outcomes| all_taken(outcomes));
        assert_eq!(gateway.log().frames.len(), 90 + 50 + 5);
    });
}

#[test]
fn whatever_happens_what_is_told_is_what_the_gateway_counted() {
    Simulation::for_seeds(0..400, |sim| {
        let mut random = Random(sim.seed());
        let mut conditions = Conditions::new();
        if random.one_in(2) {
            conditions = conditions.fragmentation(0.8);
        }
        if random.one_in(3) {
            conditions = conditions.bytes_per_second(Some(20_000 + random.below(200_000)));
        }
        sim.network().set_conditions(conditions);
        let again = random.one_in(3);
        let calm = random.one_in(4);
        let mut builder = builder(sim);
        if again {
            builder = builder.resend_unknown(ResendUnknown::Times(2));
        }
        if random.one_in(3) {
            let window = 1 + random.below(300) as usize;
            builder = builder.window(window);
        }
        if random.one_in(3) {
            builder = builder.max_connections(1);
        }
        if random.one_in(4) {
            builder = builder.retry(RetryPolicy::exponential(Duration::from_secs(1)));
        }
        let asks = !random.one_in(5);
        let command = Command::ALL[[0, 1, 2, 2, 2][random.below(5) as usize]];
        let named = command != Command::Simple;
        let client = builder
            .command(command)
            .confirm(asks)
            .tail(Duration::from_secs(10))
            .build()
            .unwrap();
        let rate = 20 + random.below(400);
        let gateway = Gateway::raw(sim, move |seen| {
            if seen.token.is_empty() {
                return match random.below(20) {
                    0 if !calm => Act::Vanish(End::Close),
                    1 => Act::Refuse(2, Some(0), Duration::ZERO, End::Close),
                    2 => Act::Refuse(5, None, Duration::from_secs(1), End::Close),
                    _ => refuse(2),
                };
            }
            if !random.one_in(rate) {
                return Act::Take;
            }
            let late = Duration::from_millis(random.below(3) * 400);
            let end = [End::Close, End::Reset, End::Never][random.below(3) as usize];
            let code = [1, 2, 5, 8, 8, 8, 255, 77][random.below(8) as usize];
            match random.below(if calm { 3 } else { 9 }) {
                0 => Act::Refuse(code, None, late, End::Close),
                1 => Act::TakeAndShutDown,
                2 => Act::TakeLater(late),
                3 => Act::Refuse(code, None, late, end),
                4 => Act::Vanish(end),
                5 => Act::TakeAndVanish(end),
                6 => Act::Freeze,
                7 => Act::Refuse(code, Some(random.next() as u32), late, End::Close),
                _ => Act::Refuse(8, Some(0), late, End::Close),
            }
        });
        let outcomes = sim.block_on(send(&client, 600));
        agree(&gateway, &outcomes, !again);
        if calm && asks && named {
            let unknown = |outcome: &Outcome| {
                outcome
                    .as_ref()
                    .is_err_and(|error| error.verdict() == Verdict::Unknown)
            };
            assert_eq!(
                which(&outcomes, unknown),
                [0_usize; 0],
                "everything was provable"
            );
        }
    });
}

/// What was told of each device must be true.
fn agree(gateway: &Gateway, outcomes: &[Outcome], once: bool) {
    for (number, outcome) in outcomes.iter().enumerate() {
        let taken = gateway.taken(number as u32);
        let fits = match outcome {
            Ok(_) if once => taken == 1,
            Ok(_) => taken >= 1,
            Err(error) if error.verdict() == Verdict::Unknown || error.may_have_been_taken() => {
                !once || taken <= 1
            }
            Err(_) => taken == 0,
        };
        assert!(
            fits,
            "device {number} was taken {taken} times, and it was told {outcome:?}"
        );
    }
}
