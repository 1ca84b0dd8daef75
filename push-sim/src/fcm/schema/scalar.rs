//! Single values, by the rules of protobuf's JSON.

use super::types::Kind;
use super::value::Json;

/// A duration, down to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::fcm) struct Span {
    pub(in crate::fcm) seconds: i64,
    pub(in crate::fcm) nanos: i32,
}

impl Span {
    pub(in crate::fcm) fn is_negative(self) -> bool {
        self.seconds < 0 || self.nanos < 0
    }
}

/// Ten thousand years: what protobuf's durations may be at most.
const MOST_SECONDS: i64 = 315_576_000_000;

/// Reads `"3.5s"`.
pub(in crate::fcm) fn span(text: &str) -> Option<Span> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds = whole.parse::<i64>().ok()?;
    let nanos = format!("{fraction:0<9}").parse::<i32>().ok()?;
    (seconds <= MOST_SECONDS).then_some(Span {
        seconds: sign * seconds,
        nanos: sign as i32 * nanos,
    })
}

/// What Google's front end calls a type.
pub(super) fn type_name(kind: Kind) -> String {
    let well_known = |name: &str| format!("type.googleapis.com/google.protobuf.{name}");
    match kind {
        Kind::Text => "TYPE_STRING".to_owned(),
        Kind::Bool => "TYPE_BOOL".to_owned(),
        Kind::Int32 => "TYPE_INT32".to_owned(),
        Kind::Float => "TYPE_FLOAT".to_owned(),
        Kind::Duration => well_known("Duration"),
        Kind::Timestamp => well_known("Timestamp"),
        Kind::Wrapped => well_known("FloatValue"),
        Kind::Struct => well_known("Struct"),
        Kind::Map => "Map".to_owned(),
        Kind::Enum(name, _) => format!("type.googleapis.com/google.firebase.fcm.v1.{name}"),
        Kind::Message(of) => format!("type.googleapis.com/google.firebase.fcm.v1.{}", of.name),
        Kind::List(item) => type_name(*item),
    }
}

/// Whether a value is one of this kind.
///
/// # Errors
/// What stands behind the type in Google's text.
pub(super) fn read(value: &Json, kind: Kind, field: &str) -> Result<(), String> {
    let is_good = match (kind, value) {
        (Kind::Text, Json::Text(_)) | (Kind::Bool, Json::Bool(_)) => true,
        (Kind::Bool, Json::Text(text)) => matches!(text.as_str(), "true" | "false"),
        (Kind::Int32, Json::Number(number)) => number.as_f64().is_some_and(is_int32),
        (Kind::Int32, Json::Text(text)) => text.parse::<f64>().is_ok_and(is_int32),
        (Kind::Float | Kind::Wrapped, Json::Number(_)) => true,
        (Kind::Float | Kind::Wrapped, Json::Text(text)) => {
            matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") || text.parse::<f64>().is_ok()
        }
        (Kind::Duration, Json::Text(text)) => match span(text) {
            Some(_) => true,
            None if !text.ends_with('s') => {
                let why = "Illegal duration format; duration must end with 's'";
                return Err(format!("Field '{field}', {why}"));
            }
            None => return Err(format!("Field '{field}', Invalid duration format")),
        },
        (Kind::Timestamp, Json::Text(text)) => {
            if !is_timestamp(text) {
                return Err(format!("Field '{field}', Invalid time format: {text}"));
            }
            true
        }
        (Kind::Enum(_, names), Json::Text(text)) => {
            names.iter().any(|name| name.eq_ignore_ascii_case(text))
        }
        (Kind::Enum(..), Json::Number(number)) => number.as_f64().is_some_and(is_int32),
        _ => false,
    };
    if is_good {
        Ok(())
    } else {
        Err(value.to_string())
    }
}

fn is_int32(number: f64) -> bool {
    number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number)
}

/// RFC 3339, from the year 1 to 9999.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else {
        return false;
    };
    let offset = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, offset) = time.split_at(offset);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let is_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let good_offset = match offset.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', rest @ ..] => std::str::from_utf8(rest)
            .ok()
            .and_then(|rest| numbers(rest, ':', [2, 2]))
            .is_some_and(|[hours, minutes]| hours < 24 && minutes < 60),
        _ => false,
    };
    let good_date = numbers(date, '-', [4, 2, 2]).is_some_and(|[year, month, day]| {
        let last = match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        year > 0 && (1..=12).contains(&month) && (1..=last).contains(&day)
    });
    let good_time = numbers(time, ':', [2, 2, 2])
        .is_some_and(|[hours, minutes, seconds]| hours < 24 && minutes < 60 && seconds < 60);
    let good_fraction = !fraction.is_empty() && fraction.len() <= 9 && is_digits(fraction);
    good_date && good_time && good_fraction && good_offset
}

/// So many numbers of so many digits each.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut found = [0; N];
    let mut parts = text.split(between);
    for (number, digits) in found.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_of_seconds_with_an_s() {
        let read = |text| span(text).map(|span| (span.seconds, span.nanos));
        assert_eq!(read("3s"), Some((3, 0)));
        assert_eq!(read("3.5s"), Some((3, 500_000_000)));
        assert_eq!(read("0.000000001s"), Some((0, 1)));
        assert_eq!(read("-0.5s"), Some((0, -500_000_000)));
        assert!(span("-0.5s").unwrap().is_negative() && !span("0s").unwrap().is_negative());
        for bad in [
            "3",
            "s",
            "3,5s",
            "+3s",
            "3.0000000001s",
            "1e3s",
            " 3s",
            "999999999999s",
            "é",
        ] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_timestamp_is_one_of_rfc_3339() {
        for good in [
            "2026-11-22T11:20:26Z",
            "2026-11-22t11:20:26.123456789z",
            "2024-02-29T23:59:59+14:00",
        ] {
            assert!(is_timestamp(good), "{good}");
        }
        for bad in [
            "2026-11-22",
            "2026-11-22 11:20:26Z",
            "2026-11-22T11:20:26",
            "2026-02-29T11:20:26Z",
            "2026-13-01T11:20:26Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T11:20:26.Z",
            "2026-11-22T11:20:26+1400",
            "0000-01-01T00:00:00Z",
            "éé-é",
        ] {
            assert!(!is_timestamp(bad), "{bad}");
        }
    }

    #[test]
    fn whole_numbers_may_be_written_as_protobuf_allows() {
        let read = |text: &str| read(&Json::parse(text.as_bytes()).unwrap(), Kind::Int32, "");
        for good in ["5", "-1", "1e3", "5.0", "\"7\"", "2147483647"] {
            assert_eq!(read(good), Ok(()), "{good}");
        }
        for bad in ["5.5", "\"\"", "2147483648", "true", "\"x\""] {
            assert_eq!(read(bad), Err(bad.to_owned()));
        }
    }
}
