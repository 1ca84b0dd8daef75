//! News for all who wait for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use slab::Slab;

/// Something that happens now and then, and that others wait for.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    times: u64,
    wakers: Slab<Waker>,
}

/// One who waits for the news from now on.
#[derive(Debug)]
pub(crate) struct Listener {
    news: Arc<News>,
    since: u64,
    key: Option<usize>,
}

impl News {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all who listen.
    pub(crate) fn tell(&self) {
        let mut state = self.lock();
        state.times += 1;
        let wakers: Vec<_> = state.wakers.drain().collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn listen(self: &Arc<Self>) -> Listener {
        Listener {
            since: self.lock().times,
            news: self.clone(),
            key: None,
        }
    }
}

impl Listener {
    /// Ready once it was told.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.news.lock();
        if state.times != self.since {
            self.key = None;
            return Poll::Ready(());
        }
        // Wakers are dropped outside the lock: whatever belongs to them may be dropped with them.
        let former = match self.key.and_then(|key| state.wakers.get_mut(key)) {
            Some(known) if known.will_wake(cx.waker()) => None,
            Some(known) => Some(std::mem::replace(known, cx.waker().clone())),
            None => {
                self.key = Some(state.wakers.insert(cx.waker().clone()));
                None
            }
        };
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.news.lock();
        // Once it was told, its place may be another one's.
        let waker = match self.key {
            Some(key) if state.times == self.since => state.wakers.try_remove(key),
            _ => None,
        };
        drop(state);
        drop(waker);
    }
}

/// Resolves once the session was shut down: [`Session::closed`](crate::Session::closed).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Closed {
    /// It was, before anybody listened.
    pub(super) already: bool,
    pub(super) listener: Listener,
}

impl Future for Closed {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.already {
            true => Poll::Ready(()),
            false => self.listener.poll(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_told(listener: &mut Listener) -> bool {
        let cx = Context::from_waker(Waker::noop());
        listener.poll(&cx).is_ready()
    }

    #[test]
    fn those_who_listen_are_told_and_those_who_come_later_are_not() {
        let news = Arc::<News>::default();
        let (mut one, mut other) = (news.listen(), news.listen());
        assert!(!is_told(&mut one) && !is_told(&mut other));
        drop(other);
        news.tell();
        let mut late = news.listen();
        assert!(is_told(&mut one) && !is_told(&mut late));
        // The place of the one who was told is now that of the late one.
        drop(one);
        assert_eq!(news.lock().wakers.len(), 1);
        drop(late);
        assert!(news.lock().wakers.is_empty());
    }
}
