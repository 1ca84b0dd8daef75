//! FCM: a line of text, or a page of HTML for what is as old as GCM.

use super::name;
use crate::fault::Answer;
use crate::web::Told;
use crate::webpush::problem::Problem;
use crate::webpush::vapid::Flaw;

/// The word by which faults ask for it, status, and text.
const TEXTS: [(&str, u16, &str); 5] = [
    (
        "MismatchedCredentials",
        403,
        "the VAPID credentials in the authorization header do not correspond to the credentials \
         used to create the subscriptions.",
    ),
    (
        "MismatchSenderId",
        403,
        "the key in the authorization header does not correspond to the sender ID used to subscribe \
         this user. Please ensure you are using the correct sender ID and server Key from the \
         Firebase console.",
    ),
    (
        "InvalidAudience",
        403,
        "the aud claim in the VAPID JWT MUST include the origin of the push service.",
    ),
    (
        "NotRegistered",
        410,
        "push subscription has unsubscribed or expired.",
    ),
    (
        "NotFound",
        404,
        "A valid push subscription endpoint should be specified in the URL as such: \
         https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNa...",
    ),
];

pub(super) fn problem(problem: &Problem) -> Told {
    match problem {
        Problem::NotFound => said("NotFound"),
        Problem::Gone => said("NotRegistered"),
        Problem::Vapid(Flaw::OtherKey) => said("MismatchedCredentials"),
        Problem::Vapid(Flaw::Audience) => said("InvalidAudience"),
        Problem::Vapid(_) => page(400, "UnauthorizedRegistration"),
        Problem::Method => page(405, "Method Not Allowed").header("allow", "POST"),
        // Google's own words for the rest are not known; these are chosen here.
        Problem::TtlMissing => page(400, "MissingTtl"),
        Problem::Ttl | Problem::TtlNegative | Problem::TtlConflict => page(400, "InvalidTtl"),
        Problem::Urgency => page(400, "InvalidUrgency"),
        Problem::Topic(_) => page(400, "InvalidTopic"),
        Problem::Encryption(_) => page(400, "InvalidEncryption"),
        Problem::TooLarge => page(413, "MessageTooBig"),
        Problem::TooMany => page(429, "QuotaExceeded"),
    }
}

fn said(word: &str) -> Told {
    let known = TEXTS.iter().find(|(known, ..)| *known == word);
    let (status, text) = known.map_or((400, word), |(_, status, text)| (*status, *text));
    line(status, text).rejected(word)
}

/// A reason is one of the words above, or the title of a page; without one it is what goes with the
/// status.
pub(super) fn ordered(answer: &Answer) -> Told {
    let status = answer.status;
    let known = TEXTS.iter().find(|(word, of, _)| match &answer.reason {
        Some(reason) => reason == word,
        None => *of == status,
    });
    match (&answer.message, known, &answer.reason) {
        (Some(message), ..) => line(status, message),
        (None, Some((.., text)), _) => line(status, text),
        (None, None, Some(reason)) => html(status, reason),
        (None, None, None) if status == 400 => html(status, "UnauthorizedRegistration"),
        (None, None, None) => html(status, name(status)),
    }
}

fn page(status: u16, title: &str) -> Told {
    html(status, title).rejected(title)
}

fn line(status: u16, text: &str) -> Told {
    Told::new(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn html(status: u16, title: &str) -> Told {
    let title: String = title.chars().filter(|it| !"<>&".contains(*it)).collect();
    let body = format!(
        "<HTML>\n<HEAD>\n<TITLE>{title}</TITLE>\n</HEAD>\n\
         <BODY BGCOLOR=\"#FFFFFF\" TEXT=\"#000000\">\n<H1>{title}</H1>\n\
         <H2>Error {status}</H2>\n</BODY>\n</HTML>\n"
    );
    Told::new(status, "text/html; charset=UTF-8", body)
}
