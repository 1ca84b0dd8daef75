use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite, IoSlice};
use push_core::{
    Certificate, Connection, Error, ErrorKind, Identity, Result, Security, Target, Tls, async_trait,
};
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

use crate::RustlsCertificate;
use crate::config::Configs;
use crate::failure::{about_certificate, handshake_failed};
use crate::handshake::Attentive;

/// TLS 1.2 and 1.3 by rustls.
#[derive(Debug)]
pub struct Rustls {
    configs: Configs,
}

impl Rustls {
    /// With aws-lc-rs as the crypto provider.
    pub fn new() -> Self {
        Self {
            configs: Configs::new(Arc::new(rustls::crypto::aws_lc_rs::default_provider())),
        }
    }
}

impl Default for Rustls {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Tls for Rustls {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        let certificate = RustlsCertificate::load(identity, self.configs.provider())?;
        Ok(Arc::new(certificate))
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
            .map(|given| given.downcast::<RustlsCertificate>())
            .transpose()?;
        let config =
            self.configs
                .get(roots, alpn, certificate.map(|certificate| &certificate.key))?;
        let name = server_name.as_deref().unwrap_or(&target.host).to_owned();
        let name = ServerName::try_from(name).map_err(|error| {
            let message = format!(
                "the server's name is neither a DNS name nor an address: {:?}",
                server_name.as_deref().unwrap_or(&target.host)
            );
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        let peer = stream.peer_addr();
        let mut stream = TlsConnector::from(config)
            .connect(name, Attentive::new(stream).compat())
            .await
            .map_err(|error| handshake_failed(target, certificate.is_some(), error))?;
        stream.get_mut().0.get_mut().established();
        Ok(Box::new(RustlsConnection {
            alpn: stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec),
            peer,
            stream: stream.compat(),
            read_over: false,
        }))
    }
}

/// An established TLS connection.
#[derive(Debug)]
struct RustlsConnection {
    stream: Compat<TlsStream<Compat<Attentive>>>,
    alpn: Option<Vec<u8>>,
    peer: Option<SocketAddr>,
    /// Whether the end, or an error, was told to the reader: rustls would wait for more after one.
    read_over: bool,
}

impl Connection for RustlsConnection {
    fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }
}

impl AsyncRead for RustlsConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.read_over || buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let outcome = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        self.read_over = !matches!(outcome, Ok(1..));
        Poll::Ready(match outcome {
            // Servers end without a farewell; what runs above tells a whole message from a part.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            outcome => outcome.map_err(about_certificate),
        })
    }
}

impl AsyncWrite for RustlsConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
