//! The header fields that matter, picked out of a request.

use crate::http2::Request;

/// A request's fields by name; the last one counts where one is repeated.
#[derive(Default)]
pub(super) struct Headers<'a> {
    pub(super) method: &'a [u8],
    pub(super) path: &'a [u8],
    pub(super) authorization: Option<&'a [u8]>,
    pub(super) topic: Option<&'a [u8]>,
    pub(super) push_type: Option<&'a [u8]>,
    pub(super) id: Option<&'a [u8]>,
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
                b"apns-expiration" => &mut headers.expiration,
                b"apns-priority" => &mut headers.priority,
                b"apns-collapse-id" => &mut headers.collapse_id,
                _ => continue,
            };
            headers.repeated |= place.replace(value).is_some();
        }
        headers
    }

    /// What stands in the device token's place of the path, if the path has one.
    pub(super) fn device(&self) -> Option<&'a str> {
        let rest = self.path.strip_prefix(b"/3/device")?;
        let device = match rest {
            [] => rest,
            [b'/', device @ ..] if !device.contains(&b'/') => device,
            _ => return None,
        };
        std::str::from_utf8(device).ok()
    }

    /// The identifier, if it is a UUID in its canonical form, in either case.
    pub(super) fn valid_id(&self) -> Option<&'a str> {
        let id = self.id?;
        let is_uuid = id.len() == 36
            && id.iter().enumerate().all(|(at, octet)| match at {
                8 | 13 | 18 | 23 => *octet == b'-',
                _ => octet.is_ascii_hexdigit(),
            });
        std::str::from_utf8(id).ok().filter(|_| is_uuid)
    }
}
