use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::stream::Stream;
use push_core::session::Lease;
use push_core::{AsyncRead, ErrorKind, Outcome, Verdict};

use super::Error;
use super::codec::FeedbackEntry;
use super::pipeline::Timer;
use super::settings::Settings;
use crate::DeviceToken;

/// The length of an entry without a token, in bytes.
const EMPTY_ENTRY: usize = 6;

/// What is read at once, in bytes.
const READ_BYTES: usize = 4096;

/// A device that lacks the app, as the feedback service tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Inactive {
    /// The token that notifications were sent to in vain.
    pub token: DeviceToken,
    /// When the service saw that the app was gone; in whole seconds.
    pub since: SystemTime,
}

impl Inactive {
    /// Whether the token is to be removed that was last registered at this time: the app was gone
    /// after that. One that registered in the same second or later has come back.
    pub fn outdates(&self, last_registered: SystemTime) -> bool {
        last_registered < self.since
    }
}

impl Outcome for Inactive {
    fn verdict(&self) -> Verdict {
        Verdict::remove_token(Some(self.since))
    }
}

/// The devices that lack the app, one after the other until the service has told all: a stream.
///
/// The service forgets what it has told. An error comes last and ends the stream; all that came before
/// it stands, and the rest is likely lost, since the service counts as told what it has written. What
/// can be no token is passed over, and told by an error in the end. A connection that is cut between two
/// entries can't be told from the end: the protocol has no mark for it. Dropping it closes the
/// connection.
///
/// ```no_run
/// # use std::collections::HashMap;
/// # use std::time::SystemTime;
/// # use push_apns::{DeviceToken, gateway};
/// # use futures_util::TryStreamExt;
/// # async fn example(
/// #     client: gateway::Client, mut registered: HashMap<DeviceToken, SystemTime>,
/// # ) -> Result<(), gateway::Error> {
/// let mut feedback = client.feedback().await?;
/// while let Some(inactive) = feedback.try_next().await? {
///     // When the app on that device last told its token.
///     let last = registered.get(&inactive.token);
///     if last.is_some_and(|last| inactive.outdates(*last)) {
///         registered.remove(&inactive.token);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Feedback {
    /// `None` after the end.
    lease: Option<Lease>,
    bytes: Vec<u8>,
    /// So many of them were told.
    told: usize,
    entries: u64,
    /// How many were told whose token is none.
    skipped: u64,
    timer: Timer,
    timeout: Duration,
    read_at: Instant,
}

impl Feedback {
    pub(super) fn new(lease: Lease, settings: &Arc<Settings>) -> Self {
        let timer = Timer::new(settings.session.backend().clone());
        Self {
            lease: Some(lease),
            bytes: Vec::new(),
            told: 0,
            entries: 0,
            skipped: 0,
            read_at: timer.now(),
            timer,
            timeout: settings.timeout,
        }
    }

    /// The next one of those that were read; `None` while there is no whole one.
    fn next(&mut self) -> Option<Inactive> {
        loop {
            let rest = self.bytes.get(self.told..).unwrap_or_default();
            match FeedbackEntry::decode(rest) {
                Ok(Some((entry, bytes))) => {
                    self.told += bytes;
                    if let Ok(token) = DeviceToken::from_bytes(entry.token) {
                        let since = UNIX_EPOCH + Duration::from_secs(entry.since.into());
                        self.entries += 1;
                        return Some(Inactive { token, since });
                    }
                    self.skipped += 1;
                }
                // What is behind it stands where it should.
                Err(_) => {
                    self.told += EMPTY_ENTRY;
                    self.skipped += 1;
                }
                Ok(None) => {
                    self.bytes.drain(..self.told);
                    self.told = 0;
                    return None;
                }
            }
        }
    }

    /// What is to be said when all was read.
    fn end(&self) -> Option<Error> {
        let message = match self.skipped {
            0 => return None,
            1 => "the feedback service told a token that is none".to_owned(),
            skipped => format!("the feedback service told {skipped} tokens that are none"),
        };
        let message = format!(
            "{message}: empty, or longer than {} bytes",
            DeviceToken::MAX_BYTES
        );
        Some(self.broken(ErrorKind::Protocol, message, None))
    }

    /// Reads more; `false` at the end of file.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        let Some(lease) = &mut self.lease else {
            return Poll::Ready(Ok(false));
        };
        let mut read = [0; READ_BYTES];
        match Pin::new(lease).poll_read(cx, &mut read) {
            Poll::Ready(Ok(0)) if self.bytes.is_empty() => Poll::Ready(Ok(false)),
            Poll::Ready(Ok(0)) => {
                let message =
                    "the feedback service closed the connection in the middle of an entry";
                Poll::Ready(Err(self.broken(ErrorKind::Lost, message.to_owned(), None)))
            }
            Poll::Ready(Ok(bytes)) => {
                self.bytes
                    .extend_from_slice(read.get(..bytes).unwrap_or_default());
                self.read_at = self.timer.now();
                Poll::Ready(Ok(true))
            }
            Poll::Ready(Err(error)) => {
                let kind = match error.kind() {
                    std::io::ErrorKind::PermissionDenied => ErrorKind::Tls,
                    _ => ErrorKind::Lost,
                };
                let message = "the connection to the feedback service was lost";
                Poll::Ready(Err(self.broken(kind, message.to_owned(), Some(error))))
            }
            Poll::Pending => {
                let until = self.read_at + self.timeout;
                while self.timer.poll(cx, until).is_ready() {
                    if self.timer.now() >= until {
                        let seconds = self.timeout.as_secs_f64();
                        let message = format!("the feedback service said nothing for {seconds} s");
                        return Poll::Ready(Err(self.broken(ErrorKind::Lost, message, None)));
                    }
                }
                Poll::Pending
            }
        }
    }

    fn broken(&self, kind: ErrorKind, message: String, source: Option<std::io::Error>) -> Error {
        let message = match self.entries {
            1 => format!("{message}, after 1 entry"),
            entries => format!("{message}, after {entries} entries"),
        };
        let error = push_core::Error::new(kind, message);
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
        .into()
    }
}

impl Stream for Feedback {
    type Item = Result<Inactive, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        while this.lease.is_some() {
            if let Some(inactive) = this.next() {
                return Poll::Ready(Some(Ok(inactive)));
            }
            let error = match ready!(this.poll_more(cx)) {
                Ok(true) => continue,
                Ok(false) => this.end(),
                Err(error) => Some(error),
            };
            // It is over, one way or the other.
            this.lease = None;
            return Poll::Ready(error.map(Err));
        }
        Poll::Ready(None)
    }
}

impl fmt::Debug for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feedback")
            .field("entries", &self.entries)
            .field("ended", &self.lease.is_none())
            .finish_non_exhaustive()
    }
}
