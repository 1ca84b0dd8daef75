//! What a notification was that was taken.

use serde::Serialize;

use super::request::Type;

/// What `/received` shows of a notification beside its headers and its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// What it shows.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Whether the payload is shown in base64, since it is no text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub payload_base64: bool,
    /// What Windows would not take as it is meant, though WNS does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
