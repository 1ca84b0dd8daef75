use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::stream::Stream;
use push_core::session::Lease;
use push_core::{AsyncRead, ErrorKind, Outcome, Verdict};

use super::Error;
use super::codec::FeedbackEntry;
use super::pipeline::Timer;
use super::settings::Settings;
use crate::DeviceToken;

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
/// it stands, and the rest is likely lost, since the service counts as told what it has written.
/// Dropping it closes the connection.
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
            read_at: timer.now(),
            timer,
            timeout: settings.timeout,
        }
    }

    /// The next one of those that were read; `None` while there is no whole one.
    fn next(&mut self) -> Result<Option<Inactive>, Error> {
        let rest = self.bytes.get(self.told..).unwrap_or_default();
        let invalid = |why: String| {
            let message = "the feedback service does not speak its protocol";
            Error::from(push_core::Error::new(ErrorKind::Protocol, message).with_source(why))
        };
        let decoded = FeedbackEntry::decode(rest).map_err(|error| invalid(error.to_string()))?;
        let Some((entry, bytes)) = decoded else {
            self.bytes.drain(..self.told);
            self.told = 0;
            return Ok(None);
        };
        let token = DeviceToken::from_bytes(entry.token);
        let token = token.map_err(|error| invalid(error.to_string()))?;
        let since = UNIX_EPOCH + Duration::from_secs(entry.since.into());
        self.told += bytes;
        self.entries += 1;
        Ok(Some(Inactive { token, since }))
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
            let next = match this.next() {
                Ok(Some(inactive)) => return Poll::Ready(Some(Ok(inactive))),
                Ok(None) => match this.poll_more(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(true)) => continue,
                    Poll::Ready(Ok(false)) => None,
                    Poll::Ready(Err(error)) => Some(Err(error)),
                },
                Err(error) => Some(Err(error)),
            };
            // It is over, one way or the other.
            this.lease = None;
            return Poll::Ready(next);
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
