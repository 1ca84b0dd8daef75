//! Sending: config, client, one outcome after the other, and the end.

pub(crate) mod apns;
mod drive;
pub(crate) mod gateway;
mod notification;

pub(crate) use drive::{Course, drive};

use crate::lines::{Line, MAX_LINE_BYTES};

/// What is said where tokens were suspected to be another environment's, and others were accepted
/// later.
const WRONG_BEFORE_RIGHT: &str = "the tokens that are told as fix-credentials came before the first one that was \
                                  accepted, so the environment may be right: send to them once more";

/// Why there is no answer for a device, by what was reported.
fn unanswered(line: &Line, report: String) -> String {
    match line {
        Line::Cut(_) => {
            format!(
                "the line is longer than {MAX_LINE_BYTES} bytes: give one device token per line"
            )
        }
        Line::Whole(_) => report,
    }
}
