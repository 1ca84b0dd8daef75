//! A TLS stack that is right, and can be loosened: another configuration of rustls than it should
//! be, or another reading of what comes out of it.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use backend_conformance::Environment;
use backend_tokio::TokioRuntime;
use futures_util::{AsyncRead, AsyncWrite};
use push_core::{
    Certificate, Compose, Connection, Error, ErrorKind, Identity, KeyFormat, Result, Roots,
    Security, Target, Tls, async_trait,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
    ServerName, UnixTime,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore,
    SignatureScheme, SupportedProtocolVersion,
};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

use crate::harness;

/// What can be loosened; without a change all of it is right.
pub trait Loosen: Send + Sync + 'static {
    fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        rustls::ALL_VERSIONS
    }

    /// Changes the finished configuration.
    fn configure(&self, _config: &mut ClientConfig, _target: &Target) {}

    /// Whether to take a server all the same.
    fn forgives(&self, _fault: &CertificateError, _server: &Shown<'_>) -> bool {
        false
    }

    /// Whether to refuse a server that is as it should be.
    fn dislikes(&self, _server: &Shown<'_>) -> bool {
        false
    }

    /// Whether to believe a signature of this version's handshake without a look.
    fn believes(&self, _version: ProtocolVersion) -> bool {
        false
    }

    /// Under which key to keep a configuration for good.
    fn kept_as(&self, _target: &Target, _certificate: Option<&[u8]>) -> Option<String> {
        None
    }

    /// Changes the stream below TLS.
    fn transport(&self, stream: Box<dyn Connection>) -> Box<dyn Connection> {
        stream
    }

    /// Which name to verify.
    fn name(&self, target: &Target) -> String {
        match &target.security {
            Security::Tls {
                server_name: Some(name),
                ..
            } => name.clone(),
            _ => target.host.to_string(),
        }
    }

    /// The certificates that the client shows.
    fn shown(&self, chain: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
        chain
    }

    /// What a certificate tells of its chain.
    fn told(&self, chain: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        chain
    }

    /// The `Debug` of a certificate.
    fn debug(&self, _key: &[u8]) -> String {
        "LooseCertificate".to_owned()
    }

    /// What to do about a certificate of nobody's.
    fn foreign(&self) -> Result<()> {
        Err(Error::new(ErrorKind::ForeignCertificate, "not mine"))
    }

    /// A read of the open connection.
    fn read(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        as_it_should(Pin::new(stream).poll_read(cx, buf))
    }

    /// What to tell about ALPN.
    fn alpn(&self, stream: &Stream) -> Option<Vec<u8>> {
        connection_of(stream).alpn_protocol().map(<[u8]>::to_vec)
    }
}

pub type Stream = Compat<TlsStream<Compat<Box<dyn Connection>>>>;

pub fn connection_of(stream: &Stream) -> &rustls::ClientConnection {
    stream.get_ref().get_ref().1
}

/// What a server showed.
#[derive(Debug)]
pub struct Shown<'a> {
    pub leaf: &'a [u8],
    pub chain: &'a [CertificateDer<'a>],
    pub name: String,
}

/// How the connections of `tls-rustls` read: no farewell is needed, and refusals are told.
pub fn as_it_should(poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
    match poll {
        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Poll::Ready(Ok(0))
        }
        Poll::Ready(Err(error)) => {
            let text = error.to_string();
            let refused = ["CertificateRequired", "UnknownCA"];
            if refused.iter().any(|alert| text.contains(alert)) {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::PermissionDenied, text)))
            } else {
                Poll::Ready(Err(error))
            }
        }
        other => other,
    }
}

/// tokio with this stack.
pub fn loose(loosen: impl Loosen) -> Environment {
    harness::environment(|runtime| over(runtime, loosen))
}

pub fn over(runtime: TokioRuntime, loosen: impl Loosen) -> Compose<TokioRuntime, Loose> {
    let loose = Loose {
        loosen: Arc::new(loosen),
        provider: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
        kept: Mutex::default(),
    };
    Compose::new(runtime, loose)
}

pub struct Loose {
    loosen: Arc<dyn Loosen>,
    provider: Arc<CryptoProvider>,
    kept: Mutex<Vec<(String, Arc<ClientConfig>)>>,
}

impl fmt::Debug for Loose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loose")
    }
}

struct LooseCertificate {
    told: Vec<Vec<u8>>,
    key: Arc<CertifiedKey>,
    debug: String,
}

impl Certificate for LooseCertificate {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.told
    }
}

impl fmt::Debug for LooseCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug)
    }
}

impl Loose {
    fn config(&self, target: &Target, certificate: Option<&LooseCertificate>) -> Arc<ClientConfig> {
        let leaf = certificate.map(|certificate| certificate.told[0].as_slice());
        let Some(key) = self.loosen.kept_as(target, leaf) else {
            return Arc::new(self.make(target, certificate));
        };
        let mut kept = self.kept.lock().unwrap();
        if let Some((_, config)) = kept.iter().find(|(known, _)| *known == key) {
            return config.clone();
        }
        let config = Arc::new(self.make(target, certificate));
        kept.push((key, config.clone()));
        config
    }

    fn make(&self, target: &Target, certificate: Option<&LooseCertificate>) -> ClientConfig {
        let Security::Tls { alpn, roots, .. } = &target.security else {
            unreachable!("plain targets have no handshake");
        };
        let verifier = Verifier {
            inner: verifier(roots, &self.provider),
            loosen: self.loosen.clone(),
        };
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(self.loosen.versions())
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match certificate {
            Some(certificate) => {
                let resolver: Arc<dyn ResolvesClientCert> =
                    Arc::new(SingleCertAndKey::from(certificate.key.clone()));
                builder.with_client_cert_resolver(resolver)
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols.clone_from(alpn);
        self.loosen.configure(&mut config, target);
        config
    }
}

fn verifier(roots: &Roots, provider: &Arc<CryptoProvider>) -> Option<Arc<WebPkiServerVerifier>> {
    let mut store = RootCertStore::empty();
    // None of the servers of the suite is known to any system.
    for der in roots.as_der()? {
        store.add(CertificateDer::from(der.as_slice())).unwrap();
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone());
    builder.build().ok()
}

#[async_trait]
impl Tls for Loose {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        let der = identity.key_der().to_vec();
        let key = match identity.key_format() {
            KeyFormat::Pkcs8 => PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der)),
            KeyFormat::Sec1 => PrivateKeyDer::from(PrivateSec1KeyDer::from(der)),
            _ => PrivateKeyDer::from(PrivatePkcs1KeyDer::from(der)),
        };
        let chain = identity.chain_der().to_vec();
        let certificates = chain.iter().cloned().map(CertificateDer::from).collect();
        let key = CertifiedKey::from_der(certificates, key, &self.provider)
            .map_err(|error| Error::new(ErrorKind::Identity, error.to_string()))?;
        let shown = self.loosen.shown(key.cert.clone());
        Ok(Arc::new(LooseCertificate {
            told: self.loosen.told(chain),
            key: Arc::new(CertifiedKey::new(shown, key.key)),
            debug: self.loosen.debug(identity.key_der()),
        }))
    }

    async fn handshake(
        &self,
        stream: Box<dyn Connection>,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let own = certificate.and_then(|certificate| {
            let any: &dyn Any = certificate;
            any.downcast_ref::<LooseCertificate>()
        });
        if certificate.is_some() && own.is_none() {
            self.loosen.foreign()?;
        }
        let config = self.config(target, own);
        let name = ServerName::try_from(self.loosen.name(target)).unwrap();
        let peer = stream.peer_addr();
        let stream = self.loosen.transport(stream);
        let connected = TlsConnector::from(config).connect(name, stream.compat());
        let stream = connected.await.map_err(failed)?.compat();
        Ok(Box::new(LooseConnection {
            alpn: self.loosen.alpn(&stream),
            loosen: self.loosen.clone(),
            peer,
            stream,
            broken: false,
        }))
    }
}

fn failed(error: io::Error) -> Error {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    let kind = match cause {
        None => ErrorKind::Connect,
        Some(rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol)) => {
            ErrorKind::Protocol
        }
        Some(_) => ErrorKind::Tls,
    };
    Error::new(kind, "the handshake failed").with_source(error)
}

struct LooseConnection {
    stream: Stream,
    loosen: Arc<dyn Loosen>,
    alpn: Option<Vec<u8>>,
    peer: Option<SocketAddr>,
    broken: bool,
}

impl fmt::Debug for LooseConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LooseConnection")
    }
}

impl Connection for LooseConnection {
    fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }
}

impl AsyncRead for LooseConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let poll = this.loosen.read(&mut this.stream, cx, buf);
        this.broken = matches!(poll, Poll::Ready(Err(_)));
        poll
    }
}

impl AsyncWrite for LooseConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

/// Verifies as it should, and then asks what is loose.
struct Verifier {
    /// `None`: the system's roots, which trust no server of the suite.
    inner: Option<Arc<WebPkiServerVerifier>>,
    loosen: Arc<dyn Loosen>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Shown {
            leaf,
            chain,
            name: name.to_str().into_owned(),
        };
        let outcome = match &self.inner {
            Some(inner) => inner.verify_server_cert(leaf, chain, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        match outcome {
            Ok(_) if self.loosen.dislikes(&shown) => Err(CertificateError::UnknownIssuer.into()),
            Err(rustls::Error::InvalidCertificate(fault))
                if self.loosen.forgives(&fault, &shown) =>
            {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.loosen.believes(ProtocolVersion::TLSv1_2) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = algorithms();
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.loosen.believes(ProtocolVersion::TLSv1_3) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = algorithms();
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        algorithms().supported_schemes()
    }
}

fn algorithms() -> rustls::crypto::WebPkiSupportedAlgorithms {
    rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms
}
