//! The errors of token endpoints (RFC 6749, section 5.2), and what Entra ID adds to them.

use std::time::SystemTime;

use serde::Serialize;
use time::OffsetDateTime;

use super::json;
use crate::random;
use crate::web::Told;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: String,
    pub(super) description: Option<String>,
    /// Entra ID's number of it; 0: it has none. `None`: it is not Entra ID's.
    pub(super) code: Option<u32>,
}

impl Refusal {
    /// One of the older endpoint's.
    pub(super) fn new(status: u16, error: &str, description: impl Into<String>) -> Self {
        Self {
            status,
            error: error.to_owned(),
            description: Some(description.into()),
            code: None,
        }
    }

    pub(super) fn told(&self) -> Told {
        match self.code {
            None => json(
                self.status,
                &Plain {
                    error: &self.error,
                    error_description: self.description.as_deref(),
                },
            ),
            Some(code) => self.told_by_entra(code),
        }
    }

    fn told_by_entra(&self, code: u32) -> Told {
        let trace_id = random::uuid();
        let correlation_id = random::uuid();
        let timestamp = timestamp(SystemTime::now().into());
        let description = self.description.as_deref().unwrap_or_default();
        let number = match code {
            0 => String::new(),
            code => format!("AADSTS{code}: "),
        };
        let body = Entra {
            error: &self.error,
            error_description: format!(
                "{number}{description} Trace ID: {trace_id} Correlation ID: {correlation_id} \
                 Timestamp: {timestamp}"
            ),
            error_codes: Some(code).filter(|code| *code > 0).into_iter().collect(),
            timestamp,
            trace_id,
            correlation_id,
            error_uri: format!("https://login.microsoftonline.com/error?code={code}"),
        };
        json(self.status, &body)
    }
}

#[derive(Serialize)]
struct Plain<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'a str>,
}

#[derive(Serialize)]
struct Entra<'a> {
    error: &'a str,
    error_description: String,
    error_codes: Vec<u32>,
    timestamp: String,
    trace_id: String,
    correlation_id: String,
    error_uri: String,
}

/// As Entra ID writes it: `2024-05-06 06:03:00Z`.
fn timestamp(now: OffsetDateTime) -> String {
    let (hour, minute, second) = now.time().as_hms();
    format!(
        "{:04}-{:02}-{:02} {hour:02}:{minute:02}:{second:02}Z",
        now.year(),
        u8::from(now.month()),
        now.day()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_entra_has_all_that_its_clients_read() {
        let refusal = Refusal {
            code: Some(7_000_215),
            ..Refusal::new(401, "invalid_client", "Invalid client secret provided.")
        };
        let told = refusal.told();
        let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
        assert_eq!(told.status, 401);
        assert_eq!(body["error"], "invalid_client");
        assert_eq!(body["error_codes"], serde_json::json!([7_000_215]));
        let description = body["error_description"].as_str().unwrap();
        let expected = "AADSTS7000215: Invalid client secret provided. Trace ID: ";
        assert!(description.starts_with(expected), "{description}");
        let trace = body["trace_id"].as_str().unwrap();
        assert!(trace.len() == 36 && description.contains(trace));
    }

    #[test]
    fn a_time_is_written_as_entra_does() {
        let time = OffsetDateTime::from_unix_timestamp(1_683_352_980).unwrap();
        assert_eq!(timestamp(time), "2023-05-06 06:03:00Z");
    }
}
