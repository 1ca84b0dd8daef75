//! The answers in plain text.

use super::Reply;
use crate::legacy::{Outcome, Receipt, RegistrationId};

/// Line 1 is `id=` or `Error=`; a line `registration_id=` may follow.
pub(super) fn device(reply: &Reply, id: &str) -> Outcome {
    let body = String::from_utf8_lossy(&reply.body);
    let value = |name: &str| {
        let mut values = body.lines().filter_map(|line| line.strip_prefix(name));
        values
            .next()
            .map(str::trim)
            .filter(|value| !value.is_empty())
    };
    match (value("id="), value("Error=")) {
        (Some(message_id), None) if reply.complete => {
            let canonical = value("registration_id=").filter(|canonical| *canonical != id);
            Ok(Receipt {
                canonical: canonical.and_then(|canonical| RegistrationId::new(canonical).ok()),
                ..reply.receipt(message_id.to_owned())
            })
        }
        (None, Some(error)) if reply.complete => Err(reply.refused(reply.reason(error))),
        (Some(_), Some(_)) => Err(reply.unread("it has both a message id and an error")),
        _ if reply.body.is_empty() => Err(reply.unread("it is empty")),
        _ => Err(reply.unread("it has neither a message id nor an error")),
    }
}
