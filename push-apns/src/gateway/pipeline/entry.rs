//! A notification on its way.

use std::sync::Arc;
use std::time::Instant;

use super::super::{BadgeTemplate, Outcome, Template};
use crate::{Device, InvalidDeviceToken};

/// A device, and what is to be remembered of it until it has a verdict.
#[derive(Debug)]
pub(in super::super) struct Entry<D> {
    pub(super) device: D,
    load: Load,
    /// How often it was handed to a connection.
    pub(super) attempts: u16,
    /// How often it is sent again though it may have been taken.
    pub(super) blind: u16,
    /// How often it was refused for no fault of its own.
    pub(super) refused: Option<Box<Refused>>,
}

#[derive(Debug)]
pub(super) struct Refused {
    pub(super) times: u32,
    pub(super) since: Instant,
}

/// What of a notification is the device's own.
#[derive(Debug)]
pub(in super::super) enum Load {
    /// Nothing.
    Shared,
    /// The badge.
    Badge(Option<u32>),
    /// All of it.
    Own(Arc<Template>),
}

/// What the notifications of a send have in common.
#[derive(Clone, Debug)]
pub(in super::super) enum Content {
    Shared(Arc<Template>),
    Badges(Arc<BadgeTemplate>),
    Each,
}

/// What comes of an item of the source.
#[derive(Debug)]
pub(in super::super) enum Intake<D> {
    /// It is to be sent.
    Send(D, Load),
    /// Its fate is known already.
    Tell(D, Outcome),
    /// All before it is to have a verdict, before anything after it is sent; then this is dropped.
    Mark(Mark),
}

/// Looks at the items of a source as they are taken in.
pub(in super::super) trait TakeIn<T, D> {
    fn take_in(&mut self, item: T) -> Intake<D>;
}

/// Dropped when what it stands for has happened.
pub(in super::super) type Mark = Box<dyn std::any::Any + Send>;

impl<D: Device> Entry<D> {
    #[inline]
    pub(super) fn new(device: D, load: Load) -> Self {
        Self {
            device,
            load,
            attempts: 0,
            blind: 0,
            refused: None,
        }
    }

    /// Appends its frame.
    ///
    /// # Errors
    /// When the device has a token no more: it had one when it was taken in.
    #[inline]
    pub(super) fn encode(
        &self,
        content: &Content,
        identifier: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidDeviceToken> {
        let token = self.device.device_token()?;
        match (&self.load, content) {
            (Load::Own(template), _) | (_, Content::Shared(template)) => {
                template.encode(identifier, &token, out);
            }
            (Load::Badge(badge), Content::Badges(template)) => {
                template.encode(identifier, &token, *badge, out);
            }
            (Load::Shared, Content::Badges(template)) => {
                template.encode(identifier, &token, None, out);
            }
            // Nothing is made so.
            (Load::Shared | Load::Badge(_), Content::Each) => {}
        }
        Ok(())
    }

    /// It is handed to a connection.
    pub(super) fn begins(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
    }

    /// It was not handed over after all.
    pub(super) fn did_not_begin(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// Whether an attempt before the last one may have been taken.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.blind > 0
    }
}
