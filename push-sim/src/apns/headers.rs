//! The header fields that matter, picked out of a request.

use super::Reason;
use super::route::Route;
use crate::http2::Request;

/// A request's fields by name; the last one counts where one is repeated.
#[derive(Default)]
pub(super) struct Headers<'a> {
    pub(super) method: &'a [u8],
    path: &'a [u8],
    /// What the request is about, if its path is one of the API's.
    pub(super) route: Option<Route<'a>>,
    pub(super) authorization: Option<&'a [u8]>,
    pub(super) topic: Option<&'a [u8]>,
    pub(super) push_type: Option<&'a [u8]>,
    pub(super) id: Option<&'a [u8]>,
    pub(super) request_id: Option<&'a [u8]>,
    pub(super) channel_id: Option<&'a [u8]>,
    pub(super) expiration: Option<&'a [u8]>,
    pub(super) priority: Option<&'a [u8]>,
    pub(super) collapse_id: Option<&'a [u8]>,
    /// One of them is there twice.
    pub(super) repeated: bool,
}

impl<'a> Headers<'a> {
    pub(super) fn of(request: &'a Request) -> Self {
        let mut headers = Self::default();
        for (name, value) in request.fields().iter() {
            let place = match name {
                b":method" => {
                    headers.method = value;
                    continue;
                }
                b":path" => {
                    headers.path = value;
                    continue;
                }
                b"authorization" => &mut headers.authorization,
                b"apns-topic" => &mut headers.topic,
                b"apns-push-type" => &mut headers.push_type,
                b"apns-id" => &mut headers.id,
                b"apns-request-id" => &mut headers.request_id,
                b"apns-channel-id" => &mut headers.channel_id,
                b"apns-expiration" => &mut headers.expiration,
                b"apns-priority" => &mut headers.priority,
                b"apns-collapse-id" => &mut headers.collapse_id,
                _ => continue,
            };
            headers.repeated |= place.replace(value).is_some();
        }
        headers.route = Route::parse(headers.path);
        headers
    }

    /// Whom the request is for: a device token, or a channel's identifier.
    pub(super) fn recipient(&self) -> Option<&'a str> {
        match self.route? {
            Route::Device(device) => Some(device),
            Route::Broadcast(_) | Route::Channels(_) => std::str::from_utf8(self.channel_id?).ok(),
            Route::AllChannels(_) => None,
        }
    }

    /// The identifier, under the name that the path has for it.
    fn given_id(&self) -> Option<&'a [u8]> {
        match self.route {
            None | Some(Route::Device(_)) => self.id,
            Some(_) => self.request_id,
        }
    }

    /// The identifier, if it is a UUID in its canonical form, in either case.
    pub(super) fn valid_id(&self) -> Option<&'a str> {
        let id = self.given_id()?;
        let is_uuid = id.len() == 36
            && id.iter().enumerate().all(|(at, octet)| match at {
                8 | 13 | 18 | 23 => *octet == b'-',
                _ => octet.is_ascii_hexdigit(),
            });
        std::str::from_utf8(id).ok().filter(|_| is_uuid)
    }

    pub(super) fn check_id(&self) -> Result<(), Reason> {
        if self.given_id().is_some() && self.valid_id().is_none() {
            return Err(Reason::BadMessageId);
        }
        Ok(())
    }
}
