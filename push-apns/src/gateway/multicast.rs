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
        let list = match error.verdict() {
            Verdict::Unknown => &mut self.unknown,
            _ if error.is_refusal() => &mut self.failed,
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

#[cfg(test)]
mod tests {
    use push_core::ErrorKind;

    use super::*;
    use crate::gateway::Status;

    fn token(byte: u8) -> DeviceToken {
        DeviceToken::from_bytes(&[byte; 32]).unwrap()
    }

    fn core(kind: ErrorKind) -> Error {
        push_core::Error::new(kind, "made by a test").into()
    }

    fn tokens(list: &[(DeviceToken, Error)]) -> Vec<DeviceToken> {
        list.iter().map(|(device, _)| device.clone()).collect()
    }

    #[test]
    fn each_device_is_where_its_outcome_belongs() {
        let mut report = Report::new(Notification::alert("Hello"));
        let unreached = [ErrorKind::Connect, ErrorKind::Tls, ErrorKind::Egress];
        let outcomes = [
            Error::rejected(Status::InvalidToken),
            Error::rejected(Status::ProcessingError),
            Error::rejected(Status::MissingTopic),
            Error::rejected(Status::ProcessingError).in_doubt(true),
            Error::rejected(Status::NoError),
            core(ErrorKind::Lost),
            Error::ended(Status::InvalidPayloadSize),
        ];
        let unreached_errors = unreached.iter().map(|kind| core(*kind));
        let doubtful = unreached.iter().map(|kind| core(*kind).in_doubt(true));
        let all = outcomes.into_iter().chain(unreached_errors).chain(doubtful);
        for (number, error) in all.enumerate() {
            report.add(token(number as u8), Err(error));
        }
        assert_eq!(tokens(&report.failed), [0, 1, 2].map(token));
        assert_eq!(tokens(&report.not_sent), [6, 7, 8, 9].map(token));
        assert_eq!(tokens(&report.unknown), [3, 4, 5, 10, 11, 12].map(token));
        for (_, error) in &report.unknown {
            assert!(error.may_have_been_taken(), "{error:?}");
        }
        let devices = |multicast: Option<Multicast>| multicast.unwrap().devices;
        assert_eq!(devices(report.retry()), [1, 7].map(token));
        assert_eq!(devices(report.rest()), [1, 2, 6, 7, 8, 9].map(token));
        assert_eq!(devices(report.retry_with_unknown()).len(), 2 + 6);
        assert!(report.needs_retry() && report.devices() == 13);
    }
}
