//! The way to a service, the same for every service: what decides the dial, and the first connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use anypush::{Backend, ErrorKind, Proxy, Roots, Session};
use futures_util::future::{Either, select};

use crate::args::Common;
use crate::exit::Unreachable;
use crate::interrupts::Interrupts;

/// The longest that one connection may take to come about. A little less than what is left for the
/// push, so that what is told is why there is no connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What was read from files about the way.
pub(crate) struct Route {
    pub(crate) roots: Roots,
    pub(crate) proxy: Option<Proxy>,
}

impl Route {
    /// Reads the roots, before anything is connected.
    pub(crate) fn new(common: &Common) -> Result<Self> {
        let roots = match &common.ca {
            None => Roots::system(),
            Some(path) => Roots::from_pem_file(path).context("--ca")?,
        };
        let proxy = common.proxy.as_ref();
        Ok(Self {
            roots,
            proxy: proxy
                .map(|url| Proxy::from_url(&url.0).context("--proxy"))
                .transpose()?,
        })
    }

    /// The same client, by this way.
    pub(crate) fn lay<B: OnTheWay>(self, client: B, common: &Common) -> B {
        let client = client.roots(self.roots).timeout(common.timeout);
        match self.proxy {
            Some(proxy) => client.proxy(proxy),
            None => client,
        }
    }
}

/// A session with up to so many connections to each server.
pub(crate) fn session(backend: Arc<dyn Backend>, common: &Common, connections: usize) -> Session {
    let connect_timeout = common.timeout.mul_f64(0.9).min(CONNECT_TIMEOUT);
    Session::builder(backend)
        .connect_timeout(connect_timeout)
        .max_connections_per_destination(connections)
        .build()
}

/// The builder of any client.
pub(crate) trait OnTheWay {
    fn roots(self, roots: Roots) -> Self;
    fn proxy(self, proxy: Proxy) -> Self;
    fn timeout(self, timeout: Duration) -> Self;
}

macro_rules! on_the_way {
    ($($builder:ty),+ $(,)?) => {
        $(impl OnTheWay for $builder {
            fn roots(self, roots: Roots) -> Self {
                self.roots(roots)
            }

            fn proxy(self, proxy: Proxy) -> Self {
                self.proxy(proxy)
            }

            fn timeout(self, timeout: Duration) -> Self {
                self.timeout(timeout)
            }
        })+
    };
}

on_the_way!(
    anypush::apns::ClientBuilder,
    anypush::apns::gateway::ClientBuilder,
    anypush::fcm::ClientBuilder,
    anypush::gcm::ClientBuilder,
    anypush::web::ClientBuilder,
    anypush::wns::ClientBuilder,
);

/// An error of any client.
pub(crate) trait Failure {
    /// Whether what did not come in time may be the answer of another server, which gives access tokens.
    const ASKS_ELSEWHERE: bool;

    fn kind(&self) -> ErrorKind;

    /// With its causes, on one line.
    fn report(&self) -> String;

    /// Why there was no answer within this time.
    fn lateness(&self, within: Duration) -> String {
        let late = format!("no answer within {} s", within.as_secs_f64());
        match Self::ASKS_ELSEWHERE {
            true => format!("{late}: {}", self.report()),
            false => late,
        }
    }
}

macro_rules! failures {
    ($($error:ty, asks elsewhere: $elsewhere:literal;)+) => {
        $(impl Failure for $error {
            const ASKS_ELSEWHERE: bool = $elsewhere;

            fn kind(&self) -> ErrorKind {
                self.kind()
            }

            fn report(&self) -> String {
                self.report()
            }
        })+
    };
}

failures!(
    anypush::apns::Error, asks elsewhere: false;
    anypush::apns::gateway::Error, asks elsewhere: false;
    anypush::fcm::Error, asks elsewhere: true;
    anypush::gcm::Error, asks elsewhere: false;
    anypush::wns::Error, asks elsewhere: true;
);

/// Waits until there is a connection to a server, `HOST:PORT`; `None` where an interrupt came first.
pub(crate) async fn reach<T, E: Failure>(
    connect: impl Future<Output = Result<T, E>>,
    interrupts: &Interrupts,
    server: impl fmt::Display,
    common: &Common,
) -> Result<Option<T>> {
    let connect = std::pin::pin!(connect);
    match select(connect, std::pin::pin!(interrupts.wait())).await {
        Either::Left((Ok(connected), _)) => {
            tracing::info!(%server, "ready");
            Ok(Some(connected))
        }
        Either::Left((Err(error), _)) => Err(unreachable(server, common, &error).into()),
        Either::Right(_) => Ok(None),
    }
}

/// Why there is no connection to a server, `HOST:PORT`.
pub(crate) fn unreachable(
    server: impl fmt::Display,
    common: &Common,
    error: &impl Failure,
) -> Unreachable {
    let reason = match error.kind() {
        ErrorKind::Timeout => error.lateness(common.timeout),
        _ => error.report(),
    };
    Unreachable(format!("can't reach {server}: {reason}"))
}

/// There was no answer, or none from the service.
pub(crate) fn is_unreached(kind: ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(
        kind,
        Kind::Resolve
            | Kind::Connect
            | Kind::Tls
            | Kind::Protocol
            | Kind::Timeout
            | Kind::Unanswered
            | Kind::Lost
            | Kind::Refused
    )
}
