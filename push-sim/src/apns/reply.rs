//! Answers.

use serde::Serialize;

use super::Reason;
use super::ids::Id;
use crate::fault::Answer;
use crate::http2::Connection;

/// An answer, ready to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    id: Id,
    unique_id: Option<Id>,
    refusal: Option<Refusal>,
    retry_after: Option<String>,
}

#[derive(Debug, Serialize)]
struct Refusal {
    reason: std::borrow::Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
}

impl Reply {
    pub(super) fn accepted(id: Id, unique_id: Option<Id>) -> Self {
        Self {
            status: 200,
            id,
            unique_id,
            refusal: None,
            retry_after: None,
        }
    }

    pub(super) fn refused(id: Id, reason: Reason) -> Self {
        Self {
            status: reason.status(),
            refusal: Some(Refusal {
                reason: reason.as_str().into(),
                timestamp: None,
            }),
            ..Self::accepted(id, None)
        }
    }

    /// What a fault asks for. Some clients read every body as JSON, so whatever
    /// is no success has one; 410 has a timestamp, by default the present.
    pub(super) fn commanded(id: Id, answer: &Answer) -> Self {
        let reason = answer.reason.clone();
        let refusal = (answer.status != 200).then(|| Refusal {
            reason: reason
                .unwrap_or_else(|| default_reason(answer.status).to_owned())
                .into(),
            timestamp: answer.timestamp_ms.or_else(|| {
                let now = super::credentials::Now::read().since_epoch;
                (answer.status == 410).then_some(now.as_millis() as u64)
            }),
        });
        Self {
            status: answer.status,
            refusal,
            retry_after: answer.retry_after.clone(),
            ..Self::accepted(id, None)
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// Empty for a success.
    pub(super) fn reason(&self) -> &str {
        self.refusal.as_ref().map_or("", |refusal| &refusal.reason)
    }

    pub(super) fn send(&self, http2: &mut Connection, stream: u32) {
        let mut fields = [("apns-id", self.id.as_str()); 3];
        let mut count = 1;
        if let Some(unique_id) = &self.unique_id {
            fields[count] = ("apns-unique-id", unique_id.as_str());
            count += 1;
        }
        if let Some(retry_after) = &self.retry_after {
            fields[count] = ("retry-after", retry_after);
            count += 1;
        }
        let body = self
            .refusal
            .as_ref()
            .and_then(|refusal| serde_json::to_vec(refusal).ok())
            .unwrap_or_default();
        http2.respond(stream, self.status, &fields[..count], &body);
    }
}

fn default_reason(status: u16) -> &'static str {
    match status {
        403 => "Forbidden",
        404 => "BadPath",
        405 => "MethodNotAllowed",
        410 => "Unregistered",
        413 => "PayloadTooLarge",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        500.. => "InternalServerError",
        _ => "BadDeviceToken",
    }
}
