//! What the service says in a body that is about the request as a whole.

use push_core::text::MAX_DETAIL_BYTES;
use serde_json::Value;

use crate::legacy::Reason;

/// How much of a body is looked at, in bytes.
const LOOKED_AT: usize = 16 * 1024;

/// A longer word may be an id or a key.
const LONGEST_WORD: usize = 32;

/// The reason, where the body gives one, and what else it says.
pub(super) fn explanation(body: &[u8], secret: &str) -> (Reason, Option<String>) {
    let body = &body[..body.len().min(LOOKED_AT)];
    let body = String::from_utf8_lossy(body);
    let body = body.trim();
    let said = match serde_json::from_str::<Value>(body) {
        Ok(json) => from_json(&json).unwrap_or_default(),
        Err(_) => body.to_owned(),
    };
    let line = said.lines().next().unwrap_or_default().trim();
    let word = line.strip_prefix("Error=").unwrap_or(line);
    let reason = Reason::from(word);
    if reason.is_known() {
        return (reason, None);
    }
    let detail = one_line(&readable(&said), secret);
    (Reason::Unknown("".into()), detail)
}

/// The shapes that errors have in JSON: `{"error": "…"}`, and that of Google's other APIs.
fn from_json(json: &Value) -> Option<String> {
    match json {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) => match json.get("error")? {
            Value::String(text) => Some(text.clone()),
            error => Some(error.get("message")?.as_str()?.to_owned()),
        },
        _ => None,
    }
}

/// The title of a page, or a text without its tags.
fn readable(text: &str) -> String {
    if let Some(title) = push_core::text::page_title(text) {
        return title.to_owned();
    }
    if !text.starts_with('<') {
        return text.to_owned();
    }
    let mut readable = String::new();
    for piece in text.split('<') {
        if let Some((_, after)) = piece.split_once('>') {
            readable.push_str(after);
            readable.push(' ');
        }
    }
    readable
}

/// One line for people, without what may be an id or a key; `None` where nothing is left.
fn one_line(text: &str, secret: &str) -> Option<String> {
    // What is left out of a line must not join the halves of a key.
    let is_shown = |character: &char| character.is_whitespace() || !character.is_control();
    let text: String = text.chars().filter(is_shown).collect();
    let without = match secret {
        "" => text,
        secret => text.replace(secret, "…"),
    };
    push_core::text::one_line(&without, MAX_DETAIL_BYTES, |line, word| {
        match word.chars().count() > LONGEST_WORD {
            true => {
                line.extend(word.chars().take(8));
                line.push('…');
            }
            false => line.push_str(word),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Reason, Option<String>) {
        explanation(body.as_bytes(), "s3cret")
    }

    #[test]
    fn a_reason_is_found_in_every_form_of_body() {
        for body in [
            "InvalidParameters",
            "Error=InvalidParameters\n",
            r#"{"error":"InvalidParameters"}"#,
            r#"{"error":{"code":400,"message":"InvalidParameters"}}"#,
        ] {
            assert_eq!(read(body), (Reason::InvalidParameters, None), "{body}");
        }
    }

    #[test]
    fn what_people_should_read_is_kept_on_one_line() {
        let text = |body: &str| read(body).1.unwrap_or_default();
        assert_eq!(
            text("Field \"time_to_live\" must be\n a JSON number: 12a\n"),
            "Field \"time_to_live\" must be a JSON number: 12a"
        );
        assert_eq!(
            text("<HTML>\n<HEAD>\n<TITLE>Unauthorized</TITLE>\n</HEAD><BODY>…</BODY></HTML>"),
            "Unauthorized"
        );
        assert_eq!(text("<p>The API is <b>off</b>.</p>"), "The API is off .");
        assert_eq!(text(""), "");
        assert_eq!(text("{}"), "");
        assert_eq!(text(&"words ".repeat(1000)).len(), 512);
    }

    #[test]
    fn neither_keys_nor_ids_are_repeated() {
        let id = "APA91b".repeat(20);
        let (_, text) = read(&format!("no key=s3cret for {id} here"));
        assert_eq!(text.unwrap(), "no key=… for APA91bAP… here");
    }

    #[test]
    fn a_key_is_hidden_with_control_characters_in_it_too() {
        let line = one_line("key=s3\u{0}cret is bad", "s3cret").unwrap();
        assert_eq!(line, "key=… is bad");
    }
}
