//! The environment of plain threads as a [`Runtime`].

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Instant;

use anypush::{BoxFuture, Connection, Runtime, async_trait};

use super::threads::{Executor, Socket, Spawner, Timer, blocking};

/// Blocking sockets on threads, tasks on the mini executor, one thread for all timers.
#[derive(Debug)]
pub(crate) struct ThreadsRuntime {
    spawner: Spawner,
    timer: Arc<Timer>,
}

impl ThreadsRuntime {
    /// With tasks on this executor, which is not kept alive.
    ///
    /// # Errors
    /// There is no thread to be had for the timer.
    pub(crate) fn new(executor: &Executor) -> io::Result<Self> {
        Ok(Self {
            spawner: executor.spawner(),
            timer: Timer::start()?,
        })
    }
}

#[async_trait]
impl Runtime for ThreadsRuntime {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let host = host.to_owned();
        blocking(move || Ok((host.as_str(), port).to_socket_addrs()?.collect())).await
    }

    async fn connect_tcp(&self, address: SocketAddr) -> io::Result<Box<dyn Connection>> {
        Ok(Box::new(Socket::connect(address).await?))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.spawner.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        Box::pin(self.timer.sleep_until(deadline))
    }
}

/// The socket is a connection as it is: no protocol was agreed, since there is no TLS yet.
impl Connection for Socket {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        Some(Self::peer_addr(self))
    }
}
