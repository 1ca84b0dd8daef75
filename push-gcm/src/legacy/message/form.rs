//! The plain-text format: a form, for one device.

use bytes::Bytes;
use serde_json::Value;

use super::problem::{Invalid, Problem};
use super::{Message, whole_seconds};

impl Message {
    /// Checks all of the message and writes it as a form for one device, without any I/O.
    ///
    /// The format has no notification and no priority, and its data are plain values: texts,
    /// numbers, and yes or no.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode_plain(&self, registration_id: &str) -> Result<Bytes, Invalid> {
        let mut problems = self.problems();
        let mut form = Form(String::with_capacity(256));
        form.field("registration_id", registration_id);
        let texts = [
            ("collapse_key", &self.collapse_key),
            ("restricted_package_name", &self.restricted_package_name),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                form.field(name, text);
            }
        }
        // Google's own library writes 1 and 0.
        let flags = [
            ("delay_while_idle", self.delay_while_idle),
            ("dry_run", self.dry_run),
        ];
        for (name, flag) in flags {
            if let Some(flag) = flag {
                form.field(name, if flag { "1" } else { "0" });
            }
        }
        if let Some(time) = self.time_to_live {
            form.field("time_to_live", &whole_seconds(time).to_string());
        }
        let mut values = |prefix: &str, key: &String, value: &Value| match plain(value) {
            Some(text) => form.field(&format!("{prefix}{key}"), &text),
            None => problems.push(Problem::NotPlain {
                name: format!("{prefix}{key}"),
            }),
        };
        for (key, value) in &self.data {
            values("data.", key, value);
        }
        for (key, value) in &self.extra {
            values("", key, value);
        }
        let json_only = [
            ("notification", self.notification.is_some()),
            ("priority", self.priority.is_some()),
            ("content_available", self.content_available.is_some()),
            ("mutable_content", self.mutable_content.is_some()),
        ];
        let json_only = json_only.into_iter().filter(|(_, there)| *there);
        problems.extend(json_only.map(|(name, _)| Problem::JsonOnly { name }));
        if problems.is_empty() {
            Ok(form.0.into())
        } else {
            Err(Invalid::new(problems))
        }
    }
}

/// The text of a value that a form can carry.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `application/x-www-form-urlencoded`, as the URL standard has it.
struct Form(String);

impl Form {
    fn field(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.escaped(name);
        self.0.push('=');
        self.escaped(value);
    }

    fn escaped(&mut self, text: &str) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                    self.0.push(char::from(byte));
                }
                b' ' => self.0.push('+'),
                _ => {
                    self.0.push('%');
                    for nibble in [byte >> 4, byte & 0x0f] {
                        self.0.push(char::from(DIGITS[usize::from(nibble)]));
                    }
                }
            }
        }
    }
}
