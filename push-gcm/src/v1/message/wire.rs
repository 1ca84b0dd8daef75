//! Values as the service's JSON has them, where that is not serde's way: durations and times.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserializer, Visitor};
use serde::ser::{self, Serializer};
use serde::{Deserialize, Serialize};

use crate::v1::timestamp;

/// A value as the service's JSON has it.
pub(super) trait Wire: Sized {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// To be written that way.
pub(super) struct Written<'a, T>(pub(super) &'a T);

impl<T: Wire> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// To be read that way.
pub(super) struct Read<T>(pub(super) T);

impl<'de, T: Wire> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// A text that has to be read as something.
struct Text<T> {
    expecting: &'static str,
    read: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// Seconds with up to nine decimal places and an `s`: `3.5s`.
///
/// Source: Protocol Buffers, "ProtoJSON Format", Duration.
impl Wire for Duration {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Seconds(*self))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text {
            expecting: "a duration such as \"3.5s\", not negative",
            read: read_duration,
        })
    }
}

/// A duration as it is written.
pub(super) struct Seconds(pub(super) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs())?;
        match self.0.subsec_nanos() {
            0 => {}
            nanos => write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))?,
        }
        f.write_str("s")
    }
}

pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (seconds, fraction) = match number.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (number, None),
    };
    let nanos = match fraction {
        Some(fraction) => read_fraction(fraction)?,
        None => 0,
    };
    Some(Duration::new(digits(seconds)?, nanos))
}

/// Nothing but digits, of which the number has room for all.
fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all)
}

/// Decimal places as nanoseconds.
fn read_fraction(fraction: &str) -> Option<u32> {
    if fraction.len() > 9 {
        return None;
    }
    let shift = u32::try_from(9 - fraction.len()).ok()?;
    Some(digits::<u32>(fraction)? * 10_u32.pow(shift))
}

/// RFC 3339, written in UTC: `2026-11-22T11:30:00.5Z`.
///
/// Source: Protocol Buffers, "ProtoJSON Format", Timestamp.
impl Wire for SystemTime {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match timestamp::format(*self) {
            Some(text) => serializer.serialize_str(&text),
            None => Err(ser::Error::custom(
                "a time that is not of the years 1 to 9999",
            )),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text {
            expecting: "a time such as \"2026-11-22T11:30:00Z\"",
            read: timestamp::parse,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_written_as_short_as_they_can_be() {
        for (duration, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_secs(3), "3s"),
            (Duration::from_millis(3500), "3.5s"),
            (Duration::from_millis(20), "0.02s"),
            (Duration::new(2_419_200, 1), "2419200.000000001s"),
        ] {
            assert_eq!(Seconds(duration).to_string(), text);
            assert_eq!(read_duration(text), Some(duration));
        }
        assert_eq!(read_duration("3.500s"), Some(Duration::from_millis(3500)));
        for text in [
            "",
            "s",
            "3",
            "-3s",
            "+3s",
            "3.s",
            ".5s",
            "3.0000000001s",
            "3 s",
            "3ms",
            "3.-5s",
            "18446744073709551616s",
        ] {
            assert_eq!(read_duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn durations_come_back(seconds: u64, nanos in 0..1_000_000_000_u32) {
            let duration = Duration::new(seconds, nanos);
            prop_assert_eq!(read_duration(&Seconds(duration).to_string()), Some(duration));
        }

        #[test]
        fn no_text_panics(text in "[-0-9.+s\\PC]{0,40}") {
            let _ = read_duration(&text);
        }
    }
}
