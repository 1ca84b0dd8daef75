//! What is wrong with a notification, all of it but its size.

use http::HeaderValue;

use super::checker::Checker;
use super::document;
use super::matching::check_name;
use super::problem::Fault;
use super::{Kind, Notification, Payload};

/// Of the specification's correlation vectors, version 2.1: 127.
const MAX_CORRELATION_VECTOR: usize = 128;

/// 68 years: Microsoft names no limit, and this one fits everywhere.
const MAX_TTL_SECS: u64 = (1 << 31) - 1;

pub(super) fn check(notification: &Notification, at: &mut Checker) {
    check_options(notification, at);
    match &notification.payload {
        Payload::Toast(toast) => at.within("toast", |at| toast.check(at)),
        Payload::TemplateToast(toast) => at.within("template_toast", |at| toast.check(at)),
        Payload::Tile(tile) => at.within("tile", |at| tile.check(at)),
        Payload::Badge(_) => {}
        Payload::Xml(kind, xml) => {
            if let Err(fault) = document::check(xml, *kind) {
                at.found("xml", fault);
            }
        }
        Payload::Raw(bytes) if bytes.is_empty() => {
            let expected = "at least one byte";
            at.found("raw", Fault::Empty { expected });
        }
        Payload::Raw(_) => {}
    }
}

fn check_options(notification: &Notification, at: &mut Checker) {
    let place = "to another kind than a toast";
    if let Some(seconds) = notification.ttl_secs.filter(|it| *it > MAX_TTL_SECS) {
        let expected = "at most 2147483647 seconds";
        at.unexpected("ttl", &seconds.to_string(), expected);
    }
    if let Some(tag) = &notification.tag {
        check_name(at, "tag", tag);
    }
    if let Some(group) = &notification.group {
        check_name(at, "group", group);
        if notification.kind() != Kind::Toast {
            at.found("group", Fault::Misplaced { place });
        }
    }
    if notification.suppress_popup.is_some() {
        if !notification.windows_phone {
            at.found("suppress_popup", Fault::PhoneOnly);
        }
        if notification.kind() != Kind::Toast {
            at.found("suppress_popup", Fault::Misplaced { place });
        }
    }
    if let Some(vector) = &notification.correlation_vector {
        let is_visible = vector.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = (1..=MAX_CORRELATION_VECTOR).contains(&vector.len());
        if !is_visible || !fits || HeaderValue::from_str(vector).is_err() {
            let expected = "1 to 128 visible ASCII characters";
            at.unexpected("correlation_vector", vector, expected);
        }
    }
}
