use bytes::Bytes;

use super::problem::{Invalid, Problem};
use super::{Message, rules};
use crate::legacy::target::To;

/// The largest payload of a message to devices, in bytes.
const MAX_PAYLOAD: usize = 4096;

/// The largest payload of a message to a topic or a condition, in bytes.
const MAX_TOPIC_PAYLOAD: usize = 2048;

/// A message that is ready to send: checked, and serialised once for any number of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The JSON object without the brace that opens it.
    rest: Bytes,
}

impl Message {
    /// Checks all of the message and serialises it as JSON for devices, without any I/O.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode(&self) -> Result<Encoded, Invalid> {
        self.encode_within(MAX_PAYLOAD, Vec::new())
    }

    /// As [`encode`](Self::encode), for this target.
    pub(crate) fn encode_for(&self, to: &To<'_>) -> Result<Encoded, Invalid> {
        let limit = match to {
            To::Topic(_) | To::Condition(_) => MAX_TOPIC_PAYLOAD,
            To::Group(_) => MAX_PAYLOAD,
        };
        self.encode_within(limit, to.problem().into_iter().collect())
    }

    fn encode_within(
        &self,
        limit_bytes: usize,
        mut problems: Vec<Problem>,
    ) -> Result<Encoded, Invalid> {
        rules::check(self, limit_bytes, &mut problems);
        let json = serde_json::to_vec(self).map_err(|error| {
            problems.push(Problem::Value {
                reason: error.to_string(),
            });
        });
        match json {
            Ok(json) if problems.is_empty() => Ok(Encoded {
                rest: Bytes::from(json).slice(1..),
            }),
            _ => Err(Invalid::new(problems)),
        }
    }

    /// What it may not say in any format, with the payload's limit for devices.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        rules::check(self, MAX_PAYLOAD, &mut problems);
        problems
    }
}

impl Encoded {
    /// The request to these registration ids: `to` for one of them, `registration_ids` for more,
    /// and never both. The service takes 1 to 1000 of them.
    pub fn body<I: AsRef<str>>(&self, ids: &[I]) -> Bytes {
        if let [id] = ids {
            return self.spliced(id.as_ref().len(), |body| member(body, "to", id.as_ref()));
        }
        let bytes = ids.iter().map(|id| id.as_ref().len() + 3).sum();
        self.spliced(bytes, |body| {
            body.extend_from_slice(br#""registration_ids":["#);
            for (index, id) in ids.iter().enumerate() {
                if index > 0 {
                    body.push(b',');
                }
                text(body, id.as_ref());
            }
            body.push(b']');
        })
    }

    /// The request to another target than devices.
    pub(crate) fn body_to(&self, to: &To<'_>) -> Bytes {
        let (name, value) = to.parameter();
        self.spliced(value.len(), |body| member(body, name, &value))
    }

    /// The object with a target before its other members; its length is known roughly.
    fn spliced(&self, bytes: usize, target: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        const AROUND: usize = 32;
        let mut body = Vec::with_capacity(bytes + self.rest.len() + AROUND);
        body.push(b'{');
        target(&mut body);
        if self.rest.len() > 1 {
            body.push(b',');
        }
        body.extend_from_slice(&self.rest);
        body.into()
    }
}

fn member(body: &mut Vec<u8>, name: &str, value: &str) {
    text(body, name);
    body.push(b':');
    text(body, value);
}

/// A JSON string.
fn text(body: &mut Vec<u8>, text: &str) {
    // What goes to memory is never refused.
    let _ = serde_json::to_writer(body, text);
}
