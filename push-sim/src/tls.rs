//! The TLS that every service's port speaks.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore,
    ServerConfig, SignatureScheme,
};

use crate::fault::Rejection;
use crate::{Error, Files, Result};

/// What a port is configured with, and what it takes to do otherwise.
#[derive(Debug)]
pub(crate) struct Tls {
    /// TLS 1.2 and 1.3; a client's certificate is asked for, required only on demand, and must come
    /// from the simulator's authority.
    pub(crate) config: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
}

impl Tls {
    /// For what `alpn` names, in order of preference.
    pub(crate) fn new(files: &Files, alpn: &[&str]) -> Result<Self> {
        let mut tls = Self::build(files, false)?;
        let config = Arc::make_mut(&mut tls.config);
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(tls)
    }

    /// For services from before TLS 1.3 and ALPN.
    pub(crate) fn old(
        files: &Files,
        require_certificate: bool,
        session_tickets: usize,
    ) -> Result<Self> {
        let mut tls = Self::build(files, require_certificate)?;
        Arc::make_mut(&mut tls.config).send_tls13_tickets = session_tickets;
        Ok(tls)
    }

    fn build(files: &Files, require_certificate: bool) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots
            .add(files.authority().certificate_der().clone())
            .map_err(|error| failed(&error))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        if !require_certificate {
            verifier = verifier.allow_unauthenticated();
        }
        let verifier = verifier.build().map_err(|error| failed(&error))?;
        let chain = vec![files.server().certificate_der().clone()];
        let key = files.server().key_der();
        let config = config(Arc::clone(&verifier), chain.clone(), key.clone_key())?;
        Ok(Self {
            config: Arc::new(config),
            verifier,
            chain,
            key,
        })
    }

    /// The same, except that it takes no client's certificate. No session is resumed with it.
    pub(crate) fn rejecting(&self, rejection: Rejection) -> Result<Arc<ServerConfig>> {
        let verifier = Rejecting {
            inner: Arc::clone(&self.verifier),
            rejection,
        };
        let key = self.key.clone_key();
        let mut config = config(Arc::new(verifier), self.chain.clone(), key)?;
        config.alpn_protocols = self.config.alpn_protocols.clone();
        Ok(Arc::new(config))
    }
}

fn config(
    verifier: Arc<dyn ClientCertVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
) -> Result<ServerConfig> {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Certificate {
        what: "the server's TLS configuration",
        reason: error.to_string(),
    }
}

/// Demands a certificate, and takes none.
#[derive(Debug)]
struct Rejecting {
    inner: Arc<dyn ClientCertVerifier>,
    rejection: Rejection,
}

impl ClientCertVerifier for Rejecting {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let on_command = || OtherError(Arc::new(Refused));
        // rustls chooses the alert by the error.
        Err(rustls::Error::InvalidCertificate(match self.rejection {
            Rejection::Bad => CertificateError::BadEncoding,
            Rejection::Revoked => CertificateError::Revoked,
            Rejection::Expired => CertificateError::Expired,
            Rejection::UnknownCa => CertificateError::UnknownIssuer,
            Rejection::Denied => CertificateError::ApplicationVerificationFailure,
            Rejection::Unknown | Rejection::Required => CertificateError::Other(on_command()),
        }))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the certificate was refused on command")]
struct Refused;
