//! What follows from the end of a connection.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::stream::Stream;
use push_core::{Error, ErrorKind, ResendUnknown};

use super::super::channel::{Channel, End};
use super::super::window::Ending;
use super::super::{Error as GatewayError, Status};
use super::entry::{Content, Refused};
use super::{Entry, Fate, Pipeline, TakeIn};
use crate::Device;

impl<S: Stream, D: Device, I: TakeIn<S::Item, D>> Pipeline<S, D, I> {
    /// A connection has ended: tells what that proves, and sends the rest again.
    pub(super) fn settle(&mut self, channel: Channel<Entry<D>>, end: End, now: Instant) {
        let End { ending, why } = end;
        let was_reused = channel.is_reused();
        let (mut settled, unwritten, lease, bytes) = channel.settle(ending);
        self.bytes = bytes;
        tracing::debug!(
            ?ending,
            taken = settled.taken.len(),
            unknown = settled.unknown.len(),
            again = settled.untouched.len(),
            "a connection to the gateway has ended"
        );
        for entry in settled.untouched.iter_mut().rev().take(unwritten) {
            entry.did_not_begin();
        }
        let why = why.unwrap_or_else(|| answered(ending));
        let proved = settled.was_heard;
        let led_nowhere = !proved && settled.unknown.is_empty();
        self.told.many(settled.taken, Fate::Taken, settled.first);
        self.lost(settled.unknown, &why, settled.first);
        if let Some((entry, identifier, status)) = settled.named {
            self.refused(entry, identifier, status, now);
        }
        self.again(settled.untouched);
        if proved {
            lease.proved();
            self.trouble.is_over();
        } else if !led_nowhere {
            let jitter = self.timer.jitter();
            self.trouble.was_wordless(now, jitter);
        } else if !was_reused || ending == Ending::Refused {
            // One that had been idle may have ended meanwhile. Of a new one something was expected.
            lease.failed(why.clone());
            self.failed(why, now);
        }
    }

    /// These may have been taken.
    fn lost(&mut self, entries: VecDeque<Entry<D>>, why: &Error, first: u32) {
        if entries.is_empty() {
            return;
        }
        let error = match why.kind() {
            ErrorKind::Unanswered => why.clone(),
            _ => {
                let message = "the connection ended before the gateway said what it has taken";
                Error::new(ErrorKind::Lost, message).with_source(why.clone())
            }
        };
        let fate = Fate::Unknown(error.into());
        if self.settings.resend_unknown == ResendUnknown::Never || self.ended.is_some() {
            self.told.many(entries, fate, first);
            return;
        }
        let mut again = VecDeque::new();
        let mut identifier = first;
        for mut entry in entries {
            if self.settings.resend_unknown.allows(entry.blind.into()) {
                entry.blind = entry.blind.saturating_add(1);
                again.push_back(entry);
            } else {
                let outcome = fate.of(&entry, identifier);
                self.told.one(entry.device, outcome);
            }
            identifier = identifier.wrapping_add(1);
        }
        self.again(again);
    }

    /// These were surely not taken, and come before all that waits.
    fn again(&mut self, mut entries: VecDeque<Entry<D>>) {
        match &self.ended {
            Some(why) => {
                let fate = Fate::NotSent(why.clone());
                self.told.many(entries, fate, 0);
            }
            None => {
                entries.append(&mut self.queue);
                self.queue = entries;
            }
        }
    }

    /// The gateway has refused this one.
    fn refused(&mut self, mut entry: Entry<D>, identifier: u32, status: Status, now: Instant) {
        if let Some(wait) = self.retry_after(&mut entry, status, now) {
            let due = self.settings.session.deadline(wait);
            self.delayed.push((due, entry));
            return;
        }
        let error = GatewayError::rejected(status)
            .sent_as(identifier, entry.attempts.into())
            .in_doubt(entry.is_in_doubt());
        self.told.one(entry.device, Err(error));
        if self.may_end && self.ended.is_none() && self.is_fatal(status) {
            self.end(GatewayError::ended(status));
        }
    }

    /// Whether what the gateway says of one is true of all.
    fn is_fatal(&self, status: Status) -> bool {
        match status {
            Status::MissingTopic | Status::InvalidTopicSize => true,
            Status::MissingPayload | Status::InvalidPayloadSize => {
                !matches!(self.content, Content::Each)
            }
            _ => false,
        }
    }

    /// How long to wait before another try; `None` where there is to be none.
    fn retry_after(&self, entry: &mut Entry<D>, status: Status, now: Instant) -> Option<Duration> {
        let passes = matches!(
            status,
            Status::ProcessingError | Status::Unspecified | Status::Unknown(_)
        );
        if !passes || self.ended.is_some() {
            return None;
        }
        let first = || {
            Box::new(Refused {
                times: 0,
                since: now,
            })
        };
        let refused = entry.refused.get_or_insert_with(first);
        refused.times = refused.times.saturating_add(1);
        let elapsed = now.saturating_duration_since(refused.since);
        let jitter = self.timer.jitter();
        self.settings
            .retry
            .delay(refused.times, elapsed, None, jitter)
    }

    /// A connection is given up with all that it carries.
    pub(super) fn abandoned(&mut self, channel: Channel<Entry<D>>, why: &Error) {
        let (mut settled, unwritten, lease, _) = channel.settle(Ending::Unanswered);
        drop(lease);
        for entry in settled.untouched.iter_mut().rev().take(unwritten) {
            entry.did_not_begin();
        }
        let message = "the send was broken off before the gateway said what it has taken";
        let error = Error::new(ErrorKind::Lost, message).with_source(why.clone());
        self.told
            .many(settled.unknown, Fate::Unknown(error.into()), settled.first);
        self.again(settled.untouched);
    }
}

/// What to say of a connection that ended with the gateway's word and led nowhere.
fn answered(ending: Ending) -> Error {
    let message = match ending {
        Ending::Answered(response) => format!(
            "the gateway closed the connection with status {} for identifier {}, which names nothing that \
             was sent: {}",
            response.status.code(),
            response.identifier,
            response.status
        ),
        _ => "the gateway closed the connection".to_owned(),
    };
    Error::new(ErrorKind::Connect, message)
}
