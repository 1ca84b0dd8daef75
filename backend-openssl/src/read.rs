use openssl::error::ErrorStack;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12};
use openssl::pkey::PKey;
use openssl::x509::X509;
use push_core::{Error, ErrorKind, Identity, KeyFormat, Result};

use crate::error::Explained;
use crate::{Openssl, iterations, legacy};

/// `ERR_LIB_PKCS12`, and its reasons.
const LIB_PKCS12: i32 = 35;
const MAC_ABSENT: i32 = 108;
const MAC_VERIFY_FAILURE: i32 = 113;

impl Openssl {
    /// Reads certificate chain and key from a PKCS#12 file (.p12, .pfx) in memory; the password of
    /// a file without one is empty.
    ///
    /// Gives what `Identity::from_pkcs12` gives, without push-core's feature `pkcs12`, and reads
    /// whatever OpenSSL reads; for old files see the crate's notes on the legacy provider.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the password is wrong, when there is no key, more than one, or
    /// no certificate that belongs to it, when it is no PKCS#12 file, or when it asks for more than
    /// 1,000,000 iterations to derive a key.
    ///
    /// Makers of files leave keys outside of what is encrypted as a whole, each encrypted by itself.
    /// What is in there can't be looked into: several keys are no error then, and OpenSSL's choice is
    /// given; and iterations are not counted.
    pub fn read_pkcs12(der: impl AsRef<[u8]>, password: &str) -> Result<Identity> {
        let file = der.as_ref();
        let pkcs12 = Pkcs12::from_der(file).map_err(|error| {
            let message = if file.starts_with(b"-----BEGIN") {
                "this is PEM and not a PKCS#12 file: read it with `Identity::from_pem`"
            } else {
                "this is not a PKCS#12 file (.p12, .pfx)"
            };
            explained(message, &error)
        })?;
        check_password(password)?;
        if iterations::are_too_many(file) {
            return Err(invalid(format!(
                "the PKCS#12 file asks for more than {} iterations to derive a key: export it anew \
                 with fewer",
                iterations::MOST
            )));
        }
        let parsed = legacy::with_fallback(is_unsupported, || pkcs12.parse2(password))
            .map_err(|error| unreadable(password, &error))?;
        match visible_keys(file) {
            0 | 1 => {}
            several => {
                return Err(invalid(format!(
                    "the PKCS#12 file holds {several} private keys: export the one to use, with \
                     its certificate, to a file of its own"
                )));
            }
        }
        assemble(parsed)
    }

    /// Reads certificate chain and key from one PEM text, in any order, the key being encrypted by
    /// a password; the first certificate is the client's own.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the password is wrong, or when there is no certificate or no
    /// key.
    pub fn read_pem(pem: impl AsRef<[u8]>, password: &str) -> Result<Identity> {
        let pem = pem.as_ref();
        check_password(password)?;
        let chain = X509::stack_from_pem(pem)
            .and_then(|chain| chain.iter().map(|one| one.to_der()).collect())
            .map_err(|error: ErrorStack| explained("the certificate is not valid PEM", &error))?;
        if Vec::is_empty(&chain) {
            return Err(invalid(
                "no certificate found: expected PEM with a `BEGIN CERTIFICATE` section",
            ));
        }
        let text = String::from_utf8_lossy(pem);
        if !text.contains("PRIVATE KEY-----") {
            return Err(invalid(
                "no private key found: expected PEM with a `BEGIN ENCRYPTED PRIVATE KEY` section, \
                 or another kind of key",
            ));
        }
        let key = legacy::with_fallback(is_unsupported, || {
            PKey::private_key_from_pem_passphrase(pem, password.as_bytes())
        })
        .map_err(|error| {
            explained(
                "the private key can't be decrypted: its password is wrong, or it is encrypted in \
                 a way that this OpenSSL does not know",
                &error,
            )
        })?;
        let key = key.private_key_to_pkcs8().map_err(unusable)?;
        Identity::from_der(chain, key, KeyFormat::Pkcs8)
    }
}

fn assemble(parsed: ParsedPkcs12_2) -> Result<Identity> {
    let Some(key) = parsed.pkey else {
        return Err(invalid(
            "the PKCS#12 file holds no private key: export certificate and key together",
        ));
    };
    let certificates = parsed
        .cert
        .into_iter()
        .chain(parsed.ca.into_iter().flatten());
    let (mut own, mut all) = (Vec::new(), Vec::new());
    for certificate in certificates {
        let der = certificate.to_der().map_err(unusable)?;
        // A kind of key that OpenSSL does not know is not ours.
        if certificate
            .public_key()
            .is_ok_and(|public| public.public_eq(&key))
        {
            own.push(der.clone());
        }
        all.push(der);
    }
    if own.is_empty() {
        return Err(invalid(if all.is_empty() {
            "the PKCS#12 file holds no certificate: export certificate and key together"
        } else {
            "no certificate of the PKCS#12 file belongs to its private key: export certificate and \
             key together"
        }));
    }
    let key = key.private_key_to_pkcs8().map_err(unusable)?;
    Identity::from_unordered_der(&own, &all, key, KeyFormat::Pkcs8)
}

/// How many keys there are outside of what is encrypted as a whole, which is where the keys are:
/// OpenSSL itself takes the first and says nothing of the others.
fn visible_keys(file: &[u8]) -> usize {
    // 1.2.840.113549.1.12.10.1, and 1 for a plain key or 2 for one that is encrypted by itself.
    const KEY: [u8; 12] = [6, 11, 42, 134, 72, 134, 247, 13, 1, 12, 10, 1];
    let found = file.windows(KEY.len() + 1);
    found
        .filter(|window| window.starts_with(&KEY) && matches!(window[KEY.len()], 1 | 2))
        .count()
}

/// OpenSSL's C strings end at the first zero.
fn check_password(password: &str) -> Result<()> {
    if password.contains('\0') {
        return Err(invalid("the password has a zero byte in it"));
    }
    Ok(())
}

fn unreadable(password: &str, error: &ErrorStack) -> Error {
    let has = |reason| {
        let errors = error.errors().iter();
        errors
            .filter(|error| error.library_code() == LIB_PKCS12)
            .any(|error| error.reason_code() == reason)
    };
    let message = if has(MAC_ABSENT) {
        "the PKCS#12 file has no checksum, and this OpenSSL wants one: export it with a checksum, \
         or read it with `Identity::from_pkcs12` (feature `pkcs12`)"
    } else if has(MAC_VERIFY_FAILURE) && password.is_empty() {
        "the PKCS#12 file has a password, and none was given"
    } else if has(MAC_VERIFY_FAILURE) {
        "the password of the PKCS#12 file is wrong"
    } else if is_unsupported(error) {
        "the PKCS#12 file is encrypted in a way that this OpenSSL does not know: where it is an old \
         one, OpenSSL's legacy provider must be installed; or convert it with `openssl pkcs12 \
         -legacy -in FILE -nodes -out FILE.pem`"
    } else {
        "the PKCS#12 file can't be decrypted: it is damaged, or its password is wrong"
    };
    explained(message, error)
}

/// Whether an algorithm is missing, which the legacy provider may have.
fn is_unsupported(error: &ErrorStack) -> bool {
    let errors = error.errors();
    errors.iter().any(|error| {
        // `ERR_R_UNSUPPORTED`, of OpenSSL 3 whatever the library.
        let reason = error.reason().unwrap_or_default();
        reason.contains("unsupported") || reason.contains("unknown pbe algorithm")
    })
}

fn unusable(error: ErrorStack) -> Error {
    explained(
        "OpenSSL can't use the certificate or its private key",
        &error,
    )
}

fn explained(message: &str, error: &ErrorStack) -> Error {
    invalid(message).with_source(Explained::stack(error))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Identity, message)
}
