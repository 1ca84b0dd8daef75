//! What a bulk send makes of subscriptions that seem gone.

use std::time::Duration;

/// What it means that a subscription is not found, by what came of the other pushes of a bulk send to
/// the same push service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Judgement {
    /// The push service took others of the same send, so this subscription is gone.
    Gone,
    /// The push service took none and knows none of them: likely the fault is its own, and none is
    /// gone. FCM answered so for hours on 26 June 2024.
    LikelyServiceFault,
}

impl Judgement {
    /// How long to wait before another try where the service is likely at fault.
    pub(crate) const WAIT: Duration = Duration::from_secs(60 * 60);

    /// Where so many were not found and none was taken. Less than five can be gone by chance.
    pub(crate) fn of_suspects(rejected: usize) -> Option<Self> {
        (rejected >= 5).then_some(Self::LikelyServiceFault)
    }
}
