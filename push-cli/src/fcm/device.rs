//! A line as a device of FCM.

use std::borrow::Cow;

use anypush::fcm::{Device, InvalidTarget, Target};

use crate::lines::Line;

/// What stands before an installation id. No registration token begins with it: what stands before
/// the colon of one is an id of 22 characters.
pub(crate) const FID: &str = "fid:";

impl Device for Line {
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        let target = match self {
            Self::Whole(text) => match text.strip_prefix(FID) {
                Some(fid) => Target::fid(fid),
                None => Target::token(&**text),
            },
            // What was cut is none; an empty one is refused.
            Self::Cut(_) => Target::token(""),
        };
        target.check().map(|()| Cow::Owned(target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_token_or_an_installation_id_and_what_was_cut_is_neither() {
        let target = |line: Line| line.target().map(Cow::into_owned);
        let whole = |text: &str| target(Line::Whole(text.into()));
        assert_eq!(whole("a:b"), Ok(Target::token("a:b")));
        assert_eq!(whole("fid:a"), Ok(Target::fid("a")));
        assert!(whole("fid:").is_err() && whole("").is_err());
        assert!(target(Line::Cut("aaaa…".into())).is_err());
    }
}
