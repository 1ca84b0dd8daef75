use std::sync::Arc;

use super::Subscription;

/// What a push can be sent to: a [`Subscription`], or a pair of one and anything, which comes back with the
/// outcome. It can be implemented for rows of one's own.
pub trait Device {
    /// Where the push goes.
    fn subscription(&self) -> &Subscription;
}

impl Device for Subscription {
    fn subscription(&self) -> &Subscription {
        self
    }
}

impl<D: Device + ?Sized> Device for &D {
    fn subscription(&self) -> &Subscription {
        (**self).subscription()
    }
}

impl<D: Device + ?Sized> Device for Arc<D> {
    fn subscription(&self) -> &Subscription {
        (**self).subscription()
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    fn subscription(&self) -> &Subscription {
        (**self).subscription()
    }
}

impl<D: Device, T> Device for (D, T) {
    fn subscription(&self) -> &Subscription {
        self.0.subscription()
    }
}
