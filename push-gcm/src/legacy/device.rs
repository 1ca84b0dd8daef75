use std::sync::Arc;

use super::RegistrationId;

/// What a message can be sent to: a registration id, its text, or a pair of one of these and anything,
/// which comes back with the outcome. It can be implemented for rows of one's own.
pub trait Device {
    /// The text of the device's registration id. It is checked when it is sent to.
    fn registration_id(&self) -> &str;
}

impl Device for RegistrationId {
    fn registration_id(&self) -> &str {
        self.as_str()
    }
}

impl Device for str {
    fn registration_id(&self) -> &str {
        self
    }
}

impl Device for String {
    fn registration_id(&self) -> &str {
        self
    }
}

impl<D: Device + ?Sized> Device for &D {
    fn registration_id(&self) -> &str {
        (**self).registration_id()
    }
}

impl<D: Device + ?Sized> Device for Arc<D> {
    fn registration_id(&self) -> &str {
        (**self).registration_id()
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    fn registration_id(&self) -> &str {
        (**self).registration_id()
    }
}

impl<D: Device, T> Device for (D, T) {
    fn registration_id(&self) -> &str {
        self.0.registration_id()
    }
}
