use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The address of one app on one device, kept as lower-case hexadecimal text.
///
/// 1 to 256 bytes, so 2 to 512 hexadecimal digits. Apple gives no length and warns against assuming
/// one; tokens of 32 bytes (apps) and of more than 64 (Live Activities) are in use. The upper bound
/// is ours: it keeps what can't be a token out of request paths.
///
/// Cloning copies a pointer. `Display` shows the whole token, `Debug` and
/// [`DeviceToken::shortened`] its first digits only, which is what belongs into a log.
///
/// ```
/// # use push_apns::DeviceToken;
/// let token: DeviceToken = "00FC13ADFF785122B4AD28809A342098".parse()?;
/// assert_eq!(&token.as_str()[..8], "00fc13ad");
/// assert_eq!(format!("{token:?}"), "DeviceToken(00fc13ad…)");
/// # Ok::<_, push_apns::InvalidDeviceToken>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceToken(Arc<str>);

impl DeviceToken {
    /// The longest token that is taken, in bytes: twice as many digits.
    pub const MAX_BYTES: usize = 256;

    /// The token made of these bytes, as the app gets them from the system.
    ///
    /// # Errors
    /// When there are none, or more than 256.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidDeviceToken> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if bytes.is_empty() {
            return Err(InvalidDeviceToken(Fault::Empty));
        }
        if bytes.len() > Self::MAX_BYTES {
            return Err(InvalidDeviceToken(Fault::TooLong {
                digits: bytes.len().saturating_mul(2),
            }));
        }
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0x0f)]);
        let text: String = bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
            .collect();
        Ok(Self(text.into()))
    }

    /// The token as lower-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The token's length in bytes, half of its digits.
    #[inline]
    pub fn byte_len(&self) -> usize {
        self.0.len() / 2
    }

    /// The token as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.byte_len());
        self.extend_bytes(&mut bytes);
        bytes
    }

    /// Appends the token's bytes to `out`.
    #[inline]
    pub fn extend_bytes(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + self.byte_len(), 0);
        let (words, digits) = self.0.as_bytes().as_chunks();
        let (places, bytes) = out[start..].as_chunks_mut();
        for (place, word) in places.iter_mut().zip(words) {
            *place = four_bytes(word);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks().0) {
            *byte = one_byte(pair);
        }
    }

    /// The first digits and an ellipsis, for logs.
    pub fn shortened(&self) -> impl fmt::Display + '_ {
        Shortened(&self.0)
    }
}

// Only lower-case digits are in a token, so nine is added to letters by their bit 6 and nothing is
// looked up.

fn one_byte(digits: &[u8; 2]) -> u8 {
    let [high, low] = digits.map(|digit| (digit & 0x0f) + 9 * (digit >> 6));
    high << 4 | low
}

/// Eight digits at a time take a quarter of the time: a bulk send spends most of its own on this.
#[inline]
fn four_bytes(digits: &[u8; 8]) -> [u8; 4] {
    // The first digit becomes the lowest byte.
    let digits = u64::from_le_bytes(*digits);
    let nibbles = (digits & 0x0f0f_0f0f_0f0f_0f0f) + 9 * (digits >> 6 & 0x0101_0101_0101_0101);
    // Each pair's byte in the lower of its two places; then the places move together.
    let bytes = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
    let bytes = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    ((bytes | bytes >> 16) as u32).to_le_bytes()
}

/// At most eight digits, and never more than half of them.
struct Shortened<'a>(&'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (self.0.len() / 2).min(8);
        f.write_str(self.0.get(..shown).unwrap_or_default())?;
        f.write_str("…")
    }
}

impl fmt::Display for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceToken({})", self.shortened())
    }
}

impl AsRef<str> for DeviceToken {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceToken {
    type Err = InvalidDeviceToken;

    /// Reads hexadecimal digits in lower or upper case, and nothing else: no white space, no
    /// brackets.
    fn from_str(text: &str) -> Result<Self, InvalidDeviceToken> {
        let digits = text.as_bytes();
        if digits.is_empty() {
            return Err(InvalidDeviceToken(Fault::Empty));
        }
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidDeviceToken::not_hexadecimal(text));
        }
        if !digits.len().is_multiple_of(2) {
            return Err(InvalidDeviceToken(Fault::Odd {
                digits: digits.len(),
            }));
        }
        if digits.len() > 2 * Self::MAX_BYTES {
            return Err(InvalidDeviceToken(Fault::TooLong {
                digits: digits.len(),
            }));
        }
        if digits.iter().any(u8::is_ascii_uppercase) {
            return Ok(Self(text.to_ascii_lowercase().into()));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<&str> for DeviceToken {
    type Error = InvalidDeviceToken;

    fn try_from(text: &str) -> Result<Self, InvalidDeviceToken> {
        text.parse()
    }
}

impl TryFrom<String> for DeviceToken {
    type Error = InvalidDeviceToken;

    fn try_from(text: String) -> Result<Self, InvalidDeviceToken> {
        text.parse()
    }
}

impl TryFrom<Cow<'_, str>> for DeviceToken {
    type Error = InvalidDeviceToken;

    fn try_from(text: Cow<'_, str>) -> Result<Self, InvalidDeviceToken> {
        text.parse()
    }
}

impl From<DeviceToken> for String {
    fn from(token: DeviceToken) -> Self {
        token.as_str().to_owned()
    }
}

impl Serialize for DeviceToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DeviceToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;

        impl Visitor<'_> for Digits {
            type Value = DeviceToken;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a device token as hexadecimal text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DeviceToken, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Digits)
    }
}

/// The text is not a device token; the message says why, and holds no more than eight of its
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidDeviceToken(Fault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the device token is empty: give an even number of hexadecimal digits")]
    Empty,
    #[error(
        "the device token has an odd number of hexadecimal digits, {digits}: some of it was lost"
    )]
    Odd { digits: usize },
    #[error("the device token has {digits} hexadecimal digits: at most 512 are taken")]
    TooLong { digits: usize },
    #[error(
        "the device token is not hexadecimal: {start:?} holds {character:?} at {index}: \
         give digits 0-9, a-f only"
    )]
    NotHexadecimal {
        start: String,
        character: char,
        index: usize,
    },
    #[error("the device token {start:?} has white space at its start or end: trim it")]
    Untrimmed { start: String },
    #[error(
        "the device token {start:?} is in the form that an app logs, \"<0123abcd …>\": \
         take the brackets and spaces out, or send the bytes as hexadecimal from the app"
    )]
    Description { start: String },
    #[error("the device token {start:?} looks like base64: give its bytes, or hexadecimal digits")]
    Base64 { start: String },
}

impl InvalidDeviceToken {
    fn not_hexadecimal(text: &str) -> Self {
        let shown = (text.chars().count() / 2).clamp(2, 8);
        let mut start: String = text.chars().take(shown).collect();
        if start.len() < text.len() {
            start.push('…');
        }
        let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let trimmed = text.trim();
        if trimmed.len() < text.len() && !trimmed.is_empty() && hexadecimal(trimmed) {
            return Self(Fault::Untrimmed { start });
        }
        let inner = trimmed.trim_start_matches('<').trim_end_matches('>');
        if !inner.is_empty() && inner.split(' ').all(hexadecimal) {
            return Self(Fault::Description { start });
        }
        let marks = |byte: &u8| b"+/=-_".contains(byte);
        let both_cases = text.bytes().any(|byte| byte.is_ascii_lowercase())
            && text.bytes().any(|byte| byte.is_ascii_uppercase());
        if text.len() >= 40
            && (both_cases || text.as_bytes().iter().any(marks))
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || marks(&byte))
        {
            return Self(Fault::Base64 { start });
        }
        let first = text
            .chars()
            .enumerate()
            .find(|(_, character)| !character.is_ascii_hexdigit());
        let (index, character) = first.unwrap_or_default();
        Self(Fault::NotHexadecimal {
            start,
            character,
            index,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_in_upper_case_equals_the_one_in_lower_case() {
        let lower: DeviceToken = "0123abcd".parse().unwrap();
        assert_eq!("0123ABcd".parse(), Ok(lower.clone()));
        assert_eq!(lower.as_str(), "0123abcd");
        assert_eq!(lower.to_bytes(), [0x01, 0x23, 0xab, 0xcd]);
    }

    #[test]
    fn a_token_has_any_even_length_up_to_512_digits() {
        for bytes in [1, 2, 32, 80, 100, 256] {
            let token: DeviceToken = "f0".repeat(bytes).parse().unwrap();
            assert_eq!(token.byte_len(), bytes);
        }
        assert!("f0".repeat(257).parse::<DeviceToken>().is_err());
        assert!(DeviceToken::from_bytes(&[0; 257]).is_err());
        assert!(DeviceToken::from_bytes(&[]).is_err());
    }

    #[test]
    fn the_error_says_what_is_wrong_and_what_to_do() {
        for (text, expected) in [
            ("", "is empty"),
            ("abc", "odd number of hexadecimal digits, 3"),
            ("zz", "not hexadecimal: \"zz\" holds 'z' at 0"),
            ("0123é567", "holds 'é' at 4"),
            ("0123\tabcd", "at 4"),
            (
                "0x00fc13adff785122b4ad28809a3420982341241421348097",
                "holds 'x' at 1",
            ),
            (" 0123abcd", "trim it"),
            ("0123abcd\n", "trim it"),
            ("<0123abcd 0123abcd>", "brackets"),
            ("0123abcd 0123abcd", "brackets"),
            (
                "APwTrf94USK0rSiAmjQgmCNBJBQhNICXh45XfJkd6PA=",
                "looks like base64",
            ),
        ] {
            let message = text.parse::<DeviceToken>().unwrap_err().to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }

    #[test]
    fn neither_debug_nor_an_error_holds_the_whole_token() {
        let digits = "0123abcd".repeat(8);
        let token: DeviceToken = digits.parse().unwrap();
        assert_eq!(format!("{token:?}"), "DeviceToken(0123abcd…)");
        assert_eq!(
            format!("{:?}", DeviceToken::from_bytes(&[0xab, 0xcd]).unwrap()),
            "DeviceToken(ab…)"
        );
        assert_eq!(token.to_string(), digits);
        for text in [
            format!("<{digits}>"),
            format!("{digits} "),
            format!("{digits}x"),
            format!("{digits}0"),
        ] {
            let error = text.parse::<DeviceToken>().unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains(&digits[..12]),
                "{error:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back_from_text_and_json(bytes in prop::collection::vec(any::<u8>(), 1..=256)) {
            let token = DeviceToken::from_bytes(&bytes).unwrap();
            prop_assert_eq!(token.to_bytes(), bytes.clone());
            prop_assert_eq!(token.as_str().parse::<DeviceToken>().unwrap(), token.clone());
            let upper = token.as_str().to_uppercase();
            prop_assert_eq!(upper.parse::<DeviceToken>().unwrap(), token.clone());
            let json = serde_json::to_vec(&token).unwrap();
            prop_assert_eq!(serde_json::from_slice::<DeviceToken>(&json).unwrap(), token);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = text.parse::<DeviceToken>();
        }
    }
}
