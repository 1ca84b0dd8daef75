//! Numbers, devices and verdicts as people read them.

use std::borrow::Cow;
use std::time::Duration;

use console::{Style, style};

/// What is sent to, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noun {
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
    /// What may be wrong with a push, besides its message.
    address: &'static str,
    /// What may be wrong with who sends it.
    credentials: &'static str,
}

/// Pushes to Apple's devices.
pub(crate) const DEVICES: Noun = Noun {
    one: "device",
    many: "devices",
    address: "token",
    credentials: "key, certificate, topic or environment",
};

/// Pushes to channels.
pub(crate) const CHANNELS: Noun = Noun {
    one: "channel",
    many: "channels",
    address: "channel",
    ..DEVICES
};

/// Pushes to devices of FCM.
pub(crate) const FCM_DEVICES: Noun = Noun {
    credentials: "credentials or project",
    ..DEVICES
};

/// Pushes to devices of the protocol before it.
pub(crate) const GCM_DEVICES: Noun = Noun {
    credentials: "API key, sender or endpoint",
    ..DEVICES
};

/// Pushes to Windows apps.
pub(crate) const WNS_CHANNELS: Noun = Noun {
    credentials: "client id, secret or tenant",
    ..CHANNELS
};

/// Pushes to browsers.
pub(crate) const WEB_DEVICES: Noun = Noun {
    address: "subscription",
    credentials: "VAPID key or subject",
    ..DEVICES
};

impl Noun {
    /// The same service, and all who follow a topic.
    pub(crate) const fn topics(self) -> Self {
        Self {
            one: "topic",
            many: "topics",
            address: "topic",
            credentials: self.credentials,
        }
    }

    /// The same service, and all for whom a condition holds.
    pub(crate) const fn conditions(self) -> Self {
        Self {
            one: "condition",
            many: "conditions",
            address: "condition",
            credentials: self.credentials,
        }
    }
}

impl Noun {
    /// So many of them.
    pub(crate) fn count(self, count: u64) -> String {
        counted(count, self.one, self.many)
    }
}

/// So many of them.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(count)),
    }
}

/// A line of headings.
pub(super) fn heading(text: &str) -> String {
    format!("{}\n", style(text).dim())
}

/// How long it took.
pub(super) fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0 => format!("{} ms", took.as_millis().max(1)),
        1..60 => format!("{:.2} s", took.as_secs_f64()),
        secs => format!("{} min {:02} s", secs / 60, secs % 60),
    }
}

/// Nothing that moves the cursor.
pub(crate) fn visible(text: &str) -> String {
    let shown = text.chars().map(|character| match character.is_control() {
        true => '\u{fffd}',
        false => character,
    });
    shown.collect()
}

/// So much is shown of each end of a device that is shortened.
const END_CHARS: usize = 8;

/// Start and end of what has more than so many characters, and nothing that moves the cursor. Of a URL
/// the start is its host, where there is room for it; what all URLs begin with is left out.
pub(crate) fn shortened(device: &str, most: usize) -> String {
    let shown = visible(device);
    if shown.chars().count() <= most {
        return shown;
    }
    let (rest, is_url) = match shown.strip_prefix("https://") {
        Some(rest) => (rest, true),
        None => (shown.as_str(), false),
    };
    let chars: Vec<char> = rest.chars().collect();
    if chars.len() <= most {
        return chars.into_iter().collect();
    }
    let host = chars
        .iter()
        .position(|char| matches!(char, '/' | '?' | '#'));
    // With the slash behind it.
    let start = host.map(|end| end + 1);
    let start = start.filter(|start| is_url && start + 1 + END_CHARS <= most);
    let start = &chars[..start.unwrap_or(END_CHARS)];
    let end = &chars[chars.len() - END_CHARS..];
    start.iter().chain(&['…']).chain(end).collect()
}

/// How a verdict looks.
pub(crate) fn colour(verdict: &str) -> Style {
    match verdict {
        "accepted" => Style::new().green(),
        "remove-token" | "replace-token" => Style::new().cyan(),
        "retry-after" | "unknown" => Style::new().yellow(),
        _ => Style::new().red(),
    }
}

/// What a verdict asks for.
pub(super) fn what_to_do(verdict: &str, noun: Noun) -> Cow<'static, str> {
    let advice = match verdict {
        "accepted" => "nothing: the service took it",
        "replace-token" => "store the new token instead",
        "remove-token" => "delete it, unless it was registered again since",
        "retry-after" => "send again: it was not taken",
        "unknown" => "answer lost: sending again can show twice",
        "fix-credentials" => return format!("correct {}", noun.credentials).into(),
        _ => return format!("correct the message or the {}", noun.address).into(),
    };
    advice.into()
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        let shown = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_device_is_shortened_and_moves_no_cursor() {
        assert_eq!(shortened("00fc", 18), "00fc");
        assert_eq!(shortened(&"0123abcd".repeat(8), 18), "0123abcd…0123abcd");
        assert_eq!(
            shortened("https://push.example.org/v1/0123abcd", 18),
            "push.exa…0123abcd"
        );
        assert_eq!(
            shortened("https://push.example.org/v1/0123abcd", 26),
            "push.example.org/…0123abcd"
        );
        assert_eq!(
            shortened("https://push.example.org/?token=%2b0123abcd", 26),
            "push.example.org/…0123abcd"
        );
        assert_eq!(
            shortened("https://push.example.org/v1/0123abcd", 34),
            "push.example.org/v1/0123abcd"
        );
        assert_eq!(shortened("https://a.b/c", 18), "https://a.b/c");
        assert_eq!(shortened("a\x1b[2J", 18), "a\u{fffd}[2J");
    }
}
