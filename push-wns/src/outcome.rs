use http::{HeaderMap, StatusCode};
use push_core::fan_out::Grouped;
use push_core::{Verdict, WnsStatus};

use crate::Error;
use crate::answer::{DeviceStatus, Told};

/// What became of one push.
pub type Outcome = Result<Receipt, Error>;

/// WNS took the notification. That is not to say that it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// What WNS did with it; `None` where it does not say.
    pub notification_status: Option<WnsStatus>,
    /// Whether the device is reached, where that was
    /// [asked for](crate::Notification::request_for_status).
    pub device_status: Option<DeviceStatus>,
    /// What WNS calls the notification, the header `X-WNS-Msg-ID`: for Microsoft's support.
    pub message_id: Option<String>,
    /// The header `X-WNS-Debug-Trace`: for Microsoft's support.
    pub debug_trace: Option<String>,
    /// The header `MS-CV`: for Microsoft's support.
    pub correlation_vector: Option<String>,
    /// How often the push was handed to a connection.
    pub attempts: u32,
}

impl Receipt {
    /// Reads an answer. `None` where it is none of a push that was taken: any status but 200, and 200 with
    /// the words `dropped` or `channelthrottled`, which [`Rejection::read`](crate::Rejection::read) reads.
    /// `attempts` is how often the push was handed to a connection.
    pub fn read(status: StatusCode, headers: &HeaderMap, attempts: u32) -> Option<Self> {
        let told = Told::read(headers);
        let is_thrown_away = matches!(
            told.status,
            Some(WnsStatus::Dropped | WnsStatus::ChannelThrottled)
        );
        if status != StatusCode::OK || is_thrown_away {
            return None;
        }
        Some(Self {
            notification_status: told.status,
            device_status: told.device_status,
            message_id: told.message_id,
            debug_trace: told.debug_trace,
            correlation_vector: told.correlation_vector,
            attempts,
        })
    }
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}
