//! How devices are looked at as they are taken in.

use std::sync::Arc;

use super::Error;
use super::pipeline::{Intake, Load, TakeIn};
use super::settings::Settings;
use crate::{Device, Notification};

/// All devices get the same, but for the badge.
pub(super) struct Alike<D> {
    /// What is wrong with what they get.
    invalid: Option<Error>,
    badge: Option<BadgeOf<D>>,
}

type BadgeOf<D> = Box<dyn FnMut(&D) -> Option<u32> + Send>;

impl<D> Alike<D> {
    pub(super) fn new(invalid: Option<Error>) -> Self {
        Self {
            invalid,
            badge: None,
        }
    }

    pub(super) fn with_badges(self, badge: impl FnMut(&D) -> Option<u32> + Send + 'static) -> Self {
        let badge: BadgeOf<D> = Box::new(badge);
        Self {
            badge: Some(badge),
            ..self
        }
    }
}

impl<D: Device> TakeIn<D, D> for Alike<D> {
    #[inline(always)]
    fn take_in(&mut self, device: D) -> Intake<D> {
        if let Some(invalid) = &self.invalid {
            return Intake::Tell(device, Err(invalid.clone()));
        }
        if let Err(invalid) = device.device_token() {
            return Intake::Tell(device, Err(invalid.into()));
        }
        let load = match &mut self.badge {
            None => Load::Shared,
            Some(badge) => Load::Badge(badge(&device)),
        };
        Intake::Send(device, load)
    }
}

/// Each device gets a notification of its own.
pub(super) struct Each(pub(super) Arc<Settings>);

impl<D: Device> TakeIn<(D, Notification), D> for Each {
    fn take_in(&mut self, (device, notification): (D, Notification)) -> Intake<D> {
        if let Err(invalid) = device.device_token() {
            return Intake::Tell(device, Err(invalid.into()));
        }
        match self.0.encode(&notification) {
            Ok(template) => Intake::Send(device, Load::Own(template)),
            Err(invalid) => Intake::Tell(device, Err(invalid.into())),
        }
    }
}
