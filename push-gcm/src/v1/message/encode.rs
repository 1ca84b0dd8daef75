use std::fmt;

use bytes::Bytes;

use super::check::check;
use super::problem::{Fault, Invalid, Problem};
use super::{MAX_DEVICE_BYTES, MAX_TOPIC_BYTES, Message, size};
use crate::v1::target::Target;

/// A message that is ready to send: checked, and serialised once for any number of targets.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded {
    validate_only: bool,
    live_activity: bool,
    payload_bytes: usize,
    /// What comes behind the target's text.
    tail: Bytes,
}

impl Message {
    /// Checks all of the message, and that it can go to this target, without any I/O.
    ///
    /// # Errors
    /// All that is wrong with either, at once.
    pub fn check(&self, target: &Target) -> Result<(), Invalid> {
        let mut problems = check(self);
        let payload_bytes = size::payload_bytes(self);
        problems.extend(too_large(payload_bytes, limit_bytes(target)));
        if let Err(reason) = target.check() {
            problems.push(Problem::new(
                target.field(),
                Fault::InvalidTarget { reason },
            ));
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Invalid::new(problems)),
        }
    }

    /// Checks all of the message and serialises it, without any I/O.
    ///
    /// Less fits into a message to a topic or condition: [`Encoded::check`] knows.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode(&self) -> Result<Encoded, Invalid> {
        let mut problems = check(self);
        let payload_bytes = size::payload_bytes(self);
        problems.extend(too_large(payload_bytes, MAX_DEVICE_BYTES));
        if !problems.is_empty() {
            return Err(Invalid::new(problems));
        }
        let json = serde_json::to_vec(self).map_err(|error| {
            let reason = error.to_string();
            Invalid::one(Problem::new("message", Fault::Unwritable { reason }))
        })?;
        // It is an object: its members go behind the target.
        let members = json.get(1..json.len() - 1).unwrap_or_default();
        let tail = match members.is_empty() {
            true => b"\"}}".to_vec(),
            false => [b"\",", members, b"}}"].concat(),
        };
        Ok(Encoded {
            validate_only: false,
            live_activity: self.has_live_activity_token(),
            payload_bytes,
            tail: tail.into(),
        })
    }

    fn has_live_activity_token(&self) -> bool {
        let token = self.apns.as_ref().and_then(|apns| {
            let token = apns
                .live_activity_token
                .as_ref()
                .map(|token| token.as_str());
            let in_extra = ["live_activity_token", "liveActivityToken"];
            token.or_else(|| {
                in_extra
                    .iter()
                    .find_map(|name| apns.extra.get(*name)?.as_str())
            })
        });
        token.is_some_and(|token| !token.is_empty())
    }
}

impl Encoded {
    /// The same message, for the service to check, target included, and to deliver nothing. Default: no.
    #[must_use]
    pub fn validate_only(mut self, only: bool) -> Self {
        self.validate_only = only;
        self
    }

    /// The request's body for one target: the message with the target in it.
    ///
    /// Makes one allocation of exactly the body's size. The target's text is escaped, so that it
    /// can't say more than a target; whether it can be one, [`Target::check`] says.
    pub fn body(&self, target: &Target) -> Bytes {
        let head = match (self.validate_only, target) {
            (false, Target::Token(_)) => r#"{"message":{"token":""#,
            (false, Target::Fid(_)) => r#"{"message":{"fid":""#,
            (false, Target::Topic(_)) => r#"{"message":{"topic":""#,
            (false, Target::Condition(_)) => r#"{"message":{"condition":""#,
            (true, Target::Token(_)) => r#"{"validate_only":true,"message":{"token":""#,
            (true, Target::Fid(_)) => r#"{"validate_only":true,"message":{"fid":""#,
            (true, Target::Topic(_)) => r#"{"validate_only":true,"message":{"topic":""#,
            (true, Target::Condition(_)) => r#"{"validate_only":true,"message":{"condition":""#,
        };
        let text = target.as_str();
        // Looks at every byte, without a branch for each.
        let escapes = text.bytes().fold(false, |found, byte| {
            found | (byte < b' ') | (byte == b'"') | (byte == b'\\')
        });
        if escapes {
            self.spliced(head, &escaped(text))
        } else {
            self.spliced(head, text)
        }
    }

    fn spliced(&self, head: &str, text: &str) -> Bytes {
        let mut body = Vec::with_capacity(head.len() + text.len() + self.tail.len());
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(text.as_bytes());
        body.extend_from_slice(&self.tail);
        body.into()
    }

    /// Checks that the message is not too large for this kind of target: 4096 bytes for a device,
    /// 2048 for a topic or condition.
    ///
    /// # Errors
    /// When it is too large.
    pub fn check(&self, target: &Target) -> Result<(), Invalid> {
        match too_large(self.payload_bytes, limit_bytes(target)) {
            Some(problem) => Err(Invalid::one(problem)),
            None => Ok(()),
        }
    }

    /// The message's size as far as it counts, in bytes: the keys and values of its data, and the
    /// title and text of its notification; for Apple's devices the keys and values of the payload.
    ///
    /// The service names limits, but not what exactly it counts, and a message can be larger for
    /// one platform than for another, which only the service knows of a device. So this is the
    /// least of all platforms, without what the service may add: a message above the limit is too
    /// large for every device, one below it may be for some.
    pub fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    /// Whether the service is only to check it.
    pub fn is_validate_only(&self) -> bool {
        self.validate_only
    }

    /// Whether it has the token of a Live Activity, which then may be the one that is dead.
    pub fn has_live_activity_token(&self) -> bool {
        self.live_activity
    }
}

impl fmt::Debug for Encoded {
    /// Without what the message says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("validate_only", &self.validate_only)
            .field("live_activity", &self.live_activity)
            .field("payload_bytes", &self.payload_bytes)
            .finish_non_exhaustive()
    }
}

/// The text as it stands between quotes in JSON.
#[cold]
fn escaped(text: &str) -> String {
    let mut json = serde_json::Value::from(text).to_string();
    // Without the quotes.
    json.pop();
    json.split_off(1)
}

fn limit_bytes(target: &Target) -> usize {
    match target.is_device() {
        true => MAX_DEVICE_BYTES,
        false => MAX_TOPIC_BYTES,
    }
}

fn too_large(bytes: usize, limit_bytes: usize) -> Option<Problem> {
    let fault = Fault::TooLarge { bytes, limit_bytes };
    (bytes > limit_bytes).then(|| Problem::new("message", fault))
}
