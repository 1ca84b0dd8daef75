//! Tasks, time, locks and traces of a simulation.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backend_simulated::{Simulation, StallKind};
use futures_util::future::{join, join_all, pending, select};
use push_core::Backend;

const SECOND: Duration = Duration::from_secs(1);

/// The order in which ten tasks come to run that are all ready.
fn order(seed: u64) -> (Vec<usize>, backend_simulated::Trace) {
    let sim = Simulation::new(seed);
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..10 {
        let order = order.clone();
        sim.spawn(async move { order.lock().unwrap().push(number) });
    }
    sim.run_until_idle();
    let order = order.lock().unwrap().clone();
    (order, sim.trace())
}

#[test]
fn the_order_of_tasks_comes_from_the_seed() {
    assert_eq!(order(7), order(7));
    let orders: std::collections::BTreeSet<_> = (0..20).map(|seed| order(seed).0).collect();
    assert!(orders.len() > 15, "{} orders of 20", orders.len());
}

#[test]
fn jitter_comes_from_the_seed() {
    let draw = |seed| {
        let backend = Simulation::new(seed).backend();
        [backend.jitter(), backend.jitter()]
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_ne!(draw(1)[0], draw(1)[1]);
}

#[test]
fn time_jumps_to_the_next_sleep_and_no_further() {
    let sim = Simulation::new(1);
    let backend = sim.backend();
    let begun = sim.now();
    sim.block_on(async {
        join(backend.sleep(3600 * SECOND), backend.sleep(SECOND)).await;
        backend.sleep_until(backend.now()).await;
    });
    assert_eq!(sim.now() - begun, 3600 * SECOND);
    assert_eq!(sim.armed_timers(), 0);
}

#[test]
fn a_test_moves_the_clock_by_hand() {
    let sim = Simulation::new(1);
    let backend = sim.backend();
    let mut task = sim.spawn(async move {
        backend.sleep(SECOND).await;
        backend.sleep(SECOND).await;
        backend.elapsed()
    });
    sim.run_until_idle();
    assert_eq!((sim.elapsed(), sim.armed_timers()), (Duration::ZERO, 1));
    sim.advance(2 * SECOND - Duration::from_nanos(1));
    assert!(!task.is_finished());
    sim.advance(Duration::from_nanos(1));
    assert_eq!(task.take(), Some(2 * SECOND));
    assert_eq!(sim.live_tasks(), 0);
    sim.advance(SECOND);
    assert_eq!(sim.elapsed(), 3 * SECOND);
}

#[test]
fn the_wall_clock_moves_apart_from_the_monotonic_one() {
    let sim = Simulation::new(1);
    let before = sim.system_time();
    sim.advance(SECOND);
    assert_eq!(sim.system_time(), before + SECOND);
    let now = sim.now();
    sim.set_system_time(before - 3600 * SECOND);
    assert_eq!(sim.now(), now);
    sim.advance(SECOND);
    assert_eq!(sim.system_time(), before - 3599 * SECOND);
}

#[test]
fn a_sleep_that_is_dropped_leaves_no_timer() {
    let sim = Simulation::new(1);
    let backend = sim.backend();
    sim.block_on(async {
        select(backend.sleep(SECOND), backend.sleep(60 * SECOND)).await;
    });
    assert_eq!((sim.elapsed(), sim.armed_timers()), (SECOND, 0));
}

#[test]
fn a_deadlock_is_reported_and_does_not_hang() {
    let sim = Simulation::new(42);
    let listener = sim.listen("server", 1);
    let lock = sim.backend().create_lock();
    let held = sim.block_on(lock.lock());
    sim.spawn(async move {
        lock.lock().await;
    });
    sim.spawn(pending::<()>());
    let stall = sim.try_block_on(listener.accept()).unwrap_err();
    assert_eq!(stall.kind(), StallKind::Deadlock);
    assert_eq!(stall.tasks().len(), 3);
    let report = stall.to_string();
    for part in [
        "seed 42",
        "for a connection to server:1",
        "for lock 1",
        "does not know",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    drop(held);
}

#[test]
fn what_spins_or_goes_on_for_ever_is_stopped() {
    let sim = Simulation::new(1).max_steps(1000).max_time(60 * SECOND);
    let backend = sim.backend();
    let spinning = async {
        loop {
            backend.yield_now().await;
        }
    };
    let stall = sim.try_block_on::<_>(spinning).map(|(): ()| ());
    assert_eq!(stall.unwrap_err().kind(), StallKind::Steps);
    let endless = async {
        loop {
            backend.sleep(SECOND).await;
        }
    };
    let stall = sim.try_block_on(endless).map(|(): ()| ());
    assert_eq!(stall.unwrap_err().kind(), StallKind::Time);
    assert!(sim.elapsed() <= 60 * SECOND);
}

#[test]
#[should_panic(expected = "goes round in circles")]
fn what_spins_inside_of_one_poll_is_stopped_too() {
    let sim = Simulation::new(1);
    let backend = sim.backend();
    sim.block_on(async {
        loop {
            backend.sleep_until(backend.now()).await;
        }
    })
}

#[test]
#[should_panic(expected = "it runs already")]
fn a_simulation_is_not_run_from_inside() {
    let sim = Simulation::new(1);
    sim.block_on(async { sim.advance(SECOND) });
}

struct Bell(Arc<AtomicBool>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn tasks_are_dropped_with_their_simulation_and_those_that_come_later_at_once() {
    let (first, second) = (
        Arc::new(AtomicBool::default()),
        Arc::new(AtomicBool::default()),
    );
    let sim = Simulation::new(1);
    let backend = sim.backend();
    let (bell, inner) = (Bell(first.clone()), backend.clone());
    let task = sim.spawn(async move {
        let _bell = bell;
        inner.sleep(SECOND).await;
    });
    sim.run_until_idle();
    drop(sim);
    assert!(first.load(Ordering::SeqCst));
    assert!(task.is_finished());
    let bell = Bell(second.clone());
    backend.spawn(Box::pin(async move { drop(bell) }));
    assert!(second.load(Ordering::SeqCst));
    assert_eq!((backend.live_tasks(), backend.armed_timers()), (0, 0));
}

#[test]
fn a_spawned_task_runs_to_its_end_though_nobody_waits() {
    let sim = Simulation::new(1);
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let (done, backend) = (done.clone(), sim.backend());
        drop(sim.spawn(async move {
            backend.sleep(SECOND).await;
            done.fetch_add(1, Ordering::SeqCst);
        }));
    }
    sim.advance(SECOND);
    assert_eq!(done.load(Ordering::SeqCst), 3);
}

#[test]
fn a_lock_is_fair_and_passes_over_those_who_left() {
    Simulation::for_seeds(0..20, |sim| {
        let (backend, lock) = (sim.backend(), sim.backend().create_lock());
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = (0..5_u32)
            .map(|number| {
                let (backend, lock, order) = (backend.clone(), lock.clone(), order.clone());
                sim.spawn(async move {
                    // They come in this order, and the first one holds it for long.
                    backend.sleep(number * SECOND).await;
                    let locking = lock.lock();
                    if number == 2 {
                        select(locking, backend.sleep(SECOND)).await;
                        return;
                    }
                    let _guard = locking.await;
                    order.lock().unwrap().push(number);
                    backend.sleep(10 * SECOND).await;
                })
            })
            .collect();
        sim.block_on(join_all(tasks));
        assert_eq!(*order.lock().unwrap(), [0, 1, 3, 4]);
    });
}

#[test]
fn who_frees_a_lock_does_not_overtake_those_who_wait_for_it() {
    Simulation::for_seeds(0..20, |sim| {
        let lock = sim.backend().create_lock();
        let order = Arc::new(Mutex::new(Vec::new()));
        let guard = sim.block_on(lock.lock());
        let (waiting, noted) = (lock.lock(), order.clone());
        sim.spawn(async move {
            let _guard = waiting.await;
            noted.lock().unwrap().push("who waited");
        });
        sim.run_until_idle();
        sim.block_on(async {
            drop(guard);
            let _guard = lock.lock().await;
            order.lock().unwrap().push("who had it");
        });
        assert_eq!(*order.lock().unwrap(), ["who waited", "who had it"]);
    });
}
