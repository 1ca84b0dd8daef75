use http::HeaderName;
use push_core::Verdict;
use push_core::fan_out::Grouped;
use push_core::http::Answer;

use crate::client::UNIQUE_ID;
use crate::{ApnsId, Error};

/// What became of one push.
pub type Outcome = Result<Receipt, Error>;

/// The service took the push. That is not to say that it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The push's `apns-id`; of a broadcast, its `apns-request-id`.
    pub id: ApnsId,
    /// The `apns-unique-id`, which Apple's Push Notifications Console finds the push by. Only the
    /// development environment gives one.
    pub unique_id: Option<String>,
    /// How often the push was handed to a connection.
    pub attempts: u32,
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}

/// The identifiers of an answer: the service's own in `name`, where it gives a usable one.
pub(crate) fn receipt(
    answer: &Answer,
    name: &HeaderName,
    sent_as: ApnsId,
    attempts: u32,
) -> Receipt {
    // There are but a few: looking at each costs less than a hash.
    let header = |wanted: &HeaderName| {
        let mut headers = answer.headers.iter();
        let (_, value) = headers.find(|(name, _)| *name == wanted)?;
        value.to_str().ok()
    };
    let mut buffer = [0; ApnsId::TEXT_LEN];
    let id = match header(name) {
        // Mostly it is the one that was sent.
        Some(id) if id != sent_as.encode(&mut buffer) => id.parse().unwrap_or(sent_as),
        _ => sent_as,
    };
    Receipt {
        id,
        unique_id: header(&UNIQUE_ID).map(str::to_owned),
        attempts,
    }
}
