//! The long-lived sender of the binary gateway in simulated time.

#![allow(clippy::unwrap_used)]

mod gateway;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backend_simulated::Simulation;
use gateway::{Act, End, Gateway, HOST, PORT, Random, builder, refuse, token};
use push_apns::gateway::{Client, Sender, Status};
use push_apns::{DeviceToken, Notification};
use push_core::{ErrorKind, Verdict};

type Device = (DeviceToken, u32);

/// What the listener was told: by the number of the device, status and verdict.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Told>>);

type Told = BTreeMap<u32, (Option<Status>, Verdict)>;

impl Heard {
    fn listen(&self, client: &Client) -> Sender<Device> {
        let heard = self.clone();
        client.sender(move |(_, number): Device, error| {
            let before = heard
                .0
                .lock()
                .unwrap()
                .insert(number, (error.status(), error.verdict()));
            assert!(before.is_none(), "device {number} was told twice");
        })
    }

    fn all(&self) -> Told {
        self.0.lock().unwrap().clone()
    }
}

fn hello() -> Notification {
    Notification::alert("Hello")
}

async fn send(sender: &Sender<Device>, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        sender
            .send((token(number), number), &hello())
            .await
            .unwrap();
    }
}

#[test]
fn the_listener_hears_of_each_refusal_and_of_nothing_else() {
    Simulation::for_seeds(0..30, |sim| {
        let gateway = Gateway::start(sim, |seen| match seen.number() {
            10 => refuse(8),
            20 => refuse(7),
            30 => refuse(3),
            40 => Act::TakeAndShutDown,
            _ => Act::Take,
        });
        let client = builder(sim).build().unwrap();
        let heard = Heard::default();
        let totals = sim.block_on(async {
            let sender = heard.listen(&client);
            send(&sender, 0..1000).await;
            sender.close().await
        });
        let statuses: Vec<_> = heard
            .all()
            .into_iter()
            .map(|(n, (s, _))| (n, s.unwrap()))
            .collect();
        let expected = [
            (10, Status::InvalidToken),
            (20, Status::InvalidPayloadSize),
            (30, Status::MissingTopic),
        ];
        assert_eq!(statuses, expected);
        assert_eq!((totals.taken, totals.failed), (997, 3));
        assert!(gateway.log().taken.values().all(|times| *times == 1));
    });
}

#[test]
fn after_a_quiet_while_all_is_proven() {
    Simulation::for_seeds(0..20, |sim| {
        let _gateway = Gateway::start(sim, |_| Act::Take);
        let client = builder(sim).build().unwrap();
        let backend = sim.backend();
        sim.block_on(async {
            let sender = Heard::default().listen(&client);
            send(&sender, 0..10).await;
            backend.sleep(Duration::from_secs(1)).await;
            assert_eq!(sender.totals().taken, 0);
            backend.sleep(Duration::from_secs(6)).await;
            assert_eq!(sender.totals().taken, 10);
        });
    });
}

#[test]
fn a_proof_can_be_asked_for_at_any_time() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |_| Act::Take);
        let client = builder(sim).build().unwrap();
        sim.block_on(async {
            let sender = Heard::default().listen(&client);
            assert_eq!(sender.confirm().await.taken, 0);
            send(&sender, 0..10).await;
            assert_eq!(sender.confirm().await.taken, 10);
            send(&sender, 10..15).await;
            assert_eq!(sender.clone().confirm().await.taken, 15);
        });
        assert_eq!(gateway.log().connections, 2);
        assert!(sim.elapsed() < Duration::from_secs(3));
    });
}

#[test]
fn the_sender_holds_back_whoever_is_faster_than_the_gateway() {
    Simulation::for_seeds(0..20, |sim| {
        let slow = Duration::from_millis(10);
        let gateway = Gateway::start(sim, move |_| Act::TakeLater(slow));
        let window = 50;
        let client = builder(sim).window(window).batch(10).build().unwrap();
        sim.block_on(async {
            let sender = Heard::default().listen(&client);
            let mut most = 0;
            for number in 0..1000 {
                send(&sender, [number]).await;
                most = most.max(u64::from(number) - sender.totals().taken);
            }
            // In the queue, and in the windows of two connections.
            assert!(most <= 10 + 2 * 50 + 2, "{most} were on their way");
            assert_eq!(sender.close().await.taken, 1000);
        });
        assert_eq!(gateway.log().taken.len(), 1000);
    });
}

#[test]
fn a_sender_that_is_dropped_still_sends_what_it_was_given() {
    Simulation::for_seeds(0..20, |sim| {
        let gateway = Gateway::start(sim, |_| Act::Take);
        let client = builder(sim).build().unwrap();
        let heard = Heard::default();
        let backend = sim.backend();
        sim.block_on(async {
            let sender = heard.listen(&client);
            send(&sender, 0..100).await;
            drop(sender);
            backend.sleep(Duration::from_secs(10)).await;
        });
        assert_eq!(gateway.log().taken.len(), 100);
        assert!(heard.all().is_empty());
    });
}

#[test]
fn breaking_off_tells_of_all_that_has_no_verdict() {
    Simulation::for_seeds(0..50, |sim| {
        let gateway = Gateway::start(sim, |_| Act::Take);
        let client = builder(sim).build().unwrap();
        let heard = Heard::default();
        let backend = sim.backend();
        let mut random = Random(sim.seed());
        let totals = sim.block_on(async {
            let sender = heard.listen(&client);
            send(&sender, 0..300).await;
            backend
                .sleep(Duration::from_millis(random.below(300)))
                .await;
            sender.abort();
            let error = sender.send((token(9), 9), &hello()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Closed);
            backend.sleep(Duration::from_secs(1)).await;
            sender.totals()
        });
        assert_eq!(
            totals.taken + totals.unknown + totals.not_sent,
            300,
            "{totals:?}"
        );
        for (number, (_, verdict)) in heard.all() {
            match verdict {
                Verdict::Unknown => assert!(gateway.taken(number) <= 1),
                Verdict::RetryAfter(_) => assert_eq!(gateway.taken(number), 0, "{number}"),
                other => panic!("{number}: {other:?}"),
            }
        }
    });
}

#[test]
fn closing_after_breaking_off_waits_until_all_was_told() {
    Simulation::for_seeds(0..100, |sim| {
        let _gateway = Gateway::start(sim, |_| Act::Take);
        let client = builder(sim).build().unwrap();
        let backend = sim.backend();
        let mut random = Random(sim.seed());
        let totals = sim.block_on(async {
            let sender = Heard::default().listen(&client);
            send(&sender, 0..300).await;
            backend
                .sleep(Duration::from_millis(random.below(300)))
                .await;
            sender.abort();
            sender.close().await
        });
        assert_eq!(
            totals.taken + totals.unknown + totals.not_sent,
            300,
            "{totals:?}"
        );
    });
}

#[test]
fn a_gateway_that_comes_back_is_sent_to_and_one_that_stays_away_is_told() {
    Simulation::for_seeds(0..20, |sim| {
        let client = builder(sim).build().unwrap();
        let heard = Heard::default();
        let backend = sim.backend();
        let totals = sim.block_on(async {
            let sender = heard.listen(&client);
            send(&sender, 0..5).await;
            backend.sleep(Duration::from_secs(60)).await;
            assert_eq!(sender.totals().not_sent, 5);
            let _gateway = Gateway::start(sim, |_| Act::Take);
            send(&sender, 5..10).await;
            sender.close().await
        });
        assert_eq!((totals.not_sent, totals.taken), (5, 5), "{totals:?}");
        for (number, (_, verdict)) in heard.all() {
            assert!(
                number < 5 && matches!(verdict, Verdict::RetryAfter(_)),
                "{number}: {verdict:?}"
            );
        }
    });
}

#[test]
fn what_is_wrong_with_a_notification_is_said_before_it_is_sent() {
    let sim = Simulation::new(1);
    let client = builder(&sim).build().unwrap();
    sim.block_on(async {
        let sender = Heard::default().listen(&client);
        let large = Notification::alert("x".repeat(3000));
        let error = sender.send((token(1), 1), &large).await.unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(sender.close().await, Default::default());
    });
    assert_eq!(sim.network().dials(HOST, PORT).len(), 0);
}

#[test]
fn whatever_happens_each_notification_is_counted_once() {
    Simulation::for_seeds(0..150, |sim| {
        let mut random = Random(sim.seed());
        let rate = 10 + random.below(100);
        let mut pauses = random.clone();
        let gateway = Gateway::start(sim, move |_| {
            if !random.one_in(rate) {
                return Act::Take;
            }
            match random.below(5) {
                0 => refuse(8),
                1 => Act::TakeAndShutDown,
                2 => Act::Vanish(End::Reset),
                3 => Act::TakeAndVanish(End::Close),
                _ => Act::Refuse(1, None, Duration::from_millis(300), End::Close),
            }
        });
        let client = builder(sim).build().unwrap();
        let heard = Heard::default();
        let backend = sim.backend();
        let totals = sim.block_on(async {
            let sender = heard.listen(&client);
            for number in 0..300 {
                send(&sender, [number]).await;
                if pauses.one_in(50) {
                    backend
                        .sleep(Duration::from_millis(pauses.below(8000)))
                        .await;
                }
            }
            sender.close().await
        });
        let sum = totals.taken + totals.failed + totals.not_sent + totals.unknown;
        assert_eq!(sum, 300, "{totals:?}");
        let heard = heard.all();
        for number in 0..300 {
            let taken = gateway.taken(number);
            let fits = match heard.get(&number) {
                None => taken == 1,
                Some((_, Verdict::Unknown)) => taken <= 1,
                Some(_) => taken == 0,
            };
            assert!(
                fits,
                "{number} was taken {taken} times: {:?}",
                heard.get(&number)
            );
        }
    });
}

#[test]
fn the_end_of_the_session_is_told() {
    Simulation::for_seeds(0..20, |sim| {
        let _gateway = Gateway::start(sim, |_| Act::Freeze);
        let client = builder(sim).build().unwrap();
        let heard = Heard::default();
        let backend = sim.backend();
        sim.block_on(async {
            let sender = heard.listen(&client);
            send(&sender, 0..10).await;
            backend.sleep(Duration::from_secs(1)).await;
            client.shutdown(Duration::from_secs(1)).await;
            let totals = sender.close().await;
            assert_eq!(totals.unknown, 10, "{totals:?}");
        });
        assert_eq!(heard.all().len(), 10);
    });
}
