use std::io;
use std::sync::Arc;

use async_tls::TlsConnector;
use push_core::{
    Certificate, Connection, Error, ErrorKind, Identity, Result, Security, Target, Tls, async_trait,
};
use rustls::{AlertDescription, CertificateError, ServerName};

use crate::AsyncTlsCertificate;
use crate::config::Configs;
use crate::stream::{AsyncTlsConnection, Turns, about_certificate};

/// TLS 1.2 and 1.3 by async-tls, which is rustls 0.21 inside.
///
/// The protocol that was agreed by ALPN can't be read from it, so [`Connection::alpn`] is always
/// `None`, and only what a connection without ALPN speaks can be offered: a target that offers
/// `http/1.1` offers that and nothing else on the wire, and one that offers `h2` alone is
/// [`ErrorKind::Config`].
#[derive(Debug, Default)]
pub struct AsyncTls {
    configs: Configs,
}

impl AsyncTls {
    /// With the algorithms that rustls deems safe.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Tls for AsyncTls {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        Ok(Arc::new(AsyncTlsCertificate::load(identity)?))
    }

    async fn handshake(
        &self,
        stream: Box<dyn Connection>,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let Security::Tls {
            alpn,
            roots,
            server_name,
            ..
        } = &target.security
        else {
            return Ok(stream);
        };
        let certificate = certificate
            .map(|given| given.downcast::<AsyncTlsCertificate>())
            .transpose()?;
        let offer = offer(target, alpn)?;
        let name = server_name.as_deref().unwrap_or(&target.host);
        if ServerName::try_from(name).is_err() {
            let message =
                format!("the server's name is neither a DNS name nor an address: {name:?}");
            return Err(Error::new(ErrorKind::Config, message));
        }
        let config = self.configs.get(roots, offer, certificate)?;
        let peer = stream.peer_addr();
        let stream = TlsConnector::from(config)
            .connect(name, Turns::new(stream))
            .await
            .map_err(|error| handshake_failed(target, error))?;
        Ok(Box::new(AsyncTlsConnection::new(stream, peer)))
    }
}

/// What a connection speaks when nothing was agreed.
const HTTP_1_1: &[u8] = b"http/1.1";

/// What to offer of a target's list: only what is spoken also when nothing is agreed, since the
/// answer can't be read.
fn offer(target: &Target, alpn: &[Vec<u8>]) -> Result<Option<&'static [u8]>> {
    if alpn.is_empty() {
        return Ok(None);
    }
    if alpn.iter().any(|protocol| protocol == HTTP_1_1) {
        return Ok(Some(HTTP_1_1));
    }
    let names = alpn.iter().map(|name| String::from_utf8_lossy(name));
    let names = names.collect::<Vec<_>>().join(", ");
    let message = format!(
        "async-tls can't tell the protocol agreed with {target}, so it can't speak {names}: HTTP/2 \
         needs another TLS stack"
    );
    Err(Error::new(ErrorKind::Config, message))
}

fn handshake_failed(target: &Target, error: io::Error) -> Error {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    let (kind, what) = match cause {
        // The stream broke off: that can pass.
        None => (ErrorKind::Connect, "failed"),
        Some(rustls::Error::InvalidCertificate(fault)) => (ErrorKind::Tls, of_certificate(fault)),
        Some(
            rustls::Error::NoApplicationProtocol
            | rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol),
        ) => {
            let message = format!("{target} does not speak HTTP/1.1");
            return Error::new(ErrorKind::Protocol, message).with_source(error);
        }
        Some(rustls::Error::InvalidMessage(_)) => (ErrorKind::Tls, "failed: it does not speak TLS"),
        Some(_) => (ErrorKind::Tls, "failed"),
    };
    let message = format!("the TLS handshake with {target} {what}");
    Error::new(kind, message).with_source(about_certificate(error))
}

fn of_certificate(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "failed: its certificate was not issued by a trusted root"
        }
        CertificateError::NotValidForName => "failed: its certificate is for another name",
        CertificateError::Expired => "failed: its certificate has expired",
        CertificateError::NotValidYet => "failed: its certificate is not valid yet",
        _ => "failed: its certificate can't be trusted",
    }
}
