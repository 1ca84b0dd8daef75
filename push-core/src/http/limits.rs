use std::time::Duration;

/// How many connections there may be to one destination where nobody says anything.
const USUAL_CONNECTIONS: usize = 8;

/// How much of a session's connections one destination may have, where the session as a whole does not
/// allow less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    pub(crate) max_streams: Option<u32>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) idle_timeout: Option<Duration>,
}

impl Limits {
    /// At most so many requests under way on each HTTP/2 connection, where the peer does not allow
    /// fewer. Default: as the session has it. Zero is taken as one.
    #[must_use]
    pub fn max_streams(mut self, most: u32) -> Self {
        self.max_streams = Some(most.max(1));
        self
    }

    /// At most so many connections; HTTP/2 and HTTP/1.1 are counted apart. Where the
    /// [session](crate::session::SessionBuilder::max_connections_per_destination) was told of fewer, those
    /// count. Default: as the session was told, else 8. Zero is taken as one.
    #[must_use]
    pub fn max_connections(mut self, most: usize) -> Self {
        self.max_connections = Some(most.max(1));
        self
    }

    /// Closes a connection that has been idle for so long. Default: as the session has it.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// The lower one, of this and of what the session was told.
    pub(crate) fn connections(&self, session: Option<usize>) -> usize {
        let said = [self.max_connections, session].into_iter().flatten().min();
        said.unwrap_or(USUAL_CONNECTIONS)
    }

    /// The lower one, of this and of the session's.
    pub(crate) fn streams(&self, session: u32) -> u32 {
        self.max_streams.unwrap_or(session).min(session)
    }

    /// The shorter one, of this and of the session's.
    pub(crate) fn idle(&self, session: Option<Duration>) -> Option<Duration> {
        [self.idle_timeout, session].into_iter().flatten().min()
    }
}
