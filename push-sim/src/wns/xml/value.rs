//! What an attribute may hold.

/// The values of an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// Any text.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A whole number, neither less nor more.
    Number(u32, u32),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// One of these, whose case counts.
    Exactly(&'static [&'static str]),
    /// A date and a time (ISO 8601).
    Time,
    /// Where an image is.
    Image,
    /// Where a sound is, or the name of one of the system's.
    Sound,
    /// How far something has come: from 0.0 to 1.0, `indeterminate`, or `{a name}`.
    Progress,
}

/// What is to be said of a value that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Wrong(String),
    Note(String),
}

/// Those of `ms-winsoundevent:Notification.`; two of them have ten variants.
const SOUNDS: [&str; 7] = [
    "Default",
    "IM",
    "Mail",
    "Reminder",
    "SMS",
    "Looping.Alarm",
    "Looping.Call",
];

impl Value {
    pub(super) fn check(self, text: &str) -> Result<(), Flaw> {
        let is_good = match self {
            Self::Any => true,
            Self::Boolean => return one_of(&["true", "false"], text, Flaw::Note),
            Self::OneOf(names) => return one_of(names, text, Flaw::Note),
            Self::Exactly(names) => return one_of(names, text, Flaw::Wrong),
            Self::Number(least, most) => {
                let is_plain = text.bytes().all(|it| it.is_ascii_digit());
                let number = text.parse::<u32>().ok().filter(|_| is_plain);
                number.is_some_and(|number| (least..=most).contains(&number))
            }
            Self::Time => is_time(text),
            Self::Image => is_of_scheme(
                text,
                &[
                    "http",
                    "https",
                    "ms-appx",
                    "ms-appdata",
                    "file",
                    "ms-resource",
                ],
            ),
            Self::Sound => is_sound(text),
            Self::Progress => is_progress(text),
        };
        match is_good {
            true => Ok(()),
            false => Err(Flaw::Wrong(format!(
                "is {:?}, not {}",
                shown(text),
                self.expected()
            ))),
        }
    }

    fn expected(self) -> String {
        match self {
            Self::Any => "a text".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Number(least, u32::MAX) => format!("a number of {least} or more"),
            Self::Number(least, most) => format!("a number from {least} to {most}"),
            Self::OneOf(names) | Self::Exactly(names) => format!("one of {}", names.join(", ")),
            Self::Time => "a time like 2017-04-15T19:45:00Z".to_owned(),
            Self::Image => {
                "an address of http, https, ms-appx, ms-appdata, ms-resource or file".to_owned()
            }
            Self::Sound => {
                "an address of ms-appx, ms-appdata or ms-resource, or a sound of the system"
                    .to_owned()
            }
            Self::Progress => "a number from 0.0 to 1.0, indeterminate, or {a name}".to_owned(),
        }
    }
}

/// In another case it is told as `other_case`.
fn one_of(names: &[&'static str], text: &str, other_case: fn(String) -> Flaw) -> Result<(), Flaw> {
    if names.contains(&text) {
        return Ok(());
    }
    let expected = names.join(", ");
    match names.iter().find(|it| it.eq_ignore_ascii_case(text)) {
        Some(name) => Err(other_case(format!(
            "is {:?}, which is written {name}",
            shown(text)
        ))),
        None => Err(Flaw::Wrong(format!(
            "is {:?}, not one of {expected}",
            shown(text)
        ))),
    }
}

/// What has no scheme is relative to `baseUri`, or stands for nothing yet.
fn is_of_scheme(text: &str, schemes: &[&str]) -> bool {
    let Some((scheme, _)) = text.split_once(':') else {
        return true;
    };
    let is_scheme = scheme
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || b"+-.".contains(&it));
    !is_scheme || schemes.iter().any(|it| it.eq_ignore_ascii_case(scheme))
}

fn is_sound(text: &str) -> bool {
    let Some(name) = text.strip_prefix("ms-winsoundevent:") else {
        return is_of_scheme(text, &["ms-appx", "ms-appdata", "ms-resource"]);
    };
    let Some(name) = name.strip_prefix("Notification.") else {
        return false;
    };
    let is_variant = |looping: &str| {
        let number = name
            .strip_prefix(looping)
            .and_then(|it| it.parse::<u8>().ok());
        number.is_some_and(|number| (2..=10).contains(&number))
    };
    SOUNDS.contains(&name) || is_variant("Looping.Alarm") || is_variant("Looping.Call")
}

fn is_progress(text: &str) -> bool {
    let is_bound = text.len() > 2 && text.starts_with('{') && text.ends_with('}');
    let is_plain = text.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let number = text.parse::<f64>().ok().filter(|_| is_plain);
    text == "indeterminate" || is_bound || number.is_some_and(|it| (0.0..=1.0).contains(&it))
}

/// `YYYY-MM-DDThh:mm`, perhaps with seconds, their fraction, and an offset.
fn is_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return false;
    };
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, "Z"),
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let is_number = |text: &str, length: usize, least: u32, most: u32| {
        let is_plain = text.len() == length && text.bytes().all(|it| it.is_ascii_digit());
        is_plain
            && text
                .parse()
                .is_ok_and(|number| (least..=most).contains(&number))
    };
    let date: Vec<_> = date.split('-').collect();
    let is_date = matches!(*date, [year, month, day]
        if is_number(year, 4, 1, 9999) && is_number(month, 2, 1, 12) && is_number(day, 2, 1, 31));
    let time: Vec<_> = time.split(':').collect();
    let is_clock = matches!(time.len(), 2 | 3)
        && is_number(time[0], 2, 0, 23)
        && time[1..].iter().all(|part| is_number(part, 2, 0, 59));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|it| it.is_ascii_digit());
    let is_offset = offset == "Z"
        || offset.get(1..).is_some_and(|offset| {
            let digits = offset.replacen(':', "", 1);
            let (hours, minutes) = digits.split_at_checked(2).unwrap_or_default();
            is_number(hours, 2, 0, 14) && (minutes.is_empty() || is_number(minutes, 2, 0, 59))
        });
    is_date && is_clock && is_fraction && is_offset
}

/// So much of a text that one knows which it is.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 40;

    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_others() {
        let cases: [(Value, &[&str], &[&str]); 7] = [
            (Value::Boolean, &["true", "false"], &["1", "yes", ""]),
            (
                Value::Number(1, 3),
                &["1", "3", "03"],
                &["0", "4", "+1", "", "1.0"],
            ),
            (
                Value::Time,
                &[
                    "2017-04-15T19:45:00Z",
                    "2017-04-15T19:45:00.123456+02:00",
                    "2017-04-15T19:45",
                    "2017-04-15T19:45:00-0800",
                ],
                &[
                    "2017-04-15",
                    "2017-13-15T19:45:00Z",
                    "now",
                    "2017-04-15T24:00:00Z",
                    "2017-04-15T19:45:00.Z",
                ],
            ),
            (
                Value::Image,
                &[
                    "",
                    "a/b.png",
                    "https://a.example/b",
                    "ms-appx:///a",
                    "ms-appdata:///local/a",
                    "file:///C:/a",
                    "a b:c",
                ],
                &["ftp://a", "data:image/png;base64,AA", "javascript:1"],
            ),
            (
                Value::Sound,
                &[
                    "ms-winsoundevent:Notification.Looping.Call10",
                    "ms-winsoundevent:Notification.IM",
                    "ms-appx:///a.mp3",
                ],
                &[
                    "ms-winsoundevent:Notification.Looping.Call11",
                    "ms-winsoundevent:Mail",
                    "https://a.example/a.mp3",
                ],
            ),
            (
                Value::Progress,
                &["0", "0.5", "1.0", "indeterminate", "{value}"],
                &["1.1", "-0.5", "50%", "", "{}", "NaN", "1e-1"],
            ),
            (
                Value::Exactly(&["Success"]),
                &["Success"],
                &["success", "x"],
            ),
        ];
        for (value, good, bad) in cases {
            for text in good {
                assert_eq!(value.check(text), Ok(()), "{value:?} {text}");
            }
            for text in bad {
                let flaw = value.check(text);
                assert!(
                    matches!(flaw, Err(Flaw::Wrong(_))),
                    "{value:?} {text}: {flaw:?}"
                );
            }
        }
    }

    #[test]
    fn a_word_in_another_case_is_noted() {
        let flaw = Value::OneOf(&["incomingCall"]).check("IncomingCall");
        assert!(matches!(flaw, Err(Flaw::Note(_))), "{flaw:?}");
    }
}
