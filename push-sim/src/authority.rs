//! A certificate authority for tests, and what it issues.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use crate::topics::{self, Topic};
use crate::{Error, Result};

/// `userId` (RFC 4519), which holds the bundle identifier.
const USER_ID: [u64; 7] = [0, 9, 2342, 19_200_300, 100, 1, 1];

/// A certificate authority that lives in memory.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority of that common name.
    ///
    /// # Errors
    /// The name or the key can't be made.
    pub fn new(name: &str) -> Result<Self> {
        let failed = failed("the authority's certificate");
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = validity(false);
        let key = KeyPair::generate().map_err(&failed)?;
        let certificate = params.self_signed(&key).map_err(&failed)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
        })
    }

    /// The authority's own certificate in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// The authority's own certificate in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// Issues a certificate for a server.
    ///
    /// # Errors
    /// A name is none, or a key can't be made.
    pub fn issue_server(&self, profile: &ServerProfile) -> Result<Issued> {
        let failed = failed("a server's certificate");
        let mut params = CertificateParams::new(profile.names.clone()).map_err(&failed)?;
        params.distinguished_name = DistinguishedName::new();
        let name = profile.names.first().map_or("server", String::as_str);
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = validity(profile.expired);
        self.issue(params, profile.rsa)
    }

    /// Issues a certificate for a provider, as Apple does.
    ///
    /// # Errors
    /// A key can't be made.
    pub fn issue_client(&self, profile: &ClientProfile) -> Result<Issued> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let name = &mut params.distinguished_name;
        name.push(
            DnType::CustomDnType(USER_ID.to_vec()),
            profile.bundle_id.as_str(),
        );
        name.push(DnType::CommonName, profile.bundle_id.as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        for (on, oid) in [
            (profile.development, topics::DEVELOPMENT),
            (profile.production, topics::PRODUCTION),
        ] {
            if on {
                let null = vec![5, 0];
                let extension = CustomExtension::from_oid_content(&oid, null);
                params.custom_extensions.push(extension);
            }
        }
        if !profile.topics.is_empty() {
            let content = topics::encode(&profile.topics);
            let extension = CustomExtension::from_oid_content(&topics::TOPICS, content);
            params.custom_extensions.push(extension);
        }
        (params.not_before, params.not_after) = validity(profile.expired);
        self.issue(params, profile.rsa)
    }

    fn issue(&self, mut params: CertificateParams, rsa: bool) -> Result<Issued> {
        let failed = failed("a certificate");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = if rsa {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
            KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).map_err(&failed)?
        } else {
            KeyPair::generate().map_err(&failed)?
        };
        let certificate = params.signed_by(&key, &self.issuer).map_err(&failed)?;
        Ok(Issued { certificate, key })
    }
}

fn failed(what: &'static str) -> impl Fn(rcgen::Error) -> Error {
    move |error| Error::Certificate {
        what,
        reason: error.to_string(),
    }
}

/// From yesterday for a year, or only the day before yesterday.
fn validity(expired: bool) -> (OffsetDateTime, OffsetDateTime) {
    let now = OffsetDateTime::now_utc();
    if expired {
        (now - Duration::days(3), now - Duration::days(2))
    } else {
        (now - Duration::days(1), now + Duration::days(365))
    }
}

/// What a server's certificate says.
#[derive(Debug, Clone)]
pub struct ServerProfile {
    names: Vec<String>,
    expired: bool,
    rsa: bool,
}

impl ServerProfile {
    /// A certificate for these host names and addresses.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
            expired: false,
            rsa: false,
        }
    }

    /// Lets the certificate be expired.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// Takes an RSA key instead of an EC one.
    #[must_use]
    pub fn rsa(mut self) -> Self {
        self.rsa = true;
        self
    }
}

/// Loopback by name and address, the names of the real services, and any below `push.example`.
impl Default for ServerProfile {
    fn default() -> Self {
        Self::new([
            "localhost",
            "127.0.0.1",
            "::1",
            "api.push.apple.com",
            "api.sandbox.push.apple.com",
            "api.development.push.apple.com",
            "gateway.push.apple.com",
            "gateway.sandbox.push.apple.com",
            "feedback.push.apple.com",
            "feedback.sandbox.push.apple.com",
            "fcm.googleapis.com",
            "iid.googleapis.com",
            "oauth2.googleapis.com",
            "sts.googleapis.com",
            "iamcredentials.googleapis.com",
            "www.googleapis.com",
            "metadata.google.internal",
            "android.googleapis.com",
            "gcm-http.googleapis.com",
            "login.live.com",
            "login.microsoftonline.com",
            "notify.windows.com",
            "*.notify.windows.com",
            "updates.push.services.mozilla.com",
            "*.push.services.mozilla.com",
            "web.push.apple.com",
            "push.example",
            "*.push.example",
        ])
    }
}

/// What a provider's certificate says.
#[derive(Debug, Clone)]
pub struct ClientProfile {
    bundle_id: String,
    topics: Vec<Topic>,
    development: bool,
    production: bool,
    expired: bool,
    rsa: bool,
}

impl ClientProfile {
    /// A universal certificate of an app: for both environments, and for the
    /// topics of all push types that a certificate can serve.
    #[must_use]
    pub fn new(bundle_id: impl Into<String>) -> Self {
        let bundle_id = bundle_id.into();
        Self {
            topics: topics::of_app(&bundle_id),
            bundle_id,
            development: true,
            production: true,
            expired: false,
            rsa: false,
        }
    }

    /// Names no topics but the bundle identifier, as older certificates do.
    #[must_use]
    pub fn single_topic(mut self) -> Self {
        self.topics.clear();
        self
    }

    /// Leaves the production environment out.
    #[must_use]
    pub fn development_only(mut self) -> Self {
        self.production = false;
        self
    }

    /// Leaves the development environment out.
    #[must_use]
    pub fn production_only(mut self) -> Self {
        self.development = false;
        self
    }

    /// Lets the certificate be expired.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// Takes an RSA key instead of an EC one.
    #[must_use]
    pub fn rsa(mut self) -> Self {
        self.rsa = true;
        self
    }
}

/// The app that all examples use, `com.example.app`.
impl Default for ClientProfile {
    fn default() -> Self {
        Self::new("com.example.app")
    }
}

/// A certificate and its key.
pub struct Issued {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// Without the key.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

impl Issued {
    /// The certificate in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// The certificate in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// The key in PEM, as PKCS#8.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The key in DER, as PKCS#8.
    #[must_use]
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    /// Certificate and key in one PEM text.
    #[must_use]
    pub fn pem(&self) -> String {
        self.certificate_pem() + &self.key_pem()
    }

    /// Certificate, key and the authority's certificate as PKCS#12, in the form
    /// that today's OpenSSL writes (PBES2, AES-256, SHA-256).
    ///
    /// # Errors
    /// The file can't be made.
    pub fn pkcs12(&self, authority: &Authority, password: &str) -> Result<Vec<u8>> {
        use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
        /// As many as OpenSSL takes.
        const ITERATIONS: u32 = 2048;

        let write = || {
            let key = PrivateKey::from_der(self.key.serialized_der())?;
            let chain = [self.certificate_der(), authority.certificate_der()]
                .into_iter()
                .map(|der| Certificate::from_der(der))
                .collect::<Result<Vec<_>, _>>()?;
            let mut store = KeyStore::new();
            let chain = PrivateKeyChain::new(b"anypush".to_vec(), key, chain);
            store.add_entry("anypush", KeyStoreEntry::PrivateKeyChain(chain));
            store
                .writer(password)
                .encryption_iterations(ITERATIONS)
                .mac_iterations(ITERATIONS)
                .write()
        };
        write().map_err(|error: p12_keystore::error::Error| Error::Certificate {
            what: "the PKCS#12 file",
            reason: error.to_string(),
        })
    }
}
