//! Answers as bytes, for those that are not sent as they should be.

use hyper::StatusCode;

use super::super::reply::Reply;

/// No answer of HTTP/1.1.
pub(super) const GARBAGE: &[u8] = b"this is no answer of HTTP/1.1\r\nnor is what follows\r\n\r\n";

/// The whole answer, after which the connection ends.
pub(super) fn answer(reply: &Reply) -> Vec<u8> {
    with_length(reply, reply.body.len())
}

/// An answer whose body is shorter than it says.
pub(super) fn cut_short(reply: &Reply) -> Vec<u8> {
    with_length(reply, reply.body.len() + 100)
}

/// The answer up to the middle of its body, or of its fields if it has none.
pub(super) fn half(reply: &Reply) -> Vec<u8> {
    let mut octets = answer(reply);
    let head = octets.len() - reply.body.len();
    let length = match reply.body.len() {
        0 => head / 2,
        body => head + body / 2,
    };
    octets.truncate(length);
    octets
}

fn with_length(reply: &Reply, length: usize) -> Vec<u8> {
    let status = StatusCode::from_u16(reply.status).ok();
    let phrase = status.and_then(|status| status.canonical_reason());
    let phrase = reply.reason_phrase.or(phrase).unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} {phrase}\r\n", reply.status);
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!(
        "content-length: {length}\r\nconnection: close\r\n\r\n"
    ));
    let mut octets = text.into_bytes();
    octets.extend_from_slice(&reply.body);
    octets
}
