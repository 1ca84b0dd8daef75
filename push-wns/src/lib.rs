//! Windows Push Notification Services (WNS): toasts, tiles, badges and raw notifications.

mod channel;
mod device;

pub use channel::{Channel, ChannelUri, InvalidChannel, TrustedOrigins};
pub use device::Device;
