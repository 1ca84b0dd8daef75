//! Values that are more than a text or a number.

use std::time::{Duration, SystemTime};

use anypush::apns::{Endpoint, Expiration};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::common::Source;

/// Ten years: longer waits are a slip of the finger, and overflow clocks.
const MAX_SECONDS: f64 = 10.0 * 365.0 * 86_400.0;

/// Seconds, more than none, with fractions.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "give seconds, such as 30 or 0.5".to_owned())?;
    if !(0.001..=MAX_SECONDS).contains(&seconds) {
        return Err("give at least 0.001 seconds, and less than ten years".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// A time: a number of seconds, or of the unit behind it; none is fine, and fractions too.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return Err(SPAN.to_owned()),
    };
    // Signs and exponents are numbers, too.
    let is_plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = digits.parse::<f64>().ok().filter(|_| is_plain);
    let seconds = seconds.ok_or_else(|| SPAN.to_owned())? * unit;
    if seconds > MAX_SECONDS {
        return Err("give less than ten years".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

const SPAN: &str = "give seconds such as 90 or 3.5s, or another unit: 5m, 12h, 7d, 2w";

/// `KEY=VALUE`, both texts.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "give KEY=VALUE, such as chat=42".to_owned())
}

/// Where a service is that has no port of its own everywhere.
pub(super) fn endpoint(text: &str) -> Result<Endpoint, String> {
    let endpoint: Endpoint = text
        .parse()
        .map_err(|error: anypush::Error| error.to_string())?;
    // Without a port it would be that of another service.
    let has_port = text.rsplit_once(':').is_some_and(|(_, port)| {
        let is_digits = port.bytes().all(|byte| byte.is_ascii_digit());
        !port.is_empty() && is_digits
    });
    match endpoint {
        Endpoint::Custom { .. } if !has_port => Err(format!(
            "{text:?} has no port: give HOST:PORT, such as {text}:2195"
        )),
        endpoint => Ok(endpoint),
    }
}

/// How long a service may keep a push for a device that is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// It is tried once.
    Once,
    /// So long from now.
    In(Duration),
    /// Until this time.
    At(SystemTime),
}

impl Until {
    /// The time that it is, counted from `now`.
    pub(crate) fn after(self, now: SystemTime) -> SystemTime {
        match self {
            Self::Once => now,
            Self::In(wait) => now.checked_add(wait).unwrap_or(now),
            Self::At(time) => time,
        }
    }
}

impl From<Until> for Expiration {
    fn from(until: Until) -> Self {
        match until {
            Until::Once => Self::Once,
            Until::In(wait) => Self::In(wait),
            Until::At(time) => Self::At(time),
        }
    }
}

/// `0`, seconds from now, or a time of RFC 3339.
pub(super) fn until(text: &str) -> Result<Until, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(match seconds {
            0 => Until::Once,
            _ => Until::In(Duration::from_secs(seconds)),
        });
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .map(|time| Until::At(time.into()))
        .map_err(|_| {
            "give 0 for one attempt, seconds from now such as 3600, or a time such as \
             2030-01-31T12:00:00Z"
                .to_owned()
        })
}

/// As [`until`], and not so far away that the calendar ends before it.
pub(super) fn moment(text: &str) -> Result<Until, String> {
    match until(text)? {
        Until::In(wait) if wait.as_secs_f64() > MAX_SECONDS => {
            Err("give less than ten years of seconds, or a time".to_owned())
        }
        moment => Ok(moment),
    }
}

/// A JSON value, or where it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Given(Value),
    In(Source),
}

/// JSON that begins as an object does, else a file, or `-`.
pub(super) fn json(text: &str) -> Result<Json, String> {
    if !text.trim_start().starts_with('{') {
        return Ok(Json::In(Source::from(text)));
    }
    serde_json::from_str(text)
        .map(Json::Given)
        .map_err(|error| format!("it is not JSON ({error}); a file is given by its name"))
}

/// `KEY=JSON`.
pub(super) fn custom(text: &str) -> Result<(String, Value), String> {
    let (key, json) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| r#"give KEY=JSON, such as chat=42 or 'name="Ada"'"#.to_owned())?;
    match serde_json::from_str(json) {
        Ok(value) => Ok((key.to_owned(), value)),
        Err(error) => Err(format!(
            r#"the value of {key:?} is not JSON ({error}); a text needs quotes: '{key}="…"'"#
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiration_has_three_forms() {
        assert_eq!(until("0"), Ok(Until::Once));
        assert_eq!(until("90"), Ok(Until::In(Duration::from_secs(90))));
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_896_091_200);
        assert_eq!(until("2030-01-31T12:00:00Z"), Ok(Until::At(noon)));
        assert_eq!(until("2030-01-31T13:00:00+01:00"), Ok(Until::At(noon)));
        for text in ["", "-1", "soon", "1.5", "2030-01-31"] {
            assert!(until(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_has_seconds_or_a_unit() {
        for (text, millis) in [
            ("0", 0),
            ("90", 90_000),
            ("3.5s", 3500),
            ("5m", 300_000),
            ("12h", 43_200_000),
            ("7d", 604_800_000),
            ("4w", 2_419_200_000),
        ] {
            assert_eq!(span(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "", "s", "-1", "1e3", "soon", "5 m", "3y", "1.2.3", "NaN", "999999w", "5m3",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pair_is_two_texts() {
        let pair_of = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(pair("a=b=c"), pair_of("a", "b=c"));
        assert_eq!(pair("a="), pair_of("a", ""));
        assert!(pair("=b").is_err() && pair("ab").is_err());
    }

    #[test]
    fn a_moment_is_counted_from_now() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert_eq!(moment("0").unwrap().after(now), now);
        let later = moment("90").unwrap().after(now);
        assert_eq!(later, now + Duration::from_secs(90));
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_896_091_200);
        assert_eq!(moment("2030-01-31T12:00:00Z").unwrap().after(now), noon);
        assert!(moment("18446744073709551615").is_err() && moment("soon").is_err());
    }

    #[test]
    fn a_server_of_ones_own_has_a_port() {
        for text in ["production", "sandbox", "localhost:2195", "[::1]:2196"] {
            assert_eq!(endpoint(text).unwrap().to_string(), text);
        }
        for text in ["gateway.test", "[::1]", "127.0.0.1"] {
            let error = endpoint(text).unwrap_err();
            assert!(error.contains("HOST:PORT"), "{error}");
        }
        assert!(endpoint("a b:1").is_err());
    }

    #[test]
    fn seconds_are_more_than_none_and_finite() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "1e300", "", "5s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_begins_as_an_object_is_json_and_all_else_a_file() {
        let given = Json::Given(serde_json::json!({"home": 2}));
        assert_eq!(json(r#" {"home": 2}"#), Ok(given));
        assert_eq!(json("-"), Ok(Json::In(Source::Stdin)));
        let file = Source::File("state.json".into());
        assert_eq!(json("state.json"), Ok(Json::In(file)));
        assert!(json("{home: 2}").is_err_and(|error| error.contains("not JSON")));
    }

    #[test]
    fn a_custom_value_is_json() {
        assert_eq!(custom("a=1"), Ok(("a".to_owned(), Value::from(1))));
        assert_eq!(custom(r#"a="b=c""#), Ok(("a".to_owned(), "b=c".into())));
        assert!(custom("name=Ada").is_err_and(|error| error.contains("quotes")));
        assert!(custom("=1").is_err() && custom("a").is_err());
    }
}
