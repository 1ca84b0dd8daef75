use std::borrow::Cow;
use std::sync::Arc;

use super::{Condition, InvalidTarget, Target, Topic};

/// What a push can be sent to: a [`Target`], a topic, a condition, the text of a registration
/// token, or a pair of one of these and anything, which comes back with the outcome. It can be
/// implemented for rows of one's own.
pub trait Device {
    /// Where the push goes.
    ///
    /// # Errors
    /// When it can't be a target: [`Target::check`].
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget>;
}

impl Device for Target {
    #[inline]
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        self.check().map(|()| Cow::Borrowed(self))
    }
}

impl Device for Topic {
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        Ok(Cow::Owned(Target::Topic(self.clone())))
    }
}

impl Device for Condition {
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        Ok(Cow::Owned(Target::Condition(self.clone())))
    }
}

impl Device for str {
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        let token = Target::from(self);
        token.check().map(|()| Cow::Owned(token))
    }
}

impl Device for String {
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        self.as_str().target()
    }
}

impl<D: Device + ?Sized> Device for &D {
    #[inline]
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        (**self).target()
    }
}

impl<D: Device + ?Sized> Device for Arc<D> {
    #[inline]
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        (**self).target()
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    #[inline]
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        (**self).target()
    }
}

impl<D: Device, T> Device for (D, T) {
    #[inline]
    fn target(&self) -> Result<Cow<'_, Target>, InvalidTarget> {
        self.0.target()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(device: impl Device) -> Result<Target, InvalidTarget> {
        device.target().map(Cow::into_owned)
    }

    #[test]
    fn a_text_is_a_token_and_what_stands_beside_it_does_no_harm() {
        let token = Target::token("abc");
        assert_eq!(target("abc").unwrap(), token);
        assert_eq!(target("abc".to_owned()).unwrap(), token);
        assert_eq!(target((&"abc", 7)).unwrap(), token);
        assert_eq!(target(Arc::<str>::from("abc")).unwrap(), token);
        assert_eq!(target(Box::new(token.clone())).unwrap(), token);
        assert_eq!(target(((&token, 7), "seven")).unwrap(), token);
        let topic = Topic::new("news").unwrap();
        assert_eq!(target(&topic).unwrap(), Target::Topic(topic));
        let condition = Condition::new("'a' in topics").unwrap();
        assert_eq!(target(&condition).unwrap(), Target::Condition(condition));
    }

    #[test]
    fn every_way_to_a_target_is_checked() {
        assert!(target("").is_err());
        assert!(target("abc\n".to_owned()).is_err());
        assert!(target(Target::fid("")).is_err());
        assert!(target((Target::token("a\tb"), 1)).is_err());
    }
}
