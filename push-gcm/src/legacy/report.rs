use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use push_core::Verdict;
use push_core::fan_out::Judged;
use serde_json::Value;

use super::{Error, Message, Multicast, Outcome, Reason, Receipt, RegistrationId};

/// What became of a [`Multicast`]: each device has exactly one outcome, in the order in which they were
/// given and as often as they were.
///
/// By what is to be done, each is in exactly one of [`success`](Self::success),
/// [`not_registered`](Self::not_registered), [`recoverable`](Self::recoverable),
/// [`unknown`](Self::unknown) and [`failed`](Self::failed).
#[derive(Clone, Debug)]
#[must_use = "it says which devices were not reached"]
pub struct Report {
    message: Message,
    outcomes: Vec<(RegistrationId, Outcome)>,
    responses: Vec<Response>,
    back_off: Duration,
    /// A random number, so that not all who failed together come back together.
    jitter: u64,
}

/// An answer to one of the requests that a multicast was sent by.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// Which of the [outcomes](Report::outcomes) it is about.
    pub devices: Range<usize>,
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header, where there is one.
    pub retry_after: Option<Duration>,
    /// The body as it came.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON, where it is; with `multicast_id` and the service's own counts.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Longer than an hour, no message is timely. Google's page "Scale with FCM": give up after 60 minutes.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The longest wait that is taken from the service: whoever adds it to a time gets a time.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

impl Report {
    pub(super) fn new(
        message: Message,
        outcomes: Vec<(RegistrationId, Outcome)>,
        mut responses: Vec<Response>,
        back_off: Duration,
        jitter: u64,
    ) -> Self {
        responses.sort_by_key(|response| response.devices.start);
        Self {
            message,
            outcomes: judged(outcomes),
            responses,
            back_off,
            jitter,
        }
    }

    /// What was sent.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Each device and what became of the message to it, in the order in which they were given.
    pub fn outcomes(&self) -> &[(RegistrationId, Outcome)] {
        &self.outcomes
    }

    /// The answers of the service, one for each request that was answered.
    pub fn responses(&self) -> &[Response] {
        &self.responses
    }

    /// The devices that the service took the message for.
    pub fn successes(&self) -> impl Iterator<Item = &RegistrationId> {
        self.taken().map(|(device, _)| device)
    }

    /// All the others.
    pub fn failures(&self) -> impl Iterator<Item = &RegistrationId> {
        self.errors().map(|(device, _)| device)
    }

    /// All the others, and why.
    pub fn errors(&self) -> impl Iterator<Item = (&RegistrationId, &Error)> {
        let outcomes = self.outcomes.iter();
        outcomes.filter_map(|(device, outcome)| Some((device, outcome.as_ref().err()?)))
    }

    /// The devices that the service took the message for, and the ids of the messages.
    pub fn success(&self) -> impl Iterator<Item = (&RegistrationId, &str)> {
        self.taken()
            .map(|(device, receipt)| (device, receipt.message_id.as_str()))
    }

    /// The devices that the service took the message for and knows by another id, and that id: store
    /// it in place of the old one.
    pub fn canonical(&self) -> impl Iterator<Item = (&RegistrationId, &RegistrationId)> {
        self.taken()
            .filter_map(|(device, receipt)| Some((device, receipt.canonical.as_ref()?)))
    }

    /// The devices that no longer have the app: remove them. None of them where not one device was
    /// accepted and five or more seem gone: those have [failed](Self::failed), and the API key or the
    /// endpoint is likely wrong.
    pub fn not_registered(&self) -> impl Iterator<Item = &RegistrationId> {
        self.ended(Ending::NotRegistered).map(|(device, _)| device)
    }

    /// The devices that the same message may be sent to again, and why it was not taken: the service
    /// was not available or failed, or nothing was sent.
    pub fn recoverable(&self) -> impl Iterator<Item = (&RegistrationId, &Error)> {
        self.ended(Ending::Recoverable)
    }

    /// The devices that may have got it: the answer was lost, or does not say.
    pub fn unknown(&self) -> impl Iterator<Item = (&RegistrationId, &Error)> {
        self.ended(Ending::Unknown)
    }

    /// The devices that the same message need not be sent to again as it is, and why: what the service
    /// says is the error's [reason](Error::reason), and what to do its verdict.
    pub fn failed(&self) -> impl Iterator<Item = (&RegistrationId, &Error)> {
        self.ended(Ending::Failed)
    }

    /// Whether the service refused the API key for one of the requests.
    pub fn is_authentication(&self) -> bool {
        self.errors().any(|(_, error)| error.is_authentication())
    }

    /// Whether there are devices that the same message may be sent to again as it is.
    pub fn needs_retry(&self) -> bool {
        self.recoverable().next().is_some()
    }

    /// The message for just the devices that it may be sent to again as it is; `None` where there is
    /// none. Wait for [`delay`](Self::delay) before.
    pub fn retry(&self) -> Option<Multicast> {
        self.multicast(self.recoverable())
    }

    /// As [`retry`](Self::retry), with those that may have got it too: they may then get it twice.
    pub fn retry_with_unknown(&self) -> Option<Multicast> {
        self.multicast(self.recoverable().chain(self.unknown()))
    }

    /// How long to wait before a retry: what the service said in `Retry-After`, at most a day, or else a time that
    /// doubles with each retry, by chance up to one half longer, and at most an hour. `retry` counts
    /// from zero.
    pub fn delay(&self, retry: u32) -> Duration {
        let recoverable = || self.recoverable().map(|(_, error)| error);
        let said = recoverable().filter_map(|error| error.rejection()?.retry_after);
        if let Some(longest) = said.max() {
            return longest.min(LONGEST_ASKED);
        }
        let doubled = self
            .back_off
            .saturating_mul(1 << retry.min(20))
            .min(LONGEST);
        let own = doubled.mul_f64(1.0 + fraction(self.jitter, retry) / 2.0);
        let unreached = recoverable().filter_map(Error::retry_after).max();
        own.min(LONGEST).max(unreached.unwrap_or_default())
    }

    fn taken(&self) -> impl Iterator<Item = (&RegistrationId, &Receipt)> {
        let outcomes = self.outcomes.iter();
        outcomes.filter_map(|(device, outcome)| Some((device, outcome.as_ref().ok()?)))
    }

    fn ended(&self, ending: Ending) -> impl Iterator<Item = (&RegistrationId, &Error)> {
        self.errors()
            .filter(move |(_, error)| Ending::of(error) == ending)
    }

    fn multicast<'a>(
        &self,
        errors: impl Iterator<Item = (&'a RegistrationId, &'a Error)>,
    ) -> Option<Multicast> {
        let devices: Vec<RegistrationId> = errors.map(|(device, _)| device.clone()).collect();
        (!devices.is_empty()).then(|| Multicast::new(self.message.clone(), devices))
    }
}

/// What is to be made of a device that did not get the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    NotRegistered,
    Recoverable,
    Unknown,
    Failed,
}

impl Ending {
    fn of(error: &Error) -> Self {
        match error.verdict() {
            Verdict::RemoveToken { .. } if error.reason() == Some(&Reason::NotRegistered) => {
                Self::NotRegistered
            }
            Verdict::Unknown => Self::Unknown,
            _ if error.is_temporary() => Self::Recoverable,
            _ => Self::Failed,
        }
    }
}

/// Says of devices that are gone what the others say of them: all are known.
fn judged(mut outcomes: Vec<(RegistrationId, Outcome)>) -> Vec<(RegistrationId, Outcome)> {
    let is_suspect = |outcome: &Outcome| outcome.as_ref().is_err_and(Judged::is_suspect);
    let accepted = outcomes.iter().any(|(_, outcome)| outcome.is_ok());
    let suspects = outcomes.iter().filter(|(_, outcome)| is_suspect(outcome));
    let rejected = suspects.count();
    for (_, outcome) in &mut outcomes {
        if let Err(error) = outcome
            && error.is_suspect()
        {
            let known = error.clone();
            *error = match accepted {
                true => known.cleared(),
                false => known.suspected(&(), rejected),
            };
        }
    }
    outcomes
}

/// A number from zero up to one, another one for each retry: SplitMix64.
fn fraction(jitter: u64, retry: u32) -> f64 {
    let mut mixed = jitter.wrapping_add(u64::from(retry).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    // 53 bits fill the mantissa of a double.
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

impl fmt::Debug for Response {
    /// Without the body, which may have registration ids in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("devices", &self.devices)
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
