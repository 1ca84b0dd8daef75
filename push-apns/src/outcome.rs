use http::{HeaderMap, HeaderName, StatusCode};
use push_core::Verdict;
use push_core::fan_out::Grouped;

use crate::app::REQUEST_ID;
use crate::client::ID;
use crate::{ApnsId, Error};

static UNIQUE_ID: HeaderName = HeaderName::from_static("apns-unique-id");

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

impl Receipt {
    /// Reads an answer to a push that was sent under this `apns-id`, or to a broadcast under this
    /// `apns-request-id`, and handed to a connection so often; `None` where it says that the push was not
    /// taken: [`Rejection::read`](crate::Rejection::read).
    ///
    /// ```
    /// # use std::time::SystemTime;
    /// # use push_core::{Outcome, Verdict};
    /// # use push_apns::{ApnsId, Receipt, Rejection};
    /// # let (status, headers) = (http::StatusCode::GONE, http::HeaderMap::new());
    /// # let (body, now) = (br#"{"reason":"Unregistered"}"#, SystemTime::UNIX_EPOCH);
    /// # let sent_as = ApnsId::random();
    /// let verdict = match Receipt::read(status, &headers, sent_as, 1) {
    ///     Some(receipt) => receipt.verdict(),
    ///     None => Rejection::read(status, &headers, body, now).verdict(),
    /// };
    /// assert_eq!(verdict, Verdict::remove_token(None));
    /// ```
    pub fn read(
        status: StatusCode,
        headers: &HeaderMap,
        sent_as: ApnsId,
        attempts: u32,
    ) -> Option<Self> {
        let name = match header(headers, &ID) {
            Some(_) => &ID,
            None => &REQUEST_ID,
        };
        (status == StatusCode::OK).then(|| Self::of(headers, name, sent_as, attempts))
    }

    /// The identifiers of an answer: the service's own in `name`, where it gives a usable one.
    pub(crate) fn of(
        headers: &HeaderMap,
        name: &HeaderName,
        sent_as: ApnsId,
        attempts: u32,
    ) -> Self {
        let mut buffer = [0; ApnsId::TEXT_LEN];
        let id = match header(headers, name) {
            // Mostly it is the one that was sent.
            Some(id) if id != sent_as.encode(&mut buffer) => id.parse().unwrap_or(sent_as),
            _ => sent_as,
        };
        Self {
            id,
            unique_id: header(headers, &UNIQUE_ID).map(str::to_owned),
            attempts,
        }
    }
}

/// A header's text. There are but a few: looking at each costs less than a hash.
fn header<'a>(headers: &'a HeaderMap, wanted: &HeaderName) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(name, _)| *name == wanted)?;
    value.to_str().ok()
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_id_is_the_services_own_by_either_header_or_else_the_one_that_was_sent() {
        let (sent_as, own) = (ApnsId::random(), ApnsId::random());
        let read = |status, headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            });
            Receipt::read(status, &headers.collect(), sent_as, 2)
        };
        let text = own.to_string();
        for (headers, id) in [
            (&[("apns-id", text.as_str())][..], own),
            (&[("apns-request-id", text.as_str())], own),
            (&[("apns-id", "nonsense")], sent_as),
            (&[], sent_as),
        ] {
            let receipt = read(StatusCode::OK, headers).unwrap();
            assert_eq!((receipt.id, receipt.attempts), (id, 2), "{headers:?}");
        }
        let unique = read(StatusCode::OK, &[("apns-unique-id", "u1")]).unwrap();
        assert_eq!(unique.unique_id.as_deref(), Some("u1"));
        for status in [StatusCode::GONE, StatusCode::ACCEPTED] {
            assert_eq!(read(status, &[("apns-id", &text)]), None);
        }
    }
}
