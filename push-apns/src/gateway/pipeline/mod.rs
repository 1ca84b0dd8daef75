//! A send: takes notifications from a source, hands them to one connection after the other, and says
//! what became of each.
//!
//! Everything happens as it is polled, on the task of whoever polls it. One connection is written to
//! at a time. Those that were written to before wait beside it for the gateway's last word.

mod connections;
mod endings;
mod entry;
mod timer;
mod told;

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::stream::Stream;
use push_core::ErrorKind;

use super::channel::{Channel, Memory};
use super::settings::Settings;
use super::{Error, Outcome};
use crate::Device;

pub(super) use self::entry::{Content, Intake, Load, Mark, TakeIn};
pub(super) use self::timer::Timer;

use self::connections::{Ahead, Trouble, Waiting};
use self::entry::Entry;
use self::told::{Fate, Told};

/// So many outcomes are told before the connections are looked after again.
const TOLD_AT_ONCE: u32 = 1024;

/// So many times the connections are looked after before others on the same thread have their turn.
const TURNS: u32 = 32;

/// A send over the gateway's connections.
pub(super) struct Pipeline<S: Stream, D, I> {
    settings: Arc<Settings>,
    content: Content,
    source: Pin<Box<S>>,
    source_ended: bool,
    intake: I,
    /// What was taken in, and waits for its turn: mostly what is sent again.
    queue: VecDeque<Entry<D>>,
    /// What waits for its time, to be sent again.
    delayed: Vec<(Instant, Entry<D>)>,
    /// The connection that is written to.
    writing: Option<Channel<Entry<D>>>,
    /// The connection that is opened ahead, for when this one is full.
    ahead: Ahead,
    /// Those that wait for the gateway's last word, with how long they do.
    waiting: VecDeque<Waiting<D>>,
    bytes: Vec<u8>,
    told: Told<D>,
    /// What becomes of those of which nothing is ever proven.
    unproven: Fate,
    /// How many are told before the connections are looked after.
    turn: u32,
    /// Why nothing is sent any more.
    ended: Option<Error>,
    /// Whether one message that the gateway refuses, or an unreachable gateway, ends the send.
    may_end: bool,
    mark: Option<Mark>,
    trouble: Trouble,
    timer: Timer,
}

/// What there is to send.
enum Next<D> {
    Entry(Entry<D>),
    /// Something was told instead.
    Told,
    /// Nothing now.
    Nothing,
}

// Nothing in it is pinned in place.
impl<S: Stream, D, I> Unpin for Pipeline<S, D, I> {}

impl<S: Stream, D: Device, I: TakeIn<S::Item, D>> Pipeline<S, D, I> {
    pub(super) fn new(settings: Arc<Settings>, content: Content, source: S, intake: I) -> Self {
        let timer = Timer::new(settings.session.backend().clone());
        let unproven = "the gateway says nothing of what it takes, and no proof was asked for";
        let unproven = push_core::Error::new(ErrorKind::Unanswered, unproven);
        Self {
            settings,
            content,
            source: Box::pin(source),
            source_ended: false,
            intake,
            queue: VecDeque::new(),
            delayed: Vec::new(),
            writing: None,
            ahead: Ahead::Not,
            waiting: VecDeque::new(),
            bytes: Vec::new(),
            told: Told::new(),
            unproven: Fate::Unknown(unproven.into()),
            turn: TOLD_AT_ONCE,
            ended: None,
            may_end: true,
            mark: None,
            trouble: Trouble::default(),
            timer,
        }
    }

    /// One that goes on whatever happens, until its source ends.
    pub(super) fn endless(self) -> Self {
        Self {
            may_end: false,
            ..self
        }
    }

    /// Takes no more from the source; what was taken still has its outcome.
    pub(super) fn stop(&mut self) {
        self.source_ended = true;
    }

    /// The source, for who has a part in it.
    pub(super) fn source(&mut self) -> Pin<&mut S> {
        self.source.as_mut()
    }

    /// How many were taken and have no outcome yet.
    pub(super) fn under_way(&self) -> usize {
        let waiting = self
            .waiting
            .iter()
            .map(|waiting| waiting.channel.window.len());
        let writing = self.writing.iter().map(|channel| channel.window.len());
        waiting.chain(writing).sum::<usize>() + self.queue.len() + self.delayed.len()
    }

    /// The next one that was taken, where that needs no look at the connections.
    #[inline]
    pub(super) fn next_taken(&mut self) -> Option<(D, Outcome)> {
        self.turn = self.turn.checked_sub(1)?;
        self.told.next_taken()
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(D, Outcome)>> {
        for _ in 0..TURNS {
            if self.turn > 0
                && let Some(told) = self.told.next()
            {
                self.turn -= 1;
                return Poll::Ready(Some(told));
            }
            self.turn = TOLD_AT_ONCE;
            let moved = self.look_after(cx);
            if moved || self.told.len() > 0 {
                continue;
            }
            return match self.is_done() {
                true => Poll::Ready(None),
                false => Poll::Pending,
            };
        }
        // It could go on, and others want to.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn is_idle(&self) -> bool {
        self.writing.is_none()
            && self.waiting.is_empty()
            && self.queue.is_empty()
            && self.delayed.is_empty()
    }

    fn is_done(&self) -> bool {
        self.source_ended && self.is_idle() && self.told.len() == 0
    }

    /// Does what can be done now; whether anything was.
    fn look_after(&mut self, cx: &mut Context<'_>) -> bool {
        let now = self.timer.now();
        let mut moved = self.attend(cx, now);
        // Where nobody fetches the outcomes, no more of them are made.
        if self.told.len() < self.settings.window {
            moved |= self.advance(cx, now);
        }
        if self.mark.is_some() && self.is_idle() && self.told.len() == 0 {
            self.mark = None;
            moved = true;
        }
        moved
            || self
                .next_look(now)
                .is_some_and(|at| self.timer.poll(cx, at).is_ready())
    }

    /// The next notification to send.
    #[inline(always)]
    fn next(&mut self, cx: &mut Context<'_>, now: Instant) -> Next<D> {
        if let Some(entry) = self.queue.pop_front() {
            return Next::Entry(entry);
        }
        if let Some(at) = self.delayed.iter().position(|(due, _)| *due <= now) {
            return Next::Entry(self.delayed.swap_remove(at).1);
        }
        self.take_in(cx)
    }

    /// The next notification of the source.
    #[inline(always)]
    fn take_in(&mut self, cx: &mut Context<'_>) -> Next<D> {
        // What waits for another try takes room, too.
        let is_full = self.delayed.len() >= self.settings.window;
        if self.source_ended || self.mark.is_some() || is_full {
            return Next::Nothing;
        }
        match self.source.as_mut().poll_next(cx) {
            Poll::Pending => Next::Nothing,
            Poll::Ready(None) => {
                self.source_ended = true;
                Next::Nothing
            }
            Poll::Ready(Some(item)) => match self.intake.take_in(item) {
                Intake::Send(device, load) => match &self.ended {
                    None => Next::Entry(Entry::new(device, load)),
                    Some(why) => {
                        let outcome = Err(why.clone());
                        self.told.one(device, outcome);
                        Next::Told
                    }
                },
                Intake::Tell(device, outcome) => {
                    self.told.one(device, outcome);
                    Next::Told
                }
                Intake::Mark(mark) => {
                    self.mark = Some(mark);
                    Next::Told
                }
            },
        }
    }

    /// Whether something waits to be sent, without asking the source.
    fn has_more(&self, now: Instant) -> bool {
        !self.queue.is_empty() || self.delayed.iter().any(|(due, _)| *due <= now)
    }

    /// Sends nothing any more, for this reason.
    fn end(&mut self, why: Error) {
        let queue = std::mem::take(&mut self.queue);
        self.told.many(queue, Fate::NotSent(why.clone()), 0);
        let delayed = std::mem::take(&mut self.delayed);
        let delayed = delayed.into_iter().map(|(_, entry)| entry);
        self.told
            .many(delayed.collect(), Fate::NotSent(why.clone()), 0);
        if self.may_end {
            self.ended = Some(why);
        }
    }

    /// Ends at once: what was sent and has no verdict is unknown, and the rest was not sent.
    pub(super) fn abandon(&mut self, why: &push_core::Error) {
        self.source_ended = true;
        let channels = std::mem::take(&mut self.waiting).into_iter();
        let channels = channels.map(|waiting| waiting.channel);
        let channels: Vec<_> = channels.chain(self.writing.take()).collect();
        self.ahead = Ahead::Not;
        for channel in channels {
            self.abandoned(channel, why);
        }
        self.end(why.clone().into());
    }

    /// What was told and not fetched yet, after [`abandon`](Self::abandon).
    pub(super) fn leftover(&mut self) -> Option<(D, Outcome)> {
        self.told.next()
    }

    fn memory(&mut self) -> Memory<Entry<D>> {
        (self.told.memory(), std::mem::take(&mut self.bytes))
    }
}

impl<S: Stream, D, I> fmt::Debug for Pipeline<S, D, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("queued", &self.queue.len())
            .field("delayed", &self.delayed.len())
            .field("waiting", &self.waiting.len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
