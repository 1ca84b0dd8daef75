//! Flaws of sleeping, and of the clocks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime};

use push_core::BoxFuture;

use crate::flaws;
use crate::harness::{Shared, Twist, twisted};
use crate::outcome::channel;

flaws! {
    a_passed_deadline_takes_a_turn fails a_passed_deadline_is_ready_at_once:
        twisted(TakesATurn);
    a_sleep_ends_a_little_early fails a_deadline_is_not_early:
        twisted(Early);
    a_far_deadline_overflows fails a_far_deadline_waits:
        twisted(Overflows);
    a_sleep_is_a_thread fails sleeping_takes_no_thread:
        twisted(Threads);
    the_clock_jumps fails the_clock_never_goes_back:
        twisted(Jumps::default());
    // Nor does it go on from there.
    the_wall_clock_stands_at_its_beginning fails the_wall_clock_is_plausible
        the_wall_clock_goes_on:
        twisted(Unset);
    the_wall_clock_stands_still fails the_wall_clock_goes_on:
        twisted(Frozen::default());
    jitter_has_the_same_seed_everywhere fails two_environments_draw_different_jitter:
        twisted(Seeded::default());
    jitter_is_no_longer_than_32_bits fails jitter_varies:
        twisted(Short);
}

struct TakesATurn;

impl Twist for TakesATurn {
    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        let mut sleep = inner.sleep_until(deadline);
        let mut polled = false;
        Box::pin(std::future::poll_fn(move |cx| {
            let first = !std::mem::replace(&mut polled, true);
            let poll = sleep.as_mut().poll(cx);
            if first && poll.is_ready() {
                sleep = Box::pin(std::future::ready(()));
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            poll
        }))
    }
}

struct Early;

impl Twist for Early {
    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        let early = deadline.checked_sub(Duration::from_millis(8));
        inner.sleep_until(early.unwrap_or(deadline))
    }
}

struct Overflows;

impl Twist for Overflows {
    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        let wait = deadline.saturating_duration_since(inner.now());
        // Milliseconds in 32 bits: what has no room is no wait.
        match u32::try_from(wait.as_millis()) {
            Ok(_) => inner.sleep_until(deadline),
            Err(_) => Box::pin(std::future::ready(())),
        }
    }
}

struct Threads;

/// Ends the thread of a sleep that is dropped.
struct Unparks(Thread);

impl Drop for Unparks {
    fn drop(&mut self) {
        self.0.unpark();
    }
}

impl Twist for Threads {
    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        let wait = deadline.saturating_duration_since(inner.now());
        if wait.is_zero() {
            return Box::pin(std::future::ready(()));
        }
        let (backend, clock) = (inner.clone(), inner.clone());
        let (sender, receiver) = channel();
        let held = Arc::new(());
        let alive = Arc::downgrade(&held);
        let thread = thread::spawn(move || {
            while alive.strong_count() > 0 && backend.now() < deadline {
                thread::park_timeout(deadline.saturating_duration_since(backend.now()));
            }
            let _ = sender.send(());
        });
        let unparks = Unparks(thread.thread().clone());
        let mut waits = Box::pin(receiver);
        Box::pin(async move {
            // Dropped in this order: first the sign of life.
            let _unparks = unparks;
            let _held = held;
            // The thread may be late, and a deadline that has passed is not its flaw.
            if clock.now() < deadline {
                waits.as_mut().await;
            }
        })
    }
}

#[derive(Default)]
struct Jumps {
    calls: AtomicU64,
}

impl Twist for Jumps {
    fn now(&self, inner: &Shared) -> Instant {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        let back = if calls % 1000 == 999 { 1 } else { 0 };
        inner.now() - Duration::from_millis(back)
    }
}

struct Unset;

impl Twist for Unset {
    fn system_time(&self, _: &Shared) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// Asks the wall clock once.
#[derive(Default)]
struct Frozen {
    asked: OnceLock<SystemTime>,
}

impl Twist for Frozen {
    fn system_time(&self, inner: &Shared) -> SystemTime {
        *self.asked.get_or_init(|| inner.system_time())
    }
}

/// A good generator that always begins at the same place.
#[derive(Default)]
struct Seeded {
    draws: AtomicU64,
}

impl Twist for Seeded {
    fn jitter(&self, _: &Shared) -> u64 {
        // SplitMix64.
        let draws = self.draws.fetch_add(1, Ordering::Relaxed) + 1;
        let mut bits = draws.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

struct Short;

impl Twist for Short {
    fn jitter(&self, inner: &Shared) -> u64 {
        inner.jitter() >> 32
    }
}
