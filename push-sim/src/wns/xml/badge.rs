//! Badges.

use roxmltree::Node;

use super::Findings;
use super::element::{Element, may, must};
use super::value::{Value, shown};

static BADGE: Element = Element {
    attributes: &[
        must("value", Value::Any),
        may("version", Value::Number(1, u32::MAX)),
    ],
    children: &[],
    has_text: false,
};

const GLYPHS: [&str; 13] = [
    "none",
    "activity",
    "alarm",
    "alert",
    "attention",
    "available",
    "away",
    "busy",
    "error",
    "newMessage",
    "paused",
    "playing",
    "unavailable",
];

pub(super) fn check(badge: Node<'_, '_>, findings: &mut Findings) {
    BADGE.check(badge, findings);
    let Some(value) = badge.attribute("value") else {
        return;
    };
    // From 100 on it is shown as 99+.
    let is_number = !value.is_empty() && value.bytes().all(|it| it.is_ascii_digit());
    if !is_number && !GLYPHS.contains(&value) {
        findings.wrong(format!(
            "value of <badge> is {:?}, not a number nor one of {}",
            shown(value),
            GLYPHS.join(", ")
        ));
    }
}
