//! Base64 as keys come in: either alphabet, with or without padding, and nothing else.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// The bytes of a text in the URL's alphabet or the plain one; `None` for what mixes them, is padded
/// by half, holds white space, or has bits left over.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.ends_with('=') && !text.len().is_multiple_of(4) {
        return None;
    }
    let engine = if text.contains(['+', '/']) {
        &PLAIN
    } else {
        &URL_SAFE
    };
    engine.decode(text).ok()
}

/// The text in the URL's alphabet, without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// As [`encode`], behind what the text holds already.
pub(crate) fn append(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_alphabet_is_read_with_and_without_padding() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode(text).unwrap(), [0xfb, 0xff], "{text}");
        }
        assert!(decode("").unwrap().is_empty());
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn nothing_else_is_read() {
        for text in [
            "-/8", "-_8==", "-_8=\n", " -_8", "-_ 8", "-_8\n", "A", "AA=", "A===", "=", "AA==AA==",
            "-_9", "AAé",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
