//! Apple: JSON with a reason, as its other push service has it.

use serde_json::json;

use super::name;
use crate::fault::Answer;
use crate::web::Told;
use crate::webpush::problem::Problem;
use crate::webpush::vapid::Flaw;

pub(super) fn problem(problem: &Problem) -> Told {
    let (status, reason) = match problem {
        Problem::NotFound => (404, "BadPath"),
        Problem::Gone => (410, "Unregistered"),
        Problem::Method => (405, "MethodNotAllowed"),
        // Most reports say 400; one says 403.
        Problem::Vapid(Flaw::OtherKey) => (400, "VapidPkHashMismatch"),
        Problem::Vapid(Flaw::Key | Flaw::NoKey) => (403, "BadVapidPublicKey"),
        Problem::Vapid(Flaw::Scheme | Flaw::NoToken) => (403, "BadAuthorizationHeader"),
        Problem::Vapid(_) => (403, "BadJwtToken"),
        Problem::TtlMissing | Problem::Ttl | Problem::TtlNegative | Problem::TtlConflict => {
            (400, "BadTtl")
        }
        Problem::Urgency => (400, "BadUrgency"),
        Problem::Topic(_) => (400, "BadWebPushTopic"),
        Problem::Encryption(_) => (400, "BadWebPushRequest"),
        Problem::TooLarge => (413, "PayloadTooLarge"),
        Problem::TooMany => (429, "TooManyRequests"),
    };
    error(status, reason).rejected(reason)
}

/// The reason word for word; without one it is what goes with the status.
pub(super) fn ordered(answer: &Answer) -> Told {
    let usual = match answer.status {
        400 => "BadWebPushRequest",
        403 => "BadJwtToken",
        404 => "BadPath",
        410 => "Unregistered",
        413 => "PayloadTooLarge",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        503 => "ServiceUnavailable",
        status => name(status),
    };
    error(answer.status, answer.reason.as_deref().unwrap_or(usual))
}

fn error(status: u16, reason: &str) -> Told {
    let body = json!({ "reason": reason }).to_string();
    Told::new(status, "application/json", body)
}
