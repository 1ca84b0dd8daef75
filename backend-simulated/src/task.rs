use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A task that was spawned for its output. Dropping it leaves the task alone.
pub struct Task<T> {
    state: Arc<Mutex<State<T>>>,
}

struct State<T> {
    output: Option<T>,
    ended: bool,
    waker: Option<Waker>,
}

impl<T: Send + 'static> Task<T> {
    /// The task's handle, and what is to be run.
    pub(crate) fn new(
        future: impl Future<Output = T> + Send + 'static,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let state = Arc::new(Mutex::new(State {
            output: None,
            ended: false,
            waker: None,
        }));
        let ending = Ending(state.clone());
        let task = async move {
            let output = future.await;
            lock(&ending.0).output = Some(output);
        };
        (Self { state }, task)
    }

    /// Whether it has ended, or was dropped with its simulation.
    pub fn is_finished(&self) -> bool {
        lock(&self.state).ended
    }

    /// Its output, once: `None` before it has ended.
    pub fn take(&mut self) -> Option<T> {
        lock(&self.state).output.take()
    }
}

/// The output.
///
/// # Panics
/// When it was taken already, or the simulation was dropped before the task had ended.
impl<T> Future for Task<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = lock(&self.state);
        if let Some(output) = state.output.take() {
            return Poll::Ready(output);
        }
        assert!(
            !state.ended,
            "the task has no output: it was taken, or the simulation was dropped"
        );
        let former = state.waker.replace(cx.waker().clone());
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("finished", &lock(&self.state).ended)
            .finish_non_exhaustive()
    }
}

/// Tells the end of a task from its drop, however it ends.
struct Ending<T>(Arc<Mutex<State<T>>>);

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
