//! Lines of any length, of which no more is kept than a device can have.

use std::borrow::Cow;

use anypush::apns::{Device, DeviceToken, InvalidDeviceToken};

/// No device has a longer address than this.
pub(crate) const MAX_LINE_BYTES: usize = 4096;

/// What is shown of a line that is longer.
const SHOWN_CHARS: usize = 32;

/// One line, without the white space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A device, or what was meant to be one.
    Whole(Box<str>),
    /// The start of a line that is too long for any device.
    Cut(Box<str>),
}

impl Line {
    /// Without the white space around it; `None` when it is blank.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let cut = bytes.len() > MAX_LINE_BYTES;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = String::from_utf8_lossy(text.trim_ascii());
        if cut {
            let start: String = text.chars().take(SHOWN_CHARS).chain(['…']).collect();
            return Some(Self::Cut(start.into()));
        }
        (!text.is_empty()).then(|| Self::Whole(text.into()))
    }

    /// As it was given, or what is kept of it.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Whole(text) | Self::Cut(text) => text,
        }
    }
}

impl Device for Line {
    fn device_token(&self) -> Result<Cow<'_, DeviceToken>, InvalidDeviceToken> {
        // What was cut ends with an ellipsis, which no token has.
        self.as_str().parse().map(Cow::Owned)
    }
}

/// Makes devices of bytes as they come.
pub(crate) trait Split: Send + 'static {
    type Device: Send + 'static;

    /// The devices that end here.
    fn split(&mut self, bytes: &[u8]) -> Vec<Self::Device>;

    /// The last one, which need not end.
    fn end(&mut self) -> Option<Self::Device>;
}

/// Makes lines of bytes as they come. Keeps no more of a line than a device can have.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    /// The start of a line whose end has not come.
    begun: Vec<u8>,
}

impl Split for Splitter {
    type Device = Line;

    fn split(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::with_capacity(bytes.len() / 64);
        let mut parts = bytes.split(|byte| *byte == b'\n');
        let rest = parts.next_back().unwrap_or_default();
        for part in parts {
            if self.begun.is_empty() {
                lines.extend(Line::new(part));
            } else {
                self.keep(part);
                lines.extend(Line::new(&self.begun));
                self.begun.clear();
            }
        }
        self.keep(rest);
        lines
    }

    fn end(&mut self) -> Option<Line> {
        Line::new(&std::mem::take(&mut self.begun))
    }
}

impl Splitter {
    fn keep(&mut self, part: &[u8]) {
        // One byte more than is allowed tells that there was more.
        let room = (MAX_LINE_BYTES + 1).saturating_sub(self.begun.len());
        self.begun.extend(&part[..part.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(reads: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for bytes in reads {
            lines.extend(splitter.split(bytes));
        }
        lines.extend(splitter.end());
        let text = |line: &Line| line.as_str().to_owned();
        lines.iter().map(text).collect()
    }

    #[test]
    fn lines_come_whole_however_the_reads_fall() {
        let input = b"aa\r\n\n  bb \ncc\n\n\t\ndd";
        for at in 0..input.len() {
            let (one, other) = input.split_at(at);
            assert_eq!(texts(&[one, other]), ["aa", "bb", "cc", "dd"], "{at}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_device() {
        assert_eq!(texts(&[b"\xef\xbb\xbfaa\nbb"]), ["aa", "bb"]);
    }

    #[test]
    fn a_long_line_is_one_line_and_little_memory() {
        let mut splitter = Splitter::default();
        let mut lines = splitter.split(b"aa\nff");
        for _ in 0..1000 {
            lines.extend(splitter.split(&[b'f'; 4096]));
            assert!(splitter.begun.len() <= MAX_LINE_BYTES + 1);
        }
        lines.extend(splitter.split(b"\nbb\n"));
        let cut = Line::Cut(format!("{}…", "f".repeat(32)).into());
        let whole = |text: &str| Line::Whole(text.into());
        assert_eq!(lines, [whole("aa"), cut.clone(), whole("bb")]);
        assert!(cut.device_token().is_err());
    }

    #[test]
    fn what_is_no_text_is_a_line_all_the_same() {
        assert_eq!(texts(&[b"\xff\xfe\n00"]), ["\u{fffd}\u{fffd}", "00"]);
    }
}
