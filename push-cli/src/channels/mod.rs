//! Looking after channels.

pub(crate) mod apns;
mod output;
