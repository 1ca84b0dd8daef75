//! The topics that devices follow.

pub(crate) mod fcm;
mod list;
mod output;
