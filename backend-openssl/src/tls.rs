use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext};
use openssl::x509::X509VerifyResult;
use openssl::x509::verify::X509CheckFlags;
use push_core::{
    Certificate, Connection, Error, ErrorKind, Identity, Result, Security, Target, Tls, async_trait,
};
use rustls_pki_types::ServerName;
use tokio_openssl::SslStream;
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};

use crate::OpensslCertificate;
use crate::config::Configs;
use crate::connection::{OpensslConnection, forget_errors};
use crate::error::{Explained, Failure, handshake_failed};
use crate::wire::Wire;

/// TLS 1.2 and 1.3 by OpenSSL.
#[derive(Debug, Default)]
pub struct Openssl {
    configs: Configs,
}

impl Openssl {
    /// With OpenSSL's own defaults for ciphers, curves and signatures.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Tls for Openssl {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        Ok(Arc::new(OpensslCertificate::load(identity)?))
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
            .map(|given| given.downcast::<OpensslCertificate>())
            .transpose()?;
        let name = server_name.as_deref().unwrap_or(&target.host);
        let peer_name = ServerName::try_from(name).map_err(|error| {
            let message =
                format!("the server's name is neither a DNS name nor an address: {name:?}");
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        let context = self.configs.get(roots, alpn)?;
        let peer = stream.peer_addr();
        let stream = prepare(&context, &peer_name, certificate)
            .and_then(|ssl| SslStream::new(ssl, Wire::new(stream).compat()))
            .map_err(|error| {
                let message = format!("OpenSSL can't prepare a connection to {target}");
                Error::new(ErrorKind::Tls, message).with_source(Explained::stack(&error))
            })?;
        let shown = certificate.is_some();
        let stream = connect(stream).await.map_err(|(failure, verified)| {
            handshake_failed(target, name, shown, failure, verified)
        })?;
        // With a cipher that knows no certificates nothing would have been verified.
        if stream.ssl().peer_certificate().is_none()
            || stream.ssl().verify_result() != X509VerifyResult::OK
        {
            let message = format!(
                "the TLS handshake with {target} failed: it showed no certificate that was verified"
            );
            return Err(Error::new(ErrorKind::Tls, message));
        }
        // Not every OpenSSL looks after this.
        if let Some(chosen) = stream.ssl().selected_alpn_protocol()
            && !alpn.iter().any(|offered| offered == chosen)
        {
            let message = format!(
                "the TLS handshake with {target} failed: it chose a protocol that was not offered: \
                 {:?}",
                String::from_utf8_lossy(chosen)
            );
            return Err(Error::new(ErrorKind::Tls, message));
        }
        Ok(Box::new(OpensslConnection::new(stream, peer)))
    }
}

/// One connection's state: whom to expect, and what to show.
fn prepare(
    context: &SslContext,
    name: &ServerName<'_>,
    certificate: Option<&OpensslCertificate>,
) -> Result<Ssl, ErrorStack> {
    let mut ssl = Ssl::new(context)?;
    let expected = ssl.param_mut();
    match name {
        ServerName::IpAddress(address) => expected.set_ip(IpAddr::from(*address))?,
        name => {
            let name = name.to_str();
            // The dot of the root is no part of the name in certificates, nor in SNI.
            let name: Cow<'_, str> = match name.strip_suffix('.') {
                Some(name) => name.to_owned().into(),
                None => name,
            };
            expected.set_hostflags(
                X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT,
            );
            expected.set_host(&name)?;
            ssl.set_hostname(&name)?;
        }
    }
    if let Some(certificate) = certificate {
        certificate.put_into(&mut ssl)?;
    }
    Ok(ssl)
}

/// Makes the handshake; what it wrote is with the stream when it is done.
async fn connect(
    mut stream: SslStream<Compat<Wire>>,
) -> Result<SslStream<Compat<Wire>>, (Failure, X509VerifyResult)> {
    let outcome = std::future::poll_fn(|cx| {
        forget_errors();
        let outcome = Pin::new(&mut stream).poll_connect(cx);
        let wire = stream.get_mut().get_mut();
        // Also when it failed: the alert says why.
        let flushed = wire.poll_flush_through(cx);
        match outcome {
            Poll::Ready(Ok(())) => {
                ready!(flushed);
                Poll::Ready(
                    wire.take_failure()
                        .map_or(Ok(()), |error| Err(Failure::Stream(error))),
                )
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Failure::Openssl(error))),
            Poll::Pending => match (wire.take_end(), wire.take_failure()) {
                (Some(Err(error)), _) | (_, Some(error)) => {
                    Poll::Ready(Err(Failure::Stream(error)))
                }
                (Some(Ok(())), None) => {
                    let message = "the server ended the connection";
                    let error = io::Error::new(io::ErrorKind::UnexpectedEof, message);
                    Poll::Ready(Err(Failure::Stream(error)))
                }
                (None, None) => Poll::Pending,
            },
        }
    });
    match outcome.await {
        Ok(()) => Ok(stream),
        Err(failure) => Err((failure, stream.ssl().verify_result())),
    }
}
