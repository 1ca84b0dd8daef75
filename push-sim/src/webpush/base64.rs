//! Base64 as clients write it.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding may be there or not, and the last bits may be anything: Mozilla's service minds neither.
const TOLERANT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, TOLERANT);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, TOLERANT);

/// Reads base64url, or base64 of the standard alphabet, which published clients send, too.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    URL_SAFE
        .decode(text)
        .or_else(|_| STANDARD.decode(text))
        .ok()
}

/// Base64url without padding.
pub(crate) fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_read_with_padding_and_without() {
        for text in ["-_-_AA", "+/+/AA", "-_-_AA==", " +/+/AA== "] {
            assert_eq!(decode(text).unwrap(), [0xfb, 0xff, 0xbf, 0], "{text}");
        }
        assert_eq!(decode("a"), None);
        assert_eq!(decode("no base64!"), None);
        assert_eq!(encode([0xfb, 0xff, 0xbf, 0]), "-_-_AA");
    }
}
