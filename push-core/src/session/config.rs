use std::time::Duration;

use crate::RetryPolicy;

/// How many requests one connection can carry: stream ids end at 2^31 (RFC 9113, section 5.1.1),
/// and some are kept back for those that are on their way.
pub(crate) const MOST_REQUESTS: u32 = 0x3800_0000;

/// The limits of a session, all with defaults.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) max_connections: usize,
    /// By the caller's word; `None`: as who sends there wants it, else eight.
    pub(crate) max_connections_per_key: Option<usize>,
    pub(crate) max_streams: u32,
    pub(crate) max_waiting: Option<usize>,
    pub(crate) max_abandoned: usize,
    pub(crate) max_answer_bytes: usize,
    pub(crate) max_requests: u32,
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_resends: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    pub(crate) probe_after: Duration,
    pub(crate) back_off: RetryPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_connections_per_key: None,
            max_streams: 1000,
            max_waiting: None,
            max_abandoned: 100,
            max_answer_bytes: 64 * 1024,
            max_requests: MOST_REQUESTS,
            max_age: Some(Duration::from_secs(24 * 60 * 60)),
            max_resends: 10,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: None,
            ping_interval: Duration::from_secs(60 * 60),
            ping_timeout: Duration::from_secs(5),
            probe_after: Duration::from_secs(30),
            back_off: RetryPolicy::exponential(Duration::from_millis(500))
                .attempts(u32::MAX)
                .max_delay(Duration::from_secs(30)),
        }
    }
}
