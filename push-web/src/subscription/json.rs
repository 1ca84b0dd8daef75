use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fault::Fault;
use super::{InvalidSubscription, Keys, Subscription};
use crate::base64;

/// The last moment that JavaScript knows, in milliseconds since 1970.
const LAST: u64 = 8_640_000_000_000_000;

/// A subscription as it stands in JSON. What is missing is said by [`read`](Wire::read).
#[derive(Serialize, Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default, rename = "expirationTime")]
    expiration_time: Option<Milliseconds>,
    #[serde(default)]
    keys: Option<WireKeys>,
}

#[derive(Serialize, Deserialize)]
struct WireKeys {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p256dh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth: Option<String>,
}

/// A time, which JavaScript may write with a fraction.
struct Milliseconds(f64);

impl Wire {
    pub(super) fn read(self) -> Result<Subscription, InvalidSubscription> {
        let endpoint = self.endpoint.ok_or(Fault::Missing { name: "endpoint" })?;
        let keys = match self.keys.map(|keys| (keys.p256dh, keys.auth)) {
            None | Some((None, None)) => None,
            Some((Some(p256dh), Some(auth))) => Some(Keys::from_texts(&p256dh, &auth)?),
            Some((None, Some(_))) => return Err(Fault::Missing { name: "key p256dh" }.into()),
            Some((Some(_), None)) => return Err(Fault::Missing { name: "key auth" }.into()),
        };
        let expiration_time = match self.expiration_time {
            Some(Milliseconds(time)) if (0.0..=LAST as f64).contains(&time) => Some(time as u64),
            Some(_) => return Err(Fault::Expiration.into()),
            None => None,
        };
        Ok(Subscription {
            endpoint: endpoint.parse()?,
            keys,
            expiration_time,
        })
    }
}

/// Where JSON can't be read, without what stands there: serde quotes it.
pub(super) fn fault(error: &serde_json::Error) -> Fault {
    Fault::Json {
        line: error.line(),
        column: error.column(),
    }
}

impl Serialize for Subscription {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            endpoint: Some(self.endpoint().url().to_owned()),
            expiration_time: self.expiration_time.map(|time| Milliseconds(time as f64)),
            // A browser's `keys` is an object even without any.
            keys: Some(WireKeys {
                p256dh: self.keys().map(|keys| base64::encode(keys.p256dh())),
                auth: self.keys().map(|keys| base64::encode(keys.auth())),
            }),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Subscription {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)
            // What serde says quotes what was given.
            .map_err(|_| InvalidSubscription::from(Fault::Shape))
            .and_then(Wire::read)
            .map_err(de::Error::custom)
    }
}

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0 as u64)
    }
}

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Number).map(Self)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("milliseconds since 1970")
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
