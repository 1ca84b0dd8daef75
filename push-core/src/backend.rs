use std::any::Any;
use std::fmt::{self, Debug};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use futures_io::{AsyncRead, AsyncWrite};
pub use futures_util::future::BoxFuture;

use crate::{Identity, Result, Target};

/// A client certificate and its key, loaded by one backend's TLS stack.
///
/// # Contract
/// - The chain is the one that was loaded, the client's own certificate first, never empty.
/// - `Debug` shows nothing of the key.
pub trait Certificate: Any + Debug + Send + Sync {
    /// The certificates in DER. The core reads fingerprint, validity and topics from them, once
    /// for all backends: [`CertificateInfo`](crate::CertificateInfo).
    fn chain_der(&self) -> &[Vec<u8>];
}

/// A byte stream, encrypted (unless its target is plain) and ready for use.
///
/// # Contract
/// - May be polled from any thread and by any executor.
/// - An end of file is `Ok(0)`, an error is told once and polling again does not hang.
/// - `poll_close` says farewell (close_notify) and ends the writing half.
/// - Dropping it closes the socket.
pub trait Connection: AsyncRead + AsyncWrite + Debug + Send + Unpin {
    /// The protocol that the peer chose by ALPN; `None` when it chose none.
    fn alpn(&self) -> Option<&[u8]>;

    /// The address of the peer; `None` when there is none to tell.
    fn peer_addr(&self) -> Option<SocketAddr>;
}

impl<C: Connection + ?Sized> Connection for Box<C> {
    fn alpn(&self) -> Option<&[u8]> {
        (**self).alpn()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        (**self).peer_addr()
    }
}

/// TLS, locking, I/O, tasks and time of one environment.
///
/// [`Compose`](crate::Compose) makes one from a [`Runtime`](crate::Runtime) and a
/// [`Tls`](crate::Tls); an environment that has a client of its own implements it whole.
///
/// # Contract
/// - Every future may be polled by any executor on any thread, and may be dropped at any point
///   without leaving a socket or a task behind.
/// - A spawned task runs to its end though nobody waits for it. When the environment is gone, the
///   task is dropped at once and not kept.
/// - A deadline that has passed is ready at the first poll; waiting takes no thread.
/// - Server certificates are always verified; the protocol that was agreed is told by
///   [`Connection::alpn`].
/// - The [egress filter](crate::Egress) of the target is applied to the very address that is
///   dialled.
/// - A certificate of another backend is
///   [`ErrorKind::ForeignCertificate`](crate::ErrorKind::ForeignCertificate), not a panic.
#[async_trait]
pub trait Backend: Debug + Send + Sync + 'static {
    /// Loads a certificate into this backend's TLS stack.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`](crate::ErrorKind::Identity) when chain and key don't fit, or the
    /// stack can't use them.
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>>;

    /// Connects, with TLS unless the target is plain, and shows the certificate where the server
    /// asks for one.
    ///
    /// # Errors
    /// What kept the connection from coming about, by kind.
    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>>;

    /// Runs a task in the background.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Waits until a point in time of [`now`](Self::now)'s clock.
    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()>;

    /// Makes an asynchronous mutex of this environment.
    fn create_lock(&self) -> Arc<dyn Lock> {
        Arc::new(PortableLock::default())
    }

    /// The monotonic clock, for deadlines and ages.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The wall clock, for tokens and expiries.
    #[allow(clippy::disallowed_methods)]
    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }

    /// A random number to spread retries by. Keys and salts never come from it.
    fn jitter(&self) -> u64 {
        random()
    }
}

#[async_trait]
impl<B: Backend + ?Sized> Backend for Arc<B> {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        (**self).load_certificate(identity)
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        (**self).connect(target, certificate).await
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        (**self).spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        (**self).sleep_until(deadline)
    }

    fn create_lock(&self) -> Arc<dyn Lock> {
        (**self).create_lock()
    }

    fn now(&self) -> Instant {
        (**self).now()
    }

    fn system_time(&self) -> SystemTime {
        (**self).system_time()
    }

    fn jitter(&self) -> u64 {
        (**self).jitter()
    }
}

/// An asynchronous mutex without contents.
///
/// # Contract
/// - Fair: who waits first is served first.
/// - Dropping the future of [`lock`](Self::lock) leaves the lock free for the next one.
pub trait Lock: Debug + Send + Sync {
    /// Waits for the lock; dropping the guard frees it.
    fn lock(&self) -> BoxFuture<'static, LockGuard>;
}

/// Holds a [`Lock`] until it is dropped.
pub struct LockGuard {
    _inner: Box<dyn Any + Send>,
}

impl LockGuard {
    /// Wraps the guard of an environment's own mutex.
    pub fn new(inner: impl Any + Send) -> Self {
        Self {
            _inner: Box::new(inner),
        }
    }
}

impl Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockGuard")
    }
}

/// The lock of environments that bring none: works on every executor.
#[derive(Debug, Default)]
struct PortableLock(Arc<async_lock::Mutex<()>>);

impl Lock for PortableLock {
    fn lock(&self) -> BoxFuture<'static, LockGuard> {
        let mutex = self.0.clone();
        Box::pin(async move { LockGuard::new(mutex.lock_arc().await) })
    }
}

/// Random numbers from the keys of the standard library's hash maps, which are seeded by the
/// operating system.
fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8)
}

/// Implements [`Backend`] for a struct by handing every method to one of its fields.
///
/// ```
/// use std::sync::Arc;
///
/// /// Any backend, under a name of one's own.
/// #[derive(Debug)]
/// struct MyBackend {
///     inner: Arc<dyn push_core::Backend>,
/// }
///
/// push_core::delegate_backend!(MyBackend, inner);
/// ```
#[macro_export]
macro_rules! delegate_backend {
    ($name:ty, $field:ident) => {
        #[$crate::async_trait]
        impl $crate::Backend for $name {
            fn load_certificate(
                &self,
                identity: &$crate::Identity,
            ) -> $crate::Result<::std::sync::Arc<dyn $crate::Certificate>> {
                $crate::Backend::load_certificate(&self.$field, identity)
            }

            async fn connect(
                &self,
                target: &$crate::Target,
                certificate: Option<&dyn $crate::Certificate>,
            ) -> $crate::Result<Box<dyn $crate::Connection>> {
                $crate::Backend::connect(&self.$field, target, certificate).await
            }

            fn spawn(&self, task: $crate::BoxFuture<'static, ()>) {
                $crate::Backend::spawn(&self.$field, task);
            }

            fn sleep_until(
                &self,
                deadline: ::std::time::Instant,
            ) -> $crate::BoxFuture<'static, ()> {
                $crate::Backend::sleep_until(&self.$field, deadline)
            }

            fn create_lock(&self) -> ::std::sync::Arc<dyn $crate::Lock> {
                $crate::Backend::create_lock(&self.$field)
            }

            fn now(&self) -> ::std::time::Instant {
                $crate::Backend::now(&self.$field)
            }

            fn system_time(&self) -> ::std::time::SystemTime {
                $crate::Backend::system_time(&self.$field)
            }

            fn jitter(&self) -> u64 {
                $crate::Backend::jitter(&self.$field)
            }
        }
    };
}
