//! A blocking call on a thread of its own, awaited.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use super::lock;

/// Runs a blocking function on a thread. When the future is dropped the function still runs to its
/// end, and what it returns is dropped: give it nothing that must end sooner.
///
/// # Errors
/// What the function returns, or that there is no thread to be had.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let shared = Arc::new(Mutex::new(State::Running(None)));
    let answer = Answer(Some(Arc::clone(&shared)));
    let thread = thread::Builder::new().name("blocking".into());
    thread.spawn(move || answer.give(call()))?;
    Outcome(shared).await
}

enum State<T> {
    Running(Option<Waker>),
    Done(io::Result<T>),
}

/// The thread's end.
struct Answer<T>(Option<Arc<Mutex<State<T>>>>);

impl<T> Answer<T> {
    fn give(mut self, outcome: io::Result<T>) {
        self.set(outcome);
    }

    fn set(&mut self, outcome: io::Result<T>) {
        let Some(shared) = self.0.take() else { return };
        let before = std::mem::replace(&mut *lock(&shared), State::Done(outcome));
        // Before the wake: who is woken owns the outcome, and all that hangs on it.
        drop(shared);
        if let State::Running(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.set(Err(io::Error::other("the blocking call panicked")));
    }
}

/// The task's end.
struct Outcome<T>(Arc<Mutex<State<T>>>);

impl<T> Future for Outcome<T> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let mut state = lock(&self.0);
        let next = State::Running(Some(context.waker().clone()));
        let before = std::mem::replace(&mut *state, next);
        // Unlocked first: dropping a waker can drop a task, and with it this future.
        drop(state);
        match before {
            State::Done(outcome) => Poll::Ready(outcome),
            State::Running(_) => Poll::Pending,
        }
    }
}
