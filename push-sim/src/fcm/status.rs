//! Google's errors (`google.rpc.Status`), written as its front end writes them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::web::{Asked, Told};

/// An error, ready to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Status {
    pub(super) code: u16,
    pub(super) message: String,
    pub(super) status: Cow<'static, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) details: Vec<Detail>,
}

/// One of the details that FCM's errors have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "@type", rename_all_fields = "camelCase")]
pub(super) enum Detail {
    #[serde(rename = "type.googleapis.com/google.firebase.fcm.v1.FcmError")]
    Fcm { error_code: Cow<'static, str> },
    #[serde(rename = "type.googleapis.com/google.firebase.fcm.v1.ApnsError")]
    Apns { status_code: u16, reason: String },
    #[serde(rename = "type.googleapis.com/google.rpc.BadRequest")]
    BadRequest {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        field_violations: Vec<Violation>,
    },
    #[serde(rename = "type.googleapis.com/google.rpc.QuotaFailure")]
    Quota { violations: Vec<QuotaViolation> },
    #[serde(rename = "type.googleapis.com/google.rpc.ErrorInfo")]
    Info {
        reason: &'static str,
        domain: &'static str,
        metadata: BTreeMap<&'static str, String>,
    },
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Violation {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) field: String,
    pub(super) description: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct QuotaViolation {
    pub(super) subject: String,
    pub(super) description: String,
}

/// The names of `google.rpc.Code` and the HTTP status of each.
const CODES: [(&str, u16); 16] = [
    ("INVALID_ARGUMENT", 400),
    ("FAILED_PRECONDITION", 400),
    ("OUT_OF_RANGE", 400),
    ("UNAUTHENTICATED", 401),
    ("PERMISSION_DENIED", 403),
    ("NOT_FOUND", 404),
    ("ALREADY_EXISTS", 409),
    ("ABORTED", 409),
    ("RESOURCE_EXHAUSTED", 429),
    ("CANCELLED", 499),
    ("INTERNAL", 500),
    ("UNKNOWN", 500),
    ("DATA_LOSS", 500),
    ("UNIMPLEMENTED", 501),
    ("UNAVAILABLE", 503),
    ("DEADLINE_EXCEEDED", 504),
];

/// The name that goes with an HTTP status; `UNKNOWN` if there is none.
pub(super) fn name_of(http: u16) -> &'static str {
    let code = CODES.iter().find(|(_, status)| *status == http);
    code.map_or("UNKNOWN", |(name, _)| name)
}

/// Whether it is a name of `google.rpc.Code`.
pub(super) fn is_name(text: &str) -> bool {
    CODES.iter().any(|(name, _)| *name == text)
}

impl Status {
    /// An error with nothing but a code and a text.
    pub(super) fn new(status: &'static str, message: impl Into<String>) -> Self {
        let code = CODES.iter().find(|(name, _)| *name == status);
        Self {
            code: code.map_or(500, |(_, http)| *http),
            message: message.into(),
            status: status.into(),
            details: Vec::new(),
        }
    }

    /// A request that can't be read as the service's type: no verdict of FCM.
    pub(super) fn malformed(violations: Vec<Violation>) -> Self {
        let texts: Vec<_> = violations
            .iter()
            .map(|violation| violation.description.as_str())
            .collect();
        Self::new("INVALID_ARGUMENT", texts.join("\n")).with(Detail::BadRequest {
            field_violations: violations,
        })
    }

    /// A message that FCM refuses for what stands in this field.
    pub(super) fn invalid(field: &str, message: impl Into<String>) -> Self {
        let description = message.into();
        let violation = Violation {
            field: field.to_owned(),
            description: description.clone(),
        };
        Self::new("INVALID_ARGUMENT", description)
            .with(Detail::BadRequest {
                field_violations: vec![violation],
            })
            .with(Detail::fcm("INVALID_ARGUMENT"))
    }

    pub(super) fn with(mut self, detail: Detail) -> Self {
        self.details.push(detail);
        self
    }

    /// As an answer; the ledger counts nothing.
    pub(super) fn told(&self, asked: &Asked) -> Told {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: &'a Status,
        }
        let told = json(asked, self.code, &Envelope { error: self });
        if self.status != "UNAUTHENTICATED" {
            return told;
        }
        let is_known = asked.header("authorization").is_some();
        let error = if is_known {
            ", error=\"invalid_token\""
        } else {
            ""
        };
        told.header(
            "www-authenticate",
            format!("Bearer realm=\"https://accounts.google.com/\"{error}"),
        )
    }

    /// FCM's own verdict, else the code: what the ledger counts.
    pub(super) fn reason(&self) -> String {
        let verdict = self.details.iter().find_map(|detail| match detail {
            Detail::Fcm { error_code } => Some(error_code),
            _ => None,
        });
        verdict.unwrap_or(&self.status).to_string()
    }
}

impl Detail {
    pub(super) fn fcm(code: impl Into<Cow<'static, str>>) -> Self {
        Self::Fcm {
            error_code: code.into(),
        }
    }
}

/// JSON as Google's front end writes it: indented, unless the request wants it otherwise.
pub(super) fn json(asked: &Asked, status: u16, value: &impl Serialize) -> Told {
    let compact = matches!(
        asked.query_value("prettyPrint").as_deref(),
        Some("false" | "0")
    );
    let written = if compact {
        serde_json::to_vec(value)
    } else {
        serde_json::to_vec_pretty(value)
    };
    let mut body = written.unwrap_or_default();
    body.push(b'\n');
    Told::new(status, "application/json; charset=UTF-8", body)
        .header("vary", "Origin, X-Origin, Referer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_as_google_writes_it() {
        let status = Status::invalid("message", "Recipient of the message is not set.");
        let told = status.told(&Asked::default());
        let expected = r#"{
  "error": {
    "code": 400,
    "message": "Recipient of the message is not set.",
    "status": "INVALID_ARGUMENT",
    "details": [
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [
          {
            "field": "message",
            "description": "Recipient of the message is not set."
          }
        ]
      },
      {
        "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
        "errorCode": "INVALID_ARGUMENT"
      }
    ]
  }
}
"#;
        assert_eq!(String::from_utf8(told.body).unwrap(), expected);
        assert_eq!(told.status, 400);
        assert_eq!(status.reason(), "INVALID_ARGUMENT");
    }

    #[test]
    fn a_request_can_ask_for_short_json() {
        let asked = Asked {
            query: Some("alt=json&prettyPrint=false".to_owned()),
            ..Asked::default()
        };
        let told = Status::new("NOT_FOUND", "x").told(&asked);
        let expected = r#"{"error":{"code":404,"message":"x","status":"NOT_FOUND"}}"#;
        assert_eq!(told.body.trim_ascii(), expected.as_bytes());
    }

    #[test]
    fn every_name_has_a_status_and_the_usual_ones_lead_back() {
        for (name, http) in CODES {
            assert!(is_name(name));
            assert_eq!(Status::new(name, "").code, http);
        }
        for http in [400, 401, 403, 404, 409, 429, 500, 503, 504] {
            assert_eq!(Status::new(name_of(http), "").code, http);
        }
        assert_eq!(name_of(418), "UNKNOWN");
    }
}
