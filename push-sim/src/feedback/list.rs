//! The devices that the feedback service tells of.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::hex::octets;
use crate::{Error, Result};

/// A device that is not reached any more, and since when.
///
/// ```json
/// {"token":"00fc13ad", "since":1700000000}
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// The device token in hexadecimal, 65,535 bytes of it at most.
    pub token: String,
    /// In seconds since the epoch.
    pub since: u32,
}

/// Shortened: the token identifies a device.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String = self.token.chars().take(8).collect();
        f.debug_struct("Entry")
            .field("token", &format_args!("{short}…"))
            .field("since", &self.since)
            .finish()
    }
}

impl Entry {
    /// The device of this token, not reached since so many seconds after the epoch.
    #[must_use]
    pub fn new(token: impl Into<String>, since: u32) -> Self {
        Self {
            token: token.into(),
            since,
        }
    }

    /// Reads a list of entries, or a single one, in JSON.
    pub(crate) fn parse_list(json: &[u8]) -> Result<Vec<Self>> {
        let is_single = json.iter().find(|octet| !octet.is_ascii_whitespace()) == Some(&b'{');
        let parsed = if is_single {
            serde_json::from_slice(json).map(|entry| vec![entry])
        } else {
            serde_json::from_slice(json)
        };
        parsed.map_err(|error| Error::Feedback(error.to_string().replace(char::is_control, " ")))
    }

    /// The entry as it is told.
    fn tuple(&self) -> Result<Vec<u8>> {
        let wrong = |what: &str| {
            let line = format!("a device token {what}; give the hexadecimal digits of its bytes");
            Error::Feedback(line)
        };
        let token = octets(&self.token).ok_or_else(|| wrong("is not hexadecimal"))?;
        let length = u16::try_from(token.len()).map_err(|_| wrong("has more than 65535 bytes"))?;
        let mut tuple = self.since.to_be_bytes().to_vec();
        tuple.extend(length.to_be_bytes());
        tuple.extend(token);
        Ok(tuple)
    }
}

/// What was not told yet.
#[derive(Debug, Default)]
pub(crate) struct List(Mutex<Tuples>);

#[derive(Default)]
struct Tuples {
    /// Each with its number.
    tuples: Vec<(u64, Vec<u8>)>,
    given: u64,
}

/// Tokens identify devices.
impl fmt::Debug for Tuples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tuples")
            .field("tuples", &self.tuples.len())
            .finish_non_exhaustive()
    }
}

/// The list as one reading finds it.
pub(super) struct Reading {
    /// All tuples, one behind the other.
    pub(super) octets: Vec<u8>,
    pub(super) tuples: u64,
    /// In the middle of a tuple in the middle; 0 if there is none.
    pub(super) middle: usize,
    /// What has a number from this one on came later.
    end: u64,
}

impl List {
    fn open(&self) -> MutexGuard<'_, Tuples> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds all of them, or none if one is wrong.
    pub(crate) fn add(&self, entries: &[Entry]) -> Result<()> {
        let tuples: Vec<_> = entries.iter().map(Entry::tuple).collect::<Result<_>>()?;
        let mut list = self.open();
        for tuple in tuples {
            let number = list.given;
            list.given += 1;
            list.tuples.push((number, tuple));
        }
        Ok(())
    }

    pub(super) fn read(&self) -> Reading {
        let list = self.open();
        let mut reading = Reading {
            octets: Vec::new(),
            tuples: list.tuples.len() as u64,
            middle: 0,
            end: list.given,
        };
        for (at, (_, tuple)) in list.tuples.iter().enumerate() {
            if at == list.tuples.len() / 2 {
                reading.middle = reading.octets.len() + tuple.len() / 2;
            }
            reading.octets.extend(tuple);
        }
        reading
    }

    /// Forgets what this reading held.
    pub(super) fn told(&self, reading: &Reading) {
        let end = reading.end;
        self.open().tuples.retain(|(number, _)| *number >= end);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.open().tuples.len()
    }

    pub(crate) fn clear(&self) {
        self.open().tuples.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuple_is_time_length_and_token() {
        let list = List::default();
        list.add(&[Entry::new("aBcd", 0x0102_0304)]).unwrap();
        let reading = list.read();
        assert_eq!(reading.octets, [1, 2, 3, 4, 0, 2, 0xab, 0xcd]);
        assert_eq!((reading.tuples, reading.middle), (1, 4));
    }

    #[test]
    fn what_came_after_a_reading_is_kept_however_often_it_is_told() {
        let list = List::default();
        list.add(&[Entry::new("aa", 1), Entry::new("bb", 2)])
            .unwrap();
        let (first, second) = (list.read(), list.read());
        list.add(&[Entry::new("cc", 3)]).unwrap();
        list.told(&first);
        list.told(&second);
        assert_eq!(list.read().octets, [0, 0, 0, 3, 0, 1, 0xcc]);
        list.clear();
        assert_eq!((list.len(), list.read().middle), (0, 0));
    }

    #[test]
    fn entries_are_read_from_json_and_the_wrong_ones_refused_in_one_line() {
        let json = br#"[{"token":"00fc","since":7},{"token":"","since":0}]"#;
        let entries = Entry::parse_list(json).unwrap();
        assert_eq!(entries, [Entry::new("00fc", 7), Entry::new("", 0)]);
        assert_eq!(
            Entry::parse_list(br#" {"token":"00","since":7}"#)
                .unwrap()
                .len(),
            1
        );
        for json in [
            &b""[..],
            b"[1]",
            br#"[{"token":"00"}]"#,
            br#"[{"token":"00","since":-1}]"#,
            br#"[{"token":"00","since":4294967296}]"#,
            br#"[{"token":"00","since":1,"x":2}]"#,
        ] {
            let error = Entry::parse_list(json).unwrap_err().to_string();
            assert!(!error.contains('\n') && error.len() > 20, "{error}");
        }
        let list = List::default();
        let long = "00".repeat(0x1_0000);
        for wrong in ["0", "xy", &long] {
            let entries = [Entry::new("aa", 1), Entry::new(wrong, 1)];
            let error = list.add(&entries).unwrap_err().to_string();
            assert!(
                error.len() < 200 && !error.contains(wrong) || wrong.len() < 3,
                "{error}"
            );
        }
        assert_eq!(list.len(), 0);
        assert!(!format!("{:?}", Entry::new("00112233445566", 1)).contains("445566"));
    }
}
