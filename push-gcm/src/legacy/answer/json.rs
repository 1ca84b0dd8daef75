//! The JSON answers.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Reply;
use crate::legacy::{Error, GroupReceipt, Outcome, Reason, Receipt, RegistrationId};

/// All that any of the answers has.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    results: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    message_id: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    success: Option<Value>,
    #[serde(default)]
    failure: Option<Value>,
    #[serde(default)]
    failed_registration_ids: Option<Vec<Value>>,
}

/// What became of a message to one device.
#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    message_id: Option<Value>,
    #[serde(default)]
    registration_id: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

pub(super) fn devices(reply: &Reply, ids: &[&str]) -> Vec<Outcome> {
    let body = match read(reply) {
        Ok(body) => body,
        Err(error) => return vec![Err(error); ids.len()],
    };
    let Some(results) = body.results else {
        let outcome = match ids {
            // Said of the request as a whole, which is one device's.
            [_] => single(reply, &body),
            _ => Err(reply.unread("it has no results")),
        };
        return vec![outcome; ids.len()];
    };
    let results_match = results.len() == ids.len();
    let mismatch = || {
        let (results, ids) = (results.len(), ids.len());
        reply.unread(&format!("it has {results} results for {ids} ids"))
    };
    let outcome = |(index, id): (usize, &&str)| {
        let Some(raw) = results.get(index) else {
            return Err(mismatch());
        };
        let outcome = item(reply, raw, id);
        if results_match {
            return outcome;
        }
        // Which results are missing or too many is not known: no id is removed or replaced by what
        // may have been said of another one.
        match outcome {
            Ok(receipt) => Ok(Receipt {
                canonical: None,
                ..receipt
            }),
            Err(error) => match error.reason() {
                Some(Reason::NotRegistered | Reason::InvalidRegistration) => Err(mismatch()),
                _ => Err(error),
            },
        }
    };
    ids.iter().enumerate().map(outcome).collect()
}

pub(super) fn topic(reply: &Reply) -> Outcome {
    single(reply, &read(reply)?)
}

pub(super) fn group(reply: &Reply) -> Result<GroupReceipt, Error> {
    let body = read(reply)?;
    let count = |value: &Option<Value>| match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let (success, failure) = match (count(&body.success), count(&body.failure)) {
        (None, None) => {
            // As if the key were a device's.
            single(reply, &body)?;
            (1, 0)
        }
        (success, failure) => (success.unwrap_or(0), failure.unwrap_or(0)),
    };
    let failed = body.failed_registration_ids.unwrap_or_default();
    let failed = failed.iter().filter_map(Value::as_str);
    let mut failed: Vec<_> = failed
        .filter_map(|id| RegistrationId::new(id).ok())
        .collect();
    if failed.is_empty()
        && success == 0
        && let Some([raw]) = body.results.as_deref()
    {
        // A server that answers for a key as for a device says why.
        item(reply, raw, "")?;
    }
    failed.shrink_to_fit();
    Ok(GroupReceipt {
        success,
        failure,
        failed,
        retry_after: reply.retry_after,
        attempts: reply.attempts,
    })
}

fn read<'a>(reply: &'a Reply) -> Result<Body<'a>, Error> {
    if reply.body.is_empty() {
        return Err(reply.unread("it is empty"));
    }
    // An HTML page, half an object, something else.
    serde_json::from_slice(&reply.body).map_err(|error| reply.unread(&shape(&error)))
}

/// What is wrong with a body, without any of it.
fn shape(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let what = match error.classify() {
        Category::Eof => "its JSON ends early",
        Category::Syntax => "it is no JSON",
        Category::Data | Category::Io => "its JSON is no answer of this protocol",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// An answer about one target.
fn single(reply: &Reply, body: &Body<'_>) -> Outcome {
    verdict(reply, body.message_id.as_ref(), body.error.as_ref())
}

fn item(reply: &Reply, raw: &RawValue, id: &str) -> Outcome {
    let item: Item = serde_json::from_str(raw.get())
        .map_err(|_| reply.unread("a result is none of this protocol"))?;
    let receipt = verdict(reply, item.message_id.as_ref(), item.error.as_ref())?;
    let canonical = item.registration_id.as_ref().and_then(Value::as_str);
    let canonical = canonical.filter(|canonical| *canonical != id);
    Ok(Receipt {
        canonical: canonical.and_then(|canonical| RegistrationId::new(canonical).ok()),
        ..receipt
    })
}

/// One of both is there in an answer of the protocol.
fn verdict(reply: &Reply, message_id: Option<&Value>, error: Option<&Value>) -> Outcome {
    match (message_id.and_then(text), error.and_then(text)) {
        (Some(id), None) => Ok(reply.receipt(id)),
        (None, Some(error)) => Err(reply.refused(reply.reason(&error))),
        (None, None) => Err(reply.unread("a result has neither a message id nor an error")),
        (Some(_), Some(_)) => Err(reply.unread("a result has both a message id and an error")),
    }
}

/// A text, or a number as one.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
