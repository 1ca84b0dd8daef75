//! Errors of FCM on command.

use super::status::{self, Detail, QuotaViolation, Status, Violation};
use crate::fault::Answer;

/// FCM's own codes, the name of the status that goes with each, and the text.
const CODES: [(&str, &str, &str); 9] = [
    ("UNSPECIFIED_ERROR", "", "Unknown error."),
    (
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "Request contains an invalid argument.",
    ),
    (
        "UNREGISTERED",
        "NOT_FOUND",
        "Requested entity was not found.",
    ),
    (
        "SENDER_ID_MISMATCH",
        "PERMISSION_DENIED",
        "SenderId mismatch",
    ),
    (
        "QUOTA_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota metric 'Message sends per minute'.",
    ),
    (
        "UNAVAILABLE",
        "UNAVAILABLE",
        "The service is currently unavailable.",
    ),
    ("INTERNAL", "INTERNAL", "Internal error encountered."),
    ("THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED", THIRD_PARTY),
    ("APNS_AUTH_ERROR", "UNAUTHENTICATED", THIRD_PARTY),
];

/// Google's own text, though it is not about the access token.
const THIRD_PARTY: &str = "Request is missing required authentication credential. Expected OAuth 2 \
     access token, login cookie or other valid authentication credential. See \
     https://developers.google.com/identity/sign-in/web/devconsole-project.";

/// The error that a fault orders. A reason that is none of FCM's codes but a name of
/// `google.rpc.Code` has no `FcmError`, and so has none at all; any other is an `FcmError` that
/// nobody knows. An `INVALID_ARGUMENT` without violations is what a bad token gets.
pub(super) fn status(answer: &Answer) -> Status {
    let reason = answer.reason.as_deref();
    let known = CODES.iter().find(|(code, ..)| Some(*code) == reason);
    let is_bare = reason.is_none_or(|reason| known.is_none() && status::is_name(reason));
    let name = match known {
        Some((_, name, _)) if !name.is_empty() => (*name).to_owned(),
        _ if is_bare => reason
            .unwrap_or_else(|| status::name_of(answer.status))
            .to_owned(),
        _ => status::name_of(answer.status).to_owned(),
    };
    let is_token = reason == Some("INVALID_ARGUMENT")
        && answer.violations.is_empty()
        && answer.apns_reason.is_none();
    let usual = || match known {
        Some(_) if is_token => super::check::not_a_token().message,
        Some((_, _, text)) => (*text).to_owned(),
        None => usual_text(&name).to_owned(),
    };
    let mut status = Status {
        code: answer.status,
        message: answer.message.clone().unwrap_or_else(usual),
        status: name.clone().into(),
        details: Vec::new(),
    };
    if !answer.violations.is_empty() {
        let violations = answer
            .violations
            .iter()
            .map(|(field, description)| Violation {
                field: field.clone(),
                description: description.clone(),
            });
        status = status.with(Detail::BadRequest {
            field_violations: violations.collect(),
        });
    }
    if let Some(reason) = reason.filter(|_| !is_bare) {
        status = status.with(Detail::fcm(reason.to_owned()));
    }
    if reason == Some("QUOTA_EXCEEDED") {
        let violation = QuotaViolation {
            subject: "project".to_owned(),
            description: status.message.clone(),
        };
        status = status.with(Detail::Quota {
            violations: vec![violation],
        });
    }
    if answer.apns_reason.is_some() || answer.apns_status.is_some() {
        status = status.with(Detail::Apns {
            status_code: answer.apns_status.unwrap_or(answer.status),
            reason: answer.apns_reason.clone().unwrap_or_default(),
        });
    }
    status
}

fn usual_text(name: &str) -> &'static str {
    match name {
        "UNAUTHENTICATED" => {
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
             cookie or other valid authentication credential. See \
             https://developers.google.com/identity/sign-in/web/devconsole-project."
        }
        "PERMISSION_DENIED" => "The caller does not have permission",
        "NOT_FOUND" => "Requested entity was not found.",
        "ALREADY_EXISTS" => "Requested entity already exists",
        "RESOURCE_EXHAUSTED" => "Resource has been exhausted (e.g. check quota).",
        "UNIMPLEMENTED" => "Operation is not implemented, or supported, or enabled.",
        "UNAVAILABLE" => "The service is currently unavailable.",
        "DEADLINE_EXCEEDED" => "Deadline expired before operation could complete.",
        "INTERNAL" => "Internal error encountered.",
        "UNKNOWN" => "Unknown error.",
        _ => "Request contains an invalid argument.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_of_fcm_comes_with_its_status() {
        for (code, http, name) in [
            ("INVALID_ARGUMENT", 400, "INVALID_ARGUMENT"),
            ("UNREGISTERED", 404, "NOT_FOUND"),
            ("SENDER_ID_MISMATCH", 403, "PERMISSION_DENIED"),
            ("QUOTA_EXCEEDED", 429, "RESOURCE_EXHAUSTED"),
            ("UNAVAILABLE", 503, "UNAVAILABLE"),
            ("INTERNAL", 500, "INTERNAL"),
            ("THIRD_PARTY_AUTH_ERROR", 401, "UNAUTHENTICATED"),
            ("APNS_AUTH_ERROR", 401, "UNAUTHENTICATED"),
            ("UNSPECIFIED_ERROR", 500, "INTERNAL"),
            ("NEW_CODE", 404, "NOT_FOUND"),
        ] {
            let status = status(&Answer::new(http).reason(code));
            assert_eq!((status.code, &*status.status), (http, name), "{code}");
            assert!(status.details.contains(&Detail::fcm(code)), "{code}");
            assert_eq!(status.reason(), code);
        }
    }

    #[test]
    fn a_name_of_a_status_alone_has_no_details() {
        for (answer, name) in [
            (Answer::new(404).reason("NOT_FOUND"), "NOT_FOUND"),
            (
                Answer::new(403).reason("PERMISSION_DENIED"),
                "PERMISSION_DENIED",
            ),
            (
                Answer::new(401).reason("UNAUTHENTICATED"),
                "UNAUTHENTICATED",
            ),
            (Answer::new(501).reason("UNIMPLEMENTED"), "UNIMPLEMENTED"),
            (Answer::new(400), "INVALID_ARGUMENT"),
            (Answer::new(503), "UNAVAILABLE"),
            (Answer::new(418), "UNKNOWN"),
        ] {
            let status = status(&answer);
            assert_eq!((&*status.status, status.details), (name, Vec::new()));
            assert_eq!(status.code, answer.status);
        }
    }

    #[test]
    fn details_are_added_as_ordered() {
        let bad_value = status(&Answer::new(400).violation("message.data[0].value", "text"));
        assert_eq!(bad_value.details.len(), 1);
        assert_eq!(bad_value.reason(), "INVALID_ARGUMENT");

        let token = status(&Answer::new(400).reason("INVALID_ARGUMENT"));
        assert_eq!(token, super::super::check::not_a_token());

        let apns = status(
            &Answer::new(404)
                .reason("UNREGISTERED")
                .apns(410, "Unregistered"),
        );
        let expected = Detail::Apns {
            status_code: 410,
            reason: "Unregistered".to_owned(),
        };
        assert_eq!(apns.details, [Detail::fcm("UNREGISTERED"), expected]);

        let quota = status(
            &Answer::new(429)
                .reason("QUOTA_EXCEEDED")
                .message("slow down"),
        );
        assert_eq!(quota.message, "slow down");
        assert!(matches!(&quota.details[1], Detail::Quota { violations } if violations.len() == 1));
    }
}
