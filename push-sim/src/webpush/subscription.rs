//! Subscriptions, as they are asked for and as browsers show them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Flavour, base64};
use crate::{Error, Result};

/// What a subscription is to be like, or several alike; `POST /subscriptions` takes it as JSON.
///
/// ```json
/// {"count":2,"service":"apple","application_server_key":"BA1Hxzyi1RUM1b5…"}
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Wish {
    /// How many; 1 by default.
    pub count: usize,
    /// Whose; Mozilla's by default.
    #[serde(rename = "service")]
    pub flavour: Flavour,
    /// The public key of whom it is bound to, 65 bytes in base64url: others may not push there. By
    /// default it is bound to nobody.
    pub application_server_key: Option<String>,
    /// Keys that were made elsewhere: what arrives can't be decrypted here. By default they are made
    /// here.
    pub keys: Option<Keys>,
    /// What the endpoint ends in; by default made up. Only for a single one.
    pub id: Option<String>,
    /// What the endpoint begins with, such as `https://a.push.example:8443`: a name that leads here.
    /// By default `localhost`.
    pub origin: Option<String>,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            count: 1,
            flavour: Flavour::default(),
            application_server_key: None,
            keys: None,
            id: None,
            origin: None,
        }
    }
}

impl Wish {
    /// A subscription at that service.
    #[must_use]
    pub fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            ..Self::default()
        }
    }

    /// So many of them.
    #[must_use]
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// Binds it to a public key, in base64url.
    #[must_use]
    pub fn application_server_key(mut self, key: impl Into<String>) -> Self {
        self.application_server_key = Some(key.into());
        self
    }

    /// Takes keys that were made elsewhere.
    #[must_use]
    pub fn keys(mut self, keys: Keys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Sets what the endpoint ends in.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets what the endpoint begins with.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        // Nothing at all is one of the usual kind.
        if json.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))
    }

    /// Whether it can be fulfilled.
    pub(super) fn check(&self) -> Result<()> {
        if self.count > MOST {
            return Err(wrong(format!("{} at once: at most {MOST}", self.count)));
        }
        if let Some(id) = &self.id {
            if !is_id(id) {
                return Err(wrong(format!(
                    "id {id:?} is not of 1 to 1024 letters, digits and -_.~:%"
                )));
            }
            if self.count != 1 {
                return Err(wrong(
                    "an id is for a single one; leave out count".to_owned(),
                ));
            }
        }
        if let Some(key) = &self.application_server_key
            && point(key).is_none()
        {
            return Err(wrong(format!(
                "application_server_key {key:?} is no point of P-256 (65 bytes, base64url)"
            )));
        }
        if let Some(keys) = &self.keys {
            keys.check()?;
        }
        match &self.origin {
            Some(origin) if !is_origin(origin) => Err(wrong(format!(
                "origin {origin:?} is not like https://a.push.example:8443"
            ))),
            _ => Ok(()),
        }
    }
}

/// So many are made by one request at most.
const MOST: usize = 100_000;

fn wrong(line: String) -> Error {
    Error::Subscription(line)
}

/// Whether an URL can end in it.
pub(crate) fn is_id(id: &str) -> bool {
    let is_good = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.~:%".contains(&octet);
    (1..=1024).contains(&id.len()) && id.bytes().all(is_good)
}

/// Whether it is what an URL begins with: scheme, host, and perhaps a port.
pub(crate) fn is_origin(origin: &str) -> bool {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        let is_of_host = |octet: u8| octet.is_ascii_graphic() && !b"/?#@\\".contains(&octet);
        !rest.is_empty() && rest.bytes().all(is_of_host)
    })
}

/// A point without compression; whether it is on the curve is for whoever uses it.
pub(super) fn point(text: &str) -> Option<Vec<u8>> {
    base64::decode(text).filter(|key| key.len() == 65 && key[0] == 4)
}

/// What a sender needs to encrypt, in base64url.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Keys {
    /// The browser's public key: 65 bytes.
    pub p256dh: String,
    /// The authentication secret: 16 bytes.
    pub auth: String,
}

impl Keys {
    /// Keys in base64url.
    #[must_use]
    pub fn new(p256dh: impl Into<String>, auth: impl Into<String>) -> Self {
        Self {
            p256dh: p256dh.into(),
            auth: auth.into(),
        }
    }

    fn check(&self) -> Result<()> {
        if point(&self.p256dh).is_none() {
            return Err(wrong(
                "keys: p256dh is no point of P-256 (65 bytes, base64url)".to_owned(),
            ));
        }
        if base64::decode(&self.auth).is_none_or(|auth| auth.len() != 16) {
            return Err(wrong(
                "keys: auth is not of 16 bytes in base64url".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Without the secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// What a browser gives to a page that has subscribed; as JSON it is what `JSON.stringify` makes of a
/// `PushSubscription`.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Subscription {
    /// Where to push to.
    pub endpoint: String,
    /// When it ends, in milliseconds since the epoch: never.
    #[serde(rename = "expirationTime")]
    pub expiration_time: Option<u64>,
    /// For whom to encrypt.
    pub keys: Keys,
    /// What the endpoint ends in: its `token` in faults and in `/received`.
    #[serde(skip)]
    pub id: String,
}

impl Subscription {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Without endpoint and keys: who has them can push.
impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// A subscription that was made here, as `GET /subscriptions` shows it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Known {
    /// What the endpoint ends in.
    pub id: String,
    /// Whose it is.
    #[serde(rename = "service")]
    pub flavour: Flavour,
    /// Where to push to.
    pub endpoint: String,
    /// For whom to encrypt; a browser keeps them to itself.
    pub keys: Option<Keys>,
    /// Who may push, in base64url; `None`: anybody.
    pub application_server_key: Option<String>,
    /// Whether it has ended.
    pub unsubscribed: bool,
    /// How many pushes were taken for it.
    pub accepted: u64,
    /// How many of them wait for the browser.
    pub stored: u64,
    /// What the browser said of them: how often by its code.
    pub acks: std::collections::BTreeMap<u16, u64>,
    /// The browser's user agent id, and the channel, if a browser has subscribed.
    #[serde(flatten)]
    pub channel: Option<Channel>,
}

/// Without endpoint and keys: who has them can push.
impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("flavour", &self.flavour)
            .field("unsubscribed", &self.unsubscribed)
            .field("accepted", &self.accepted)
            .field("stored", &self.stored)
            .field("acks", &self.acks)
            .finish_non_exhaustive()
    }
}

/// Which subscription of which browser.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Channel {
    /// The user agent.
    pub uaid: String,
    /// Its own name for the subscription.
    pub channel_id: String,
}

impl Channel {
    pub(super) fn new(uaid: impl Into<String>, channel_id: impl Into<String>) -> Self {
        Self {
            uaid: uaid.into(),
            channel_id: channel_id.into(),
        }
    }
}
