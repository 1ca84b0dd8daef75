//! Sleeping, and the clocks.

use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;

use crate::case::threads;
use crate::executor::{Wakes, poll_once};
use crate::failure::{Checked, Failure, ensure};
use crate::subject::Subject;

pub(crate) fn a_passed_deadline_is_ready_at_once(subject: &mut Subject) -> Checked {
    let backend = subject.backend();
    let now = backend.now();
    let ready = |what: &str, deadline: Instant| {
        let poll = poll_once(backend.sleep_until(deadline).as_mut(), &Wakes::new());
        ensure!(
            poll == Poll::Ready(()),
            "expected a sleep until {what} to be ready at the first poll, it waits"
        );
        Ok(())
    };
    ready("just now", now)?;
    for ago in [1, 3600] {
        if let Some(deadline) = now.checked_sub(Duration::from_secs(ago)) {
            ready(&format!("{ago} s ago"), deadline)?;
        }
    }
    // A deadline may also pass between the call and the first poll.
    let deadline = now + Duration::from_millis(15);
    let mut sleep = backend.sleep_until(deadline);
    subject.wait_until("the clock to reach a deadline", || backend.now() > deadline)?;
    ensure!(
        poll_once(sleep.as_mut(), &Wakes::new()) == Poll::Ready(()),
        "expected a sleep whose deadline passed before its first poll to be ready then, it waits"
    );
    Ok(())
}

pub(crate) fn a_deadline_is_not_early(subject: &mut Subject) -> Checked {
    let backend = subject.backend();
    for millis in [1, 10, 25] {
        let deadline = backend.now() + Duration::from_millis(millis);
        subject.block_on("a short sleep", backend.sleep_until(deadline))?;
        let now = backend.now();
        ensure!(
            now >= deadline,
            "a sleep of {millis} ms ended {:?} before its deadline",
            deadline - now
        );
    }
    Ok(())
}

pub(crate) fn a_far_deadline_waits(subject: &mut Subject) -> Checked {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let backend = subject.backend();
    for years in [1, 30, 500, 10_000] {
        let Some(deadline) = backend.now().checked_add(YEAR * years) else {
            continue;
        };
        let mut sleep = backend.sleep_until(deadline);
        let wakes = Wakes::new();
        for _ in 0..3 {
            ensure!(
                poll_once(sleep.as_mut(), &wakes).is_pending(),
                "a sleep of {years} years ended at once"
            );
            wakes.wait_past(wakes.count(), Duration::from_millis(2));
        }
    }
    Ok(())
}

pub(crate) fn sleeping_takes_no_thread(subject: &mut Subject) -> Checked {
    const SLEEPS: usize = 400;
    let count = || threads().ok_or_else(|| Failure::new("can't count the threads"));
    let backend = subject.backend();
    // Whatever threads are there for all sleeps are there after the first.
    let soon = backend.now() + Duration::from_millis(1);
    subject.block_on("a first sleep", backend.sleep_until(soon))?;
    let before = count()?;
    let deadline = backend.now() + Duration::from_millis(100);
    let mut sleeps = join_all((0..SLEEPS).map(|_| backend.sleep_until(deadline)));
    let wakes = Wakes::new();
    let waits = poll_once(std::pin::Pin::new(&mut sleeps), &wakes).is_pending();
    let during = count()?;
    ensure!(
        during < before + SLEEPS / 4 || !waits,
        "{SLEEPS} sleeps took the process from {before} to {during} threads"
    );
    subject.block_on("many sleeps at once", sleeps)?;
    Ok(())
}

pub(crate) fn the_clock_never_goes_back(subject: &mut Subject) -> Checked {
    let backend = subject.backend();
    let mut last = backend.now();
    for _ in 0..5000 {
        let now = backend.now();
        ensure!(now >= last, "the clock went back by {:?}", last - now);
        last = now;
    }
    Ok(())
}

pub(crate) fn the_wall_clock_is_plausible(subject: &mut Subject) -> Checked {
    /// 2020 and 2200, in seconds.
    const RANGE: std::ops::Range<u64> = 1_577_836_800..7_258_118_400;
    let time = subject.backend().system_time();
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    ensure!(
        since
            .as_ref()
            .is_ok_and(|since| RANGE.contains(&since.as_secs())),
        "expected a wall clock between 2020 and 2200, it is {since:?} after 1970"
    );
    Ok(())
}

pub(crate) fn the_wall_clock_goes_on(subject: &mut Subject) -> Checked {
    let backend = subject.backend();
    let first = backend.system_time();
    // Some clocks go by the second, and any may be set.
    subject.wait_until("the wall clock to tell another time", || {
        backend.system_time() != first
    })
}

pub(crate) fn jitter_varies(subject: &mut Subject) -> Checked {
    const DRAWS: usize = 64;
    let backend = subject.backend();
    let draws = (0..DRAWS).map(|_| backend.jitter()).collect::<Vec<_>>();
    // Every bit is 0 now and 1 then; by chance one in 2^57 good sources would fail.
    let (all, any) = draws
        .iter()
        .fold((u64::MAX, 0), |(all, any), draw| (all & draw, any | draw));
    ensure!(
        all == 0 && any == u64::MAX,
        "expected jitter to vary in all of its 64 bits, these never did: {:#018x}",
        all | !any
    );
    Ok(())
}

pub(crate) fn two_environments_draw_different_jitter(subject: &mut Subject) -> Checked {
    const DRAWS: usize = 8;
    let other = subject.another()?;
    for turn in 1..=DRAWS {
        let draw = subject.backend().jitter();
        ensure!(
            draw != other.backend().jitter(),
            "expected two environments to draw different jitter, both drew {draw:#018x} in turn {turn}"
        );
    }
    Ok(())
}
