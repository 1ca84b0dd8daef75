use std::time::SystemTime;

use super::encode::kept;
use super::problem::{Invalid, Problem};
use super::{Content, Notification, rules};
use crate::gateway::codec::CodecError;
use crate::gateway::{BadgeTemplate, Command, Template};
use crate::payload::Payload;
use crate::priority::Priority;
use crate::push_type::PushType;

/// The push types that there were while Apple's gateway ran, and that it had a payload for.
const PUSH_TYPES: [PushType; 6] = [
    PushType::Alert,
    PushType::Background,
    PushType::Voip,
    PushType::Complication,
    PushType::FileProvider,
    PushType::Mdm,
];

/// What a notification needs to know to be written for the binary gateway.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GatewayContext {
    /// The form of the frames.
    pub command: Command,
    /// The time from which an expiration counts that is a duration.
    pub now: SystemTime,
    /// The largest payload, in bytes. `None` means what Apple's gateway took: 2,048, and 4,096 for
    /// [`PushType::Voip`] with command 2. More than 65,535 can't be written whatever is given.
    pub payload_limit: Option<usize>,
}

impl GatewayContext {
    /// Command 2, and payloads of the size that Apple's gateway took.
    pub fn new(now: SystemTime) -> Self {
        Self {
            command: Command::default(),
            now,
            payload_limit: None,
        }
    }

    /// With this form of frames.
    #[must_use]
    pub fn command(self, command: Command) -> Self {
        Self { command, ..self }
    }

    /// With this size of the largest payload, in bytes.
    #[must_use]
    pub fn payload_limit(self, bytes: Option<usize>) -> Self {
        Self {
            payload_limit: bytes,
            ..self
        }
    }

    fn limit_for(&self, push_type: PushType) -> usize {
        let limit = match (self.payload_limit, self.command, push_type) {
            (Some(limit), ..) => limit,
            (None, Command::Items, PushType::Voip) => 4096,
            (None, ..) => 2048,
        };
        limit.min(u16::MAX.into())
    }
}

/// For the binary gateway.
impl Notification {
    /// Checks all of the notification as one that goes through the binary gateway, and writes what
    /// its frames have in common, without any I/O.
    ///
    /// The payload is the same as for the provider API, with other limits. The push type decides
    /// those and what the payload must have, and is not sent: to the gateway, the certificate says
    /// what the app is. So a topic, a collapse id and an id have to be left out.
    ///
    /// | | command 0 | command 1 | command 2 |
    /// |---|---|---|---|
    /// | expiration left out | nothing is said | 0, one attempt | nothing is said |
    /// | expiration set | refused | seconds since 1970 | seconds since 1970 |
    /// | priority left out | nothing is said | nothing is said | nothing is said; 5 for background |
    /// | priority 10 | nothing is said | nothing is said | 10 |
    /// | priority 5 | refused | refused | 5 |
    /// | priority 1 | refused | refused | refused |
    ///
    /// Command 1 always has an expiry; 0 where there is none is what PyAPNs wrote. How far ahead an
    /// expiration lies is left to the gateway: the 30 days are those of the provider API. A duration
    /// counts from the context's time. With commands 0 and 1, a priority of 10 is assumed; so is it for
    /// background notifications, which older clients sent that way all the same. Source: Apple,
    /// "Legacy Notification Format".
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode_for_gateway(&self, context: &GatewayContext) -> Result<Template, Invalid> {
        let mut problems: Vec<Problem> = self.faults.iter().map(Problem::from).collect();
        let (expiry, priority) = self.encode_for_command(context, &mut problems);
        let limit_bytes = context.limit_for(self.push_type);
        let template = self
            .encode_payload(limit_bytes, &mut problems)
            .and_then(|payload| {
                let template = Template::new(context.command, &payload, expiry, priority);
                kept(template, &mut problems)
            });
        template
            .filter(|_| problems.is_empty())
            .ok_or_else(|| Invalid::new(problems))
    }

    /// As [`Notification::encode_for_gateway`], for a badge that is another for each device; the
    /// notification's own badge stands for nothing.
    ///
    /// Size limit and truncation are those of the widest badge, so that the text is the same for
    /// every device.
    ///
    /// # Errors
    /// All that is wrong with it, at once; a raw payload, which can't be changed.
    pub fn encode_for_gateway_with_badge(
        &self,
        context: &GatewayContext,
    ) -> Result<BadgeTemplate, Invalid> {
        let mut problems: Vec<Problem> = self.faults.iter().map(Problem::from).collect();
        let (expiry, priority) = self.encode_for_command(context, &mut problems);
        let limit_bytes = context.limit_for(self.push_type);
        let template = self
            .encode_around_badge(limit_bytes, &mut problems)
            .and_then(|pieces| {
                let pieces = [&pieces[0][..], &pieces[1], &pieces[2]];
                let template = BadgeTemplate::new(context.command, pieces, expiry, priority);
                kept(template, &mut problems)
            });
        template
            .filter(|_| problems.is_empty())
            .ok_or_else(|| Invalid::new(problems))
    }

    /// Expiry and priority as the command says them; notes what it can't.
    fn encode_for_command(
        &self,
        context: &GatewayContext,
        problems: &mut Vec<Problem>,
    ) -> (Option<u32>, Option<u8>) {
        if !PUSH_TYPES.contains(&self.push_type) {
            problems.push(Problem::GatewayPushType {
                push_type: self.push_type,
                allowed: &PUSH_TYPES,
            });
        }
        let too_much: Vec<_> = [
            ("a topic", self.topic.is_some()),
            ("a collapse id", self.collapse_id.is_some()),
            ("an id", self.id.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
        .collect();
        if !too_much.is_empty() {
            problems.push(Problem::GatewayHasNo { what: too_much });
        }
        (
            self.gateway_expiry(context, problems),
            self.gateway_priority(context.command, problems),
        )
    }

    fn gateway_expiry(&self, context: &GatewayContext, problems: &mut Vec<Problem>) -> Option<u32> {
        let expiry = self
            .expiration
            .and_then(|given| kept(given.gateway_secs(context.now), problems));
        match context.command {
            Command::Simple if self.expiration.is_some() => {
                problems.push(Problem::GatewayExpiration);
                None
            }
            Command::Simple => None,
            Command::Enhanced => Some(expiry.unwrap_or_default()),
            Command::Items => expiry,
        }
    }

    fn gateway_priority(&self, command: Command, problems: &mut Vec<Problem>) -> Option<u8> {
        let push_type = self.push_type;
        let allowed = push_type.priorities();
        // Priority 10 is an error for what shows and sounds nothing. Source: Apple, "Binary Provider
        // API", on the item for the priority.
        let default = match allowed {
            [only] if PUSH_TYPES.contains(&push_type) => Some(*only),
            _ => None,
        };
        let Some(given) = self.priority else {
            return default
                .filter(|_| command == Command::Items)
                .map(Priority::as_u8);
        };
        if given == Priority::Lowest || (given == Priority::Conserve && command != Command::Items) {
            problems.push(Problem::GatewayPriority { command, given });
        } else if PUSH_TYPES.contains(&push_type) && !allowed.contains(&given) {
            problems.push(Problem::Priority {
                push_type,
                given,
                allowed,
            });
        }
        (command == Command::Items).then_some(given.as_u8())
    }

    /// The payload before and after the digits of its badge, and the one without a badge.
    fn encode_around_badge(
        &self,
        limit_bytes: usize,
        problems: &mut Vec<Problem>,
    ) -> Option<[Vec<u8>; 3]> {
        let Content::Payload(payload) = &self.content else {
            self.encode_payload(limit_bytes, problems);
            problems.push(Problem::FieldOfRawPayload {
                field: "badge".to_owned(),
            });
            return None;
        };
        let mut payload = payload.clone();
        payload.aps.badge = Some(u32::MAX);
        rules::check(self.push_type, &payload, problems);
        let shortened = kept(
            payload.shortened_to(limit_bytes, self.truncation.as_ref()),
            problems,
        );
        let mut payload = shortened?.0.into_owned();
        kept(around_badge(&mut payload), problems)
    }
}

fn around_badge(payload: &mut Payload) -> Result<[Vec<u8>; 3], Problem> {
    let mut with_badge = |badge| {
        payload.aps.badge = badge;
        payload.to_json()
    };
    // The two differ in the one byte that is the badge.
    let (mut before, other) = (with_badge(Some(1))?, with_badge(Some(2))?);
    let at = before
        .iter()
        .zip(&other)
        .take_while(|(a, b)| a == b)
        .count();
    let after = before.split_off((at + 1).min(before.len()));
    before.truncate(at);
    Ok([before, after, with_badge(None)?])
}

impl From<CodecError> for Problem {
    fn from(error: CodecError) -> Self {
        Self::Unwritable {
            reason: error.to_string(),
        }
    }
}
