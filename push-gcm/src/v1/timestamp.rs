//! Points in time as the API writes them: RFC 3339, such as `2026-11-22T11:30:00.5Z`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The time that a text stands for; `None` where it is none.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let since = Duration::try_from(time - OffsetDateTime::UNIX_EPOCH);
    match since {
        Ok(since) => UNIX_EPOCH.checked_add(since),
        Err(_) => {
            let before = Duration::try_from(OffsetDateTime::UNIX_EPOCH - time).ok()?;
            UNIX_EPOCH.checked_sub(before)
        }
    }
}

/// The time in UTC; `None` where its year has not four digits.
pub(crate) fn format(time: SystemTime) -> Option<String> {
    let since = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => time::Duration::try_from(since).ok()?,
        Err(error) => -time::Duration::try_from(error.duration()).ok()?,
    };
    let time = OffsetDateTime::UNIX_EPOCH.checked_add(since)?;
    time.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_zone_and_written_in_utc() {
        for (text, seconds, written) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            (
                "2026-11-22T11:30:00+01:00",
                1_795_343_400,
                "2026-11-22T10:30:00Z",
            ),
            ("1969-12-31T23:59:59Z", -1, "1969-12-31T23:59:59Z"),
        ] {
            let expected = match seconds {
                0.. => UNIX_EPOCH + Duration::from_secs(seconds as u64),
                _ => UNIX_EPOCH - Duration::from_secs(-seconds as u64),
            };
            assert_eq!(parse(text), Some(expected), "{text}");
            assert_eq!(format(expected).as_deref(), Some(written));
        }
        let half = UNIX_EPOCH + Duration::from_millis(500);
        assert_eq!(format(half).as_deref(), Some("1970-01-01T00:00:00.5Z"));
        assert_eq!(parse("1970-01-01T00:00:00.500Z"), Some(half));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "soon",
            "2026-02-30T00:00:00Z",
            "2026-11-22",
            "2026-11-22T11:30:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(format(UNIX_EPOCH + Duration::from_secs(1 << 40)), None);
    }
}
