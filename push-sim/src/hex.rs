//! Hexadecimal digits.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Two digits in lower case for each octet.
pub(crate) fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(2 * octets.len());
    for octet in octets {
        text.push(char::from(DIGITS[usize::from(octet >> 4)]));
        text.push(char::from(DIGITS[usize::from(octet & 0xf)]));
    }
    text
}

/// The octets of digits in either case; `None` if it is something else.
pub(crate) fn octets(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? << 4 | digit(*low)?) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_written_and_read_in_either_case() {
        assert_eq!(hex(&[0, 0xab, 0x1f]), "00ab1f");
        assert_eq!(octets("00aB1F"), Some(vec![0, 0xab, 0x1f]));
        assert_eq!(octets(""), Some(Vec::new()));
        for wrong in ["0", "0g", "é", " 00"] {
            assert_eq!(octets(wrong), None, "{wrong}");
        }
    }
}
