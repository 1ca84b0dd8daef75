//! The way to one server, by whichever version of HTTP it speaks, or over the caller's client.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::base_url::BaseUrl;
use super::dial::was_declined;
use super::exchange::{Answer, Outgoing};
use super::http1::{Exchanged, Http1};
use super::http2::{Destination, Http2};
use super::limits::Limits;
use super::transport::HttpTransport;
use super::transported::Transported;
use crate::session::Session;
use crate::{Reach, Result};

/// The way to one server: by HTTP/2 where it offers that (ALPN), else by HTTP/1.1; or over another
/// HTTP client. Made by [`HttpClient::way`](super::HttpClient::way).
///
/// Cheap to clone; clones and other ways to the same server share their connections.
#[derive(Clone)]
pub struct Http(Arc<Way>);

enum Way {
    /// TLS: the server chooses.
    Tls {
        http2: Http2,
        http1: Arc<Http1>,
    },
    /// Nothing to choose: without TLS, or by the word of who sends there.
    Http1(Arc<Http1>),
    Transported(Transported),
}

/// How often a server may change its mind during one request: each time takes two dials, which those
/// who wait share. Where half of the machines behind a name speak HTTP/2, four turns would be too few
/// for one request in a thousand.
const TURNS: u32 = 16;

impl Http {
    pub(super) fn new(
        session: &Session,
        url: &BaseUrl,
        reach: &Reach,
        limits: Limits,
    ) -> Result<Self> {
        if url.is_plain() {
            return Ok(Self::http1_only(session, url, reach, limits));
        }
        let target = url.target(reach).alpn(["h2", "http/1.1"]);
        let destination = Destination::of_either_version(target.clone()).limits(limits);
        Ok(Self(Arc::new(Way::Tls {
            http2: session.http2(destination)?,
            http1: Arc::new(Http1::new(session.clone(), target, limits)),
        })))
    }

    pub(super) fn http1_only(
        session: &Session,
        url: &BaseUrl,
        reach: &Reach,
        limits: Limits,
    ) -> Self {
        let target = url.target(reach);
        let target = match url.is_plain() {
            true => target,
            false => target.alpn(["http/1.1"]),
        };
        let http1 = Http1::new(session.clone(), target, limits);
        Self(Arc::new(Way::Http1(Arc::new(http1))))
    }

    pub(super) fn over(session: &Session, transport: Arc<dyn HttpTransport>) -> Self {
        let transported = Transported::new(session.clone(), transport);
        Self(Arc::new(Way::Transported(transported)))
    }

    /// Sends a request and waits for its answer, or until the deadline: one deadline from queueing
    /// to the last byte of the answer. A request that was provably not processed is sent again;
    /// one whose answer was lost only where [`Outgoing::resend_unknown`] allows it.
    ///
    /// # Errors
    /// [`Error::may_have_been_taken`](crate::Error::may_have_been_taken) tells a request that may
    /// have been taken from one that was not.
    ///
    /// # Cancel safety
    /// Dropping the future takes the request back unless it was handed to a connection; its
    /// answer is then ignored.
    pub async fn exchange(
        &self,
        outgoing: &(impl Outgoing + ?Sized),
        deadline: Instant,
    ) -> Result<Answer> {
        let Way::Tls { http2, .. } = &*self.0 else {
            // Boxed, as are all that are not the usual: it needs no room in that one's future.
            return Box::pin(self.exchange_otherwise(outgoing, deadline)).await;
        };
        if !http2.is_declined() {
            match http2.exchange(outgoing, deadline).await {
                Err(error) if was_declined(&error) => {}
                exchanged => return exchanged,
            }
        }
        Box::pin(self.exchange_otherwise(outgoing, deadline)).await
    }

    async fn exchange_otherwise(
        &self,
        outgoing: &(impl Outgoing + ?Sized),
        deadline: Instant,
    ) -> Result<Answer> {
        let (http2, http1) = match &*self.0 {
            Way::Tls { http2, http1 } => (Some(http2), http1),
            Way::Http1(http1) => (None, http1),
            Way::Transported(transported) => return transported.exchange(outgoing, deadline).await,
        };
        let mut turns = 0;
        loop {
            match http1.exchange(outgoing, deadline).await {
                Exchanged::Answered(answer) => return Ok(answer),
                Exchanged::Failed(error) => return Err(error),
                Exchanged::SpeaksHttp2(error) => {
                    // It speaks HTTP/2 now: another server of the same name, or a new one.
                    let Some(http2) = http2.filter(|_| turns < TURNS) else {
                        return Err(error);
                    };
                    turns += 1;
                    http2.forget_declined();
                    match http2.exchange(outgoing, deadline).await {
                        Err(error) if was_declined(&error) => {}
                        exchanged => return exchanged,
                    }
                }
            }
        }
    }

    /// Connects, unless a connection stands ready, and sends nothing. Over another HTTP client,
    /// nothing happens.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn ready(&self, deadline: Instant) -> Result<()> {
        match &*self.0 {
            Way::Tls { http2, http1 } => {
                for _ in 0..=TURNS {
                    if !http2.is_declined() {
                        match http2.ready(deadline).await {
                            Err(error) if was_declined(&error) => {}
                            ready => return ready,
                        }
                    }
                    if http1.ready(deadline).await? {
                        return Ok(());
                    }
                    http2.forget_declined();
                }
                Err(Http1::undecided())
            }
            Way::Http1(http1) => http1.ready(deadline).await.map(drop),
            Way::Transported(_) => Ok(()),
        }
    }

    /// How many requests can be under way at once: by HTTP/2, the sum of the limits of the
    /// connections that there are now, zero while there is none; by HTTP/1.1, as many as there may be
    /// connections; `None` where another HTTP client decides.
    pub fn capacity(&self) -> Option<usize> {
        match &*self.0 {
            Way::Tls { http2, http1 } => Some(match http2.is_declined() {
                false => http2.capacity(),
                true => http1.capacity(),
            }),
            Way::Http1(http1) => Some(http1.capacity()),
            Way::Transported(_) => None,
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Way::Tls { http2, .. } => f.debug_tuple("Http").field(http2).finish(),
            Way::Http1(http1) => f.debug_tuple("Http").field(http1).finish(),
            Way::Transported(transported) => f.debug_tuple("Http").field(transported).finish(),
        }
    }
}
