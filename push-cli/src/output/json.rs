//! One JSON object per line and device, and a last one that sums up.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Entry, Pieces, Summary};

pub(crate) struct JsonLines<W>(Pieces<W>);

impl<W: Write> JsonLines<W> {
    pub(crate) fn new(out: W) -> Self {
        Self(Pieces::new(out))
    }

    pub(crate) fn outcome(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.0.json(entry)
    }

    pub(crate) fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.0.json(summary)?;
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("device", self.device)?;
        map.serialize_entry("verdict", self.verdict.name())?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("reason", &self.reason)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("attempts", &self.attempts)?;
        if let Some(detail) = &self.detail {
            map.serialize_entry("detail", detail)?;
        }
        if let Some(token) = self.new_token() {
            map.serialize_entry("token", token)?;
        }
        if let Some(since) = self.since() {
            map.serialize_entry("since", &since)?;
        }
        if let Some(seconds) = self.retry_after_secs() {
            map.serialize_entry("retry_after_s", &seconds)?;
        }
        map.end()
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("summary", &Members(self))?;
        map.end()
    }
}

struct Members<'a>(&'a Summary);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(summary) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("devices", &summary.tally.devices())?;
        for (verdict, count) in summary.tally.counts() {
            map.serialize_entry(verdict, &count)?;
        }
        let round = |number: f64, parts: f64| (number * parts).round() / parts;
        map.serialize_entry("seconds", &round(summary.took.as_secs_f64(), 1e6))?;
        map.serialize_entry("per_second", &round(summary.per_second(), 1e1))?;
        map.serialize_entry("connections", &summary.connections)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use anypush::Verdict;

    use super::super::{Reach, Tally};
    use super::*;

    fn entry(verdict: Verdict) -> Entry<'static> {
        Entry {
            device: "00fc",
            verdict,
            status: Some(200),
            reason: None,
            detail: None,
            id: Some("x".to_owned()),
            attempts: 1,
            reach: Reach::Reached,
        }
    }

    #[test]
    fn an_outcome_is_a_line_with_the_members_that_its_verdict_has() {
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (verdict, end) in [
            (Verdict::Accepted, "}"),
            (Verdict::ReplaceToken("01".to_owned()), r#","token":"01"}"#),
            (
                Verdict::remove_token(Some(since)),
                r#","since":"2023-11-14T22:13:20Z"}"#,
            ),
            (Verdict::remove_token(None), "}"),
            (
                Verdict::RetryAfter(Duration::from_millis(1500)),
                r#","retry_after_s":2}"#,
            ),
        ] {
            let name = verdict.name();
            let mut json = JsonLines::new(Vec::new());
            json.outcome(&entry(verdict)).unwrap();
            json.flush().unwrap();
            let expected = format!(
                "{{\"device\":\"00fc\",\"verdict\":\"{name}\",\"status\":200,\"reason\":null,\
                 \"id\":\"x\",\"attempts\":1{end}\n"
            );
            assert_eq!(String::from_utf8(json.0.out).unwrap(), expected);
        }
    }

    #[test]
    fn the_summary_counts_every_verdict() {
        let mut tally = Tally::default();
        tally.count(&Verdict::Accepted);
        tally.count(&Verdict::Unknown);
        let summary = Summary {
            tally,
            took: Duration::from_millis(500),
            connections: 1,
        };
        let mut json = JsonLines::new(Vec::new());
        json.finish(&summary).unwrap();
        assert_eq!(
            String::from_utf8(json.0.out).unwrap(),
            "{\"summary\":{\"devices\":2,\"accepted\":1,\"replace-token\":0,\"remove-token\":0,\
             \"retry-after\":0,\"unknown\":1,\"fix-credentials\":0,\"fix-message\":0,\
             \"seconds\":0.5,\"per_second\":4.0,\"connections\":1}}\n"
        );
    }
}
