//! Sending: config, client, one outcome after the other, and the end.

pub(crate) mod apns;
mod drive;
mod notification;

pub(crate) use drive::{Course, drive};
