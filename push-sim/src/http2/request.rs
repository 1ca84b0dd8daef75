//! One request, and what makes it well formed (RFC 9113, section 8).

use super::Fields;

/// A request that has arrived whole.
#[derive(Debug, Default)]
pub struct Request {
    pub(super) stream: u32,
    pub(super) fields: Fields,
    pub(super) body: Vec<u8>,
    pub(super) body_len: u64,
    pub(super) content_length: Option<u64>,
    pub(super) too_many_fields: bool,
    pub(super) announced: bool,
}

impl Request {
    /// Its stream.
    #[must_use]
    pub fn stream(&self) -> u32 {
        self.stream
    }

    /// All fields, those that start with a colon first.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The body, or the front of it where it is longer than the limit.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How long the body was, in bytes.
    #[must_use]
    pub fn body_len(&self) -> u64 {
        self.body_len
    }

    /// The list of fields was above the limit; what is here is its beginning.
    #[must_use]
    pub fn too_many_fields(&self) -> bool {
        self.too_many_fields
    }

    /// An [`Event::Head`](super::Event::Head) told of it before.
    #[must_use]
    pub fn was_announced(&self) -> bool {
        self.announced
    }

    pub(super) fn clear(&mut self) {
        self.fields.clear();
        self.body.clear();
        self.body_len = 0;
        self.content_length = None;
        self.too_many_fields = false;
        self.announced = false;
    }

    /// The declared length, if any, is that of the body.
    pub(super) fn length_is_right(&self) -> bool {
        self.content_length
            .is_none_or(|declared| declared == self.body_len)
    }
}

/// Checks fields one by one as they are decoded.
#[derive(Debug, Default)]
pub(super) struct Wellformed {
    pseudo_seen: u8,
    regular_seen: bool,
    pub(super) malformed: bool,
    pub(super) content_length: Option<u64>,
}

const METHOD: u8 = 1;
const SCHEME: u8 = 2;
const PATH: u8 = 4;
const AUTHORITY: u8 = 8;

impl Wellformed {
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) {
        let fits = if name.first() == Some(&b':') {
            self.pseudo(name, value)
        } else {
            self.regular_seen = true;
            self.regular(name, value)
        };
        let clean = !value.iter().any(|octet| matches!(octet, 0 | b'\r' | b'\n'));
        self.malformed |= !(fits && clean);
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> bool {
        let bit = match name {
            b":method" => METHOD,
            b":scheme" => SCHEME,
            b":path" => PATH,
            b":authority" => AUTHORITY,
            _ => return false,
        };
        let first = self.pseudo_seen & bit == 0;
        self.pseudo_seen |= bit;
        first && !self.regular_seen && (bit != PATH || !value.is_empty())
    }

    fn regular(&mut self, name: &[u8], value: &[u8]) -> bool {
        match name {
            b"" | b"connection" | b"proxy-connection" | b"keep-alive" | b"transfer-encoding"
            | b"upgrade" => false,
            b"te" => value == b"trailers",
            b"content-length" => {
                let declared = std::str::from_utf8(value)
                    .ok()
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok());
                let same = self.content_length.is_none() || self.content_length == declared;
                self.content_length = declared;
                declared.is_some() && same
            }
            _ => name.iter().all(|octet| {
                matches!(octet, 0x21..=0x7e) && !octet.is_ascii_uppercase() && *octet != b':'
            }),
        }
    }

    /// All that a request needs was there.
    pub(super) fn is_request(&self) -> bool {
        let needed = METHOD | SCHEME | PATH;
        !self.malformed && self.pseudo_seen & needed == needed
    }

    /// Nothing that trailers may not have was there.
    pub(super) fn is_trailers(&self) -> bool {
        !self.malformed && self.pseudo_seen == 0
    }
}
