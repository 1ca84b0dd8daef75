use std::sync::Arc;
use std::time::Duration;

use push_core::{Egress, Identity, Proxy, Reach, ResendUnknown, RetryPolicy, Roots, Session};

use super::settings::{Access, Probe, Settings, YEAR};
use super::{Client, Command, Error};
use crate::Endpoint;

/// Makes a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    session: Session,
    endpoint: Endpoint,
    feedback_endpoint: Option<Endpoint>,
    identity: Option<Identity>,
    reach: Reach,
    server_name: Option<String>,
    command: Command,
    payload_limit: Option<usize>,
    batch: usize,
    batch_bytes: usize,
    window: usize,
    confirm: bool,
    confirm_after: Option<Duration>,
    tail: Option<Duration>,
    timeout: Duration,
    write_timeout: Duration,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
    max_connections: usize,
}

impl ClientBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            endpoint: Endpoint::default(),
            feedback_endpoint: None,
            identity: None,
            reach: Reach::default(),
            server_name: None,
            command: Command::default(),
            payload_limit: None,
            batch: 1024,
            batch_bytes: 64 * 1024,
            window: 50_000,
            confirm: true,
            confirm_after: Some(Duration::from_secs(5)),
            tail: None,
            timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(20),
            retry: RetryPolicy::none(),
            resend_unknown: ResendUnknown::Never,
            max_connections: 2,
        }
    }

    /// The client certificate. Apple's gateway demanded one; default: none is shown.
    pub fn certificate(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Which gateway to send to: [`Endpoint::gateway_host`]. Default: production. A host without a port,
    /// read from text, has the provider API's port, 443: give 2195 with it.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// The development environment: short for [`Endpoint::Sandbox`].
    pub fn sandbox(self) -> Self {
        self.endpoint(Endpoint::Sandbox)
    }

    /// Which feedback service to ask: [`Endpoint::feedback_host`]. Default: Apple's for Apple's
    /// gateways; of another one it has to be given.
    pub fn feedback_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.feedback_endpoint = Some(endpoint);
        self
    }

    /// The roots that the server's certificate must come from. Default: the system's.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.reach.roots = roots;
        self
    }

    /// The name that the servers' certificates must carry. Default: their hosts.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Which addresses may be dialled. Default: any.
    pub fn egress(mut self, egress: Egress) -> Self {
        self.reach.egress = egress;
        self
    }

    /// The HTTP proxy to go through, by CONNECT. Default: none; the environment is not asked, but
    /// [`Proxy::from_env`] does so.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.reach.proxy = Some(proxy);
        self
    }

    /// The form of the frames. Default: [`Command::Items`]. With [`Command::Simple`] no answer can name
    /// a notification, so that one refusal leaves all that was sent on its connection unknown; and where
    /// the gateway does not name the question for a proof by its identifier, nothing is ever proven.
    pub fn command(mut self, command: Command) -> Self {
        self.command = command;
        self
    }

    /// The largest payload, in bytes. `None`, the default: what Apple's gateway took, 2048 bytes, and
    /// 4096 for VoIP with [`Command::Items`].
    pub fn payload_limit(mut self, bytes: Option<usize>) -> Self {
        self.payload_limit = bytes;
        self
    }

    /// The most notifications that are written at once. Default: 1024. Zero is taken as one.
    pub fn batch(mut self, notifications: usize) -> Self {
        self.batch = notifications.max(1);
        self
    }

    /// About how many bytes are written at once, at most. Default: 64 KiB, four records of TLS.
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes.max(1);
        self
    }

    /// How many notifications a connection may carry before a proof is asked for: so many are
    /// remembered, and twice as many while the answer is waited for beside the next connection. Without
    /// [`confirm`](Self::confirm), the oldest then count as unknown. Default: 50,000. Zero is
    /// taken as one.
    pub fn window(mut self, notifications: usize) -> Self {
        self.window = notifications.max(1);
        self
    }

    /// Whether the gateway is asked what it has taken, by a notification with an empty token, which it
    /// refuses: all before it was taken. It then closes the connection. Otherwise what was sent behind
    /// the last refusal is unknown, for success is silent. Default: yes.
    pub fn confirm(mut self, confirm: bool) -> Self {
        self.confirm = confirm;
        self
    }

    /// How long nothing more may come before a proof is asked for what was sent. `None`: not before the
    /// end, or the [window](Self::window) is full. Default: 5 seconds.
    pub fn confirm_after(mut self, quiet: Option<Duration>) -> Self {
        self.confirm_after = quiet.map(|quiet| quiet.min(YEAR));
        self
    }

    /// How long to wait for the gateway's last word on a connection, beside the next one. Default: 30
    /// seconds where it is asked for, which is mostly the time of one round trip; 3 seconds where it is
    /// not, in which an error may still come.
    pub fn tail(mut self, wait: Duration) -> Self {
        self.tail = Some(wait.min(YEAR));
        self
    }

    /// How long to try for a connection that leads to anything before what waits for one is told as not
    /// sent, and how long the feedback service may say nothing. While others have all the connections
    /// that the session [allows](push_core::session::SessionBuilder::max_connections_per_destination),
    /// the time does not run. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(YEAR);
        self
    }

    /// How long the gateway may take no byte before its connection counts as lost. Default: 20 seconds.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout.min(YEAR);
        self
    }

    /// When a notification is sent again that the gateway failed at: [`Status::ProcessingError`] and what
    /// is not documented. Default: never.
    ///
    /// [`Status::ProcessingError`]: super::Status::ProcessingError
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Whether notifications are sent again that may have been taken, since their connection ended
    /// without a word: at least once instead of at most once. A device may then show them twice.
    /// Default: never, and the verdict is [`Unknown`](push_core::Verdict::Unknown).
    pub fn resend_unknown(mut self, resend: ResendUnknown) -> Self {
        self.resend_unknown = resend;
        self
    }

    /// How many connections one send may have at a time: one that is written to, and the others wait for
    /// the gateway's last word. Default: 2. Zero is taken as one.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.max_connections = most.max(1);
        self
    }

    /// Makes the client. Nothing is connected before it is used.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`](push_core::ErrorKind::Identity) when the certificate can't be used or has
    /// expired.
    pub fn build(self) -> Result<Client, Error> {
        let certificate = Access::new(&self.session, self.identity.as_ref())?;
        let target = |host: &str, port| {
            let target = self.reach.target(host, port);
            match &self.server_name {
                Some(name) => target.server_name(name),
                None => target,
            }
        };
        let endpoint = &self.endpoint;
        let feedback = match (&self.feedback_endpoint, endpoint) {
            (Some(given), _) => Some(given),
            // One port can't speak both protocols.
            (None, Endpoint::Custom { .. }) => None,
            (None, known) => Some(known),
        };
        let settings = Settings {
            target: target(endpoint.gateway_host(), endpoint.gateway_port()),
            feedback: feedback.map(|known| target(known.feedback_host(), known.feedback_port())),
            certificate,
            command: self.command,
            payload_limit: self.payload_limit,
            // Where the oldest are forgotten to make room, those were written.
            batch: self.batch.min(self.window),
            batch_bytes: self.batch_bytes,
            window: self.window,
            confirm: self.confirm,
            tail: self.tail,
            linger: self.confirm_after,
            timeout: self.timeout,
            write_timeout: self.write_timeout,
            retry: self.retry,
            resend_unknown: self.resend_unknown,
            max_connections: self.max_connections,
            probe: Probe::new(self.command),
            session: self.session,
            endpoint: Arc::new(self.endpoint),
        };
        Ok(Client::new(settings))
    }
}
