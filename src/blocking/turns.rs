//! Sources that may block: how many devices are taken from one before those go out.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::Stream;

/// Lets some devices through at a time.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    state: Arc<GateState>,
    /// How many it lets through each time that it is opened.
    most: usize,
}

#[derive(Debug, Default)]
struct GateState {
    /// How many it still lets through.
    left: AtomicUsize,
    /// It was asked for one more while it was shut.
    was_asked: AtomicBool,
}

impl Gate {
    /// One that lets so many through each time that it is opened.
    pub(super) fn new(most: usize) -> Self {
        let state = Arc::default();
        Self { state, most }
    }

    pub(super) fn shut(&self) {
        self.state.left.store(0, Ordering::Relaxed);
        self.state.was_asked.store(false, Ordering::Relaxed);
    }

    /// Opens it, if it was asked for more since it was shut; whether it was.
    pub(super) fn open(&self) -> bool {
        let was_asked = self.state.was_asked.swap(false, Ordering::Relaxed);
        if was_asked {
            self.state.left.store(self.most, Ordering::Relaxed);
        }
        was_asked
    }
}

impl Default for Gate {
    /// One at a time.
    fn default() -> Self {
        Self::new(1)
    }
}

/// How long a source may take for the devices that go out together.
const PATIENCE: Duration = Duration::from_millis(10);

/// The devices of a source that may block, as an iterator over a channel does. More are taken only
/// when those before are on their way.
#[derive(Debug)]
pub struct InTurns<S> {
    source: Pin<Box<S>>,
    gate: Gate,
    /// When it was asked for the first device of this turn.
    began: Option<Instant>,
}

impl<S: Stream> InTurns<S> {
    #[cfg_attr(
        not(any(feature = "apns", feature = "fcm", feature = "gcm")),
        allow(dead_code)
    )]
    pub(super) fn new(source: S, gate: Gate) -> Self {
        Self {
            source: Box::pin(source),
            gate,
            began: None,
        }
    }
}

impl<S: Stream> Stream for InTurns<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = &mut *self;
        let gate = &this.gate.state;
        let left = gate.left.load(Ordering::Relaxed);
        let Some(rest) = left.checked_sub(1) else {
            // Who opens it polls again: there is no need for a waker.
            gate.was_asked.store(true, Ordering::Relaxed);
            return Poll::Pending;
        };
        if left == this.gate.most {
            this.began = (rest > 0).then(Instant::now);
        }
        let polled = this.source.as_mut().poll_next(cx);
        if polled.is_ready() {
            let is_slow = this.began.is_some_and(|began| began.elapsed() >= PATIENCE);
            let rest = if is_slow { 0 } else { rest };
            gate.left.store(rest, Ordering::Relaxed);
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.source.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_turns<I: Iterator>(most: usize, devices: I) -> InTurns<impl Stream<Item = I::Item>> {
        InTurns::new(futures_util::stream::iter(devices), Gate::new(most))
    }

    /// What is given until more is asked for than the gate lets through.
    fn one_turn<S: Stream>(devices: &mut InTurns<S>) -> Vec<S::Item> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        std::iter::from_fn(|| match Pin::new(&mut *devices).poll_next(&mut cx) {
            Poll::Ready(given) => given,
            Poll::Pending => None,
        })
        .collect()
    }

    #[test]
    fn a_quick_source_is_asked_for_as_many_as_go_out_together() {
        let mut devices = in_turns(4, 0..10);
        let gate = devices.gate.clone();
        for turn in [&[][..], &[0, 1, 2, 3], &[4, 5, 6, 7], &[8, 9]] {
            assert_eq!(one_turn(&mut devices), turn);
            assert_eq!(gate.open(), turn.is_empty() || turn.len() == 4);
        }
    }

    #[test]
    fn what_a_slow_source_gives_goes_out_at_once() {
        let slow = (0..3).inspect(|_| std::thread::sleep(PATIENCE));
        let mut devices = in_turns(4, slow);
        for turn in [&[][..], &[0], &[1], &[2]] {
            assert_eq!(one_turn(&mut devices), turn);
            assert!(devices.gate.open());
        }
    }

    #[test]
    fn a_gate_is_opened_only_for_one_who_asks() {
        let mut devices = in_turns(1, 0..3);
        let gate = devices.gate.clone();
        assert!(!gate.open());
        assert!(one_turn(&mut devices).is_empty());
        assert!(gate.open());
        gate.shut();
        assert!(one_turn(&mut devices).is_empty());
        assert!(gate.open() && !gate.open());
        assert_eq!(one_turn(&mut devices), [0]);
    }
}
