use std::borrow::Cow;
use std::sync::Arc;

use crate::{DeviceToken, InvalidDeviceToken};

/// What a push can be sent to: a device token, its text, or a pair of one of these and anything, which
/// comes back with the outcome. It can be implemented for rows of one's own.
pub trait Device {
    /// The device's token.
    ///
    /// # Errors
    /// When it is a text that is no token.
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken>;
}

impl Device for DeviceToken {
    #[inline]
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        Ok(Cow::Borrowed(self))
    }
}

impl Device for str {
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        self.parse().map(Cow::Owned)
    }
}

impl Device for String {
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        self.as_str().device_token()
    }
}

impl<D: Device + ?Sized> Device for &D {
    #[inline]
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        (**self).device_token()
    }
}

impl<D: Device + ?Sized> Device for Arc<D> {
    #[inline]
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        (**self).device_token()
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    #[inline]
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        (**self).device_token()
    }
}

impl<D: Device, T> Device for (D, T) {
    #[inline]
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        self.0.device_token()
    }
}
