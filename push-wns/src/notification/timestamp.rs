//! Points in time: RFC 3339 in JSON, ISO 8601 in whole seconds in the XML.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{self, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// In UTC, in whole seconds, rounded down, as Microsoft's own builders write it; `None` where its year
/// has not four digits.
pub(super) fn iso8601(time: SystemTime) -> Option<String> {
    let time = utc(time)?.replace_nanosecond(0).ok()?;
    time.format(&Rfc3339).ok()
}

fn utc(time: SystemTime) -> Option<OffsetDateTime> {
    let since = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => time::Duration::try_from(since).ok()?,
        Err(error) => -time::Duration::try_from(error.duration()).ok()?,
    };
    OffsetDateTime::UNIX_EPOCH.checked_add(since)
}

fn parse(text: &str) -> Option<SystemTime> {
    let since = OffsetDateTime::parse(text, &Rfc3339).ok()? - OffsetDateTime::UNIX_EPOCH;
    match Duration::try_from(since) {
        Ok(since) => UNIX_EPOCH.checked_add(since),
        Err(_) => UNIX_EPOCH.checked_sub(Duration::try_from(-since).ok()?),
    }
}

/// For serde's `with`.
pub(super) fn serialize<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let Some(time) = *time else {
        return serializer.serialize_none();
    };
    match utc(time).and_then(|time| time.format(&Rfc3339).ok()) {
        Some(text) => serializer.serialize_str(&text),
        None => Err(ser::Error::custom(
            "the time is not of the years 0 to 9999: give one that is",
        )),
    }
}

/// For serde's `with`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SystemTime>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    // One whose year in UTC has not four digits could not be written again.
    match parse(&text).filter(|time| iso8601(*time).is_some()) {
        Some(time) => Ok(Some(time)),
        None => Err(de::Error::invalid_value(
            de::Unexpected::Str(&text),
            &"a time such as \"2026-11-22T11:30:00Z\"",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_zone_and_written_in_utc() {
        let time = parse("2026-11-22T12:30:00.75+01:00").unwrap();
        assert_eq!(iso8601(time).unwrap(), "2026-11-22T11:30:00Z");
        let before = parse("1969-12-31T23:59:59.5Z").unwrap();
        assert_eq!(iso8601(before).unwrap(), "1969-12-31T23:59:59Z");
        assert_eq!(parse("tomorrow"), None);
        assert_eq!(iso8601(UNIX_EPOCH + Duration::from_secs(1 << 40)), None);
    }
}
