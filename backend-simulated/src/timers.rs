use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::world::{TaskId, World};

/// Who waits for something: what wakes it, and which task it is, for the report of a stall.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    pub(crate) waker: Waker,
    pub(crate) task: Option<TaskId>,
}

/// Everything that waits for a point in time.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    entries: BTreeMap<TimerKey, Entry>,
    made: u64,
}

/// Its time, and a number that keeps those of one time apart.
pub(crate) type TimerKey = (Duration, u64);

#[derive(Debug)]
struct Entry {
    waiter: Waiter,
    /// A sleep of the program, and no delay of the network.
    sleep: bool,
}

impl Timers {
    pub(crate) fn arm(&mut self, at: Duration, waiter: Waiter, sleep: bool) -> TimerKey {
        self.made += 1;
        let key = (at, self.made);
        self.entries.insert(key, Entry { waiter, sleep });
        key
    }

    pub(crate) fn disarm(&mut self, key: TimerKey) -> Option<Waiter> {
        self.entries.remove(&key).map(|entry| entry.waiter)
    }

    /// Gives a timer another waiter; `false` when it has gone off.
    fn hand_over(&mut self, key: TimerKey, waiter: Waiter) -> Result<Waiter, Waiter> {
        match self.entries.get_mut(&key) {
            Some(entry) => Ok(std::mem::replace(&mut entry.waiter, waiter)),
            None => Err(waiter),
        }
    }

    pub(crate) fn next(&self) -> Option<Duration> {
        self.entries.keys().next().map(|(at, _)| *at)
    }

    /// Takes out what is due.
    pub(crate) fn due(&mut self, now: Duration) -> Vec<Waiter> {
        let later = self.entries.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut self.entries, later);
        due.into_values().map(|entry| entry.waiter).collect()
    }

    /// Who waits for which time.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (Duration, Option<TaskId>)> {
        let entries = self.entries.iter();
        entries.map(|((at, _), entry)| (*at, entry.waiter.task))
    }

    pub(crate) fn sleeps(&self) -> usize {
        self.entries.values().filter(|entry| entry.sleep).count()
    }

    /// Takes everything out, to be dropped outside of all locks.
    pub(crate) fn clear(&mut self) -> Vec<Waiter> {
        let all = std::mem::take(&mut self.entries);
        all.into_values().map(|entry| entry.waiter).collect()
    }
}

/// Waits for a point in time.
pub(crate) struct Sleep {
    world: Arc<World>,
    at: Duration,
    key: Option<TimerKey>,
}

impl Sleep {
    pub(crate) fn new(world: Arc<World>, at: Duration) -> Self {
        Self {
            world,
            at,
            key: None,
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.world.ask();
        if this.at <= state.now {
            return Poll::Ready(());
        }
        if state.gone {
            return Poll::Pending;
        }
        let waiter = state.waiter(cx);
        let former = match this.key {
            Some(key) => state.timers.hand_over(key, waiter),
            None => Err(waiter),
        };
        let former = match former {
            Ok(former) => Some(former),
            Err(waiter) => {
                this.key = Some(state.timers.arm(this.at, waiter, true));
                None
            }
        };
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let waiter = self.world.lock().timers.disarm(key);
            drop(waiter);
        }
    }
}
