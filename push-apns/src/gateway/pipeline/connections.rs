//! The connections of a send, from their opening to the question for a proof.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::Stream;
use push_core::session::Lease;
use push_core::{Error, ErrorKind, RetryPolicy};

use super::super::channel::{Channel, End};
use super::super::settings::Settings;
use super::super::window::Ending;
use super::super::{Command, Error as GatewayError};
use super::{Entry, Next, Pipeline, TakeIn};
use crate::Device;

/// How long to listen, after a write has failed, for the error response that may be on its way.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A connection that takes no more, and waits for the gateway's last word.
#[derive(Debug)]
pub(super) struct Waiting<D> {
    pub(super) channel: Channel<Entry<D>>,
    /// How long it waits.
    pub(super) until: Instant,
    /// What to say where no word came.
    why: Why,
}

/// Why a connection waits for the last word.
#[derive(Debug)]
enum Why {
    /// A proof was asked for.
    Asked,
    /// None was asked for, and an error may still come.
    Quiet,
    /// Writing failed so.
    Broken(Error),
}

/// What went wrong with connections since something last went right.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Since when there is no connection that leads to anything.
    pub(super) since: Option<Instant>,
    pub(super) last: Option<Error>,
    /// How many connections ended without a word.
    wordless: u32,
    /// No other is opened before this.
    pause: Option<Instant>,
    /// How many handshakes were refused, one after the other.
    refused: u32,
    /// Some connection has led to something. That one came about says little: over TLS 1.3 the server may
    /// still refuse the handshake.
    was_proved: bool,
}

/// The next connection, opened while there is still some room on this one.
#[derive(Debug)]
pub(super) enum Ahead {
    Not,
    Opening(Box<Lease>),
    /// It stands ready in the cache, or could not be opened.
    Done,
}

/// What comes of the wish for a connection.
enum Opened<D> {
    Channel(Box<Channel<Entry<D>>>),
    /// Something was told instead.
    Told,
    Nothing,
}

/// The pauses between connections that end without a word, one after the other.
const PAUSES: RetryPolicy = RetryPolicy::exponential(Duration::from_millis(50))
    .max_delay(Duration::from_secs(1))
    .attempts(u32::MAX);

/// Where connections led to something before, so many handshakes must be refused before that counts as a
/// fault of the credentials.
const CERTAIN: u32 = 3;

impl Trouble {
    pub(super) fn is_over(&mut self) {
        *self = Self {
            was_proved: true,
            ..Self::default()
        };
    }

    /// A connection has ended without a word, and what it carried is lost. If that goes on, each is
    /// replaced a little later than the last.
    pub(super) fn was_wordless(&mut self, now: Instant, jitter: u64) {
        // It took something: the time in which there was none that did begins anew.
        self.since = None;
        self.last = None;
        self.wordless = self.wordless.saturating_add(1);
        let pause = PAUSES.delay(self.wordless, Duration::ZERO, None, jitter);
        self.pause = pause.map(|pause| now + pause);
    }

    /// Whether another try would end the same way.
    fn is_final(&mut self, error: &Error) -> bool {
        use ErrorKind as Kind;
        match error.kind() {
            Kind::Tls => {
                self.refused += 1;
                !self.was_proved || self.refused >= CERTAIN
            }
            Kind::Closed
            | Kind::Config
            | Kind::Identity
            | Kind::ForeignCertificate
            | Kind::RuntimeGone
            | Kind::Egress => true,
            _ => false,
        }
    }
}

impl<S: Stream, D: Device, I: TakeIn<S::Item, D>> Pipeline<S, D, I> {
    /// Looks after the connections that wait for the last word; whether anything moved.
    pub(super) fn attend(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut moved = false;
        for at in (0..self.waiting.len()).rev() {
            let Some(waiting) = self.waiting.get_mut(at) else {
                continue;
            };
            let end = match waiting.channel.poll_end(cx, now) {
                Poll::Ready(end) => Some(end),
                Poll::Pending if now >= waiting.until => None,
                Poll::Pending => continue,
            };
            let Some(waiting) = self.waiting.remove(at) else {
                continue;
            };
            moved = true;
            match (end, waiting.why) {
                // A word that came tells more than what went wrong with the writing.
                (Some(end), Why::Broken(error)) if end.ending == Ending::Unanswered => {
                    self.settle(waiting.channel, End::unanswered(error), now);
                }
                (Some(end), _) => self.settle(waiting.channel, end, now),
                (None, why) => self.unheard(waiting.channel, why, now),
            }
        }
        moved
    }

    /// No word came from a connection for as long as it was waited for.
    fn unheard(&mut self, channel: Channel<Entry<D>>, why: Why, now: Instant) {
        let error = match why {
            Why::Quiet => return self.release_unproven(channel),
            Why::Broken(error) => error,
            Why::Asked => {
                let seconds = self.settings.tail().as_secs_f64();
                let message =
                    format!("the gateway did not say within {seconds} s what it has taken");
                Error::new(ErrorKind::Unanswered, message)
            }
        };
        self.settle(channel, End::unanswered(error), now);
    }

    /// No proof was to be asked for, and no error came.
    fn release_unproven(&mut self, mut channel: Channel<Entry<D>>) {
        while self.forget(&mut channel) {}
        self.trouble.is_over();
        let (lease, memory) = channel.into_lease();
        self.bytes = memory.1;
        // It was of use. Nobody else is to have it: a late answer would name a notification of theirs.
        lease.proved();
    }

    /// Tells the oldest of a connection as unknown; whether there was one.
    fn forget(&mut self, channel: &mut Channel<Entry<D>>) -> bool {
        let Some((entry, identifier)) = channel.window.forget() else {
            return false;
        };
        let outcome = self.unproven.of(&entry, identifier);
        self.told.one(entry.device, outcome);
        true
    }

    /// Goes on with the connection that is written to; whether anything moved.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut channel = match self.writing.take() {
            Some(channel) => channel,
            None => match self.open(cx, now) {
                Opened::Channel(channel) => *channel,
                Opened::Told => return true,
                Opened::Nothing => return false,
            },
        };
        match channel.poll_open(cx, now) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                self.keep_memory(channel);
                self.failed(error, now);
                return true;
            }
            Poll::Pending if self.ended.is_some() => {
                // There is nothing left to send over it.
                self.keep_memory(channel);
                return true;
            }
            Poll::Pending => {
                if now < self.patience_since(&channel) + self.settings.timeout {
                    self.writing = Some(channel);
                    return self.gather(cx);
                }
                self.keep_memory(channel);
                self.give_up();
                return true;
            }
        }
        if let Poll::Ready(end) = channel.poll_end(cx, now) {
            self.settle(channel, end, now);
            return true;
        }
        self.write(channel, cx, now)
    }

    /// Since when a connection is tried for. To wait one's turn is no fault of the gateway.
    fn patience_since(&self, channel: &Channel<Entry<D>>) -> Instant {
        match self.trouble.since {
            Some(since) if !channel.waits_its_turn() => since,
            _ => channel.moved_at,
        }
    }

    /// Where a send goes on without a connection, all that is there waits for the same one, and does
    /// not try one after the other; whether there was any.
    fn gather(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while !self.may_end && self.queue.len() < self.settings.window {
            match self.take_in(cx) {
                Next::Entry(entry) => self.queue.push_back(entry),
                Next::Told => {}
                Next::Nothing => break,
            }
            moved = true;
        }
        moved
    }

    /// A connection for what there is to send, if there is.
    fn open(&mut self, cx: &mut Context<'_>, now: Instant) -> Opened<D> {
        if !self.has_more(now) {
            match self.next(cx, now) {
                Next::Entry(entry) => self.queue.push_back(entry),
                Next::Told => return Opened::Told,
                Next::Nothing => return Opened::Nothing,
            }
        }
        let pauses = self.trouble.pause.is_some_and(|until| now < until);
        if pauses || self.waiting.len() >= self.settings.max_connections {
            return Opened::Nothing;
        }
        self.ahead = Ahead::Not;
        match self.settings.lease() {
            Ok(lease) => {
                let memory = self.memory();
                let is_anonymous = self.settings.command == Command::Simple;
                let channel = Channel::new(lease, memory, is_anonymous, now);
                Opened::Channel(Box::new(channel))
            }
            Err(error) => {
                self.end(error.into());
                Opened::Told
            }
        }
    }

    /// Opens the next connection while this one still has some room, so that nothing waits for a
    /// handshake when it is full.
    fn look_ahead(&mut self, channel: &Channel<Entry<D>>, cx: &mut Context<'_>) {
        let Settings {
            window,
            confirm,
            max_connections,
            ..
        } = *self.settings;
        let is_near = channel.window.len() >= window - window / 4;
        if !is_near || !confirm || self.source_ended || self.ended.is_some() {
            return;
        }
        if matches!(self.ahead, Ahead::Not)
            && self.waiting.len() + 2 <= max_connections
            && let Ok(lease) = self.settings.lease()
        {
            self.ahead = Ahead::Opening(Box::new(lease));
        }
        if let Ahead::Opening(lease) = &mut self.ahead
            && lease.poll_ready(cx).is_ready()
            && let Ahead::Opening(lease) = std::mem::replace(&mut self.ahead, Ahead::Done)
        {
            // In the cache it is watched until it is needed. One that failed is tried again then.
            lease.release();
        }
    }

    /// Fills the connection and writes; whether anything moved.
    fn write(
        &mut self,
        mut channel: Channel<Entry<D>>,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> bool {
        let filled = self.fill(&mut channel, cx, now);
        self.look_ahead(&channel, cx);
        let had_bytes = channel.has_bytes();
        match channel.poll_write(cx, now) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                self.broken(channel, error, now);
                return true;
            }
            Poll::Pending => return self.stuck(channel, now) || filled,
        }
        if filled {
            self.writing = Some(channel);
            return true;
        }
        // There is nothing more to send now.
        match channel.poll_flush(cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                self.broken(channel, error, now);
                return true;
            }
            // TLS takes bytes into a buffer of its own, and writes them as the gateway reads.
            Poll::Pending => return self.stuck(channel, now) || had_bytes,
        }
        self.rest(channel, now) || had_bytes
    }

    /// The gateway takes nothing now; whether it is given up for that.
    fn stuck(&mut self, channel: Channel<Entry<D>>, now: Instant) -> bool {
        if now < channel.moved_at + self.settings.write_timeout {
            self.writing = Some(channel);
            return false;
        }
        let seconds = self.settings.write_timeout.as_secs_f64();
        let message = format!("the gateway took no byte for {seconds} s");
        let error = Error::new(ErrorKind::Unanswered, message);
        self.settle(channel, End::unanswered(error), now);
        true
    }

    /// Puts notifications in; whether any.
    fn fill(
        &mut self,
        channel: &mut Channel<Entry<D>>,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> bool {
        if channel.window.has_asked() {
            return false;
        }
        let was_busy = channel.is_busy();
        let mut moved = false;
        while self.has_room(channel) {
            match self.next(cx, now) {
                Next::Entry(entry) => {
                    if channel.window.len() >= self.settings.window {
                        self.forget(channel);
                    }
                    self.put(channel, entry);
                }
                Next::Told => {}
                Next::Nothing => break,
            }
            moved = true;
        }
        if moved {
            channel.filled_at = now;
            if !was_busy {
                // Before there was nothing to take.
                channel.moved_at = now;
            }
        }
        moved
    }

    /// Whether another one can be put in.
    #[inline]
    fn has_room(&self, channel: &Channel<Entry<D>>) -> bool {
        let settings = &self.settings;
        if !channel.takes_more(settings.batch, settings.batch_bytes)
            || self.told.len() >= settings.window
        {
            return false;
        }
        // Without a proof to come, the oldest makes room once another one is there.
        channel.window.len() < settings.window || !settings.confirm
    }

    #[inline(always)]
    fn put(&mut self, channel: &mut Channel<Entry<D>>, mut entry: Entry<D>) {
        entry.begins();
        let content = &self.content;
        let put = channel.push(entry, |entry, identifier, out| {
            entry.encode(content, identifier, out)
        });
        if let Err((mut entry, invalid)) = put {
            entry.did_not_begin();
            let error = GatewayError::from(invalid).after(entry.attempts.into());
            let error = error.in_doubt(entry.is_in_doubt());
            self.told.one(entry.device, Err(error));
        }
    }

    /// All was written that there was. Asks for a proof where it is time for that, and waits otherwise;
    /// whether anything moved.
    fn rest(&mut self, mut channel: Channel<Entry<D>>, now: Instant) -> bool {
        if channel.window.has_asked() {
            self.wait(channel, Why::Asked, now + self.settings.tail());
            return true;
        }
        let no_more = self.source_ended && self.queue.is_empty() && self.delayed.is_empty();
        let is_full = self.settings.confirm && channel.window.len() >= self.settings.window;
        let lingered = self.linger_of(&channel).is_some_and(|until| now >= until);
        if !no_more && !is_full && !lingered && self.mark.is_none() && self.ended.is_none() {
            self.writing = Some(channel);
            return false;
        }
        if channel.window.is_unused() {
            let (lease, memory) = channel.into_lease();
            self.bytes = memory.1;
            lease.release();
        } else if self.settings.confirm {
            let probe = &self.settings.probe;
            channel.ask(|identifier, out| probe.encode(identifier, out));
            channel.moved_at = now;
            self.writing = Some(channel);
        } else {
            self.wait(channel, Why::Quiet, now + self.settings.tail());
        }
        true
    }

    /// Until when the connection waits for more before a proof is asked for; for ever, where there is
    /// nothing to prove.
    fn linger_of(&self, channel: &Channel<Entry<D>>) -> Option<Instant> {
        let linger = self.settings.linger?;
        (!channel.window.is_empty() && self.settings.confirm).then(|| channel.filled_at + linger)
    }

    /// Writing failed. The gateway's word may be on its way all the same.
    fn broken(&mut self, channel: Channel<Entry<D>>, error: std::io::Error, now: Instant) {
        let message = "the gateway ended the connection while it was written to";
        let error = Error::new(ErrorKind::Connect, message).with_source(error);
        self.wait(channel, Why::Broken(error), now + LAST_WORDS);
    }

    fn wait(&mut self, channel: Channel<Entry<D>>, why: Why, until: Instant) {
        self.waiting.push_back(Waiting {
            channel,
            until,
            why,
        });
    }

    fn keep_memory(&mut self, channel: Channel<Entry<D>>) {
        let (lease, (_, bytes)) = channel.into_lease();
        self.bytes = bytes;
        drop(lease);
    }

    /// No connection came about, or it led to nothing. Another one is tried, unless that is no use or
    /// it has gone on for too long.
    pub(super) fn failed(&mut self, error: Error, now: Instant) {
        tracing::debug!(error = %error.report(), "no connection to the gateway");
        let is_final = self.trouble.is_final(&error);
        self.trouble.last = Some(error);
        let since = *self.trouble.since.get_or_insert(now);
        if is_final || now >= since + self.settings.timeout {
            self.give_up();
        }
    }

    /// There is no connection to be had: what waits for one is not sent.
    fn give_up(&mut self) {
        let seconds = self.settings.timeout.as_secs_f64();
        let error = self.trouble.last.take().unwrap_or_else(|| {
            let message = format!("no connection to the gateway within {seconds} s");
            Error::new(ErrorKind::Timeout, message)
        });
        self.trouble.since = None;
        self.end(error.into());
    }

    /// When something has to be looked at, whatever else happens.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|waiting| waiting.until);
        // What is due already waits for a connection.
        let delayed = self.delayed.iter().map(|(due, _)| *due);
        let delayed = delayed.filter(|due| *due > now);
        let pause = self.trouble.pause.filter(|until| *until > now);
        let writing = self.writing.as_ref().and_then(|channel| {
            if !channel.is_open() {
                return Some(self.patience_since(channel) + self.settings.timeout);
            }
            match channel.is_busy() {
                true => Some(channel.moved_at + self.settings.write_timeout),
                false => self.linger_of(channel),
            }
        });
        waiting.chain(delayed).chain(pause).chain(writing).min()
    }
}
