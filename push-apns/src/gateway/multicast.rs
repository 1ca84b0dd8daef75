use push_core::{ErrorKind, Verdict};
use serde::{Deserialize, Serialize};

use super::{Error, Outcome};
use crate::{DeviceToken, Notification};

/// A notification and the devices it is for, to be put on a queue and sent elsewhere, or later.
///
/// ```
/// # use push_apns::{DeviceToken, Notification};
/// # use push_apns::gateway::Multicast;
/// let token: DeviceToken = "00fc13adff785122b4ad28809a342098".parse()?;
/// let multicast = Multicast::new(Notification::alert("Hello"), [token]);
/// let queued = serde_json::to_string(&multicast)?;
/// assert_eq!(serde_json::from_str::<Multicast>(&queued)?, multicast);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Multicast {
    /// What is sent.
    pub notification: Notification,
    /// To whom; one that is there twice gets it twice.
    pub devices: Vec<DeviceToken>,
}

impl Multicast {
    /// This notification for these devices.
    pub fn new(notification: Notification, devices: impl IntoIterator<Item = DeviceToken>) -> Self {
        Self {
            notification,
            devices: devices.into_iter().collect(),
        }
    }
}

/// What became of a [`Multicast`]: each device is in exactly one of the lists, as often as it was
/// given.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "it says which devices were not reached"]
pub struct Report {
    notification: Notification,
    /// The gateway took the notification.
    pub taken: Vec<DeviceToken>,
    /// The gateway refused it, or it can't be sent as it is.
    pub failed: Vec<(DeviceToken, Error)>,
    /// It was not sent: the send ended before, or there was no connection.
    pub not_sent: Vec<(DeviceToken, Error)>,
    /// It may have been taken.
    pub unknown: Vec<(DeviceToken, Error)>,
}

impl Report {
    pub(super) fn new(notification: Notification) -> Self {
        Self {
            notification,
            taken: Vec::new(),
            failed: Vec::new(),
            not_sent: Vec::new(),
            unknown: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, device: DeviceToken, outcome: Outcome) {
        let Err(error) = outcome else {
            return self.taken.push(device);
        };
        let was_answered = error.status().is_some() || !error.problems().is_empty();
        let list = match error.verdict() {
            Verdict::Unknown => &mut self.unknown,
            Verdict::FixMessage | Verdict::RemoveToken { .. } => &mut self.failed,
            _ if was_answered => &mut self.failed,
            _ => &mut self.not_sent,
        };
        list.push((device, error));
    }

    /// How many devices there were.
    pub fn devices(&self) -> usize {
        self.taken.len() + self.failed.len() + self.not_sent.len() + self.unknown.len()
    }

    /// Whether there are devices that the same notification may be sent to again as it is.
    pub fn needs_retry(&self) -> bool {
        self.may_be_sent_again().next().is_some()
    }

    /// What may be sent again as it is: the notification, for just the devices that surely did not get
    /// it, where neither it nor the credentials are at fault. `None` where there is none.
    pub fn retry(&self) -> Option<Multicast> {
        self.multicast(self.may_be_sent_again())
    }

    /// As [`Report::retry`], with those that may have got it too: they may then get it twice.
    pub fn retry_with_unknown(&self) -> Option<Multicast> {
        self.multicast(self.may_be_sent_again().chain(&self.unknown))
    }

    /// All that surely did not get it through no fault of their own, for when the notification or the
    /// credentials are mended: as [`Report::retry`], with those that were not sent to since the gateway
    /// refused the notification or the certificate.
    pub fn rest(&self) -> Option<Multicast> {
        let refused = self.failed.iter();
        let refused = refused.filter(|(_, error)| {
            error.may_be_sent_again()
                || (error.judgement().is_none() && error.verdict() == Verdict::FixCredentials)
        });
        self.multicast(refused.chain(&self.not_sent))
    }

    fn may_be_sent_again(&self) -> impl Iterator<Item = &Failed> {
        let all = self.failed.iter().chain(&self.not_sent);
        all.filter(|(_, error)| error.may_be_sent_again() && error.kind() != ErrorKind::Ended)
    }

    fn multicast<'a>(&self, devices: impl Iterator<Item = &'a Failed>) -> Option<Multicast> {
        let devices: Vec<DeviceToken> = devices.map(|(device, _)| device.clone()).collect();
        (!devices.is_empty()).then(|| Multicast::new(self.notification.clone(), devices))
    }
}

/// A device, and why it was not reached.
type Failed = (DeviceToken, Error);
