//! What the service says in a body that is about the request as a whole.

use serde_json::Value;

use crate::legacy::Reason;

/// How much of a body is looked at, in bytes.
const LOOKED_AT: usize = 16 * 1024;

/// How much of a text is kept, in characters.
const KEPT: usize = 200;

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
    let text = one_line(&readable(&said), secret);
    (Reason::Unknown("".into()), text)
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
    // Positions in it are those of the text: only ASCII letters change.
    let lower = text.to_ascii_lowercase();
    if let Some(start) = lower.find("<title>").map(|at| at + "<title>".len())
        && let Some(end) = lower[start..].find("</title>")
    {
        return text[start..start + end].to_owned();
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
    let without = match secret {
        "" => text.to_owned(),
        secret => text.replace(secret, "…"),
    };
    let mut line = String::new();
    for word in without.split(|character: char| character.is_whitespace() || character.is_control())
    {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        if word.chars().count() > LONGEST_WORD {
            line.extend(word.chars().take(8));
            line.push('…');
        } else {
            line.push_str(word);
        }
    }
    if let Some((end, _)) = line.char_indices().nth(KEPT) {
        line.truncate(end);
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
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
        assert_eq!(text(&"word ".repeat(1000)).chars().count(), 201);
    }

    #[test]
    fn neither_keys_nor_ids_are_repeated() {
        let id = "APA91b".repeat(20);
        let (_, text) = read(&format!("no key=s3cret for {id} here"));
        assert_eq!(text.unwrap(), "no key=… for APA91bAP… here");
    }
}
