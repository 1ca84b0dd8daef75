//! What is told of topics: a table for people, lines of JSON for programs.

use std::io::{self, Stdout, Write};

use anypush::fcm::Subscription;
use console::style;
use serde::Serialize;

use crate::output::{FCM_DEVICES, Failure, Pieces, rfc3339, shortened, visible};

/// So much of a device is shown to people.
const SHOWN_CHARS: usize = 20;

/// Rows, written as they come.
pub(super) struct Rows<W = Stdout> {
    out: Pieces<W>,
    people: bool,
    count: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    device: &'a str,
    /// `None` where the device can't be asked about.
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
}

impl Rows {
    pub(super) fn new(people: bool) -> Self {
        Self::on(io::stdout(), people)
    }
}

impl<W: Write> Rows<W> {
    fn on(out: W, people: bool) -> Self {
        Self {
            out: Pieces::new(out),
            people,
            count: 0,
        }
    }

    /// A topic that a device follows.
    pub(super) fn topic(&mut self, device: &str, followed: &Subscription) -> io::Result<()> {
        self.followed(device, &followed.topic, followed.since.and_then(rfc3339))
    }

    fn followed(&mut self, device: &str, topic: &str, since: Option<String>) -> io::Result<()> {
        self.count += 1;
        if !self.people {
            return self.out.json(&Row {
                device,
                topic: Some(topic),
                since,
                failure: None,
            });
        }
        if self.count == 1 {
            let heading = format!("  {:<20}  {:<20}  topic", "device", "since");
            self.out.line(format_args!("{}", style(heading).dim()))?;
        }
        let device = shortened(device, SHOWN_CHARS);
        // To the second.
        let since = since.unwrap_or_default();
        let since = match since.split_once('.') {
            Some((seconds, _)) => format!("{seconds}Z"),
            None => since,
        };
        let topic = visible(topic);
        self.out
            .line(format_args!("  {device:<20}  {since:<20}  {topic}"))
    }

    /// A device that can't be asked about; people are told elsewhere.
    pub(super) fn failed(&mut self, device: &str, failure: &Failure) -> io::Result<()> {
        if self.people {
            return Ok(());
        }
        self.out.json(&Row {
            device,
            topic: None,
            since: None,
            failure: Some(failure),
        })
    }

    /// What was told is to be seen now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// There are no more.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.people {
            let total = FCM_DEVICES.topics().count(self.count);
            self.out.line(format_args!("{}", style(total).dim()))?;
        }
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(people: bool) -> String {
        console::set_colors_enabled(false);
        let mut out = Vec::new();
        let mut rows = Rows::on(&mut out, people);
        let since = Some("2026-11-22T10:00:00.25Z".to_owned());
        rows.followed("a:b", "news", since).unwrap();
        rows.followed(&"0123abcd".repeat(8), "sport\u{1b}", None)
            .unwrap();
        let failure = Failure {
            verdict: "remove-token",
            status: Some(404),
            reason: "UNREGISTERED".to_owned(),
            id: None,
            attempts: 1,
            detail: None,
            retry_after_s: None,
        };
        rows.failed("c:d", &failure).unwrap();
        rows.finish().unwrap();
        drop(rows);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_get_a_table() {
        assert_eq!(
            told(true),
            "  device                since                 topic\n\
             \x20 a:b                   2026-11-22T10:00:00Z  news\n\
             \x20 0123abcd…0123abcd                           sport\u{fffd}\n\
             2 topics\n"
        );
    }

    #[test]
    fn programs_get_a_line_per_topic_and_one_per_device_that_failed() {
        let lines = told(false);
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(
            lines[0],
            r#"{"device":"a:b","topic":"news","since":"2026-11-22T10:00:00.25Z"}"#
        );
        assert_eq!(
            lines[2],
            "{\"device\":\"c:d\",\"topic\":null,\"verdict\":\"remove-token\",\"status\":404,\
             \"reason\":\"UNREGISTERED\",\"id\":null,\"attempts\":1}"
        );
        assert_eq!(lines.len(), 3);
    }
}
