use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a message is encrypted: its `Content-Encoding`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Encoding {
    /// `aes128gcm` (RFC 8188, RFC 8291): what every browser of today reads. The default.
    #[default]
    Aes128Gcm,
    /// `aesgcm`, of the draft before (draft-ietf-webpush-encryption-04), whose salt and key stand in
    /// headers: for old subscriptions.
    AesGcm,
}

impl Encoding {
    /// Its name, as in the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "aes128gcm",
            Self::AesGcm => "aesgcm",
        }
    }

    /// How many bytes of text and padding fit into a body of so many bytes; 0 where an empty text does, or
    /// not even that.
    ///
    /// ```
    /// # use push_web::{Encoding, MAX_BODY_BYTES};
    /// assert_eq!(Encoding::Aes128Gcm.max_plaintext(MAX_BODY_BYTES), 3993);
    /// assert_eq!(Encoding::AesGcm.max_plaintext(MAX_BODY_BYTES), 4077);
    /// ```
    pub const fn max_plaintext(self, max_body_bytes: usize) -> usize {
        max_body_bytes.saturating_sub(match self {
            // Header, delimiter, tag.
            Self::Aes128Gcm => 86 + 1 + 16,
            // Length of the padding, tag, and one that the draft leaves free.
            Self::AesGcm => 2 + 16 + 1,
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    /// Reads the name, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        [Self::Aes128Gcm, Self::AesGcm]
            .into_iter()
            .find(|encoding| encoding.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownEncoding(name.chars().take(64).collect()))
    }
}

/// The name is not that of a content encoding of Web Push.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no content encoding of Web Push: expected aes128gcm or aesgcm")]
pub struct UnknownEncoding(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_header() {
        for (name, encoding) in [
            ("aes128gcm", Encoding::Aes128Gcm),
            ("aesgcm", Encoding::AesGcm),
        ] {
            assert_eq!(encoding.to_string(), name);
            assert_eq!(name.parse::<Encoding>().unwrap(), encoding);
            assert_eq!(name.to_uppercase().parse::<Encoding>().unwrap(), encoding);
            let json = format!("{name:?}");
            assert_eq!(serde_json::to_string(&encoding).unwrap(), json);
            assert_eq!(serde_json::from_str::<Encoding>(&json).unwrap(), encoding);
        }
        assert_eq!(Encoding::default(), Encoding::Aes128Gcm);
        let error = "aesgcm128".parse::<Encoding>().unwrap_err().to_string();
        assert!(error.contains("\"aesgcm128\""), "{error}");
    }

    #[test]
    fn a_body_too_small_for_anything_holds_nothing() {
        assert_eq!(Encoding::Aes128Gcm.max_plaintext(103), 0);
        assert_eq!(Encoding::Aes128Gcm.max_plaintext(0), 0);
        assert_eq!(Encoding::AesGcm.max_plaintext(7), 0);
    }
}
