//! A whole [`Backend`]: blocking sockets of `std::net` on threads, TLS by rustls, tasks on the mini
//! executor beside it.

mod certificate;
mod config;
mod tls;

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anypush::{
    Backend, BoxFuture, Certificate, Connection, Error, ErrorKind, Identity, Proxy, Result,
    Security, Target, async_trait,
};
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use rustls::pki_types::ServerName;

use super::threads::{Executor, Socket, Spawner, Timer, blocking};
use certificate::StdCertificate;
use config::Configs;
use tls::TlsConnection;

/// How long a connection may take to come about; a session has a limit of its own, which is
/// shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// How long one address is tried before the next one is tried beside it (RFC 8305, section 8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// At most so many addresses are tried.
const MAX_ADDRESSES: usize = 16;

/// Blocking sockets and rustls.
#[derive(Debug)]
pub(crate) struct StdBackend {
    spawner: Spawner,
    timer: Arc<Timer>,
    configs: Configs,
}

impl StdBackend {
    /// With tasks on this executor. It is not kept alive: when its owner drops it, its tasks are
    /// dropped, and new ones at once.
    ///
    /// # Errors
    /// There is no thread to be had for the timer.
    pub(crate) fn new(executor: &Executor) -> io::Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Ok(Self {
            spawner: executor.spawner(),
            timer: Timer::start()?,
            configs: Configs::new(provider),
        })
    }

    async fn dial(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        // Before anything is dialled: what is wrong here can't be mended by a connection.
        let certificate = certificate
            .map(|given| given.downcast::<StdCertificate>())
            .transpose()?;
        let socket = match &target.proxy {
            None => self.race(target, addresses(target).await?).await?,
            Some(proxy) => self.through(proxy, target).await?,
        };
        match &target.security {
            Security::Tls {
                alpn,
                roots,
                server_name,
                ..
            } => {
                let name = server_name.as_deref().unwrap_or(&target.host);
                let name = ServerName::try_from(name.to_owned()).map_err(|error| {
                    let message = format!("neither a DNS name nor an address: {name:?}");
                    Error::new(ErrorKind::Config, message).with_source(error)
                })?;
                let key = certificate.map(|certificate| &certificate.key);
                let config = self.configs.make(roots, alpn, key)?;
                let connection = TlsConnection::handshake(socket, config, name).await;
                Ok(Box::new(
                    connection.map_err(|error| refused(target, error))?,
                ))
            }
            Security::Plain => Ok(Box::new(socket)),
            other => {
                let message = format!("this backend does not know {other:?}");
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }

    /// A tunnel through a proxy, to one address of the target after the other.
    async fn through(&self, proxy: &Proxy, target: &Target) -> Result<Socket> {
        let authorities = if !proxy.resolves() {
            let addresses = addresses(target).await?;
            addresses.iter().map(SocketAddr::to_string).collect()
        } else if target.egress.is_any() {
            vec![target.authority()]
        } else {
            let message = "the egress filter can't be kept where the proxy resolves names";
            return Err(Error::new(ErrorKind::Egress, message));
        };
        // The filter is for what the proxy leads to, not for the proxy, which the caller chose.
        let to_proxy = Target::plain(proxy.host(), proxy.port());
        let mut failure = None;
        for authority in authorities {
            let mut socket = self.race(&to_proxy, addresses(&to_proxy).await?).await?;
            match proxy.tunnel(&mut socket, &authority).await {
                Ok(()) => return Ok(socket),
                Err(error) if error.kind() != ErrorKind::Connect => return Err(error),
                Err(error) => failure = Some(error),
            }
        }
        let message = format!("no way to {target} through {proxy}");
        Err(failure.unwrap_or_else(|| Error::new(ErrorKind::Connect, message)))
    }

    /// Tries the addresses one after the other, each a little later than the one before or as soon
    /// as that one failed; the first connection wins, and the others are given up.
    async fn race(&self, target: &Target, addresses: Vec<SocketAddr>) -> Result<Socket> {
        let mut waiting = addresses.into_iter();
        let mut attempts = FuturesUnordered::new();
        let mut failure = None;
        loop {
            if let Some(address) = waiting.next() {
                attempts.push(async move { (address, Socket::connect(address).await) });
            }
            let head_start = if waiting.len() == 0 {
                Either::Left(std::future::pending())
            } else {
                let until = Instant::now() + ATTEMPT_DELAY;
                Either::Right(self.timer.sleep_until(until))
            };
            match select(attempts.next(), head_start).await {
                Either::Left((Some((_, Ok(socket))), _)) => return Ok(socket),
                Either::Left((Some((address, Err(error))), _)) => {
                    failure = Some(io::Error::new(error.kind(), format!("{address}: {error}")));
                }
                Either::Left((None, _)) if waiting.len() == 0 => break,
                Either::Left((None, _)) | Either::Right(_) => {}
            }
        }
        let error = Error::new(ErrorKind::Connect, format!("can't connect to {target}"));
        Err(match failure {
            Some(cause) => error.with_source(cause),
            None => error,
        })
    }
}

#[async_trait]
impl Backend for StdBackend {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        let certificate = StdCertificate::load(identity, self.configs.provider())?;
        Ok(Arc::new(certificate))
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let limit = self.timer.sleep_until(Instant::now() + CONNECT_TIMEOUT);
        let dial = std::pin::pin!(self.dial(target, certificate));
        match select(dial, limit).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                let seconds = CONNECT_TIMEOUT.as_secs();
                let message = format!("no connection to {target} within {seconds} s");
                Err(Error::new(ErrorKind::Connect, message))
            }
        }
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.spawner.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        Box::pin(self.timer.sleep_until(deadline))
    }
}

/// A plain connection is the socket as it is.
impl Connection for Socket {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        Some(Self::peer_addr(self))
    }
}

/// The addresses to dial. The filter looks at the very address that is dialled afterwards: a name
/// that were resolved once more could lead elsewhere.
async fn addresses(target: &Target) -> Result<Vec<SocketAddr>> {
    let found = match target.host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, target.port)],
        Err(_) => {
            let (host, port) = (target.host.to_string(), target.port);
            let found = blocking(move || Ok((host.as_str(), port).to_socket_addrs()?.collect()));
            found.await.map_err(|error| {
                let message = format!("can't resolve {}", target.host);
                Error::new(ErrorKind::Resolve, message).with_source(error)
            })?
        }
    };
    if found.is_empty() {
        let message = format!("{} has no address", target.host);
        return Err(Error::new(ErrorKind::Resolve, message));
    }
    let mut allowed = Vec::from_iter(
        found
            .into_iter()
            .filter(|address| target.egress.allows(address.ip())),
    );
    if allowed.is_empty() {
        let message = format!("the egress filter refuses every address of {}", target.host);
        return Err(Error::new(ErrorKind::Egress, message));
    }
    allowed.truncate(MAX_ADDRESSES);
    Ok(allowed)
}

/// What a failed handshake means: the kind decides what becomes of the push.
fn refused(target: &Target, error: io::Error) -> Error {
    use rustls::AlertDescription::NoApplicationProtocol;
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    let kind = match cause {
        // The stream broke off: that can pass.
        None => ErrorKind::Connect,
        Some(
            rustls::Error::NoApplicationProtocol
            | rustls::Error::AlertReceived(NoApplicationProtocol),
        ) => ErrorKind::Protocol,
        Some(_) => ErrorKind::Tls,
    };
    let message = format!("the TLS handshake with {target} failed");
    Error::new(kind, message).with_source(error)
}
