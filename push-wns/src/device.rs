use std::borrow::Cow;
use std::sync::Arc;

use crate::channel::{Channel, ChannelUri, InvalidChannel};

/// What a push can be sent to: a [`Channel`], its URI, the text of one, or a pair of one of these and
/// anything, which comes back with the outcome. It can be implemented for rows of one's own.
pub trait Device {
    /// Where the push goes.
    ///
    /// # Errors
    /// When it is no channel: [`ChannelUri::new`].
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel>;
}

impl Device for Channel {
    #[inline]
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        Ok(Cow::Borrowed(self))
    }
}

impl Device for ChannelUri {
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        Ok(Cow::Owned(Channel::new(self.clone())))
    }
}

impl Device for str {
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        self.parse().map(Cow::Owned)
    }
}

impl Device for String {
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        self.as_str().channel()
    }
}

impl<D: Device + ?Sized> Device for &D {
    #[inline]
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        (**self).channel()
    }
}

impl<D: Device + ?Sized> Device for Arc<D> {
    #[inline]
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        (**self).channel()
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    #[inline]
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        (**self).channel()
    }
}

impl<D: Device, T> Device for (D, T) {
    #[inline]
    fn channel(&self) -> Result<Cow<'_, Channel>, InvalidChannel> {
        self.0.channel()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "https://db5p.notify.windows.com/?token=AwYAAAB%2b%3d";

    fn channel(device: impl Device) -> Result<Channel, InvalidChannel> {
        device.channel().map(Cow::into_owned)
    }

    #[test]
    fn a_text_is_a_channel_and_what_stands_beside_it_does_no_harm() {
        let known: Channel = URI.parse().unwrap();
        assert_eq!(channel(URI).unwrap(), known);
        assert_eq!(channel(URI.to_owned()).unwrap(), known);
        assert_eq!(channel((&URI, 7)).unwrap(), known);
        assert_eq!(channel(known.uri()).unwrap(), known);
        assert_eq!(channel((Arc::new(known.clone()), "row")).unwrap(), known);
        assert_eq!(channel(Box::new((known.clone(), 7))).unwrap(), known);
        let text: Box<dyn Device> = Box::new(URI);
        assert_eq!(channel(text).unwrap(), known);
    }

    #[test]
    fn every_text_is_checked() {
        assert!(channel("").is_err());
        assert!(channel((format!("{URI}\n"), 1)).is_err());
    }
}
