//! What a simulated feedback service is like.

/// Settings of the feedback service.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// Whether the handshake fails without a certificate of the simulator's authority; `false` by
    /// default, one is asked for then, and may be missing.
    pub require_certificate: bool,
    /// How many session tickets of TLS 1.3 follow the handshake; 0 by default.
    pub session_tickets: usize,
    /// What is in the list at the start; nothing by default.
    pub entries: Vec<super::Entry>,
}

impl Config {
    /// Demands a certificate.
    #[must_use]
    pub fn require_certificate(mut self) -> Self {
        self.require_certificate = true;
        self
    }

    /// Sends so many session tickets of TLS 1.3.
    #[must_use]
    pub fn session_tickets(mut self, tickets: usize) -> Self {
        self.session_tickets = tickets;
        self
    }

    /// Adds a device to the list.
    #[must_use]
    pub fn entry(mut self, entry: super::Entry) -> Self {
        self.entries.push(entry);
        self
    }
}
