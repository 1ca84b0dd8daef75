use std::fmt;
use std::time::Duration;

use http::header::{LINK, LOCATION};
use http::{HeaderMap, HeaderName, StatusCode};
use push_core::Verdict;

use crate::Error;
use crate::answer::{WnsStatus, wns};
use crate::profile::PushService;

/// What became of one push.
pub type Outcome = Result<Receipt, Error>;

/// The push service took the push. That is not to say that it was delivered.
///
/// Addresses in it are secrets, as the endpoint is: who knows them can read or drop the message. `Debug`
/// shows none.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The HTTP status: 201, 202 where delivery receipts are given, 200 of WNS, 204.
    pub status: u16,
    /// Whose push service it is.
    pub service: PushService,
    /// The address of the message while it is stored, as the service gave it: the header `Location`.
    pub location: Option<String>,
    /// The message's id: Apple's `apns-id`, WNS's `X-WNS-Msg-ID`, else what stands last in the
    /// [`location`](Self::location), by which the message can be taken back at some services.
    pub message_id: Option<String>,
    /// How long the service keeps it, where it says so: it may be less than was asked for.
    pub ttl: Option<Duration>,
    /// Where to ask for delivery receipts, where there are any.
    pub receipts: Option<String>,
    /// What WNS did with it.
    pub wns_status: Option<WnsStatus>,
    /// How often the push was handed to a connection.
    pub attempts: u32,
    /// Those that speak for each other in a bulk send.
    pub(crate) group: usize,
}

impl Receipt {
    /// Reads an answer. `None` where it is none of a push that was taken: any status but 200, 201, 202
    /// and 204, and with one of them WNS's `dropped` and `channelthrottled`, which
    /// [`Rejection::read`](crate::Rejection::read) reads. `attempts` is how often the push was handed to a connection.
    pub fn read(
        service: PushService,
        status: StatusCode,
        headers: &HeaderMap,
        attempts: u32,
    ) -> Option<Self> {
        let status = status.as_u16();
        let wns_status = wns::status(service, headers);
        let is_thrown_away = matches!(
            wns_status,
            Some(WnsStatus::Dropped | WnsStatus::ChannelThrottled)
        );
        if !matches!(status, 200 | 201 | 202 | 204) || is_thrown_away {
            return None;
        }
        let text = |name: HeaderName| text(headers.get(name)?);
        let location = text(LOCATION);
        Some(Self {
            status,
            service,
            message_id: text(HeaderName::from_static("apns-id"))
                .or_else(|| text(HeaderName::from_static("x-wns-msg-id")))
                .or_else(|| location.as_deref().and_then(last_part)),
            location,
            ttl: text(HeaderName::from_static("ttl"))
                .filter(|ttl| ttl.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|ttl| ttl.parse().ok())
                .map(Duration::from_secs),
            receipts: receipts(headers),
            wns_status,
            attempts,
            group: 0,
        })
    }
}

/// The longest text of a header that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 2048;

fn text(value: &http::HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    (1..=MAX_TEXT_BYTES)
        .contains(&text.len())
        .then(|| text.into())
}

/// What stands last in an address's path.
fn last_part(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?;
    // Without the scheme, so that a host alone is no id.
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let (_, last) = path.rsplit_once('/')?;
    (!last.is_empty()).then(|| last.into())
}

/// The link with this relation (RFC 8030, section 5.1; RFC 8288).
fn receipts(headers: &HeaderMap) -> Option<String> {
    const RELATION: &str = "urn:ietf:params:push:receipt";

    let links = headers.get_all(LINK).iter().filter_map(text);
    links.into_iter().find_map(|links| {
        links.split('<').find_map(|link| {
            let (address, parameters) = link.split_once('>')?;
            // The next link's address is not in it: it is split off.
            let has_relation = parameters
                .split([';', ',', '"', ' ', '='])
                .any(|word| word.eq_ignore_ascii_case(RELATION));
            has_relation.then(|| address.trim().into())
        })
    })
}

impl fmt::Debug for Receipt {
    /// Without addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |address: &Option<String>| address.as_ref().map(|_| "…");
        f.debug_struct("Receipt")
            .field("status", &self.status)
            .field("service", &self.service)
            .field("location", &hidden(&self.location))
            .field("ttl", &self.ttl)
            .field("receipts", &hidden(&self.receipts))
            .field("wns_status", &self.wns_status)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}
