use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Names one notification: the header `apns-id`, a UUID in canonical lower case.
///
/// The service makes one where it is left out, and echoes it in its answer. A notification that is
/// sent again carries the same one. Source: Apple, "Sending notification requests to APNs".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ApnsId(Uuid);

impl ApnsId {
    /// The length of the header's value.
    pub const TEXT_LEN: usize = 36;

    /// A new random id (a UUID of version 4, from the system's random source).
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id made of these random bytes; six bits of them become version 4 and variant.
    pub const fn from_random_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The sixteen bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Writes the header's value into `buffer`, without allocating.
    pub fn encode<'a>(&self, buffer: &'a mut [u8; Self::TEXT_LEN]) -> &'a str {
        self.0.as_hyphenated().encode_lower(buffer)
    }

    /// The header's value, kept out of the compression table, since it differs from request to
    /// request.
    pub(crate) fn header(&self) -> HeaderValue {
        let mut buffer = [0; Self::TEXT_LEN];
        let text = self.encode(&mut buffer);
        let mut value =
            HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

impl fmt::Display for ApnsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for ApnsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApnsId({self})")
    }
}

impl From<ApnsId> for String {
    fn from(id: ApnsId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ApnsId {
    type Error = InvalidApnsId;

    fn try_from(text: String) -> Result<Self, InvalidApnsId> {
        text.parse()
    }
}

impl FromStr for ApnsId {
    type Err = InvalidApnsId;

    /// Reads a UUID of any version, in the form with hyphens, in lower or upper case.
    fn from_str(text: &str) -> Result<Self, InvalidApnsId> {
        let invalid = || InvalidApnsId {
            given: text.chars().take(48).collect(),
        };
        if text.len() != Self::TEXT_LEN {
            return Err(invalid());
        }
        Uuid::try_parse(text).map(Self).map_err(|_| invalid())
    }
}

/// The text is not a UUID in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the apns-id is not a UUID: {given:?}: give 8-4-4-4-12 hexadecimal digits, as in \
     123e4567-e89b-42d3-a456-426614174000, or leave it out"
)]
pub struct InvalidApnsId {
    given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "123e4567-e89b-42d3-a456-426614174000";

    #[test]
    fn an_id_is_written_in_lower_case_with_hyphens() {
        let id: ApnsId = TEXT.to_uppercase().parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(id.encode(&mut [0; ApnsId::TEXT_LEN]), TEXT);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("{TEXT:?}"));
        assert_eq!(
            serde_json::from_str::<ApnsId>(&format!("{TEXT:?}")).unwrap(),
            id
        );
    }

    #[test]
    fn a_random_id_is_of_version_4() {
        for id in [ApnsId::random(), ApnsId::from_random_bytes([0xff; 16])] {
            assert_eq!(id.to_string().as_bytes()[14], b'4', "{id}");
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_ne!(ApnsId::random(), ApnsId::random());
    }

    #[test]
    fn other_forms_of_a_uuid_are_refused() {
        for text in [
            "",
            "123e4567e89b42d3a456426614174000",
            &format!("{{{TEXT}}}"),
            &TEXT.replace('-', "_"),
        ] {
            assert!(text.parse::<ApnsId>().is_err(), "{text}");
        }
    }
}
