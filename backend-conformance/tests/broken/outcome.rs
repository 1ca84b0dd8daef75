//! A place for something that another task brings: what the flaws are made with.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// The side that waits. Dropping it forgets its waker.
pub struct Receiver<T>(Arc<Mutex<State<T>>>);

/// The side that brings.
pub struct Sender<T> {
    state: Arc<Mutex<State<T>>>,
    /// What to bring when it is dropped with nothing brought.
    otherwise: Option<fn() -> T>,
}

struct State<T> {
    value: Option<T>,
    waker: Option<Waker>,
    abandoned: bool,
}

pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Arc::new(Mutex::new(State {
        value: None,
        waker: None,
        abandoned: false,
    }));
    (
        Sender {
            state: state.clone(),
            otherwise: None,
        },
        Receiver(state),
    )
}

impl<T> Sender<T> {
    /// Has this brought when the sender is dropped with nothing brought: its task is gone.
    pub fn when_dropped(mut self, otherwise: fn() -> T) -> Self {
        self.otherwise = Some(otherwise);
        self
    }

    /// Gives it back when nobody waits any more.
    pub fn send(mut self, value: T) -> Result<(), T> {
        self.otherwise = None;
        self.bring(value)
    }

    fn bring(&self, value: T) -> Result<(), T> {
        let mut state = self.state.lock().unwrap();
        if state.abandoned {
            return Err(value);
        }
        state.value = Some(value);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        Ok(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(otherwise) = self.otherwise {
            let _ = self.bring(otherwise());
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.0.lock().unwrap();
        match state.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock().unwrap();
        state.abandoned = true;
        state.waker = None;
    }
}
