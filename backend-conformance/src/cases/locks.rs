//! Locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use push_core::Lock;

use crate::executor::{Wakes, block_on, poll_once};
use crate::failure::{Checked, Failure, ensure};
use crate::subject::Subject;

pub(crate) fn one_holds_a_lock_at_a_time(subject: &mut Subject) -> Checked {
    let lock = subject.backend().create_lock();
    let guard = subject.block_on("a free lock", lock.lock())?;
    let mut waiting = lock.lock();
    ensure!(
        poll_once(waiting.as_mut(), &Wakes::new()).is_pending(),
        "a lock that is held was given to a second one"
    );
    drop(waiting);
    drop(guard);
    threads_take_turns(&lock, subject.patience())
}

/// Threads that would see each other if two held the lock.
fn threads_take_turns(lock: &Arc<dyn Lock>, patience: Duration) -> Checked {
    let inside = AtomicUsize::new(0);
    let turns = || {
        for _ in 0..50 {
            let guard = block_on("a lock that threads take in turns", patience, lock.lock())?;
            let others = inside.fetch_add(1, Ordering::SeqCst);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::SeqCst);
            drop(guard);
            ensure!(
                others == 0,
                "{} threads held one lock at a time",
                others + 1
            );
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads = [(); 3].map(|()| scope.spawn(turns));
        for thread in threads {
            thread
                .join()
                .unwrap_or_else(|_| Err(Failure::new("a lock panicked")))?;
        }
        Ok(())
    })
}

pub(crate) fn a_lock_serves_those_who_wait_in_order(subject: &mut Subject) -> Checked {
    const WAITING: usize = 5;
    let lock = subject.backend().create_lock();
    let guard = subject.block_on("a free lock", lock.lock())?;
    let wakes = Wakes::new();
    let mut order = Vec::new();
    let mut waiting = Vec::new();
    for index in 0..WAITING {
        let mut locking = lock.lock();
        match poll_once(locking.as_mut(), &wakes) {
            Poll::Ready(_) => order.push(index),
            Poll::Pending => waiting.push((index, locking)),
        }
    }
    drop(guard);
    let begun = Instant::now();
    while order.len() < WAITING {
        let seen = wakes.count();
        // The last one asks first: it must not be served for that.
        for at in (0..waiting.len()).rev() {
            let (index, locking) = &mut waiting[at];
            if poll_once(locking.as_mut(), &wakes).is_ready() {
                order.push(*index);
                drop(waiting.remove(at));
            }
        }
        let left = subject.patience().saturating_sub(begun.elapsed());
        if order.len() < WAITING && wakes.count() == seen && !wakes.wait_past(seen, left) {
            return Err(Failure::hang("a lock for all who wait", subject.patience()));
        }
    }
    ensure!(
        order.is_sorted(),
        "expected those who wait to be served in order, the order was {order:?}"
    );
    Ok(())
}

pub(crate) fn a_lock_frees_itself_when_a_waiter_is_cancelled(subject: &mut Subject) -> Checked {
    // Cancelled in the queue, and cancelled after the lock was given and before it was taken.
    for given in [false, true] {
        let lock = subject.backend().create_lock();
        let guard = subject.block_on("a free lock", lock.lock())?;
        let (mut cancelled, mut next) = (lock.lock(), lock.lock());
        let _ = poll_once(cancelled.as_mut(), &Wakes::new());
        let wakes = Wakes::new();
        let waits = poll_once(next.as_mut(), &wakes).is_pending();
        if given {
            drop(guard);
            drop(cancelled);
        } else {
            drop(cancelled);
            drop(guard);
        }
        if waits {
            subject.block_on("a lock behind a waiter that was cancelled", next)?;
        }
        subject.block_on("a lock that nobody holds", lock.lock())?;
    }
    Ok(())
}

pub(crate) fn a_guard_may_be_dropped_on_another_thread(subject: &mut Subject) -> Checked {
    let lock = subject.backend().create_lock();
    let guard = subject.block_on("a free lock", lock.lock())?;
    let mut waiting = lock.lock();
    let waits = poll_once(waiting.as_mut(), &Wakes::new()).is_pending();
    ensure!(
        thread::spawn(move || drop(guard)).join().is_ok(),
        "dropping a guard on another thread panicked"
    );
    if waits {
        subject.block_on("a lock whose guard another thread dropped", waiting)?;
    }
    Ok(())
}

pub(crate) fn each_lock_is_its_own(subject: &mut Subject) -> Checked {
    let (one, other) = (
        subject.backend().create_lock(),
        subject.backend().create_lock(),
    );
    let _held = subject.block_on("a free lock", one.lock())?;
    subject.block_on("a free lock, while another one is held", other.lock())?;
    Ok(())
}
