use p12_keystore::error::Error as Fault;
use p12_keystore::{CertificateBag, Pkcs12Archive, PrivateKeyBag};
use x509_cert::Certificate as X509;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{self, AnyRef, Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::pem::looks_like_pkcs12;
use super::{Identity, KeyFormat, invalid};
use crate::{Error, Result};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

pub(super) fn read(file: &[u8], password: &str) -> Result<Identity> {
    if !looks_like_pkcs12(file) {
        return Err(invalid(if file.starts_with(b"-----BEGIN") {
            "this is PEM and not a PKCS#12 file: read it with `Identity::from_pem`"
        } else {
            "this is not a PKCS#12 file (.p12, .pfx)"
        }));
    }
    // Beyond it the standard has no form for a password (RFC 7292, appendix B.1), only custom.
    if password.chars().any(|character| character > '\u{ffff}') {
        return Err(invalid(
            "the password holds a character beyond U+FFFF, by which no PKCS#12 file can be read \
             here: convert the file with `openssl pkcs12 -in FILE -nodes -out FILE.pem`",
        ));
    }
    let archive = Pkcs12Archive::from_pkcs12(file, password)
        .map_err(|fault| unreadable(file, password, fault))?;
    let key = match archive.keys.as_slice() {
        [] => {
            return Err(invalid(
                "the PKCS#12 file holds no private key: export certificate and key together",
            ));
        }
        [key] => key,
        several => {
            return Err(invalid(format!(
                "the PKCS#12 file holds {} private keys: export the one to use, with its \
                 certificate, to a file of its own",
                several.len()
            )));
        }
    };
    let der = |bag: &CertificateBag| bag.cert.as_der().to_vec();
    let own = own_certificates(key, &archive.certs);
    if own.is_empty() {
        return Err(invalid(if archive.certs.is_empty() {
            "the PKCS#12 file holds no certificate: export certificate and key together"
        } else {
            "no certificate of the PKCS#12 file belongs to its private key: export certificate and \
             key together"
        }));
    }
    let own: Vec<_> = own.into_iter().map(der).collect();
    let all: Vec<_> = archive.certs.iter().map(der).collect();
    let key = key.key.as_der().to_vec();
    Identity::from_unordered_der(&own, &all, key, KeyFormat::Pkcs8)
}

fn unreadable(file: &[u8], password: &str, fault: Fault) -> Error {
    // Lengths that are not said beforehand: DER has none.
    let is_ber = file.get(1) == Some(&0x80) || fault.to_string().contains("indefinite length");
    let message = match &fault {
        Fault::MacError(_) if password.is_empty() => {
            "the PKCS#12 file has a password, and none was given"
        }
        Fault::MacError(_) => "the password of the PKCS#12 file is wrong",
        // Without a checksum, a wrong password shows only in what comes of it.
        Fault::UnpadError | Fault::Pkcs5Error(_) | Fault::InvalidPrivateKey => {
            "the PKCS#12 file can't be decrypted: its password is wrong, or it is encrypted in a way \
             that is not known here; then convert it with `openssl pkcs12 -in FILE -nodes -out \
             FILE.pem` (and `-legacy` for old files)"
        }
        Fault::UnsupportedEncryptionScheme
        | Fault::UnsupportedMacAlgorithm
        | Fault::UnsupportedContentType
        | Fault::UnsupportedCertificateType => {
            "the PKCS#12 file is encrypted in a way that is not known here: convert it with `openssl \
             pkcs12 -in FILE -nodes -out FILE.pem` (and `-legacy` for old files)"
        }
        _ if is_ber => {
            "the PKCS#12 file is in BER and not in DER: convert it with `openssl pkcs12 -in FILE \
             -nodes -out FILE.pem` (and `-legacy` for old files)"
        }
        _ => "the PKCS#12 file is damaged, or its password is wrong",
    };
    invalid(message).with_source(fault)
}

/// The certificates that belong to a key: by its public half where the key says it, else by the
/// mark that connects the two in the file.
fn own_certificates<'a>(
    key: &PrivateKeyBag,
    certificates: &'a [CertificateBag],
) -> Vec<&'a CertificateBag> {
    if let Ok(Some(public)) = Public::of_key(key.key.as_der()) {
        let own = certificates.iter().filter(|bag| {
            Public::of_certificate(bag.cert.as_der())
                .is_ok_and(|other| other.as_ref() == Some(&public))
        });
        return own.collect();
    }
    let mark = key.local_key_id.as_ref().map(AsRef::as_ref);
    let marked = certificates
        .iter()
        .filter(|bag| mark.is_some() && bag.local_key_id.as_deref() == mark)
        .collect::<Vec<_>>();
    match certificates {
        [only] if marked.is_empty() => vec![only],
        _ => marked,
    }
}

/// The public half of a key, as far as it takes to compare two.
#[derive(PartialEq, Eq)]
enum Public {
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
    /// The point.
    Elliptic(Vec<u8>),
}

impl Public {
    /// Of a key in PKCS#8; `None` when it says nothing about its public half.
    fn of_key(der: &[u8]) -> der::Result<Option<Self>> {
        let mut outer = SliceReader::new(der)?;
        outer.sequence(|info| {
            AnyRef::decode(info)?;
            let algorithm = info.sequence(|algorithm| {
                let oid = ObjectIdentifier::decode(algorithm)?;
                skip_rest(algorithm)?;
                Ok(oid)
            })?;
            let key = AnyRef::decode(info)?;
            skip_rest(info)?;
            match algorithm {
                RSA => Self::of_rsa_key(key.value()).map(Some),
                ELLIPTIC => Self::of_elliptic_key(key.value()),
                _ => Ok(None),
            }
        })
    }

    /// `RSAPrivateKey` (RFC 8017, A.1.2): version, modulus, public exponent, secrets.
    fn of_rsa_key(der: &[u8]) -> der::Result<Self> {
        SliceReader::new(der)?.sequence(|key| {
            AnyRef::decode(key)?;
            let modulus = AnyRef::decode(key)?.value().to_vec();
            let exponent = AnyRef::decode(key)?.value().to_vec();
            skip_rest(key)?;
            Ok(Self::Rsa(modulus, exponent))
        })
    }

    /// `ECPrivateKey` (RFC 5915): version, secret, then by tag: 0 the curve, 1 the public key.
    fn of_elliptic_key(der: &[u8]) -> der::Result<Option<Self>> {
        SliceReader::new(der)?.sequence(|key| {
            let mut point = None;
            while !key.is_finished() {
                let field = AnyRef::decode(key)?;
                if let Tag::ContextSpecific { number, .. } = field.tag()
                    && number == TagNumber::N1
                {
                    let bits = AnyRef::from_der(field.value())?;
                    // The first byte counts the unused bits.
                    point = bits.value().get(1..).map(<[u8]>::to_vec);
                }
            }
            // A compressed point can't be compared with one that is not.
            Ok(point
                .filter(|point| point.first() == Some(&4))
                .map(Self::Elliptic))
        })
    }

    /// Of a certificate; `None` for kinds of key that are not compared.
    fn of_certificate(der: &[u8]) -> der::Result<Option<Self>> {
        let info = X509::from_der(der)?.tbs_certificate.subject_public_key_info;
        let bits = info.subject_public_key.raw_bytes();
        match info.algorithm.oid {
            RSA => SliceReader::new(bits)?.sequence(|key| {
                let modulus = AnyRef::decode(key)?.value().to_vec();
                let exponent = AnyRef::decode(key)?.value().to_vec();
                Ok(Some(Self::Rsa(modulus, exponent)))
            }),
            ELLIPTIC => Ok(Some(Self::Elliptic(bits.to_vec()))),
            _ => Ok(None),
        }
    }
}

fn skip_rest<'a>(reader: &mut impl Reader<'a>) -> der::Result<()> {
    while !reader.is_finished() {
        AnyRef::decode(reader)?;
    }
    Ok(())
}
