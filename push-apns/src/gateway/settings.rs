//! What all sends of one client share.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use push_core::session::Lease;
use push_core::{
    Certificate, CertificateInfo, Error, ErrorKind, Identity, ResendUnknown, Result, RetryPolicy,
    Session, Target,
};

use super::codec::Frame;
use super::{Command, Template};
use crate::notification::GatewayContext;
use crate::{Endpoint, Invalid, Notification, validity};

/// Longer waits are not told from this one.
pub(super) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How notifications are sent, and over which connections.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) session: Session,
    pub(super) endpoint: Arc<Endpoint>,
    /// The gateway.
    pub(super) target: Target,
    /// The feedback service, where it is known.
    pub(super) feedback: Option<Target>,
    pub(super) certificate: Access,
    pub(super) command: Command,
    pub(super) payload_limit: Option<usize>,
    /// The most notifications, and about so many bytes, that are written at once.
    pub(super) batch: usize,
    pub(super) batch_bytes: usize,
    /// The most notifications of one connection without a verdict.
    pub(super) window: usize,
    /// Whether the gateway is asked what it has taken.
    pub(super) confirm: bool,
    /// How long it is waited for the gateway's last word.
    pub(super) tail: Option<Duration>,
    /// How long the source may give nothing before a proof is asked for.
    pub(super) linger: Option<Duration>,
    /// How long to try for a connection.
    pub(super) timeout: Duration,
    /// How long the gateway may take no byte.
    pub(super) write_timeout: Duration,
    pub(super) retry: RetryPolicy,
    pub(super) resend_unknown: ResendUnknown,
    /// How many connections may wait for a last word while another one is written to.
    pub(super) max_connections: usize,
    pub(super) probe: Probe,
}

/// The certificate that is in force.
#[derive(Debug)]
pub(super) struct Access(RwLock<Option<Arc<dyn Certificate>>>);

impl Access {
    pub(super) fn new(session: &Session, identity: Option<&Identity>) -> Result<Self> {
        let certificate = identity
            .map(|identity| load(session, identity))
            .transpose()?;
        Ok(Self(RwLock::new(certificate)))
    }

    pub(super) fn replace(&self, session: &Session, identity: &Identity) -> Result<()> {
        let fresh = load(session, identity)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(())
    }

    fn now(&self) -> Option<Arc<dyn Certificate>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn load(session: &Session, identity: &Identity) -> Result<Arc<dyn Certificate>> {
    let certificate = session.backend().load_certificate(identity)?;
    validity::check(&CertificateInfo::of(certificate.as_ref())?, session)?;
    Ok(certificate)
}

/// The notification that asks for a proof: the gateway refuses it, for its token has no bytes.
#[derive(Debug)]
pub(super) struct Probe(Command);

impl Probe {
    pub(super) fn new(command: Command) -> Self {
        Self(match command {
            // The answer has to name it.
            Command::Simple => Command::Enhanced,
            command => command,
        })
    }

    pub(super) fn encode(&self, identifier: u32, out: &mut Vec<u8>) {
        let frame = Frame::new(self.0, b"", br#"{"aps":{}}"#);
        let frame = frame.identifier(identifier).expiry(0);
        let encoded = match self.0 {
            Command::Items => frame.priority(10).encode(out),
            _ => frame.encode(out),
        };
        debug_assert_eq!(encoded, Ok(()), "it has what its command needs");
    }
}

impl Settings {
    /// A cached connection to the gateway, which is made as it is used.
    pub(super) fn lease(&self) -> Result<Lease> {
        let target = self.target.clone();
        self.session.connection(target, self.certificate.now())
    }

    /// A connection of one's own to the feedback service.
    pub(super) fn feedback_lease(&self) -> Result<Lease> {
        let target = self.feedback.clone().ok_or_else(|| {
            let message = "the feedback service is not known: give the builder its endpoint";
            Error::new(ErrorKind::Config, message)
        })?;
        self.session.new_connection(target, self.certificate.now())
    }

    /// How long it is waited for the gateway's last word.
    pub(super) fn tail(&self) -> Duration {
        // Asked, it has to work off all that is on the way. Unasked, the wait is for nothing mostly.
        let default = Duration::from_secs(if self.confirm { 30 } else { 3 });
        self.tail.unwrap_or(default)
    }

    pub(super) fn context(&self) -> GatewayContext {
        GatewayContext::new(self.session.backend().system_time())
            .command(self.command)
            .payload_limit(self.payload_limit)
    }

    pub(super) fn encode(&self, notification: &Notification) -> Result<Arc<Template>, Invalid> {
        notification
            .encode_for_gateway(&self.context())
            .map(Arc::new)
    }
}
