use std::fmt;
use std::path::Path;
use std::sync::Arc;

use push_core::sign::Es256Key;
use push_core::{Error, ErrorKind, Result};

use crate::base64;

/// The key by which push services know a sender (RFC 8292): a key pair on P-256.
///
/// Pages subscribe with its public part, the [`application_server_key`](VapidKey::application_server_key),
/// and only who has the private part can send to those subscriptions: another key needs another
/// subscription in every browser. Cloning copies a pointer.
///
/// ```
/// # use push_web::VapidKey;
/// let key = VapidKey::generate()?;
/// // For `PushManager.subscribe({ applicationServerKey: … })`.
/// assert_eq!(key.application_server_key().len(), 87);
/// // To be kept.
/// let same = VapidKey::from_pem(key.to_pem()?)?;
/// assert_eq!(same.public_key(), key.public_key());
/// # Ok::<_, push_core::Error>(())
/// ```
#[derive(Clone)]
pub struct VapidKey {
    key: Es256Key,
    public: Arc<str>,
}

impl VapidKey {
    /// The shortest private number that is taken, in bytes. Some programs leave out the zeros in front; a
    /// number with so many of them is something else, an authentication secret for example.
    const SHORTEST: usize = 24;

    /// A new key.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the cryptographic library refuses.
    pub fn generate() -> Result<Self> {
        Es256Key::generate().map(Self::of)
    }

    /// Reads a key in PEM: PKCS#8, as `vapid --gen` and `openssl genpkey` write it, or SEC1, as
    /// `openssl ecparam -genkey` does.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is no PEM, or no P-256 key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        Es256Key::from_pem(pem).map(Self::of)
    }

    /// Reads a key from a file of PEM.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem), and when the file can't be read.
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let pem = std::fs::read(path).map_err(|error| {
            let message = format!("the VAPID key in {} can't be read", path.display());
            Error::new(ErrorKind::Identity, message).with_source(error)
        })?;
        Self::from_pem(pem).map_err(|error| {
            let message = format!("the VAPID key in {} can't be used", path.display());
            Error::new(ErrorKind::Identity, message).with_source(error)
        })
    }

    /// Reads a key in DER: PKCS#8 or SEC1.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is no P-256 key.
    pub fn from_der(der: impl AsRef<[u8]>) -> Result<Self> {
        Es256Key::from_der(der).map(Self::of)
    }

    /// Reads the private number of 32 bytes in base64, as `web-push generate-vapid-keys` gives it; the URL's
    /// alphabet or the plain one, with padding or without. Zeros that are missing in front are put back,
    /// up to eight. DER in base64 and PEM are taken too, as pywebpush takes them.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is none of these.
    pub fn from_base64url(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.contains("-----BEGIN") {
            return Self::from_pem(text);
        }
        let bytes = base64::decode(text).ok_or_else(|| {
            identity(
                "the VAPID key is no base64: expected its private number of 32 bytes alone, DER, or PEM",
            )
        })?;
        let number = match bytes.strip_prefix(&[0]) {
            // Some programs put a zero in front, to say that the number is positive.
            Some(rest) if bytes.len() == 33 => rest,
            _ => &bytes,
        };
        match number.len() {
            Self::SHORTEST..=32 => {
                let mut scalar = [0; 32];
                scalar[32 - number.len()..].copy_from_slice(number);
                let key = Es256Key::from_scalar(&scalar).map_err(|error| {
                    identity("the VAPID key is no private number on P-256").with_source(error)
                })?;
                Ok(Self::of(key))
            }
            65 if number[0] == 4 => Err(identity(
                "what was given as the VAPID key is the public one: expected the private one",
            )),
            67.. => Self::from_der(number),
            length => Err(identity(format!(
                "the VAPID key has {length} bytes: expected its private number of 32 bytes, DER, or PEM"
            ))),
        }
    }

    fn of(key: Es256Key) -> Self {
        Self {
            public: base64::encode(key.public_key()).into(),
            key,
        }
    }

    /// The public key, an uncompressed point of 65 bytes.
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key()
    }

    /// The public key in base64url: what pages subscribe with.
    pub fn application_server_key(&self) -> String {
        self.public.to_string()
    }

    /// As [`application_server_key`](Self::application_server_key), without a copy.
    pub(super) fn public_text(&self) -> &Arc<str> {
        &self.public
    }

    /// The key in PEM, as PKCS#8: a secret.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the cryptographic library refuses, which it does not for a key
    /// that it has read.
    pub fn to_pem(&self) -> Result<String> {
        self.key.to_pkcs8_pem()
    }

    pub(super) fn sign_jwt(&self, header: &[u8], claims: &[u8]) -> Result<String> {
        self.key.sign_jwt(header, claims)
    }
}

fn identity(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Identity, message)
}

impl PartialEq for VapidKey {
    fn eq(&self, other: &Self) -> bool {
        self.public_key() == other.public_key()
    }
}

impl Eq for VapidKey {}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VapidKey(…)")
    }
}
