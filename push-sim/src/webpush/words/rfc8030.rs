//! A service that does what the RFCs say and no more: a line of text.

use super::name;
use crate::fault::Answer;
use crate::web::Told;
use crate::webpush::problem::Problem;
use crate::webpush::vapid::Flaw;

pub(super) fn problem(problem: &Problem) -> Told {
    let (status, text) = match problem {
        // RFC 8030, section 7.3, has the same for both.
        Problem::NotFound => (404, "no such subscription"),
        Problem::Gone => (404, "the subscription has ended"),
        Problem::Method => (405, "a push is sent with POST"),
        // RFC 8292, section 4.2.
        Problem::Vapid(Flaw::Missing) => (401, "the subscription is bound to a key"),
        Problem::Vapid(Flaw::OtherKey) => (403, "the subscription is bound to another key"),
        Problem::Vapid(Flaw::KeyReuse) => (400, "the key encrypts the message, too"),
        Problem::Vapid(_) => (403, "the authentication is not valid"),
        Problem::TtlMissing => (400, "the TTL is missing"),
        Problem::Ttl | Problem::TtlNegative | Problem::TtlConflict => {
            (400, "the TTL is no number of seconds")
        }
        Problem::Urgency => (400, "the urgency is none of very-low, low, normal and high"),
        Problem::Topic(line) => (400, *line),
        Problem::Encryption(line) => (400, *line),
        Problem::TooLarge => (413, "the message is longer than 4096 bytes"),
        Problem::TooMany => (429, "too many messages"),
    };
    let told = line(status, text).rejected(status.to_string());
    match problem {
        Problem::Method => told.header("allow", "POST"),
        Problem::Vapid(Flaw::Missing) => told.header("www-authenticate", "vapid"),
        _ => told,
    }
}

/// The reason is the text.
pub(super) fn ordered(answer: &Answer) -> Told {
    let text = answer.message.as_deref().or(answer.reason.as_deref());
    line(answer.status, text.unwrap_or_else(|| name(answer.status)))
}

fn line(status: u16, text: &str) -> Told {
    Told::new(status, "text/plain; charset=utf-8", format!("{text}\n"))
}
