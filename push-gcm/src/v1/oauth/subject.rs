//! Where the token of the other provider comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use http::{HeaderName, HeaderValue, Uri};
use push_core::bearer::oauth::{OAuthError, TokenRequest};
use push_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::file::identity;
use super::grant::Asking;
use super::url::{Allowed, check, server};

/// A text that is not shown.
pub(super) struct Secret(pub(super) String);

/// `credential_source` of an external account.
pub(super) struct SubjectSource {
    place: Place,
    /// The field of a JSON object; `None` for plain text.
    field: Option<String>,
}

enum Place {
    /// Read anew each time: whoever puts the token there puts new ones there.
    File(PathBuf),
    Url {
        uri: Uri,
        headers: Vec<(String, Secret)>,
    },
}

impl SubjectSource {
    pub(super) fn read(source: &BTreeMap<String, Value>) -> Result<Self> {
        let has = |name: &str| source.contains_key(name);
        let place = if let Some(path) = source.get("file").and_then(Value::as_str) {
            Place::File(path.into())
        } else if has("environment_id") {
            return Err(refused("of AWS", "(environment_id)"));
        } else if let Some(url) = source.get("url").and_then(Value::as_str) {
            Place::Url {
                uri: check("credential_source.url", url, Allowed::Metadata)?,
                headers: headers(source.get("headers"))?,
            }
        } else if has("executable") {
            return Err(refused("that run a program", "(executable)"));
        } else if has("certificate") {
            return Err(refused("by a client certificate", "(certificate)"));
        } else {
            return Err(identity(
                "the credential_source of the external account has neither file nor url",
            ));
        };
        let field = field(source.get("format"))?;
        Ok(Self { place, field })
    }

    /// The token as it is now.
    pub(super) async fn token(&self, asking: &Asking<'_>) -> Result<Secret> {
        let bytes = match &self.place {
            Place::File(path) => asking.environment().read(path).map_err(|error| {
                let message = format!(
                    "the token of the other provider can't be read from {}",
                    path.display()
                );
                Error::new(ErrorKind::Identity, message).with_source(error)
            })?,
            Place::Url { uri, headers } => {
                let request = TokenRequest::get(uri.clone());
                let add = |request: TokenRequest, (name, value): &(String, Secret)| {
                    request.secret_header(name, &value.0)
                };
                let request = headers.iter().fold(request, add);
                let answer = asking.send(&request, advice).await?;
                answer.body.to_vec()
            }
        };
        self.find(&bytes)
            .ok_or_else(|| identity(format!("{} has no token {}", self.place, self.form())))
    }

    fn find(&self, bytes: &[u8]) -> Option<Secret> {
        let text = match &self.field {
            None => str::from_utf8(bytes).ok()?.trim().to_owned(),
            Some(field) => {
                let value: Value = serde_json::from_slice(bytes).ok()?;
                value.get(field)?.as_str()?.to_owned()
            }
        };
        (!text.is_empty()).then_some(Secret(text))
    }

    fn form(&self) -> String {
        match &self.field {
            None => "in it: expected plain text".to_owned(),
            Some(field) => format!("in the field {field:?}: expected a JSON object with it"),
        }
    }
}

fn headers(value: Option<&Value>) -> Result<Vec<(String, Secret)>> {
    let headers = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err(identity("credential_source.headers is no JSON object")),
    };
    let read = |(name, value): (&String, &Value)| {
        let is_name = HeaderName::try_from(name).is_ok();
        let value = value
            .as_str()
            .filter(|it| HeaderValue::from_str(it).is_ok());
        match value.filter(|_| is_name) {
            Some(value) => Ok((name.clone(), Secret(value.to_owned()))),
            None => Err(identity(format!(
                "{name:?} among credential_source.headers is no header that can be sent"
            ))),
        }
    };
    headers.iter().map(read).collect()
}

/// The name of the field in which the token is; `None` for plain text.
fn field(format: Option<&Value>) -> Result<Option<String>> {
    let Some(format) = format.filter(|format| !format.is_null()) else {
        return Ok(None);
    };
    let text = |name: &str| format.get(name).and_then(Value::as_str);
    match (text("type"), text("subject_token_field_name")) {
        (None | Some("text"), _) => Ok(None),
        (Some("json"), Some(field)) => Ok(Some(field.to_owned())),
        (Some("json"), None) => Err(identity(
            "credential_source.format is json, and lacks subject_token_field_name",
        )),
        (Some(other), _) => Err(identity(format!(
            "credential_source.format is {other:?}: expected text or json"
        ))),
    }
}

fn refused(which: &str, field: &str) -> Error {
    identity(format!(
        "external accounts {which} {field} are not supported: expected a credential_source with file or \
         url; or give the tokens yourself, by `Credentials::provider`"
    ))
}

fn advice(_: &OAuthError) -> Option<String> {
    Some("it gives no token for the external account".to_owned())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url { uri, .. } => write!(f, "the answer of {}", server(uri)),
        }
    }
}

impl fmt::Debug for SubjectSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectSource({})", self.place)
    }
}
