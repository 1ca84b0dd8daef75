//! WNS: headers, and no body.

use super::name;
use crate::fault::Answer;
use crate::random;
use crate::web::Told;
use crate::webpush::problem::Problem;
use crate::webpush::vapid::Flaw;

pub(super) fn problem(problem: &Problem) -> Told {
    // But for the third, these words are chosen here.
    let (status, description) = match problem {
        Problem::NotFound => (404, "The channel URI is not valid."),
        Problem::Gone => (410, "The channel has expired."),
        Problem::TtlConflict => (400, "Ttl value conflicts with X-WNS-Cache-Policy."),
        Problem::Method => (405, "Only POST is supported."),
        Problem::Vapid(Flaw::Missing) => (401, "The authorization header is missing."),
        Problem::Vapid(Flaw::OtherKey) => (403, "The key does not match the channel's."),
        Problem::Vapid(_) => (403, "The authorization header is not valid."),
        Problem::TtlMissing => (400, "The TTL header is missing."),
        Problem::Ttl | Problem::TtlNegative => (400, "The TTL header is not valid."),
        Problem::Urgency => (400, "The Urgency header is not valid."),
        Problem::Topic(_) => (400, "The Topic header is not valid."),
        Problem::Encryption(_) => (400, "The encryption headers are not valid."),
        Problem::TooLarge => (413, "The payload is too large."),
        // The number that other services give 429, though it may have changed since.
        Problem::TooMany => (406, "The throttle limit of the channel is exceeded."),
    };
    failed(status, "dropped", description).rejected(status.to_string())
}

/// The reasons `dropped` and `channelthrottled` are what becomes of the notification; any other is a
/// description.
pub(super) fn ordered(answer: &Answer) -> Told {
    let reason = answer.reason.as_deref();
    let fate = reason.filter(|reason| {
        let fates = ["received", "dropped", "channelthrottled"];
        fates.contains(&reason.to_ascii_lowercase().as_str())
    });
    let usual = match (fate, answer.status) {
        (Some("channelthrottled"), _) | (None, 406 | 429) => "The throttle limit is exceeded.",
        (None, 410) => "The channel has expired.",
        (_, status) => name(status),
    };
    let of_reason = reason.filter(|_| fate.is_none());
    let description = answer.message.as_deref().or(of_reason).unwrap_or(usual);
    failed(answer.status, fate.unwrap_or("dropped"), description)
}

fn failed(status: u16, fate: &str, description: &str) -> Told {
    let shown: String = description.chars().filter(|it| !it.is_control()).collect();
    noted(status, fate).header("x-wns-error-description", shown)
}

/// An answer with the headers that all of them have; both names are on the wire.
pub(in crate::webpush) fn noted(status: u16, fate: &str) -> Told {
    Told {
        status,
        ..Told::default()
    }
    .header("x-wns-status", fate)
    .header("x-wns-notificationstatus", fate)
    .header("x-wns-msg-id", random::hex(8).to_ascii_uppercase())
    .header("x-wns-debug-trace", "SIM1PEPF00000001")
}
