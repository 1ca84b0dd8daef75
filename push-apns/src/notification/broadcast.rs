use std::time::SystemTime;

use bytes::Bytes;

use super::problem::{Invalid, Problem};
use super::{Content, EncodeContext, Notification};
use crate::apns_id::ApnsId;
use crate::app::{BundleId, InvalidBundleId};
use crate::expiration::Expiration;
use crate::payload::Event;
use crate::priority::Priority;
use crate::push_type::PushType;

/// The priorities that the service takes for a broadcast.
///
/// All three: Apple's page "Sending broadcast push notification requests to APNs" speaks of medium and
/// low ones, unlike that of Live Activities that are sent to one device.
const PRIORITIES: &[Priority] = &[Priority::Immediate, Priority::Conserve, Priority::Lowest];

/// A broadcast that is ready to send: checked, and serialised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodedBroadcast {
    /// The app, which stands in the request's path.
    pub bundle_id: String,
    /// The header `apns-priority`.
    pub priority: Priority,
    /// The header `apns-expiration`; a duration counts from the moment of sending.
    pub expiration: Expiration,
    /// The header `apns-request-id`. `None` when none was chosen.
    pub id: Option<ApnsId>,
    /// The body: a JSON object of at most 5,120 bytes.
    pub payload: Bytes,
}

impl EncodedBroadcast {
    /// The largest payload of a broadcast, in bytes.
    pub const MAX_PAYLOAD_BYTES: usize = 5120;
}

impl Notification {
    /// Checks all of the notification as one that goes to a channel, and serialises it, without any
    /// I/O.
    ///
    /// It has to be an update or the end of a Live Activity, with a priority (10, 5 or 1) and an
    /// expiration, and without a collapse id. The app is that of its topic or of the context's, with or
    /// without the suffix for Live Activities. The id, if it has one, becomes the `apns-request-id`.
    /// Source: Apple, "Sending broadcast push notification requests to APNs".
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode_broadcast(
        &self,
        context: &EncodeContext<'_>,
    ) -> Result<EncodedBroadcast, Invalid> {
        let mut problems: Vec<Problem> = self.faults.iter().map(Problem::from).collect();
        let push_type = self.push_type;
        if push_type != PushType::LiveActivity {
            problems.push(Problem::BroadcastPushType { push_type });
        }
        let topic = self.topic.as_deref().or(context.default_topic);
        let bundle_id = BundleId::of_topic(topic).map_err(|invalid| problems.push(invalid.into()));
        let delivery = self.broadcast_delivery(context.now, &mut problems);
        if self.collapse_id.is_some() {
            problems.push(Problem::BroadcastCollapseId);
        }
        if self.event() == Some(Event::Start) {
            problems.push(Problem::BroadcastStart);
        }
        let payload = self.encode_payload(EncodedBroadcast::MAX_PAYLOAD_BYTES, &mut problems);
        match (bundle_id, delivery, payload) {
            (Ok(bundle_id), Some((priority, expiration)), Some(payload)) if problems.is_empty() => {
                Ok(EncodedBroadcast {
                    bundle_id: bundle_id.into(),
                    priority,
                    expiration,
                    id: self.id,
                    payload: payload.into(),
                })
            }
            _ => Err(Invalid::new(problems)),
        }
    }

    /// Priority and expiration, which can't be left out here.
    fn broadcast_delivery(
        &self,
        now: SystemTime,
        problems: &mut Vec<Problem>,
    ) -> Option<(Priority, Expiration)> {
        let lacks: Vec<_> = [
            ("a priority", self.priority.is_none()),
            ("an expiration", self.expiration.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, lacks)| lacks.then_some(name))
        .collect();
        if !lacks.is_empty() {
            problems.push(Problem::BroadcastLacks { what: lacks });
        }
        if let Some(given) = self.priority.filter(|given| !PRIORITIES.contains(given)) {
            problems.push(Problem::Priority {
                push_type: self.push_type,
                given,
                allowed: PRIORITIES,
            });
        }
        if let Some(given) = self.expiration {
            problems.extend(given.problem(now));
        }
        self.priority.zip(self.expiration)
    }

    /// What happens to the Live Activity; of a raw payload it is not known.
    fn event(&self) -> Option<Event> {
        match &self.content {
            Content::Payload(payload) => payload.aps.live_activity.event,
            Content::Raw(_) => None,
        }
    }
}

impl From<InvalidBundleId> for Problem {
    fn from(invalid: InvalidBundleId) -> Self {
        match invalid {
            InvalidBundleId::Missing => Self::MissingBundleId,
            InvalidBundleId::Malformed(given) => Self::BundleId { given },
        }
    }
}
