use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

/// Ends a dial from outside: whoever it was for is gone, or takes no more connections.
#[derive(Debug, Default)]
pub(crate) struct Hangup {
    done: AtomicBool,
    waker: AtomicWaker,
}

impl Hangup {
    pub(crate) fn hang_up(&self) {
        self.done.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Ready once it was hung up. One task at a time can wait for it.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        match self.done.load(Ordering::Acquire) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
