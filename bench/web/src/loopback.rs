use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use anypush::{BoxFuture, Connection, Lock, Runtime, TokioRuntime, async_trait};

/// Below it stand all names that are resolved; the simulator's certificate is for them.
const DOMAIN: &str = ".push.example";

/// The name of the host of a number.
pub(crate) fn host(number: u64) -> String {
    format!("h{number}{DOMAIN}")
}

/// tokio, for which all hosts are on this machine.
#[derive(Debug)]
pub(crate) struct Loopback {
    tokio: TokioRuntime,
    silent: Option<(String, SocketAddr)>,
}

impl Loopback {
    /// The runtime that this is called from, with one host that never answers, if there is to be one.
    pub(crate) fn new(silent: Option<String>) -> Result<Self> {
        let silent = silent
            .map(|host| Ok::<_, io::Error>((host, listen_and_be_silent()?)))
            .transpose()?;
        let tokio = TokioRuntime::current()?;
        Ok(Self { tokio, silent })
    }
}

/// Takes every connection, reads nothing, and answers nothing.
fn listen_and_be_silent() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        let taken: Vec<_> = listener.incoming().collect();
        drop(taken);
    });
    Ok(address)
}

#[async_trait]
impl Runtime for Loopback {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match &self.silent {
            Some((name, address)) if name == host => Ok(vec![*address]),
            _ if host.ends_with(DOMAIN) => Ok(vec![(Ipv4Addr::LOCALHOST, port).into()]),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    async fn connect_tcp(&self, address: SocketAddr) -> io::Result<Box<dyn Connection>> {
        self.tokio.connect_tcp(address).await
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.tokio.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.tokio.sleep_until(deadline)
    }

    fn create_lock(&self) -> Arc<dyn Lock> {
        self.tokio.create_lock()
    }
}
