//! Channels, as they are asked for and as apps get them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::webpush::{is_id, is_origin};
use crate::{Error, Result};

/// What a channel is to be like, or several alike; `POST /channels` takes a list of these, a single one,
/// or nothing, as JSON.
///
/// ```json
/// [{"kind":"uwp","app":"ms-app://S-1-15-2-1"}, {"kind":"app-sdk","count":2}, {"phone":true}]
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Wish {
    /// How many; 1 by default.
    pub count: usize,
    /// Which of the token endpoints serves it; `None`: both do. `None` by default.
    pub kind: Option<Kind>,
    /// The only app that may send to it: a Package SID, or the id of an application. By default any
    /// may.
    pub app: Option<String>,
    /// It belongs to a secondary tile, and takes tiles and badges only.
    pub secondary_tile: bool,
    /// It belongs to a Windows Phone, which takes `X-WNS-SuppressPopup`, and DELETE.
    pub phone: bool,
    /// It was made 31 days ago, and so has expired.
    pub expired: bool,
    /// The token of its URI, as it stands there; by default made up. Only for a single one.
    pub id: Option<String>,
    /// What the URI begins with, such as `https://db5.notify.windows.com:8443`: a name that leads here.
    /// By default `localhost`.
    pub origin: Option<String>,
}

/// For whose apps a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// Those of the Universal Windows Platform, whose senders get their tokens from `login.live.com`.
    Uwp,
    /// Those of the Windows App SDK, whose senders get their tokens from Entra ID.
    AppSdk,
}

/// A channel, as an app hands it to its sender.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct Channel {
    /// The channel URI.
    pub uri: String,
    /// The token of the URI, by which faults and `/received` name the channel.
    pub id: String,
    /// When it was made, in seconds since the epoch.
    pub registered_at: u64,
}

/// What is known of a channel that was made here.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct Known {
    /// What the app got.
    #[serde(flatten)]
    pub channel: Channel,
    /// Which of the token endpoints serves it; `None`: both do.
    pub kind: Option<Kind>,
    /// The only app that may send to it.
    pub app: Option<String>,
    /// Whether it belongs to a secondary tile.
    pub secondary_tile: bool,
    /// Whether it belongs to a Windows Phone.
    pub phone: bool,
    /// Whether it still takes notifications.
    pub state: State,
    /// How many notifications it took.
    pub accepted: u64,
}

/// Whether a channel still takes notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// It does.
    Open,
    /// It is 30 days old.
    Expired,
    /// It was ended sooner.
    Revoked,
}

/// So many are made by one request at most.
const MOST: usize = 100_000;

impl Default for Wish {
    fn default() -> Self {
        Self {
            count: 1,
            kind: None,
            app: None,
            secondary_tile: false,
            phone: false,
            expired: false,
            id: None,
            origin: None,
        }
    }
}

impl Wish {
    /// A channel for apps of that kind, served by its own token endpoint only.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::default()
        }
    }

    /// So many of them.
    #[must_use]
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// Sets the only app that may send to it.
    #[must_use]
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Makes it one of a secondary tile.
    #[must_use]
    pub fn secondary_tile(mut self) -> Self {
        self.secondary_tile = true;
        self
    }

    /// Makes it one of a Windows Phone.
    #[must_use]
    pub fn phone(mut self) -> Self {
        self.phone = true;
        self
    }

    /// Lets it have expired.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// Sets the token of its URI, as it is to stand there.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets what its URI begins with.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    pub(crate) fn parse_list(json: &[u8]) -> Result<Vec<Self>> {
        let json = json.trim_ascii();
        let parsed = match json.first() {
            // Nothing at all is one of the usual kind.
            None => return Ok(vec![Self::default()]),
            Some(b'[') => serde_json::from_slice(json),
            Some(_) => serde_json::from_slice(json).map(|wish| vec![wish]),
        };
        parsed.map_err(|error| wrong(error.to_string().replace(char::is_control, " ")))
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
                return Err(wrong("an id is for a single one; leave out count"));
            }
        }
        if self.phone && self.kind == Some(Kind::AppSdk) {
            return Err(wrong("phones have no apps of the Windows App SDK"));
        }
        match &self.origin {
            Some(origin) if !is_origin(origin) => Err(wrong(format!(
                "origin {origin:?} is not like https://db5.notify.windows.com:8443"
            ))),
            _ => Ok(()),
        }
    }
}

pub(super) fn wrong(line: impl Into<String>) -> Error {
    Error::Channel(line.into())
}

/// Without what would let anybody send to it.
impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("registered_at", &self.registered_at)
            .finish_non_exhaustive()
    }
}

/// Without what would let anybody send to it.
impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("kind", &self.kind)
            .field("secondary_tile", &self.secondary_tile)
            .field("phone", &self.phone)
            .field("state", &self.state)
            .field("accepted", &self.accepted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_a_single_one_and_nothing_are_read() {
        let read = |json: &str| Wish::parse_list(json.as_bytes());
        let wishes = read(r#" [{"kind":"uwp","app":"a"},{"kind":"app-sdk"},{"phone":true}]"#);
        let wishes = wishes.unwrap();
        assert_eq!(wishes.len(), 3);
        assert_eq!(wishes[0].kind, Some(Kind::Uwp));
        assert_eq!(wishes[1].kind, Some(Kind::AppSdk));
        assert!(wishes[2].phone && wishes[2].kind.is_none());
        for single in ["", " ", "{}"] {
            assert_eq!(read(single).unwrap().len(), 1, "{single:?}");
        }
        assert!(read("[]").unwrap().is_empty());
        for wrong in ["7", "{\"kind\":\"web\"}", "[{\"a\":1}]", "{"] {
            assert!(matches!(read(wrong), Err(Error::Channel(_))), "{wrong}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wish in [
            Wish::default().count(MOST + 1),
            Wish::default().id("a/b"),
            Wish::default().id("a").count(2),
            Wish::default().origin("localhost"),
            Wish::new(Kind::AppSdk).phone(),
        ] {
            assert!(wish.check().is_err(), "{wish:?}");
        }
        assert!(Wish::new(Kind::Uwp).phone().id("a%2b").check().is_ok());
    }
}
