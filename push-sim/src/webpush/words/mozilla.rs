//! Mozilla's autopush: JSON with a number for each error.

use serde_json::json;

use super::name;
use crate::fault::Answer;
use crate::web::Told;
use crate::webpush::problem::Problem;
use crate::webpush::vapid::Flaw;

const MORE_INFO: &str = "http://autopush.readthedocs.io/en/latest/http.html#error-codes";

/// Status and text by number.
const ERRORS: [(u16, u16, &str); 18] = [
    (101, 400, "Missing crypto keys"),
    (102, 404, "Invalid token"),
    (103, 410, "UAID not found"),
    (104, 413, "A payload reached size limit."),
    (105, 410, "User was deleted during routing"),
    (106, 410, "No such subscription"),
    (108, 400, "Invalid router type"),
    (109, 401, "Invalid Authentication"),
    (110, 400, "Unknown Content-Encoding header"),
    (111, 400, "Missing TTL value"),
    (112, 400, "Invalid TTL value"),
    (
        113,
        400,
        "Topic must be URL and Filename safe Base64 alphabet",
    ),
    (114, 400, "TTL must be greater than 0"),
    (201, 503, "Failed to save the message"),
    (202, 503, "Error communicating with the node"),
    (900, 502, "Bridge misconfiguration"),
    (902, 502, "Bridge connection error"),
    (903, 502, "Bridge timeout"),
];

pub(super) fn problem(problem: &Problem) -> Told {
    let (errno, text) = match problem {
        Problem::NotFound => (102, None),
        Problem::Gone => (106, None),
        Problem::Method => return plain(405).header("allow", "POST").rejected("405"),
        Problem::Vapid(flaw) => (109, Some(of_vapid(*flaw))),
        Problem::TtlMissing | Problem::TtlConflict => (111, None),
        Problem::Ttl => (112, None),
        Problem::TtlNegative => (114, None),
        // It has no number for it: chosen here.
        Problem::Urgency => {
            return error(400, None, "Invalid Urgency value").rejected("urgency");
        }
        Problem::Topic(line) => (113, Some(*line)),
        Problem::Encryption(line) => (110, Some(*line)),
        Problem::TooLarge => (104, None),
        // Nor for this.
        Problem::TooMany => return error(429, None, "Too many requests").rejected("429"),
    };
    let (status, usual) = known(errno).unwrap_or((400, ""));
    error(status, Some(errno), text.unwrap_or(usual)).rejected(errno.to_string())
}

fn of_vapid(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Missing | Flaw::NoKey => "Missing VAPID public key",
        Flaw::Scheme => "Unknown auth scheme",
        Flaw::NoToken => "Missing VAPID token",
        Flaw::Key => "Invalid VAPID public key",
        Flaw::OtherKey => "VAPID public key mismatch",
        Flaw::Token | Flaw::Subject | Flaw::KeyReuse => "InvalidToken",
        Flaw::Signature => "InvalidSignature",
        Flaw::Audience => "Invalid VAPID audience",
        Flaw::Expired => "ExpiredSignature",
        Flaw::TooLong => "The VAPID token expiration is too long",
    }
}

/// A reason that is a number is that of an error; any other is a text without a number.
pub(super) fn ordered(answer: &Answer) -> Told {
    let status = answer.status;
    let reason = answer.reason.as_deref();
    let number = reason.and_then(|reason| reason.parse().ok());
    let errno = number.or(match (reason, status) {
        (Some(_), _) => None,
        (None, 401) => Some(109),
        (None, 404) => Some(102),
        (None, 410) => Some(106),
        (None, 413) => Some(104),
        (None, 502) => Some(902),
        (None, 503) => Some(201),
        _ => None,
    });
    let usual = match (errno.and_then(known), reason) {
        (Some((_, usual)), _) => usual,
        (None, Some(reason)) if number.is_none() => reason,
        _ => name(status),
    };
    error(status, errno, answer.message.as_deref().unwrap_or(usual))
}

fn known(errno: u16) -> Option<(u16, &'static str)> {
    let known = ERRORS.iter().find(|(number, ..)| *number == errno);
    known.map(|(_, status, text)| (*status, *text))
}

fn error(status: u16, errno: Option<u16>, message: &str) -> Told {
    let body = json!({
        "code": status,
        "errno": errno,
        "error": name(status),
        "message": message,
        "more_info": MORE_INFO,
    });
    let told = Told::new(status, "application/json", body.to_string());
    match status {
        410 => told.header("cache-control", "max-age=86400"),
        _ => told,
    }
}

/// What its framework says, and not the service.
fn plain(status: u16) -> Told {
    Told {
        status,
        ..Told::default()
    }
}
