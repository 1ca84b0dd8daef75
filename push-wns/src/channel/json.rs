//! Channels as JSON. What serde says of a malformed one quotes it, so it is left out.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fault::Fault;
use super::{Channel, ChannelUri, InvalidChannel};

#[derive(Deserialize)]
struct Wire {
    uri: String,
    #[serde(default)]
    registered_at: Option<Seconds>,
}

/// A time, which JavaScript may write with a fraction.
struct Seconds(f64);

#[derive(Serialize)]
struct WireRef<'a> {
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_at: Option<u64>,
}

impl Wire {
    fn read(self) -> Result<Channel, InvalidChannel> {
        let registered_at = match self.registered_at {
            Some(Seconds(time)) if (0.0..=Channel::LAST as f64).contains(&time) => {
                Some(time as u64)
            }
            Some(_) => return Err(Fault::Time.into()),
            None => None,
        };
        Ok(Channel {
            uri: self.uri.try_into()?,
            registered_at,
        })
    }
}

impl Serialize for Channel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireRef {
            uri: self.uri.url(),
            registered_at: self.registered_at,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)
            .map_err(|_| InvalidChannel::from(Fault::Shape))
            .and_then(Wire::read)
            .map_err(de::Error::custom)
    }
}

impl Serialize for ChannelUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.url())
    }
}

impl<'de> Deserialize<'de> for ChannelUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)
            .map_err(|_| InvalidChannel::from(Fault::NoText))
            .and_then(Self::try_from)
            .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Number).map(Self)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970")
    }

    fn visit_u64<E>(self, time: u64) -> Result<f64, E> {
        Ok(time as f64)
    }

    fn visit_i64<E>(self, time: i64) -> Result<f64, E> {
        Ok(time as f64)
    }

    fn visit_f64<E>(self, time: f64) -> Result<f64, E> {
        Ok(time)
    }
}
