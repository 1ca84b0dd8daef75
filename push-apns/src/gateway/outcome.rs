use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use push_core::fan_out::{Grouped, Judged};
use push_core::{ErrorKind, Verdict};

use super::Status;
use crate::{Endpoint, Invalid, InvalidDeviceToken, Judgement, Problem};

/// What became of one notification.
pub type Outcome = Result<Receipt, Error>;

/// The gateway took the notification: that was proven by what it said of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The identifier that it was sent as, on its connection.
    pub identifier: u32,
    /// How often it was handed to a connection.
    pub attempts: u32,
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}

/// Why a notification was not taken, or is not known to have been.
// In a box, for outcomes are handed on by the million, and few of them are errors.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    cause: Cause,
    identifier: Option<u32>,
    attempts: u32,
    /// An attempt before the last one may have been taken.
    in_doubt: bool,
}

#[derive(Clone, Debug)]
enum Cause {
    Rejected(Status, Option<Arc<Judgement>>),
    Invalid(Arc<Invalid>),
    Device(InvalidDeviceToken),
    /// Not sent, since another one ended the send.
    Ended(Status),
    Core(push_core::Error),
}

impl Error {
    pub(super) fn rejected(status: Status) -> Self {
        Cause::Rejected(status, None).into()
    }

    pub(super) fn ended(status: Status) -> Self {
        Cause::Ended(status).into()
    }

    pub(super) fn sent_as(mut self, identifier: u32, attempts: u32) -> Self {
        self.0.identifier = Some(identifier);
        self.0.attempts = attempts;
        self
    }

    /// The same error, of a notification that was handed to connections so often.
    pub(super) fn after(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The same error, of a notification that was sent before and may have been taken then.
    pub(super) fn in_doubt(mut self, in_doubt: bool) -> Self {
        self.0.in_doubt = in_doubt;
        self
    }

    /// The same error, with what a bulk send made of it.
    fn judged(mut self, judgement: Judgement) -> Self {
        if let Cause::Rejected(_, made) = &mut self.0.cause {
            *made = Some(Arc::new(judgement));
        }
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Rejected(..) => ErrorKind::Rejected,
            Cause::Invalid(_) | Cause::Device(_) => ErrorKind::InvalidMessage,
            Cause::Ended(_) => ErrorKind::Ended,
            Cause::Core(error) => error.kind(),
        }
    }

    /// The gateway's word on this notification; `None` where it said none.
    pub fn status(&self) -> Option<Status> {
        match self.0.cause {
            Cause::Rejected(status, _) => Some(status),
            _ => None,
        }
    }

    /// What a bulk send made of [`Status::InvalidToken`]; `None` for all else.
    pub fn judgement(&self) -> Option<&Judgement> {
        match &self.0.cause {
            Cause::Rejected(_, judgement) => judgement.as_deref(),
            _ => None,
        }
    }

    /// All that is wrong with the notification; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match &self.0.cause {
            Cause::Invalid(invalid) => invalid.problems(),
            _ => &[],
        }
    }

    /// The identifier that it was sent as last, on its connection; `None` where it was not sent, or is
    /// to be sent anew.
    pub fn identifier(&self) -> Option<u32> {
        self.0.identifier
    }

    /// How often it was handed to a connection.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the gateway may have taken it all the same.
    pub fn may_have_been_taken(&self) -> bool {
        self.0.in_doubt || self.verdict() == Verdict::Unknown
    }

    /// Whether it is about the notification or its device: the gateway refused it, or it can't be sent
    /// as it is.
    pub(super) fn is_refusal(&self) -> bool {
        self.status().is_some() || self.kind() == ErrorKind::InvalidMessage
    }

    /// Whether it may be sent again at once or after a while, as it is: surely it was not taken.
    pub fn may_be_sent_again(&self) -> bool {
        matches!(self.verdict(), Verdict::RetryAfter(_))
    }

    /// How long to wait before another try; `None` where nothing is known about it.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.0.cause {
            Cause::Core(error) => error.retry_after(),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        let verdict = match &self.0.cause {
            Cause::Rejected(_, Some(judgement)) => match **judgement {
                Judgement::DeadToken => Verdict::remove_token(None),
                Judgement::WrongEnvironment { .. } => Verdict::FixCredentials,
            },
            Cause::Rejected(status, None) => status.verdict(),
            Cause::Invalid(_) | Cause::Device(_) => Verdict::FixMessage,
            Cause::Ended(_) => Verdict::RetryAfter(Duration::ZERO),
            Cause::Core(error) => error.verdict(),
        };
        match verdict {
            // "Surely not taken" is true of the last attempt only. A fault of its own it had before, too.
            Verdict::RetryAfter(_) if self.0.in_doubt => Verdict::Unknown,
            _ if self.0.in_doubt && !self.is_refusal() => Verdict::Unknown,
            verdict => verdict,
        }
    }

    /// This error and all its causes on one line, for people.
    pub fn report(&self) -> String {
        match &self.0.cause {
            Cause::Core(error) => error.report(),
            _ => self.to_string(),
        }
    }
}

impl Grouped for Error {}

/// [`Status::InvalidToken`] is said of a dead token, and of every token of the other environment.
impl Judged for Error {
    type Suspicion = Arc<Endpoint>;

    fn is_suspect(&self) -> bool {
        self.status() == Some(Status::InvalidToken)
    }

    fn cleared(self) -> Self {
        self.judged(Judgement::DeadToken)
    }

    fn suspected(self, endpoint: &Arc<Endpoint>, _rejected: usize) -> Self {
        let endpoint = endpoint.clone();
        self.judged(Judgement::WrongEnvironment { endpoint })
    }
}

impl push_core::Outcome for Error {
    fn verdict(&self) -> Verdict {
        Self::verdict(self)
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self(Box::new(Inner {
            cause,
            identifier: None,
            attempts: 0,
            in_doubt: false,
        }))
    }
}

impl From<push_core::Error> for Error {
    fn from(error: push_core::Error) -> Self {
        Cause::Core(error).into()
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Cause::Invalid(Arc::new(invalid)).into()
    }
}

impl From<InvalidDeviceToken> for Error {
    fn from(invalid: InvalidDeviceToken) -> Self {
        Cause::Device(invalid).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Rejected(status, judgement) => {
                write!(f, "rejected with status {}: {status}", status.code())?;
                match judgement {
                    Some(judgement) => write!(f, ": {judgement}"),
                    None => Ok(()),
                }
            }
            Cause::Invalid(invalid) => invalid.fmt(f),
            Cause::Device(invalid) => invalid.fmt(f),
            Cause::Ended(status) => write!(
                f,
                "not sent: the send ended when the gateway refused another notification with status {}: \
                 {status}",
                status.code()
            ),
            Cause::Core(error) => error.fmt(f),
        }?;
        match self.0.in_doubt {
            true => f.write_str("; an attempt before it may have been taken"),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("cause", &self.0.cause);
        if let Some(identifier) = self.0.identifier {
            out.field("identifier", &identifier);
        }
        out.field("attempts", &self.0.attempts)
            .field("in_doubt", &self.0.in_doubt)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Core(error) => error.source(),
            _ => None,
        }
    }
}
