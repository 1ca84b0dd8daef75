//! Outcomes, counted as they come.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use anypush::Outcome;
use futures_util::stream::{Stream, StreamExt};
use indicatif::ProgressBar;

use crate::interrupts::Interrupts;
use crate::output::Tally;

/// Counts outcomes, and shows how far it is.
pub(super) struct Watch<'a> {
    pub(super) bar: &'a ProgressBar,
    pub(super) interrupts: &'a Interrupts,
}

/// What came of a send.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) tally: Tally,
    /// From the first device to the last answer.
    pub(super) took: Duration,
}

impl Watch<'_> {
    /// All outcomes of a send that was started then; `None` when it was interrupted.
    pub(super) async fn all<D, O: Outcome>(
        self,
        mut outcomes: impl Stream<Item = (D, O)> + Unpin,
        is_answer: impl Fn(&O) -> bool,
        started: Instant,
    ) -> Option<Seen> {
        let mut tally = Tally::default();
        let mut answered = started;
        loop {
            let next = poll_fn(|cx| match self.interrupts.poll_beyond(0, cx) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => outcomes.poll_next_unpin(cx).map(Some),
            });
            let Some((_, outcome)) = next.await? else {
                break;
            };
            tally.count(&outcome.verdict());
            self.bar.inc(1);
            if is_answer(&outcome) {
                answered = Instant::now();
            }
        }
        Some(Seen {
            tally,
            took: answered.duration_since(started),
        })
    }
}
