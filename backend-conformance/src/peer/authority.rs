use std::fmt;
use std::time::SystemTime;

use push_core::{Identity, Roots};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use super::key::{KeyForm, pem};

/// A certificate authority that lives in memory, and issues what is asked of it.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    roots: Roots,
}

/// What a server's certificate says.
#[derive(Clone, Debug)]
pub struct Leaf {
    names: Vec<String>,
    common_name: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    intermediates: usize,
    padding: usize,
    purpose: ExtendedKeyUsagePurpose,
}

/// A server's certificate, its chain and its key.
pub struct ServerIdentity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Authority {
    /// A new authority, with a key of its own.
    ///
    /// # Panics
    /// When no key can be made.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let params = authority_params("anypush conformance root");
        let issuer = CertifiedIssuer::self_signed(params, new_key()).expect("a root can be made");
        let roots = Roots::from_pem(issuer.pem()).expect("the root is PEM");
        Self { issuer, roots }
    }

    /// This authority as the only root: equal at every call.
    pub fn roots(&self) -> Roots {
        self.roots.clone()
    }

    /// Issues a server's certificate.
    ///
    /// # Panics
    /// When a name of it is none.
    pub fn server(&self, leaf: &Leaf) -> ServerIdentity {
        let key = new_key();
        let mut above = Vec::new();
        for depth in 0..leaf.intermediates {
            above.push(self.intermediate(depth, above.last(), leaf.padding));
        }
        let issuer = above.last().unwrap_or(&self.issuer);
        let certificate = leaf
            .params()
            .signed_by(&key, issuer)
            .expect("a certificate can be issued");
        let chain = std::iter::once(certificate.der().clone())
            .chain(above.iter().rev().map(|issuer| issuer.der().clone()))
            .collect();
        ServerIdentity {
            chain,
            key: pkcs8(&key),
        }
    }

    /// Issues a server's certificate to a server that is no authority, and has that one issue another:
    /// a chain whose every signature is right.
    ///
    /// # Panics
    /// When a name of it is none.
    pub fn server_under_server(&self, leaf: &Leaf) -> ServerIdentity {
        let key = new_key();
        let mut params = leaf.params();
        params.is_ca = IsCa::ExplicitNoCa;
        let above = CertifiedIssuer::signed_by(params, new_key(), &self.issuer)
            .expect("a certificate can be issued");
        let certificate = leaf
            .clone()
            .common_name("anypush conformance usurper")
            .params()
            .signed_by(&key, &above)
            .expect("a server can sign");
        ServerIdentity {
            chain: vec![certificate.der().clone(), above.der().clone()],
            key: pkcs8(&key),
        }
    }

    /// A client's certificate with a P-256 key.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn client(&self) -> Identity {
        self.client_with(KeyForm::Pkcs8, 0)
    }

    /// A client's certificate with a key of this form, under so many intermediates, which are part of
    /// the identity's chain.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn client_with(&self, form: KeyForm, intermediates: usize) -> Identity {
        Identity::from_pem(self.client_pem(form, intermediates)).expect("the identity is PEM")
    }

    /// The same as PEM: the chain, the client's own certificate first, then the key.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn client_pem(&self, form: KeyForm, intermediates: usize) -> String {
        let key = form.generate();
        let mut above = Vec::new();
        for depth in 0..intermediates {
            above.push(self.intermediate(depth, above.last(), 0));
        }
        let mut params = plain_params("anypush conformance client");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params
            .signed_by(&key, above.last().unwrap_or(&self.issuer))
            .expect("a certificate can be issued");
        let mut text = certificate.pem();
        for issuer in above.iter().rev() {
            text.push_str(&issuer.pem());
        }
        text.push_str(&form.to_pem(&key));
        text
    }

    fn intermediate(
        &self,
        depth: usize,
        above: Option<&CertifiedIssuer<'static, KeyPair>>,
        padding: usize,
    ) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = authority_params(&format!("anypush conformance intermediate {depth}"));
        pad(&mut params, padding);
        params.use_authority_key_identifier_extension = true;
        CertifiedIssuer::signed_by(params, new_key(), above.unwrap_or(&self.issuer))
            .expect("an intermediate can be issued")
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Leaf {
    /// A certificate for these DNS names and addresses, valid from yesterday for a year.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            names: names.into_iter().map(Into::into).collect(),
            common_name: "anypush conformance peer".to_owned(),
            not_before: now - Duration::days(1),
            not_after: now + Duration::days(365),
            intermediates: 0,
            padding: 0,
            purpose: ExtendedKeyUsagePurpose::ServerAuth,
        }
    }

    /// Made for clients, and not for servers.
    #[must_use]
    pub fn for_clients(mut self) -> Self {
        self.purpose = ExtendedKeyUsagePurpose::ClientAuth;
        self
    }

    /// The common name of the subject, which is no name of the server (RFC 6125).
    #[must_use]
    pub fn common_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.common_name);
        self
    }

    /// Validity.
    #[must_use]
    pub fn valid(mut self, from: SystemTime, until: SystemTime) -> Self {
        (self.not_before, self.not_after) = (from.into(), until.into());
        self
    }

    /// Was valid until the day before yesterday.
    #[must_use]
    pub fn expired(mut self) -> Self {
        let now = OffsetDateTime::now_utc();
        (self.not_before, self.not_after) = (now - Duration::days(30), now - Duration::days(2));
        self
    }

    /// Will be valid from the day after tomorrow.
    #[must_use]
    pub fn not_yet_valid(mut self) -> Self {
        let now = OffsetDateTime::now_utc();
        (self.not_before, self.not_after) = (now + Duration::days(2), now + Duration::days(30));
        self
    }

    /// Under so many intermediates, all of which the server shows.
    #[must_use]
    pub fn intermediates(mut self, count: usize) -> Self {
        self.intermediates = count;
        self
    }

    /// With an extension of this size in every certificate, to make it large.
    #[must_use]
    pub fn padding(mut self, bytes: usize) -> Self {
        self.padding = bytes;
        self
    }

    /// The same certificate, issued by itself.
    ///
    /// # Panics
    /// When a name of it is none.
    pub fn self_signed(&self) -> ServerIdentity {
        let key = new_key();
        let certificate = self
            .params()
            .self_signed(&key)
            .expect("a certificate can sign itself");
        ServerIdentity {
            chain: vec![certificate.der().clone()],
            key: pkcs8(&key),
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params =
            CertificateParams::new(self.names.clone()).expect("names are DNS names or addresses");
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, self.common_name.as_str());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![self.purpose.clone()];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (self.not_before, self.not_after);
        pad(&mut params, self.padding);
        params
    }
}

impl Default for Leaf {
    /// For `localhost`, `127.0.0.1` and `::1`.
    fn default() -> Self {
        Self::new(["localhost", "127.0.0.1", "::1"])
    }
}

impl ServerIdentity {
    /// The server's own certificate in DER.
    pub fn leaf_der(&self) -> &[u8] {
        self.chain.first().map_or(&[], |leaf| leaf.as_ref())
    }

    /// The same certificates in the hands of a server that has another key.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn with_another_key(mut self) -> Self {
        self.key = pkcs8(&new_key());
        self
    }
}

impl Clone for ServerIdentity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// A certificate in PEM.
pub(crate) fn certificate_pem(der: &[u8]) -> String {
    pem("CERTIFICATE", der)
}

fn new_key() -> KeyPair {
    KeyForm::Pkcs8.generate()
}

fn pkcs8(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

fn plain_params(name: &str) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(365);
    params
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = plain_params(name);
    params.use_authority_key_identifier_extension = false;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// An extension that nobody knows and that is not critical.
fn pad(params: &mut CertificateParams, bytes: usize) {
    if bytes > 0 {
        let content = vec![0; bytes];
        let unknown = [1, 3, 6, 1, 4, 1, 99_999, 1];
        let extension = CustomExtension::from_oid_content(&unknown, content);
        params.custom_extensions.push(extension);
    }
}
