use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// One of the two that use a connection, each with a waker of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Reader,
    Writer,
}

/// Who waits for one direction of the stream.
///
/// A stream keeps one waker for each direction, but both halves may need the same one: a reader
/// writes answers, and a writer reads the rest of a message of which a part is in. So the stream is
/// given a waker that wakes both.
#[derive(Debug)]
pub(crate) struct Waiting {
    both: Arc<Both>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Both(Mutex<[Option<Waker>; 2]>);

impl Waiting {
    pub(crate) fn new() -> Self {
        let both = Arc::new(Both::default());
        Self {
            waker: Waker::from(both.clone()),
            both,
        }
    }

    /// Polls the stream for one half.
    pub(crate) fn poll<T>(
        &self,
        half: Half,
        cx: &Context<'_>,
        action: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.both.keep(half, cx.waker());
        let outcome = action(&mut Context::from_waker(&self.waker));
        if outcome.is_ready() {
            // The stream may hold its wakeup as used up, while the other half waits for what this
            // one got.
            let other = match half {
                Half::Reader => Half::Writer,
                Half::Writer => Half::Reader,
            };
            self.both.wake_one(other);
        }
        outcome
    }
}

impl Both {
    fn keep(&self, half: Half, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut wakers[half as usize] {
            Some(kept) => kept.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn wake_one(&self, half: Half) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waker = wakers[half as usize].take();
        drop(wakers);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_one(Half::Reader);
        self.wake_one(Half::Writer);
    }
}
