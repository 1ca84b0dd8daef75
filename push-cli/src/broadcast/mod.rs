//! Broadcasting: one push for all who follow a channel.

mod activity;
pub(crate) mod apns;
