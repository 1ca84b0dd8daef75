//! What a bulk send makes of devices that seem gone: the same for both protocols.

/// What it means that a device is said to be gone, by what came of the other devices of a bulk send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Judgement {
    /// The same message was taken for others, so the project is right and the token is dead.
    DeadToken,
    /// None was taken and all are said to be gone: likely the tokens are those of another project.
    LikelyWrongProject,
}

impl Judgement {
    /// Where so many were rejected and none was taken. Less than five can be gone by chance.
    pub(crate) fn of_suspects(rejected: usize) -> Option<Self> {
        (rejected >= 5).then_some(Self::LikelyWrongProject)
    }
}
