//! What a simulated gateway is like.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::ending::LINGER;

/// Settings of the binary gateway.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Whether the handshake fails without a certificate of the simulator's authority; `false` by
    /// default, one is asked for then, and may be missing.
    pub require_certificate: bool,
    /// How many bytes a device token may have; 32 by default, as the item of command 2 is described
    /// in Apple's "Binary Provider API".
    pub token_bytes: RangeInclusive<usize>,
    /// How many bytes a payload may have; `None`, the default: 2,048, and 4,096 on connections with a
    /// certificate for VoIP (its UID ends in `.voip`).
    pub payload_bytes: Option<usize>,
    /// Whether it is counted for each token how often it was taken, for
    /// [`Sim::tokens`](crate::Sim::tokens) and for what was taken twice; `false` by default. It takes
    /// some 100 bytes of memory for each token.
    pub count_tokens: bool,
    /// How many session tickets of TLS 1.3 follow the handshake; 0 by default. Clients from before
    /// TLS 1.3 take what is there to be read for an error response.
    pub session_tickets: usize,
    /// The size of the system's buffer for what was not read yet, in bytes: so much a client can
    /// write, at least, before it has to wait for the gateway. `None`, the default: as large as the
    /// system makes it.
    pub receive_buffer_bytes: Option<usize>,
    /// How long a connection that the gateway has closed is read on; 5 seconds by default. A
    /// connection with unread bytes would be reset, and its error response perhaps lost.
    pub linger: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            require_certificate: false,
            token_bytes: 32..=32,
            payload_bytes: None,
            count_tokens: false,
            session_tickets: 0,
            receive_buffer_bytes: None,
            linger: LINGER,
        }
    }
}

impl Config {
    /// Demands a certificate.
    #[must_use]
    pub fn require_certificate(mut self) -> Self {
        self.require_certificate = true;
        self
    }

    /// Sets how many bytes a device token may have.
    #[must_use]
    pub fn token_bytes(mut self, bytes: RangeInclusive<usize>) -> Self {
        self.token_bytes = bytes;
        self
    }

    /// Sets how many bytes a payload may have, whatever the certificate.
    #[must_use]
    pub fn payload_bytes(mut self, bytes: usize) -> Self {
        self.payload_bytes = Some(bytes);
        self
    }

    /// Counts for each token how often it was taken.
    #[must_use]
    pub fn count_tokens(mut self) -> Self {
        self.count_tokens = true;
        self
    }

    /// Sends so many session tickets of TLS 1.3.
    #[must_use]
    pub fn session_tickets(mut self, tickets: usize) -> Self {
        self.session_tickets = tickets;
        self
    }

    /// Sets the size of the system's buffer for what was not read yet.
    #[must_use]
    pub fn receive_buffer_bytes(mut self, bytes: usize) -> Self {
        self.receive_buffer_bytes = Some(bytes);
        self
    }

    /// Sets how long a closed connection is read on.
    #[must_use]
    pub fn linger(mut self, time: Duration) -> Self {
        self.linger = time;
        self
    }
}
