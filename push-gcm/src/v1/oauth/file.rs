//! Files with credentials, which say by their `type` what they are.

use std::sync::Arc;

use push_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::authorized_user::AuthorizedUser;
use super::external_account::ExternalAccount;
use super::grant::Grant;
use super::impersonation::Impersonated;
use super::service_account::ServiceAccount;

/// A JSON object with credentials.
pub(super) struct KeyFile(Value);

/// The types that can be used.
pub(super) const SERVICE_ACCOUNT: &str = "service_account";
pub(super) const AUTHORIZED_USER: &str = "authorized_user";
pub(super) const EXTERNAL_ACCOUNT: &str = "external_account";
pub(super) const IMPERSONATED: &str = "impersonated_service_account";

impl KeyFile {
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        match serde_json::from_slice(json) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(_) => Err(identity(
                "the credentials are JSON, but no object: expected a key file",
            )),
            // Where it is, and not what: the text may be the key.
            Err(error) => Err(identity(format!(
                "the credentials are no JSON (line {}, column {}): expected a key file",
                error.line(),
                error.column()
            ))),
        }
    }

    /// Credentials inside of others.
    pub(super) fn within(value: Value) -> Self {
        Self(value)
    }

    fn kind(&self) -> Option<&str> {
        self.0.get("type")?.as_str()
    }

    /// What the file holds, by its `type`.
    pub(super) fn grant(&self) -> Result<Arc<dyn Grant>> {
        Ok(match self.kind() {
            Some(SERVICE_ACCOUNT) => Arc::new(ServiceAccount::read(self)?),
            Some(AUTHORIZED_USER) => Arc::new(AuthorizedUser::read(self)?),
            Some(EXTERNAL_ACCOUNT) => Arc::new(ExternalAccount::read(self)?),
            Some(IMPERSONATED) => Arc::new(Impersonated::read(self)?),
            _ => return Err(self.unknown()),
        })
    }

    /// Likewise, where one type is wanted and no other.
    pub(super) fn grant_of(&self, wanted: &str) -> Result<Arc<dyn Grant>> {
        match self.kind() {
            Some(kind) if kind == wanted => self.grant(),
            Some(SERVICE_ACCOUNT | AUTHORIZED_USER | EXTERNAL_ACCOUNT | IMPERSONATED) => {
                let kind = self.kind().unwrap_or_default();
                Err(identity(format!(
                    "the credentials are of type {kind:?}: expected {wanted:?}, or let the type be found out \
                     by `from_json`"
                )))
            }
            _ => Err(self.unknown()),
        }
    }

    /// Its fields, of which those that are there must be of the right kind.
    pub(super) fn fields<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        // serde's message would show the value.
        T::deserialize(&self.0).map_err(|_| {
            identity(format!(
                "the file of the {name} has a field of another kind than usual"
            ))
        })
    }

    fn unknown(&self) -> Error {
        let has = |name: &str| self.0.get(name).is_some();
        if has("project_info") {
            return identity(
                "this is google-services.json, the configuration of an app: expected the key of a service \
                 account, which the Firebase console makes under \"Service accounts\"",
            );
        }
        if has("installed") || has("web") {
            return identity(
                "this is the secret of an OAuth client: expected the key of a service account, which the \
                 Firebase console makes under \"Service accounts\"",
            );
        }
        let expected = format!(
            "expected {SERVICE_ACCOUNT:?}, {AUTHORIZED_USER:?}, {EXTERNAL_ACCOUNT:?} or {IMPERSONATED:?}"
        );
        identity(match self.kind() {
            Some(kind) => {
                let kind: String = kind.chars().take(60).collect();
                format!("credentials of type {kind:?} can't be used: {expected}")
            }
            None => format!("the credentials have no \"type\": {expected}"),
        })
    }
}

/// An error that says which fields are not there.
pub(super) fn missing(name: &str, fields: &[(&str, bool)]) -> Error {
    let missing = fields.iter().filter(|(_, is_there)| !is_there);
    let names: Vec<&str> = missing.map(|(name, _)| *name).collect();
    let fields = names.join(" and ");
    identity(format!("the file of the {name} lacks {fields}"))
}

/// A text that is not empty.
pub(super) fn text_of(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.is_empty())
}

pub(super) fn identity(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Identity, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// JSON with the fields that are looked for, of any kind.
    fn any_json() -> impl Strategy<Value = Value> {
        let names = "type|private_key|client_email|token_uri|audience|subject_token_type|\
                     credential_source|file|url|headers|format|service_account_impersonation_url|\
                     source_credentials";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            "service_account|external_account|impersonated_service_account".prop_map(Value::from),
            "https://[a-z:@/.\\[\\]#%]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 30, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes: Vec<u8>) {
            let _ = KeyFile::parse(&bytes).and_then(|file| file.grant());
        }

        #[test]
        fn no_json_makes_a_reader_panic(value in any_json()) {
            let bytes = value.to_string();
            let _ = KeyFile::parse(bytes.as_bytes()).and_then(|file| file.grant());
        }
    }
}
