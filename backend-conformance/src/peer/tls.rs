use std::io;
use std::sync::Arc;

use push_core::Roots;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, HandshakeKind,
    ProtocolVersion, ServerConfig, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};

use super::authority::{Authority, Leaf, ServerIdentity};
use super::hello::ClientHello;
use super::socket::{Cut, Socket};
use super::state::Handshake;
use super::stream::Stream;

/// Which versions of TLS a peer speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// Both.
    #[default]
    Both,
    /// TLS 1.2 alone.
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

/// What a peer does about client certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// It asks for none.
    #[default]
    Ignored,
    /// It asks, takes any, and does without.
    Optional,
    /// It asks, takes any, and ends the handshake without one.
    Required,
    /// It asks, and takes none that is shown: their issuer is not known to it.
    Refused,
}

/// How a peer speaks TLS.
#[derive(Clone, Debug)]
#[must_use]
pub struct TlsSettings {
    pub(super) roots: Roots,
    identity: ServerIdentity,
    versions: Versions,
    alpn: Vec<Vec<u8>>,
    client_certificates: ClientCertificates,
    tickets: usize,
    cut: Option<(usize, Cut)>,
}

impl TlsSettings {
    /// Both versions, with a certificate of this authority for `localhost`, `127.0.0.1` and `::1`;
    /// ALPN is ignored, no client certificate is asked for, two session tickets are sent.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn new(authority: &Authority) -> Self {
        Self {
            roots: authority.roots(),
            identity: authority.server(&Leaf::default()),
            versions: Versions::Both,
            alpn: Vec::new(),
            client_certificates: ClientCertificates::Ignored,
            tickets: 2,
            cut: None,
        }
    }

    /// Another certificate; targets keep the roots of the authority.
    pub fn identity(mut self, identity: ServerIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// The versions of TLS.
    pub fn versions(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }

    /// The protocols of ALPN, the preferred one first; a client that offers none of them is refused.
    /// None at all: the extension is ignored.
    pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// What to do about client certificates.
    pub fn client_certificates(mut self, what: ClientCertificates) -> Self {
        self.client_certificates = what;
        self
    }

    /// How many session tickets to send after a handshake of TLS 1.3.
    pub fn tickets(mut self, count: usize) -> Self {
        self.tickets = count;
        self
    }

    /// Breaks off after so many bytes of its handshake.
    pub fn cut_after(mut self, bytes: usize, how: Cut) -> Self {
        self.cut = Some((bytes, how));
        self
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = Arc::new(Verifier {
            what: self.client_certificates,
            algorithms: provider.signature_verification_algorithms,
        });
        let key = provider
            .key_provider
            .load_private_key(self.identity.key.clone_key())
            .expect("the provider knows keys of this kind");
        // Certificate and key as they are given: whether they fit is for the client to see.
        let identity = CertifiedKey::new(self.identity.chain.clone(), key);
        let mut config = builder(provider, self.versions)
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
        config.alpn_protocols.clone_from(&self.alpn);
        config.send_tls13_tickets = self.tickets;
        Arc::new(config)
    }

    pub(super) fn cut(&self) -> Option<(usize, Cut)> {
        self.cut
    }
}

fn builder(
    provider: Arc<CryptoProvider>,
    versions: Versions,
) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let both: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];
    let chosen = match versions {
        Versions::Both => &both[..],
        Versions::Tls13 => &both[..1],
        Versions::Tls12 => &both[1..],
    };
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(chosen)
        .expect("the provider knows both versions")
}

/// Makes the server's side of the handshake, and tells what it came to.
pub(super) fn accept(
    stream: &mut Stream,
    config: &Arc<ServerConfig>,
    cut: Option<(usize, Cut)>,
) -> (Handshake, io::Result<()>) {
    let mut handshake = Handshake::default();
    let outcome = shake_hands(stream, config, cut, &mut handshake);
    match &outcome {
        Ok(()) => handshake.completed = true,
        Err(error) => handshake.failure = Some(error.to_string()),
    }
    (handshake, outcome)
}

fn shake_hands(
    stream: &mut Stream,
    config: &Arc<ServerConfig>,
    cut: Option<(usize, Cut)>,
    handshake: &mut Handshake,
) -> io::Result<()> {
    let socket = stream.socket_mut();
    let (hello, raw) = ClientHello::read(socket)?;
    handshake.hello = hello;
    socket.unread(raw);
    socket.cut_after(cut);
    let mut tls = Box::new(ServerConnection::new(config.clone()).map_err(io::Error::other)?);
    while tls.is_handshaking() {
        let done = tls.complete_io(socket);
        handshake.note(&tls);
        if done.is_err() {
            // The alert, behind what was to be sent before it.
            let _ = write_all(&mut tls, socket);
        }
        if let (0, 0) = done? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    // The tickets of TLS 1.3.
    write_all(&mut tls, socket)?;
    stream.encrypt(tls);
    Ok(())
}

/// Writes whatever TLS has to say.
pub(super) fn write_all(tls: &mut ServerConnection, socket: &mut Socket) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(socket)?;
    }
    Ok(())
}

impl Handshake {
    fn note(&mut self, tls: &ServerConnection) {
        self.tls13 = tls.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        self.resumed = tls.handshake_kind() == Some(HandshakeKind::Resumed);
        self.alpn = tls.alpn_protocol().map(<[u8]>::to_vec);
        let shown = tls.peer_certificates().unwrap_or_default();
        self.client_chain = shown.iter().map(|der| der.to_vec()).collect();
    }
}

/// Takes any client certificate, or none, and checks that the client holds its key.
#[derive(Debug)]
struct Verifier {
    what: ClientCertificates,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.what != ClientCertificates::Ignored
    }

    fn client_auth_mandatory(&self) -> bool {
        matches!(
            self.what,
            ClientCertificates::Required | ClientCertificates::Refused
        )
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.what {
            ClientCertificates::Refused => Err(CertificateError::UnknownIssuer.into()),
            _ => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
