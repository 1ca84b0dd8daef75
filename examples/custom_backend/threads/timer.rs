//! Waiting for points in time: one thread, however many wait.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Instant;

use super::lock;

/// A thread that wakes who waits. It ends when the last one who could wait is gone.
#[derive(Debug)]
pub(crate) struct Timer {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Who waits, the earliest first; the number tells equal deadlines apart.
    waiting: BTreeMap<(Instant, u64), Waker>,
    numbers: u64,
    ended: bool,
}

impl Timer {
    pub(crate) fn start() -> io::Result<Arc<Self>> {
        let shared = Arc::new(Shared::default());
        let timer = Arc::new(Self {
            shared: Arc::clone(&shared),
        });
        let thread = thread::Builder::new().name("timer".into());
        thread.spawn(move || shared.run())?;
        Ok(timer)
    }

    /// Ready at once when the deadline has passed.
    pub(crate) fn sleep_until(self: &Arc<Self>, deadline: Instant) -> Sleep {
        Sleep {
            timer: Arc::clone(self),
            deadline,
            number: None,
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // Not waited for: this may be the timer's own thread, dropping a waker.
        lock(&self.shared.state).ended = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn run(&self) {
        let mut state = lock(&self.state);
        while !state.ended {
            let now = Instant::now();
            let next = state.waiting.first_entry();
            state = match next {
                Some(first) if first.key().0 <= now => {
                    let waker = first.remove();
                    drop(state);
                    waker.wake();
                    lock(&self.state)
                }
                Some(first) => {
                    let wait = first.key().0 - now;
                    let waited = self.changed.wait_timeout(state, wait);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.changed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

/// The future of [`Timer::sleep_until`].
#[derive(Debug)]
pub(crate) struct Sleep {
    timer: Arc<Timer>,
    deadline: Instant,
    /// Its place in the table, once it was polled.
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.deadline <= Instant::now() {
            return Poll::Ready(());
        }
        let this = &mut *self;
        let mut state = lock(&this.timer.shared.state);
        let number = *this.number.get_or_insert_with(|| {
            state.numbers += 1;
            state.numbers
        });
        let key = (this.deadline, number);
        // The last one who polled is the one to wake, and it may be woken from another thread
        // before this returns.
        let former = state.waiting.insert(key, context.waker().clone());
        let is_first = state
            .waiting
            .first_key_value()
            .is_some_and(|(k, _)| *k == key);
        drop(state);
        drop(former);
        if is_first {
            this.timer.shared.changed.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let key = (self.deadline, number);
            let former = lock(&self.timer.shared.state).waiting.remove(&key);
            // Outside the lock: dropping a waker can drop a task, and with it other sleeps.
            drop(former);
        }
    }
}
