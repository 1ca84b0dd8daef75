//! The bounded list of what was accepted.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::http2::Fields;
use crate::{webpush, wns};

/// A notification that a service has taken.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct Received {
    /// The device token, as it was sent; in hexadecimal if it was sent as bytes.
    pub token: String,
    /// The request's header fields; repeated ones are joined with a comma. Of the binary gateway:
    /// `command`, `identifier`, `expiry` and `priority`, those that the frame has.
    pub headers: BTreeMap<String, String>,
    /// The payload, as it was sent; a JSON string if it was no JSON. Of a push to a browser: as it was
    /// encrypted, a JSON string if it was neither object nor list; so that of a notification to Windows.
    pub payload: Box<RawValue>,
    /// What became of a push to a browser; its members stand beside the others.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<webpush::Delivery>,
    /// What a notification to Windows was; its members stand beside the others.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub windows: Option<wns::Delivery>,
}

/// What is shown of a notification beside headers and payload.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    /// What becomes of a push to a browser.
    Web(Arc<webpush::Tracked>),
    /// What a notification to Windows was.
    Windows(Arc<wns::Delivery>),
}

/// Shortened: the token identifies a device, the headers hold credentials.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String = self.token.chars().take(8).collect();
        f.debug_struct("Received")
            .field("token", &format_args!("{short}…"))
            .field("headers", &self.headers.keys())
            .field("payload_bytes", &self.payload.get().len())
            .finish()
    }
}

/// The last so many accepted notifications, within so many bytes.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    most: usize,
    most_bytes: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Entry {
    token: String,
    fields: Fields,
    payload: Vec<u8>,
    delivery: Option<Shown>,
}

impl Entry {
    fn len_bytes(&self) -> usize {
        self.token.len() + self.fields.list_size() + self.payload.len()
    }
}

impl Journal {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            most,
            most_bytes,
            bytes: 0,
        }
    }

    /// Takes a notification; the oldest make room, and lend their memory.
    pub(crate) fn push(
        &mut self,
        token: &str,
        fields: &Fields,
        payload: &[u8],
        delivery: Option<Shown>,
    ) {
        if self.most == 0 {
            return;
        }
        let mut spare = None;
        let coming = token.len() + fields.list_size() + payload.len();
        while self.entries.len() >= self.most || self.bytes + coming > self.most_bytes {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.len_bytes();
            spare = Some(oldest);
        }
        let mut entry: Entry = spare.unwrap_or_default();
        entry.token.clear();
        entry.token.push_str(token);
        entry.fields.clone_from(fields);
        entry.payload.clear();
        entry.payload.extend_from_slice(payload);
        entry.delivery = delivery;
        self.bytes += entry.len_bytes();
        self.entries.push_back(entry);
    }

    /// The last `limit` ones, newest last.
    pub(crate) fn last(&self, limit: usize) -> Vec<Received> {
        let skip = self.entries.len().saturating_sub(limit);
        self.entries.iter().skip(skip).map(Entry::show).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

impl Entry {
    fn show(&self) -> Received {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in self.fields.iter() {
            if name.first() == Some(&b':') {
                continue;
            }
            let value = String::from_utf8_lossy(value);
            headers
                .entry(String::from_utf8_lossy(name).into_owned())
                .and_modify(|all| {
                    all.push_str(", ");
                    all.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
        Received {
            token: self.token.clone(),
            headers,
            payload: match self.delivery {
                Some(_) => structured(&self.payload),
                None => raw(&self.payload),
            },
            delivery: match &self.delivery {
                Some(Shown::Web(tracked)) => Some(tracked.show()),
                _ => None,
            },
            windows: match &self.delivery {
                Some(Shown::Windows(delivery)) => Some(wns::Delivery::clone(delivery)),
                _ => None,
            },
        }
    }
}

/// An object or a list of JSON as it is, anything else as a text, so that none is taken for another.
fn structured(payload: &[u8]) -> Box<RawValue> {
    match payload.trim_ascii_start().first() {
        Some(b'{' | b'[') => raw(payload),
        _ => text(payload),
    }
}

fn text(payload: &[u8]) -> Box<RawValue> {
    let text = String::from_utf8_lossy(payload);
    serde_json::value::to_raw_value(&text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// JSON as it is, anything else as a text.
pub(crate) fn raw(payload: &[u8]) -> Box<RawValue> {
    let json = String::from_utf8_lossy(payload).into_owned();
    RawValue::from_string(json).unwrap_or_else(|_| text(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        let mut fields = Fields::default();
        fields.push(b":path", b"/3/device/ab");
        fields.push(b"apns-topic", b"com.example.app");
        fields
    }

    #[test]
    fn the_oldest_leave_when_there_are_too_many() {
        let mut journal = Journal::new(2, 1 << 20);
        for token in ["aa", "bb", "cc"] {
            journal.push(token, &fields(), b"{}", None);
        }
        let tokens: Vec<_> = journal.last(10).into_iter().map(|r| r.token).collect();
        assert_eq!(tokens, ["bb", "cc"]);
        assert_eq!(journal.last(1)[0].token, "cc");
    }

    #[test]
    fn the_list_is_bounded_in_bytes() {
        let mut journal = Journal::new(1000, 2000);
        for _ in 0..100 {
            journal.push("aa", &fields(), &[b' '; 400], None);
            assert!(journal.bytes <= 2000);
        }
        assert!(!journal.last(1000).is_empty());
    }

    #[test]
    fn a_payload_is_shown_as_it_was_sent() {
        let mut journal = Journal::new(2, 1 << 20);
        journal.push("aa", &fields(), br#"{"aps": {"badge":1.0}}"#, None);
        journal.push("aa", &fields(), b"no json", None);
        let json = serde_json::to_string(&journal.last(2)).unwrap();
        assert!(
            json.contains(r#""payload":{"aps": {"badge":1.0}}"#),
            "{json}"
        );
        assert!(json.contains(r#""payload":"no json""#), "{json}");
        assert!(!json.contains(":path"));
    }
}
