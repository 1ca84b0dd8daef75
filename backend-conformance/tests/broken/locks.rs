//! Flaws of locks, in a lock that has none without them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use push_core::{BoxFuture, Lock, LockGuard};

use crate::flaws;
use crate::harness::{Shared, Twist, fails_exactly, twisted};

flaws! {
    a_lock_never_waits fails one_holds_a_lock_at_a_time:
        twisted(Locks::with(Flaw::NeverWaits));
    the_last_one_is_served_first fails a_lock_serves_those_who_wait_in_order:
        twisted(Locks::with(Flaw::LastFirst));
    a_lock_given_to_one_who_left_is_lost fails a_lock_frees_itself_when_a_waiter_is_cancelled:
        twisted(Locks::with(Flaw::LostWithItsOwner));
    a_guard_frees_its_lock_at_home_only fails a_guard_may_be_dropped_on_another_thread:
        twisted(Locks::with(Flaw::FreedAtHome));
    all_locks_are_one fails each_lock_is_its_own:
        twisted(Locks::with(Flaw::OneForAll));
}

#[test]
fn the_lock_that_the_flaws_are_put_into_has_none() {
    fails_exactly(&[], &|| twisted(Locks::with(Flaw::None)));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    NeverWaits,
    LastFirst,
    LostWithItsOwner,
    FreedAtHome,
    OneForAll,
}

struct Locks {
    flaw: Flaw,
    one: OnceLock<Arc<dyn Lock>>,
}

impl Locks {
    fn with(flaw: Flaw) -> Self {
        Self {
            flaw,
            one: OnceLock::new(),
        }
    }
}

impl Twist for Locks {
    fn create_lock(&self, _: &Shared) -> Arc<dyn Lock> {
        let make = || {
            Arc::new(HandOver {
                flaw: self.flaw,
                queue: Arc::default(),
            })
        };
        match self.flaw {
            Flaw::OneForAll => self.one.get_or_init(|| make()).clone(),
            _ => make(),
        }
    }
}

/// A lock that is handed over to the next one who waits.
#[derive(Debug)]
struct HandOver {
    flaw: Flaw,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Debug, Default)]
struct Queue {
    held: bool,
    next: u64,
    waiting: VecDeque<(u64, Waker)>,
    /// Who was given the lock and has not taken it yet.
    given: Option<u64>,
}

impl Queue {
    fn free(&mut self, flaw: Flaw) {
        let next = match flaw {
            Flaw::LastFirst => self.waiting.pop_back(),
            _ => self.waiting.pop_front(),
        };
        self.held = next.is_some();
        self.given = next.as_ref().map(|(ticket, _)| *ticket);
        if let Some((_, waker)) = next {
            waker.wake();
        }
    }
}

impl Lock for HandOver {
    fn lock(&self) -> BoxFuture<'static, LockGuard> {
        Box::pin(Locking {
            flaw: self.flaw,
            queue: self.queue.clone(),
            ticket: None,
        })
    }
}

struct Locking {
    flaw: Flaw,
    queue: Arc<Mutex<Queue>>,
    ticket: Option<u64>,
}

struct Guard {
    flaw: Flaw,
    queue: Arc<Mutex<Queue>>,
    home: ThreadId,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.flaw != Flaw::FreedAtHome || self.home == thread::current().id() {
            self.queue.lock().unwrap().free(self.flaw);
        }
    }
}

impl Future for Locking {
    type Output = LockGuard;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<LockGuard> {
        let this = &mut *self;
        let mut queue = this.queue.lock().unwrap();
        let mine = this.ticket.is_some() && queue.given == this.ticket;
        if mine || !queue.held || this.flaw == Flaw::NeverWaits {
            queue.held = true;
            if mine {
                queue.given = None;
                this.ticket = None;
            }
            return Poll::Ready(LockGuard::new(Guard {
                flaw: this.flaw,
                queue: this.queue.clone(),
                home: thread::current().id(),
            }));
        }
        let ticket = *this.ticket.get_or_insert_with(|| {
            queue.next += 1;
            queue.next
        });
        queue.waiting.retain_mut(|(other, _)| *other != ticket);
        let at = queue.waiting.partition_point(|(other, _)| *other < ticket);
        queue.waiting.insert(at, (ticket, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Locking {
    fn drop(&mut self) {
        let mut queue = self.queue.lock().unwrap();
        let Some(ticket) = self.ticket else { return };
        queue.waiting.retain(|(other, _)| *other != ticket);
        if queue.given == Some(ticket) && self.flaw != Flaw::LostWithItsOwner {
            queue.free(self.flaw);
        }
    }
}
