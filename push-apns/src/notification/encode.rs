use std::time::SystemTime;

use bytes::Bytes;

use super::problem::{Invalid, Problem};
use super::{Content, Fault, Notification, rules};
use crate::apns_id::ApnsId;
use crate::collapse_id::CollapseId;
use crate::expiration::Expiration;
use crate::payload::check_object;
use crate::priority::Priority;
use crate::push_type::PushType;

/// The longest topic that is sent; ours, so that no header of one push ends the connection of all.
const MAX_TOPIC_BYTES: usize = 255;

/// What a notification needs to know of its client and of the time.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EncodeContext<'a> {
    /// The topic of notifications that have none. `None` means that there is no such topic.
    pub default_topic: Option<&'a str>,
    /// Whether the client authenticates with a certificate, which allows a missing topic and
    /// forbids some push types.
    pub certificate_auth: bool,
    /// The time from which expirations are counted.
    pub now: SystemTime,
}

impl<'a> EncodeContext<'a> {
    /// Token authentication, no default topic.
    pub const fn new(now: SystemTime) -> Self {
        Self {
            default_topic: None,
            certificate_auth: false,
            now,
        }
    }

    /// With this topic for notifications that have none.
    #[must_use]
    pub const fn default_topic(self, topic: Option<&'a str>) -> Self {
        Self {
            default_topic: topic,
            ..self
        }
    }

    /// With a certificate, or without.
    #[must_use]
    pub const fn certificate_auth(self, on: bool) -> Self {
        Self {
            certificate_auth: on,
            ..self
        }
    }
}

/// A notification that is ready to send: checked, and serialised once for any number of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The header `apns-push-type`.
    pub push_type: PushType,
    /// The header `apns-topic`, suffix included. `None` leaves it to the certificate.
    pub topic: Option<String>,
    /// The header `apns-priority`. `None` leaves it out.
    pub priority: Option<Priority>,
    /// The header `apns-expiration`; a duration counts from the moment of sending. `None` leaves it
    /// out.
    pub expiration: Option<Expiration>,
    /// The header `apns-collapse-id`. `None` leaves it out.
    pub collapse_id: Option<CollapseId>,
    /// The header `apns-id`. `None` when none was chosen.
    pub id: Option<ApnsId>,
    /// The body: a JSON object within the push type's limit.
    pub payload: Bytes,
}

impl Notification {
    /// Checks all of the notification and serialises it, without any I/O.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode(&self, context: &EncodeContext<'_>) -> Result<Encoded, Invalid> {
        let mut problems: Vec<Problem> = self.faults.iter().map(Problem::from).collect();
        let topic = self.encode_topic(context, &mut problems);
        let (priority, expiration) = self.encode_delivery(context, &mut problems);
        let collapse_id = self
            .collapse_id
            .as_deref()
            .and_then(|id| kept(CollapseId::new(id), &mut problems));
        if self.push_type == PushType::Location && context.certificate_auth {
            problems.push(Problem::ProviderTokenNeeded {
                push_type: self.push_type,
            });
        }
        let payload = self.encode_payload(self.push_type.max_payload_bytes(), &mut problems);
        let Some(payload) = payload.filter(|_| problems.is_empty()) else {
            return Err(Invalid::new(problems));
        };
        Ok(Encoded {
            push_type: self.push_type,
            topic,
            priority,
            expiration,
            collapse_id,
            id: self.id,
            payload: payload.into(),
        })
    }

    fn encode_topic(
        &self,
        context: &EncodeContext<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<String> {
        let push_type = self.push_type;
        let Some(given) = self.topic.as_deref().or(context.default_topic) else {
            // A certificate of one topic speaks for itself, but not as to which managed devices are
            // meant.
            if !context.certificate_auth || push_type == PushType::Mdm {
                problems.push(Problem::MissingTopic { push_type });
            }
            return None;
        };
        let topic = push_type.topic(given);
        if given.is_empty()
            || topic.len() > MAX_TOPIC_BYTES
            || !topic.bytes().all(|byte| byte.is_ascii_graphic())
        {
            let topic = given.chars().take(64).collect();
            problems.push(Problem::Topic {
                topic,
                max_bytes: MAX_TOPIC_BYTES,
            });
        }
        Some(topic)
    }

    fn encode_delivery(
        &self,
        context: &EncodeContext<'_>,
        problems: &mut Vec<Problem>,
    ) -> (Option<Priority>, Option<Expiration>) {
        let push_type = self.push_type;
        let allowed = push_type.priorities();
        let priority = match (self.priority, allowed) {
            (None, [only]) => Some(*only),
            (given, _) => given,
        };
        if let Some(given) = priority.filter(|priority| !allowed.contains(priority)) {
            problems.push(Problem::Priority {
                push_type,
                given,
                allowed,
            });
        }
        let only_once = push_type == PushType::PushToTalk;
        let expiration = self
            .expiration
            .or_else(|| only_once.then_some(Expiration::Once));
        if let Some(given) = expiration {
            if only_once && given.header_secs(context.now) != 0 {
                problems.push(Problem::ExpirationNotOnce { push_type });
            } else {
                problems.extend(given.problem(context.now));
            }
        }
        (priority, expiration)
    }

    pub(super) fn encode_payload(
        &self,
        limit_bytes: usize,
        problems: &mut Vec<Problem>,
    ) -> Option<Vec<u8>> {
        match &self.content {
            Content::Payload(payload) => {
                rules::check(self.push_type, payload, problems);
                kept(
                    payload.to_json_within(limit_bytes, self.truncation.as_ref()),
                    problems,
                )
            }
            Content::Raw(json) => {
                if let Err(error) = check_object(json) {
                    problems.push(Problem::RawPayload {
                        reason: error.to_string(),
                    });
                }
                if json.len() > limit_bytes {
                    problems.push(Problem::PayloadTooLarge {
                        bytes: json.len(),
                        limit_bytes,
                        without_text: None,
                    });
                }
                Some(json.clone().into_bytes())
            }
        }
    }
}

/// The value, or its problem among the others.
pub(super) fn kept<T>(
    result: Result<T, impl Into<Problem>>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    result.map_err(|problem| problems.push(problem.into())).ok()
}

impl From<&Fault> for Problem {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Value { key, reason } => Self::Value {
                key: key.clone(),
                reason: reason.clone(),
            },
            Fault::ReservedKey { key } => Self::ReservedKey {
                place: "beside aps",
                key: key.clone(),
            },
            Fault::FieldOfRaw { field } => Self::FieldOfRawPayload {
                field: field.clone(),
            },
            Fault::NotUtf8 { reason } => Self::RawPayload {
                reason: reason.clone(),
            },
        }
    }
}
