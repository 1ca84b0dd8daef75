//! What WNS answers when it does not take a notification, and what to do about it.
//!
//! The table of answers and verdicts stands in the documentation of the crate (`lib.rs`).

mod advice;
mod device_status;
mod reason;
mod text;

use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use push_core::fan_out::Judgement;
use push_core::{BELIEVABLE_WAIT, Verdict, WnsStatus, retry_after};

pub use self::advice::Advice;
pub use self::device_status::DeviceStatus;
pub use self::reason::Reason;

/// What WNS says of a push, taken or not, in headers.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: Option<WnsStatus>,
    pub(crate) device_status: Option<DeviceStatus>,
    pub(crate) message_id: Option<String>,
    pub(crate) debug_trace: Option<String>,
    pub(crate) correlation_vector: Option<String>,
}

impl Told {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        Self {
            status: WnsStatus::read(headers),
            device_status: text::header(headers, "x-wns-deviceconnectionstatus")
                .map(DeviceStatus::from),
            message_id: text::id(headers, "x-wns-msg-id"),
            debug_trace: text::trace(headers, "x-wns-debug-trace"),
            correlation_vector: text::id(headers, "ms-cv"),
        }
    }
}

/// WNS did not take the notification.
///
/// `Display` says on one line what it answered and what to do; WNS's own text is in it on one line, without
/// tokens and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The HTTP status, such as 410; 200 where the notification was taken and thrown away.
    pub status: u16,
    /// What the answer means.
    pub reason: Reason,
    /// WNS's text, the header `X-WNS-Error-Description`, on one line; else what the body says, which mostly
    /// is that of a proxy. Without tokens and addresses.
    pub detail: Option<String>,
    /// What became of the notification, where WNS says it.
    pub notification_status: Option<WnsStatus>,
    /// Whether the device is reached; on request only.
    pub device_status: Option<DeviceStatus>,
    /// How long to wait: the header `Retry-After`, a week at most.
    pub retry_after: Option<Duration>,
    /// What a bulk send made of it; `None` where one push was sent by itself.
    pub judgement: Option<Judgement>,
    /// What WNS calls the notification, the header `X-WNS-Msg-ID`: for Microsoft's support.
    pub message_id: Option<String>,
    /// The header `X-WNS-Debug-Trace`: for Microsoft's support.
    pub debug_trace: Option<String>,
    /// The header `MS-CV`: for Microsoft's support.
    pub correlation_vector: Option<String>,
    /// Whether it is known that "Gone" was meant, and not "Domain Blocked".
    is_told_apart: bool,
}

impl Rejection {
    /// Reads an answer that [`Receipt::read`](crate::Receipt::read) does not take for a success. It takes
    /// whatever a server, or a proxy on the way, may send, and never fails.
    ///
    /// `reason_phrase` is what stands behind the status in HTTP/1.1, where it is known; it tells "Domain
    /// Blocked" from "Gone". `now` is what a date in `Retry-After` counts from, where the answer has no date
    /// itself.
    pub fn read(
        status: StatusCode,
        reason_phrase: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Self {
        let told = Told::read(headers);
        let description = text::description(headers);
        let detail = description
            .as_deref()
            .and_then(text::one_line)
            .or_else(|| text::body(body));
        let says = |words: &str| {
            [reason_phrase, description.as_deref(), detail.as_deref()]
                .into_iter()
                .flatten()
                .any(|text| text::squeezed(text).contains(words))
        };
        Self {
            status: status.as_u16(),
            reason: Reason::of(status, told.status.as_ref(), says),
            detail,
            notification_status: told.status,
            device_status: told.device_status,
            retry_after: retry_after(headers, now).map(|wait| wait.min(BELIEVABLE_WAIT)),
            judgement: None,
            message_id: told.message_id,
            debug_trace: told.debug_trace,
            correlation_vector: told.correlation_vector,
            is_told_apart: reason_phrase.is_some() || description.is_some(),
        }
    }

    /// The same answer, with what a bulk send made of it. It changes the advice on a channel that is not
    /// known where that means [`Judgement::LikelyServiceFault`].
    #[must_use]
    pub fn judged(mut self, judgement: Judgement) -> Self {
        self.judgement = Some(judgement);
        self
    }

    /// What to do about it, in the service's own terms.
    pub fn advice(&self) -> Advice {
        match self.is_of_a_faulty_service() {
            true => Advice::RetryLater,
            false => self.reason.advice(),
        }
    }

    /// What to do about it.
    ///
    /// Where WNS does not say for how long to wait, it is 60 s after too many notifications, 10 s after a
    /// failure, and half an hour after it dropped one.
    pub fn verdict(&self) -> Verdict {
        if self.is_unknown_success() {
            return Verdict::Unknown;
        }
        match self.advice() {
            Advice::RemoveToken => Verdict::remove_token(None),
            Advice::RetryLater => {
                let wait = || match self.is_of_a_faulty_service() {
                    true => Judgement::WAIT,
                    false => self.reason.default_wait(),
                };
                Verdict::RetryAfter(self.retry_after.unwrap_or_else(wait))
            }
            Advice::FixCredentials => Verdict::FixCredentials,
            Advice::FixMessage => Verdict::FixMessage,
        }
    }

    /// Whether it is our access token that was refused. One refresh of it may help; more do not.
    pub fn is_auth_refusal(&self) -> bool {
        self.reason == Reason::Unauthorized
    }

    /// Whether WNS says that the channel is gone or not known, whatever a bulk send made of it.
    pub fn is_gone(&self) -> bool {
        matches!(
            self.reason,
            Reason::ChannelNotFound | Reason::ChannelExpired
        )
    }

    /// Whether that is said in a way that need not be about the channel: that it is not known, which a server
    /// at fault could say of every one; or 410 without the phrase and the description that tell "Gone" from
    /// "Domain Blocked". Else that one has expired can be trusted.
    pub fn is_suspect(&self) -> bool {
        match self.reason {
            Reason::ChannelNotFound => true,
            Reason::ChannelExpired => !self.is_told_apart,
            _ => false,
        }
    }

    fn is_of_a_faulty_service(&self) -> bool {
        self.is_suspect() && self.judgement == Some(Judgement::LikelyServiceFault)
    }

    /// A success that WNS does not give: nobody knows what was taken.
    pub(crate) fn is_unknown_success(&self) -> bool {
        matches!(self.status, 200..=299) && self.reason == Reason::Unexpected
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with {}", self.status)?;
        if let Some(status) = &self.notification_status {
            write!(f, " {status}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {}", detail.trim_end_matches('.'))?;
        }
        let text = match self.status {
            _ if self.is_of_a_faulty_service() => {
                "WNS knows none of the channels of the run, so likely the fault is its own, or it has blocked \
                 the sender: remove none, and send later"
            }
            300..=399 => {
                "it leads elsewhere, where nothing is sent: check the channel and the proxy"
            }
            _ => self.reason.text(),
        };
        write!(f, ": {text}")
    }
}
