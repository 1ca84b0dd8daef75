//! The service's time of day, and how Google writes it.

use time::OffsetDateTime;

use crate::now::Now;

/// A point in time by the service's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// Since the epoch.
    pub(super) seconds: i64,
    micros: u32,
}

impl Moment {
    /// The present by a clock that is so far ahead.
    pub(super) fn now(offset_seconds: i64) -> Self {
        let since_epoch = Now::read().since_epoch;
        let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
        Self {
            seconds: seconds.saturating_add(offset_seconds),
            micros: since_epoch.subsec_micros(),
        }
    }

    /// The same time of day so much later.
    pub(super) fn later(self, seconds: i64) -> Self {
        Self {
            seconds: self.seconds.saturating_add(seconds),
            ..self
        }
    }

    /// As protobuf's JSON has it: `2026-11-22T11:20:26.123456Z`.
    pub(super) fn rfc3339(self) -> String {
        let time = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            self.micros
        )
    }

    /// The same without fractions, as some services have it.
    pub(super) fn rfc3339_seconds(self) -> String {
        let text = self.rfc3339();
        let whole = text.split('.').next().unwrap_or_default();
        format!("{whole}Z")
    }

    /// The day alone: `2026-11-22`.
    pub(super) fn day(self) -> String {
        let text = self.rfc3339();
        text.split('T').next().unwrap_or_default().to_owned()
    }

    /// As the `date` header has it: `Sun, 22 Nov 2026 11:20:26 GMT`.
    pub(super) fn imf_fixdate(self) -> String {
        let time = self.civil();
        let weekday = time.weekday().to_string();
        let month = time.month().to_string();
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
            &weekday[..3],
            time.day(),
            &month[..3],
            time.year(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    fn civil(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_google_writes_it() {
        let moment = Moment {
            seconds: 1_795_346_426,
            micros: 1_234,
        };
        assert_eq!(moment.rfc3339(), "2026-11-22T11:20:26.001234Z");
        assert_eq!(moment.rfc3339_seconds(), "2026-11-22T11:20:26Z");
        assert_eq!(moment.day(), "2026-11-22");
        assert_eq!(moment.imf_fixdate(), "Sun, 22 Nov 2026 11:20:26 GMT");
        assert_eq!(
            moment.later(40).imf_fixdate(),
            "Sun, 22 Nov 2026 11:21:06 GMT"
        );
    }
}
