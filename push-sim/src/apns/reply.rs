//! Answers.

use serde::Serialize;
use serde_json::Value;

use super::Reason;
use super::ids::Id;
use super::management::Managed;
use super::route::Route;
use crate::fault::Answer;
use crate::http2::Connection;

/// As many as there are places for.
const MOST_FIELDS: usize = 5;

/// An answer, ready to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    /// The header in which the identifier stands.
    id_header: &'static str,
    id: Id,
    /// It answers a notification, not a request about channels.
    is_notification: bool,
    unique_id: Option<Id>,
    channel_id: Option<String>,
    body: Body,
    retry_after: Option<String>,
}

#[derive(Debug)]
enum Body {
    Empty,
    Refusal(Refusal),
    Told(Value),
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
            id_header: "apns-id",
            id,
            is_notification: true,
            unique_id,
            channel_id: None,
            body: Body::Empty,
            retry_after: None,
        }
    }

    pub(super) fn managed(id: Id, managed: Managed) -> Self {
        let done = Self::accepted(id, None);
        match managed {
            Managed::Created(channel_id) => Self {
                status: 201,
                channel_id: Some(channel_id),
                ..done
            },
            Managed::Told(value) => Self {
                body: Body::Told(value),
                ..done
            },
            Managed::Deleted => Self {
                status: 204,
                ..done
            },
        }
    }

    pub(super) fn refused(id: Id, reason: Reason) -> Self {
        Self {
            status: reason.status(),
            body: Body::Refusal(Refusal {
                reason: reason.as_str().into(),
                timestamp: None,
            }),
            ..Self::accepted(id, None)
        }
    }

    /// Names the identifier as requests of this kind do.
    pub(super) fn on(mut self, route: Option<Route<'_>>) -> Self {
        self.id_header = route.map_or(self.id_header, Route::id_header);
        self.is_notification = route.is_none_or(Route::is_notification);
        self
    }

    /// What a fault asks for. Some clients read every body as JSON, so whatever
    /// is no success has one; 410 has a timestamp, by default the present.
    pub(super) fn commanded(id: Id, answer: &Answer, route: Option<Route<'_>>) -> Self {
        let is_notification = route.is_none_or(Route::is_notification);
        let reason = answer.reason.clone();
        let refusal = || Refusal {
            reason: reason
                .unwrap_or_else(|| default_reason(answer.status, route).to_owned())
                .into(),
            timestamp: answer.timestamp_ms.or_else(|| {
                let now = crate::now::Now::read().since_epoch;
                (answer.status == 410).then_some(now.as_millis() as u64)
            }),
        };
        Self {
            status: answer.status,
            body: match answer.status {
                200 => Body::Empty,
                201..300 if !is_notification => Body::Empty,
                _ => Body::Refusal(refusal()),
            },
            retry_after: answer.retry_after.clone(),
            ..Self::accepted(id, None)
        }
    }

    /// A notification was taken.
    pub(super) fn is_accepted(&self) -> bool {
        self.is_notification && self.status == 200
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Empty for a success.
    pub(super) fn reason(&self) -> &str {
        match &self.body {
            Body::Refusal(refusal) => &refusal.reason,
            Body::Empty | Body::Told(_) => "",
        }
    }
}

impl crate::web::http2::Reply for Reply {
    fn status(&self) -> u16 {
        self.status
    }

    fn accepted(&self) -> u64 {
        u64::from(self.is_accepted())
    }

    fn send(&self, http2: &mut Connection, stream: u32) {
        let mut fields = [(self.id_header, self.id.as_str()); MOST_FIELDS];
        let mut count = 1;
        let mut add = |name, value| {
            fields[count] = (name, value);
            count += 1;
        };
        if let Some(unique_id) = &self.unique_id {
            add("apns-unique-id", unique_id.as_str());
        }
        if let Some(channel_id) = &self.channel_id {
            add("apns-channel-id", channel_id);
        }
        if let Some(retry_after) = &self.retry_after {
            add("retry-after", retry_after);
        }
        let body = match &self.body {
            Body::Empty => Vec::new(),
            Body::Refusal(refusal) => serde_json::to_vec(refusal).unwrap_or_default(),
            Body::Told(value) => serde_json::to_vec(value).unwrap_or_default(),
        };
        if !body.is_empty() && self.id_header == "apns-request-id" {
            add("content-type", "application/json");
        }
        http2.respond(stream, self.status, &fields[..count], &body);
    }
}

fn default_reason(status: u16, route: Option<Route<'_>>) -> &'static str {
    match status {
        403 => "Forbidden",
        404 => "BadPath",
        405 => "MethodNotAllowed",
        410 => "Unregistered",
        413 => "PayloadTooLarge",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        500.. => "InternalServerError",
        _ if matches!(route, None | Some(Route::Device(_))) => "BadDeviceToken",
        _ => "ChannelNotRegistered",
    }
}
