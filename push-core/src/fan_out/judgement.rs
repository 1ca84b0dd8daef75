//! What a bulk send makes of devices that seem gone, where only the service itself can be at fault.

use std::time::Duration;

/// What it means that a device is not found, by what came of the other pushes of a bulk send to the same
/// push service.
///
/// For services whose devices are named by URLs of their own: none can be another account's, but a
/// service that fails may know none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Judgement {
    /// The push service took others of the same send, so this device is gone.
    Gone,
    /// The push service took none and knows none of them: likely the fault is its own, and none is
    /// gone. FCM answered so for hours on 26 June 2024.
    LikelyServiceFault,
}

impl Judgement {
    /// How long to wait before another try where the service is likely at fault: an hour.
    pub const WAIT: Duration = Duration::from_secs(60 * 60);

    /// What is made of so many that were not found, where none was taken; `None` for less than five,
    /// which can be gone by chance.
    pub fn of_suspects(rejected: usize) -> Option<Self> {
        (rejected >= 5).then_some(Self::LikelyServiceFault)
    }
}
