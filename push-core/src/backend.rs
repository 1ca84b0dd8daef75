use std::any::Any;
use std::fmt::{self, Debug};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use futures_io::{AsyncRead, AsyncWrite};
pub use futures_util::future::BoxFuture;

use crate::{Error, ErrorKind, Identity, Result, Target};

/// A client certificate and its key, loaded by one backend's TLS stack.
///
/// # Contract
/// - The chain is the one that was loaded, the client's own certificate first, never empty (case
///   `the_chain_is_given_back_as_it_was_loaded`).
/// - `Debug` shows nothing of the key (case `nothing_shows_the_private_key`).
pub trait Certificate: Any + Debug + Send + Sync {
    /// The certificates in DER. The core reads fingerprint, validity and topics from them, once
    /// for all backends: [`CertificateInfo`](crate::CertificateInfo).
    fn chain_der(&self) -> &[Vec<u8>];
}

impl<'a> dyn Certificate + 'a {
    /// The certificate as the type of the stack that loaded it, for that stack.
    ///
    /// # Errors
    /// [`ErrorKind::ForeignCertificate`] when another stack has loaded it.
    pub fn downcast<T: Certificate>(&self) -> Result<&T> {
        let any: &dyn Any = self;
        any.downcast_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::ForeignCertificate,
                "the certificate was loaded by another TLS stack: load it with the backend that is \
                 to use it",
            )
        })
    }
}

/// A byte stream, encrypted (unless its target is plain) and ready for use.
///
/// # Contract
/// - May be polled from any thread and by any executor; the waker of the last poll is woken, for
///   each direction by itself, and not before something has changed (cases
///   `each_poll_may_come_from_another_thread`, `the_last_waker_of_a_read_is_woken`,
///   `reading_and_writing_have_wakers_of_their_own`, `a_waiting_read_does_not_spin`,
///   `a_waiting_write_does_not_spin`).
/// - Bytes arrive once and in order, however they are cut; a writer waits for a slow reader; a
///   read that is given up takes no byte with it (cases `bytes_arrive_one_at_a_time`,
///   `large_transfers_go_both_ways_at_once`, `vectored_writes_say_what_they_wrote`,
///   `a_cancelled_read_loses_nothing`).
/// - A write that is given up leaves nothing behind: the next one may have other bytes, of another
///   length (case `a_cancelled_write_may_be_followed_by_another`).
/// - An empty read (`&mut []`) takes nothing and is no end; reads after it are as before (case
///   `an_empty_read_changes_nothing`).
/// - What was flushed is on its way, and small writes are not held back (cases
///   `a_flush_ends_when_all_is_on_its_way`, `small_writes_are_not_held_back`).
/// - An end of file is `Ok(0)` as often as it is asked for, and leaves the writing half open
///   (cases `end_of_file_is_zero_bytes_and_stays`, `the_peer_may_end_its_half_first`).
/// - What breaks is an error; after it was told, polling again does not hang (cases
///   `a_reset_is_an_error_and_no_end_of_file`, `after_an_error_reads_do_not_hang`,
///   `writing_to_a_broken_connection_fails`).
/// - `poll_close` sends what still waits, says farewell (close_notify) and ends the writing half;
///   reading goes on (cases `closing_under_back_pressure_loses_nothing`,
///   `closing_tls_says_farewell`, `closing_plain_tcp_ends_the_writing_half`,
///   `after_closing_there_is_still_reading`).
/// - Dropping it closes the socket (case `dropping_closes_the_socket`).
/// - `alpn` and `peer_addr` tell what was agreed and dialled, or nothing (cases
///   `the_protocol_agreed_by_alpn_is_told`, `a_server_that_ignores_alpn_agrees_on_nothing`,
///   `the_peers_address_is_told`).
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
/// - Every future may be polled by any executor on any thread, each time by another; the waker of
///   the last poll is woken (cases `each_poll_may_come_from_another_thread`,
///   `the_last_waker_of_a_connect_is_woken`, `the_last_waker_of_a_sleep_is_woken`).
/// - Every future may be dropped at any point without leaving a socket, a timer or a task behind
///   (cases `a_cancelled_connect_leaves_no_socket`,
///   `a_handshake_that_stalls_waits_until_it_is_cancelled`,
///   `a_request_to_a_proxy_that_is_cancelled_leaves_no_socket`, `a_cancelled_sleep_is_forgotten`,
///   `a_cancelled_sleep_leaves_the_others`).
/// - Any thread and any task may spawn; a spawned task runs to its end though nobody waits for
///   it, beside the others, and one that panics harms no other (cases
///   `a_task_runs_to_its_end_though_nobody_waits`, `tasks_run_beside_each_other`,
///   `a_task_may_spawn_another`, `any_thread_may_spawn`, `a_task_that_panics_harms_no_other`).
/// - When the environment is gone, its tasks are dropped, and new ones at once (cases
///   `tasks_end_with_the_environment`, `a_task_spawned_after_the_end_is_dropped`).
/// - When the environment is gone, nothing panics and nothing waits for ever: connecting ends,
///   mostly with an error; sleeps end, in time or early; reads of open connections go on or fail
///   (cases `connecting_after_the_end_ends`, `sleeps_end_after_the_end`,
///   `open_connections_do_not_hang_after_the_end`).
/// - A deadline that has passed is ready at the first poll; no sleep ends early by `now`, a far
///   deadline waits, and waiting takes no thread (cases `a_passed_deadline_is_ready_at_once`,
///   `a_deadline_is_not_early`, `a_far_deadline_waits`, `sleeping_takes_no_thread`).
/// - `now` never goes back, `system_time` is plausible and goes on, `jitter` varies and is another
///   one in each environment (cases `the_clock_never_goes_back`, `the_wall_clock_is_plausible`,
///   `the_wall_clock_goes_on`, `jitter_varies`, `two_environments_draw_different_jitter`).
/// - Very many connections may be open at once (case `a_thousand_connections_at_once`).
/// - Names are resolved, IPv4 and IPv6 addresses dialled, and a dead address does no harm beside
///   a living one (cases `localhost_is_resolved`, `an_ipv6_address_is_dialled`,
///   `a_dead_address_next_to_a_living_one_does_no_harm`).
/// - What keeps a connection from coming about is told by kind (cases
///   `a_port_that_nobody_listens_on_is_an_error_of_connecting`,
///   `a_name_that_is_none_is_an_error_of_resolving`).
/// - The [egress filter](crate::Egress) of the target is applied to the very address that is
///   dialled (cases `the_address_that_is_dialled_is_one_that_the_filter_let_pass`,
///   `the_egress_filter_refuses_an_address`, `the_egress_filter_refuses_what_a_name_resolves_to`,
///   `the_egress_filter_sees_through_other_spellings`,
///   `an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows`).
/// - A plain target is spoken to without TLS, every other one with it; server certificates are
///   always verified, as [`Tls`](crate::Tls) says (case `a_plain_target_speaks_plain`).
/// - Through a [proxy](crate::Proxy), names are resolved and filtered here unless it may resolve,
///   and TLS is with the target (cases `a_proxy_is_asked_for_a_tunnel_to_the_address`,
///   `an_ipv6_address_goes_to_the_proxy_in_brackets`, `tls_through_a_proxy_is_with_the_target`,
///   `the_proxy_resolves_where_it_may`,
///   `an_egress_filter_and_a_proxy_that_resolves_exclude_each_other`,
///   `the_egress_filter_is_for_what_the_proxy_leads_to`).
/// - User and password are for the proxy alone; its answer is read to the end of the head and no
///   further, and a refusal is told by kind (cases `user_and_password_are_for_the_proxy_alone`,
///   `bytes_right_behind_the_proxys_head_are_the_targets`, `a_proxys_head_may_come_in_pieces`,
///   `a_proxy_that_refuses_is_an_error_of_connecting`,
///   `a_proxy_that_wants_a_password_is_an_error_of_configuration`,
///   `a_proxy_that_hangs_up_is_an_error_of_connecting`,
///   `what_is_no_proxy_is_an_error_of_protocol`,
///   `a_proxys_head_without_an_end_is_not_read_for_ever`).
/// - A certificate of another backend is
///   [`ErrorKind::ForeignCertificate`](crate::ErrorKind::ForeignCertificate), not a panic; one of
///   another instance of the same backend works, or is that too (cases
///   `a_certificate_of_another_backend_is_an_error`,
///   `a_certificate_of_another_instance_works_or_is_foreign`).
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
/// - Held by one at a time, and each lock that is created is its own (cases
///   `one_holds_a_lock_at_a_time`, `each_lock_is_its_own`).
/// - Fair: who waits first is served first (case `a_lock_serves_those_who_wait_in_order`).
/// - Dropping the future of [`lock`](Self::lock) leaves the lock free for the next one (case
///   `a_lock_frees_itself_when_a_waiter_is_cancelled`).
/// - The waker of the last poll is woken, and the guard may be dropped on any thread (cases
///   `the_last_waker_of_a_lock_is_woken`, `a_guard_may_be_dropped_on_another_thread`).
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
pub(crate) struct PortableLock(Arc<async_lock::Mutex<()>>);

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
///
/// /// Likewise, for a struct with parameters.
/// #[derive(Debug)]
/// struct Renamed<B> {
///     inner: B,
/// }
///
/// push_core::delegate_backend!(impl[B: push_core::Backend] Renamed<B>, inner);
/// ```
#[macro_export]
macro_rules! delegate_backend {
    (impl[$($parameters:tt)*] $name:ty, $field:ident) => {
        #[$crate::async_trait]
        impl<$($parameters)*> $crate::Backend for $name {
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
    ($name:ty, $field:ident) => {
        $crate::delegate_backend!(impl[] $name, $field);
    };
}
