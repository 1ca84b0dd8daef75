//! Sending: config, client, one outcome after the other, and the end.

pub(crate) mod apns;
mod drive;
pub(crate) mod fcm;
mod fcm_message;
pub(crate) mod gateway;
pub(crate) mod gcm;
mod gcm_message;
mod notification;
mod payload;
mod remarks;
pub(crate) mod web;
mod web_message;
pub(crate) mod wns;
mod wns_message;

pub(crate) use drive::{Course, drive};
pub(crate) use remarks::Remarks;

use crate::lines::{Line, MAX_LINE_BYTES};

/// Why there is no answer for a device, by what was reported.
pub(crate) fn unanswered(line: &Line, report: String) -> String {
    match line {
        Line::Cut(_) => {
            format!(
                "the line is longer than {MAX_LINE_BYTES} bytes: give one device token per line"
            )
        }
        Line::Whole(_) => report,
    }
}
