use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, UnparsedPublicKey};

/// What messages to one subscription are encrypted with (RFC 8291, section 3.1): the browser's public
/// key on P-256, and its authentication secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Keys {
    p256dh: [u8; Self::P256DH_BYTES],
    auth: [u8; Self::AUTH_BYTES],
}

impl Keys {
    /// The length of a public key: an uncompressed point.
    pub const P256DH_BYTES: usize = 65;
    /// The length of an authentication secret.
    pub const AUTH_BYTES: usize = 16;

    /// The keys of a subscription, from their bytes.
    ///
    /// # Errors
    /// When a length is not the right one, or the public key is no uncompressed point of the curve.
    pub fn new(p256dh: &[u8], auth: &[u8]) -> Result<Self, InvalidKeys> {
        let keys = Self {
            p256dh: p256dh.try_into().map_err(|_| Fault::Length {
                name: "p256dh",
                given: p256dh.len(),
                expected: Self::P256DH_BYTES,
            })?,
            auth: auth.try_into().map_err(|_| Fault::Length {
                name: "auth",
                given: auth.len(),
                expected: Self::AUTH_BYTES,
            })?,
        };
        if p256dh[0] != 0x04 {
            return Err(Fault::Form { first: p256dh[0] }.into());
        }
        ParsedPublicKey::try_from(keys.unparsed()).map_err(|_| Fault::Point)?;
        Ok(keys)
    }

    /// The keys of a subscription, from the texts that browsers give.
    pub(crate) fn from_texts(p256dh: &str, auth: &str) -> Result<Self, InvalidKeys> {
        let decode = |name, text| crate::base64::decode(text).ok_or(Fault::Base64 { name });
        Self::new(&decode("p256dh", p256dh)?, &decode("auth", auth)?)
    }

    /// The public key, an uncompressed point of the curve.
    pub fn p256dh(&self) -> &[u8; Self::P256DH_BYTES] {
        &self.p256dh
    }

    /// The authentication secret.
    pub fn auth(&self) -> &[u8; Self::AUTH_BYTES] {
        &self.auth
    }

    /// The public key for a key agreement.
    pub(crate) fn unparsed(&self) -> UnparsedPublicKey<&[u8]> {
        UnparsedPublicKey::new(&ECDH_P256, &self.p256dh)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// The keys of a subscription can't be used; the message says why, and shows nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidKeys(#[from] Fault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the key {name} is no base64: expected the text that the browser gave")]
    Base64 { name: &'static str },
    #[error("the key {name} has {given} bytes: expected {expected}")]
    Length {
        name: &'static str,
        given: usize,
        expected: usize,
    },
    #[error(
        "the key p256dh begins with the byte {first:#04x}: expected 0x04, an uncompressed point"
    )]
    Form { first: u8 },
    #[error("the key p256dh is no point of the curve P-256")]
    Point,
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8291, appendix A.
    const P256DH: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn keys_are_read_in_every_form_of_base64() {
        let keys = Keys::from_texts(P256DH, AUTH).unwrap();
        for (p256dh, auth) in [
            (format!("{P256DH}="), format!("{AUTH}==")),
            (
                P256DH.replace('-', "+").replace('_', "/"),
                AUTH.replace('_', "/"),
            ),
        ] {
            assert_eq!(Keys::from_texts(&p256dh, &auth).unwrap(), keys);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_by_what_is_wrong_with_it() {
        let good = crate::base64::decode(P256DH).unwrap();
        let changed = |index: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[index] = byte;
            bytes
        };
        let mut infinity = vec![0; 65];
        infinity[0] = 4;
        // The field's prime as x: not reduced.
        let mut too_large = vec![0xff; 65];
        too_large[0] = 4;
        for (p256dh, expected) in [
            (good[..64].to_vec(), "p256dh has 64 bytes: expected 65"),
            ([&good[..], &[0]].concat(), "p256dh has 66 bytes"),
            (Vec::new(), "p256dh has 0 bytes"),
            (changed(0, 2), "0x02: expected 0x04"),
            (changed(0, 6), "0x06: expected 0x04"),
            (changed(0, 0), "0x00: expected 0x04"),
            (changed(64, good[64] ^ 1), "no point of the curve"),
            (infinity, "no point of the curve"),
            (too_large, "no point of the curve"),
        ] {
            let error = Keys::new(&p256dh, &[0; 16]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        for length in [0, 15, 17, 32] {
            let error = Keys::new(&good, &vec![0; length]).unwrap_err().to_string();
            let expected = format!("auth has {length} bytes: expected 16");
            assert!(error.contains(&expected), "{error}");
        }
        assert!(Keys::from_texts("B C", AUTH).is_err());
    }

    #[test]
    fn keys_are_not_shown() {
        let keys = Keys::from_texts(P256DH, AUTH).unwrap();
        assert_eq!(format!("{keys:?}"), "Keys(…)");
    }
}
