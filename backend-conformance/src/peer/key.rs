use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;

/// The encoding of a client's private key, and with it the kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// P-256 in PKCS#8: `BEGIN PRIVATE KEY`.
    Pkcs8,
    /// P-256 in SEC1: `BEGIN EC PRIVATE KEY`.
    Sec1,
    /// RSA in PKCS#8: `BEGIN PRIVATE KEY`.
    RsaPkcs8,
    /// RSA in PKCS#1: `BEGIN RSA PRIVATE KEY`.
    Pkcs1,
}

impl KeyForm {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Pkcs8, Self::Sec1, Self::RsaPkcs8, Self::Pkcs1];

    /// A new key of this kind.
    pub(super) fn generate(self) -> KeyPair {
        let algorithm = match self {
            Self::Pkcs8 | Self::Sec1 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::RsaPkcs8 | Self::Pkcs1 => &rcgen::PKCS_RSA_SHA256,
        };
        KeyPair::generate_for(algorithm).expect("a key can be made")
    }

    /// The key in this form, as PEM.
    pub(super) fn to_pem(self, key: &KeyPair) -> String {
        let pkcs8 = key.serialize_der();
        match self {
            Self::Pkcs8 | Self::RsaPkcs8 => pem("PRIVATE KEY", &pkcs8),
            Self::Sec1 => pem("EC PRIVATE KEY", &sec1(&pkcs8).expect("the key is PKCS#8")),
            Self::Pkcs1 => {
                let (_, inner) = unwrap(&pkcs8).expect("the key is PKCS#8");
                pem("RSA PRIVATE KEY", inner)
            }
        }
    }
}

/// One section of PEM (RFC 7468).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// `parameters [0]` of an `ECPrivateKey`.
const PARAMETERS: u8 = 0xa0;

/// Algorithm parameters and the key inside: `SEQUENCE { version, SEQUENCE { algorithm, parameters },
/// OCTET STRING }`.
fn unwrap(pkcs8: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, _) = take(SEQUENCE, pkcs8)?;
    let (_, rest) = take(INTEGER, body)?;
    let (algorithm, rest) = take(SEQUENCE, rest)?;
    let (_, parameters) = take(0x06, algorithm)?;
    let (key, _) = take(OCTET_STRING, rest)?;
    Some((parameters, key))
}

/// The `ECPrivateKey` inside, with the curve: in a file of its own there is nowhere else to look for
/// it.
fn sec1(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let (curve, inner) = unwrap(pkcs8)?;
    let (body, _) = take(SEQUENCE, inner)?;
    let (version, rest) = take(INTEGER, body)?;
    let (scalar, rest) = take(OCTET_STRING, rest)?;
    let mut out = wrap(INTEGER, version);
    out.extend(wrap(OCTET_STRING, scalar));
    if rest.first() != Some(&PARAMETERS) {
        out.extend(wrap(PARAMETERS, curve));
    }
    out.extend(rest);
    Some(wrap(SEQUENCE, &out))
}

/// The contents of the first element, if it has this tag, and what follows it.
fn take(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, length], mut rest) = der.split_first_chunk::<2>()?;
    let mut size = usize::from(length);
    if length & 0x80 != 0 {
        let (digits, tail) = rest.split_at_checked(usize::from(length & 0x7f))?;
        size = digits
            .iter()
            .fold(0, |size, digit| (size << 8) | usize::from(*digit));
        rest = tail;
    }
    let parts = rest.split_at_checked(size)?;
    (found == tag).then_some(parts)
}

/// An element: tag, length, contents.
fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(contents.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let size = contents.len().to_be_bytes();
            let skip = size.iter().take_while(|byte| **byte == 0).count();
            let digits = &size[skip..];
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0x7f));
            out.extend(digits);
        }
    }
    out.extend(contents);
    out
}

#[cfg(test)]
mod tests {
    use push_core::{Identity, KeyFormat};

    use super::super::Authority;
    use super::*;

    #[test]
    fn each_form_is_read_as_what_it_is() {
        let authority = Authority::new();
        for (form, format) in [
            (KeyForm::Pkcs8, KeyFormat::Pkcs8),
            (KeyForm::Sec1, KeyFormat::Sec1),
            (KeyForm::RsaPkcs8, KeyFormat::Pkcs8),
            (KeyForm::Pkcs1, KeyFormat::Pkcs1),
        ] {
            let pem = authority.client_pem(form, 0);
            let identity = Identity::from_pem(pem).expect("PEM");
            assert_eq!(identity.key_format(), format);
        }
    }

    #[test]
    fn a_sec1_key_names_its_curve() {
        let key = KeyForm::Sec1.generate();
        let der = sec1(&key.serialize_der()).expect("SEC1");
        let p256 = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        assert!(der.windows(p256.len()).any(|window| window == p256));
        let (body, rest) = take(SEQUENCE, &der).expect("a sequence");
        assert!(rest.is_empty() && body.len() > 64);
    }
}
