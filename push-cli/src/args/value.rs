//! Values that are more than a text or a number.

use std::time::{Duration, SystemTime};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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
    fn seconds_are_more_than_none_and_finite() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "1e300", "", "5s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_custom_value_is_json() {
        assert_eq!(custom("a=1"), Ok(("a".to_owned(), Value::from(1))));
        assert_eq!(custom(r#"a="b=c""#), Ok(("a".to_owned(), "b=c".into())));
        assert!(custom("name=Ada").is_err_and(|error| error.contains("quotes")));
        assert!(custom("=1").is_err() && custom("a").is_err());
    }
}
