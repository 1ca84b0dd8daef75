use serde::{Deserialize, Serialize};

/// How many bytes are put behind a payload before it is encrypted, so that the size of the body does
/// not tell that of the payload. What the browser gets is the payload without them.
///
/// They count as the payload does: 3993 bytes of both fit into a body of 4096.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Padding {
    /// None. The default.
    #[default]
    None,
    /// So many, whatever the payload's size.
    By(usize),
    /// As many as bring it to this size; a payload that is larger can't be sent.
    To(usize),
    /// As many as bring it to a multiple of this size, or to the largest that fits into a body of 4096
    /// bytes; of a payload without bytes, none. Zero means none.
    Multiple(usize),
}

impl Padding {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// How many bytes follow a payload of this size, of which at most `limit` fit in all. `None` where
    /// it is larger than what it is to be brought to.
    pub(super) fn of(self, payload: usize, limit: usize) -> Option<usize> {
        match self {
            Self::None | Self::Multiple(0) => Some(0),
            Self::By(bytes) => Some(bytes),
            Self::To(size) => size.checked_sub(payload),
            Self::Multiple(size) => {
                let wanted = payload.checked_next_multiple_of(size).unwrap_or(limit);
                Some(wanted.min(limit).saturating_sub(payload))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_gives_its_number_of_bytes() {
        for (padding, payload, bytes) in [
            (Padding::None, 10, Some(0)),
            (Padding::By(5), 10, Some(5)),
            (Padding::By(usize::MAX), 10, Some(usize::MAX)),
            (Padding::To(100), 10, Some(90)),
            (Padding::To(10), 10, Some(0)),
            (Padding::To(9), 10, None),
            (Padding::Multiple(0), 10, Some(0)),
            (Padding::Multiple(16), 0, Some(0)),
            (Padding::Multiple(16), 1, Some(15)),
            (Padding::Multiple(16), 16, Some(0)),
            (Padding::Multiple(16), 17, Some(15)),
            (Padding::Multiple(128), 3990, Some(3)),
            (Padding::Multiple(usize::MAX), 3990, Some(3)),
            (Padding::Multiple(usize::MAX), usize::MAX, Some(0)),
        ] {
            assert_eq!(padding.of(payload, 3993), bytes, "{padding:?} of {payload}");
        }
    }
}
