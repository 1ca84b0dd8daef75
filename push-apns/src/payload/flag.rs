//! Flags that Apple writes as 1 or leaves out.

use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

/// Whether the flag is off, and so left out.
pub(super) fn is_off(flag: &bool) -> bool {
    !*flag
}

pub(super) fn serialize<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(u8::from(*flag))
}

/// Reads 1 and 0 as Apple writes them, and `true` and `false` as others do.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a flag must be 1, 0, true or false")]
    enum Flag {
        Bool(bool),
        Number(u64),
    }

    Ok(match Flag::deserialize(deserializer)? {
        Flag::Bool(on) => on,
        Flag::Number(number) => number != 0,
    })
}

/// Keeps a `null` that is there apart from a key that is not.
pub(super) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
