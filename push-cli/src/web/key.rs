//! VAPID keys in the files that programs make.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use anypush::web::VapidKey;
use serde_json::Value;

use crate::files;

/// Reads a key from a file. `option` names it where that fails.
pub(crate) fn of_file(option: &str, path: &Path) -> Result<VapidKey> {
    let content = files::read(&path.into(), option)?;
    of_content(&content).with_context(|| format!("{option} {}", path.display()))
}

/// Reads a key from a variable of the environment.
pub(crate) fn of_variable(option: &str, variable: &str) -> Result<VapidKey> {
    let what = "the private key, in base64url or PEM";
    let text = files::secret_of(option, variable, what)?;
    of_content(text.as_bytes()).with_context(|| format!("{option} {variable}"))
}

/// In any of the forms in which programs keep it: PEM, DER, the private number in base64url, or JSON with
/// that.
fn of_content(content: &[u8]) -> Result<VapidKey> {
    let Ok(text) = str::from_utf8(content) else {
        return Ok(VapidKey::from_der(content)?);
    };
    if text.trim_start().starts_with('{') {
        return of_json(text);
    }
    ensure!(!text.contains(PRINTED), "{PRINTED_WHOLE}");
    Ok(VapidKey::from_base64url(text)?)
}

/// In what `web-push generate-vapid-keys` prints for people.
const PRINTED: &str = "Private Key:";

const PRINTED_WHOLE: &str = "it is all that `web-push generate-vapid-keys` prints: keep only the line below \
                             \"Private Key:\", or what it prints with --json";

/// As `web-push generate-vapid-keys --json` writes it, or a JWK.
fn of_json(text: &str) -> Result<VapidKey> {
    // What the parser says can quote the key.
    let Ok(Value::Object(object)) = serde_json::from_str(text) else {
        bail!("it is no JSON object: expected PEM, or {{\"privateKey\":\"…\"}}");
    };
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let private = text("privateKey").or_else(|| text("d"));
    let key = VapidKey::from_base64url(private.context("the JSON has no \"privateKey\"")?)?;
    if let Some(public) = text("publicKey") {
        ensure!(
            public.trim_end_matches('=') == key.application_server_key(),
            "its publicKey is not the one of its privateKey"
        );
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Of RFC 8291, section 5: in no use anywhere.
    const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const PUBLIC: &str =
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";

    #[test]
    fn a_key_is_read_in_every_form() {
        let pem = VapidKey::from_base64url(PRIVATE).unwrap().to_pem().unwrap();
        for content in [
            pem,
            PRIVATE.to_owned(),
            format!("{PRIVATE}=\n"),
            format!(r#"{{"publicKey":"{PUBLIC}=","privateKey":"{PRIVATE}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","d":"{PRIVATE}"}}"#),
        ] {
            let key = of_content(content.as_bytes()).unwrap();
            assert_eq!(key.application_server_key(), PUBLIC);
        }
    }

    #[test]
    fn what_is_none_is_refused_without_being_shown() {
        let wrong_public = PUBLIC.replace("BP4", "BP5");
        for (content, word) in [
            (String::new(), "bytes"),
            ("hello there".to_owned(), "base64"),
            (PUBLIC.to_owned(), "public"),
            (
                format!("\n====\n\nPublic Key:\n{PUBLIC}\n\nPrivate Key:\n{PRIVATE}\n\n====\n"),
                "--json",
            ),
            (format!(r#"{{"privateKey":"{PRIVATE}""#), "JSON"),
            (r#"{"publicKey":"a"}"#.to_owned(), "privateKey"),
            (
                format!(r#"{{"publicKey":"{wrong_public}","privateKey":"{PRIVATE}"}}"#),
                "not the one",
            ),
        ] {
            let error = format!("{:#}", of_content(content.as_bytes()).unwrap_err());
            assert!(error.contains(word), "{content}: {error}");
            assert!(!error.contains(PRIVATE), "{error}");
        }
        assert!(of_content(b"\xff\xfe").is_err());
    }
}
