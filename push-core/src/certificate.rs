use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Reader, SliceReader, Tag, Tagged};
use x509_cert::{Certificate as X509, der};

use crate::{Certificate, Error, ErrorKind, Result};

/// What the core reads from a certificate, once for all backends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// Identifies the certificate: SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// When it begins to be valid.
    pub not_before: SystemTime,
    /// When it ceases to be valid.
    pub not_after: SystemTime,
    /// The APNs topics it may push to: the subject's UID first, then those of Apple's extension
    /// 1.2.840.113635.100.6.3.6. Empty for certificates that Apple did not make for pushing.
    pub topics: Vec<String>,
}

/// The SHA-256 digest of a certificate's DER: equal for equal certificates, however they were
/// loaded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// UID in a subject, RFC 4519: Apple puts the bundle identifier there.
const USER_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1");
/// Apple's extension that lists the topics of a certificate.
const TOPICS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.6.3.6");

impl CertificateInfo {
    /// Reads the client's own certificate of a loaded chain.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the chain is empty or its first certificate is not X.509.
    pub fn of(certificate: &dyn Certificate) -> Result<Self> {
        let leaf = certificate
            .chain_der()
            .first()
            .ok_or_else(|| Error::new(ErrorKind::Identity, "the certificate's chain is empty"))?;
        Self::from_der(leaf)
    }

    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is not X.509.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let certificate = X509::from_der(der).map_err(|error| {
            Error::new(ErrorKind::Identity, "the certificate is not valid X.509").with_source(error)
        })?;
        let tbs = &certificate.tbs_certificate;
        let time = |time: x509_cert::time::Time| UNIX_EPOCH + time.to_unix_duration();
        Ok(Self {
            fingerprint: Fingerprint(Sha256::digest(der).into()),
            not_before: time(tbs.validity.not_before),
            not_after: time(tbs.validity.not_after),
            topics: topics(tbs),
        })
    }
}

fn topics(tbs: &x509_cert::TbsCertificate) -> Vec<String> {
    let subject = tbs.subject.0.iter().flat_map(|set| set.0.iter());
    let mut topics: Vec<String> = subject
        .filter(|attribute| attribute.oid == USER_ID)
        .filter_map(|attribute| std::str::from_utf8(attribute.value.value()).ok())
        .map(str::to_owned)
        .collect();
    let extensions = tbs.extensions.iter().flatten();
    for extension in extensions.filter(|extension| extension.extn_id == TOPICS) {
        // What can't be read gives no topics: the service has the last word.
        for topic in extension_topics(extension.extn_value.as_bytes()).unwrap_or_default() {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
    }
    topics
}

/// `SEQUENCE { UTF8String topic, SEQUENCE OF UTF8String kinds, … }`, the topics alone.
fn extension_topics(der: &[u8]) -> der::Result<Vec<String>> {
    let mut outer = SliceReader::new(der)?;
    let mut topics = Vec::new();
    outer.sequence(|inner| {
        while !inner.is_finished() {
            let item = der::AnyRef::decode(inner)?;
            if item.tag() == Tag::Utf8String {
                topics.push(String::from_utf8_lossy(item.value()).into_owned());
            }
        }
        Ok(())
    })?;
    Ok(topics)
}

impl Fingerprint {
    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
