use std::io;
use std::path::Path;
use std::sync::Arc;

use push_core::ErrorKind;
use serde_json::Value;

use super::is_one_line;
use crate::v1::{Credentials, Environment};

/// A file with credentials: taken or refused, by each way alike; nothing secret in it is shown, and
/// what is wrong with it is said on a line.
pub fn google_credentials(input: &[u8]) {
    let json = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let (json, secrets) = match serde_json::from_slice::<Value>(json) {
        Ok(json) => (json.clone(), Secrets::of(&json)),
        // What is broken may be a key all the same.
        Err(_) => (
            Value::Null,
            Secrets::of_text(&String::from_utf8_lossy(input)),
        ),
    };
    let kind = json["type"].as_str().unwrap_or_default();
    let read = Credentials::from_json(input);
    let typed = [
        ("service_account", Credentials::service_account(input)),
        ("authorized_user", Credentials::authorized_user(input)),
        ("external_account", Credentials::external_account(input)),
    ];
    for (wanted, typed) in &typed {
        assert_eq!(typed.is_ok(), read.is_ok() && kind == *wanted, "{wanted}");
    }
    for read in typed.into_iter().map(|(_, read)| read).chain([read]) {
        match read {
            Err(error) => {
                let kinds = [ErrorKind::Identity, ErrorKind::Config];
                assert!(kinds.contains(&error.kind()), "{error:?}");
                let report = error.report();
                assert!(is_one_line(&report), "{report:?}");
                assert!(report.len() < 1000 + input.len(), "{report}");
                secrets.are_not_in(&format!("{error:?} {report}"));
            }
            Ok(credentials) => {
                let credentials = credentials.environment(Arc::new(Nothing));
                secrets.are_not_in(&format!("{credentials:?}"));
                let named = |name: &str| json[name].as_str().filter(|text| !text.is_empty());
                if kind == "service_account" {
                    assert_eq!(credentials.project_id(), named("project_id"));
                }
                if kind != "impersonated_service_account" {
                    assert_eq!(credentials.quota_project(), named("quota_project_id"));
                }
            }
        }
    }
}

/// Pieces of what stands in the secret members of a file, and nowhere else in it.
struct Secrets(Vec<String>);

impl Secrets {
    fn of(json: &Value) -> Self {
        let (mut secret, mut open) = (Vec::new(), Vec::new());
        sort(json, false, &mut secret, &mut open);
        let pieces = secret.into_iter().filter_map(piece);
        let is_secret = |piece: &String| open.iter().all(|text| !text.contains(piece));
        Self(pieces.filter(is_secret).collect())
    }

    fn of_text(text: &str) -> Self {
        Self(piece(text).into_iter().collect())
    }

    fn are_not_in(&self, text: &str) {
        for secret in &self.0 {
            assert!(!text.contains(secret), "{secret:?} in {text}");
        }
    }
}

/// The middle of the longest line or word; `None` where that is short, or could be one of our own
/// words, which have no digits.
fn piece(text: &str) -> Option<String> {
    let line = text.split_whitespace().max_by_key(|line| line.len())?;
    let characters: Vec<char> = line.chars().collect();
    let from = (characters.len() / 2).checked_sub(8)?;
    let piece: String = characters.get(from..from + 16)?.iter().collect();
    let has_digit = piece.contains(|it: char| it.is_ascii_digit());
    let is_ours = "https://oauth2.googleapis.com/token".contains(&piece);
    (has_digit && !is_ours).then_some(piece)
}

/// Sorts the texts of a file by whether they are secret.
fn sort<'a>(json: &'a Value, is_secret: bool, secret: &mut Vec<&'a str>, open: &mut Vec<&'a str>) {
    match json {
        Value::String(text) if is_secret => secret.push(text),
        Value::String(text) => open.push(text),
        Value::Array(items) => items
            .iter()
            .for_each(|it| sort(it, is_secret, secret, open)),
        Value::Object(members) => {
            for (name, member) in members {
                open.push(name);
                let names = ["private_key", "client_secret", "refresh_token", "headers"];
                let is_secret = is_secret || names.contains(&&**name);
                sort(member, is_secret, secret, open);
            }
        }
        _ => {}
    }
}

/// An environment in which nothing is set.
#[derive(Debug)]
struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_secret_in_a_file_is_known_by_its_place() {
        let file = json!({
            "type": "authorized_user", "refresh_token": "0123456789abcdefghij",
            "client_secret": "short", "source": {"headers": {"x": "ABCDEFGHIJ0123456789"}},
        });
        let secrets = Secrets::of(&file);
        assert_eq!(secrets.0, ["23456789abcdefgh", "CDEFGHIJ01234567"]);
        let twice = json!({"refresh_token": "0123456789abcdefghij", "id": "0123456789abcdefghij"});
        assert!(Secrets::of(&twice).0.is_empty());
    }

    #[test]
    #[should_panic(expected = "23456789abcdefgh")]
    fn a_secret_that_is_shown_is_found() {
        let file = json!({"refresh_token": "0123456789abcdefghij"});
        Secrets::of(&file).are_not_in("the token 0123456789abcdefghij is wrong");
    }
}
