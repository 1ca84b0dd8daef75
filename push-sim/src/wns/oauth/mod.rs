//! The two endpoints that give access tokens, each for its kind of channels.

mod entra;
mod live;
mod refusal;

use serde::Serialize;

use super::channel::Kind;
use super::config::ExpiresIn;
use super::site::Shared;
use crate::fault::Answer;
use crate::web::{Asked, Told};
use refusal::Refusal;

/// An endpoint, told by its path, whatever the host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    /// `login.live.com/accesstoken.srf`.
    Live,
    /// `login.microsoftonline.com/TENANT/oauth2/v2.0/token`.
    Entra { tenant: &'a str },
}

/// What a token is good for; `None`: for any. The default is good for everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Grant {
    kind: Option<Kind>,
    app: Option<String>,
}

impl Grant {
    fn new(kind: Kind, app: &str) -> Self {
        Self {
            kind: Some(kind),
            app: Some(app.to_owned()),
        }
    }

    /// Whether it serves a channel of that kind and app; `None`: one that minds neither.
    pub(super) fn serves(&self, kind: Option<Kind>, app: Option<&str>) -> bool {
        let agrees = |one: Option<Kind>, other: Option<Kind>| match (one, other) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        agrees(self.kind, kind)
            && match (self.app.as_deref(), app) {
                (Some(one), Some(other)) => is_same_app(one, other),
                _ => true,
            }
    }
}

/// Package SIDs may be written with their scheme or without, and in either case; so may GUIDs.
fn is_same_app(one: &str, other: &str) -> bool {
    let bare = |app: &str| {
        let app = app.to_ascii_lowercase();
        app.trim_start_matches("ms-app://").to_owned()
    };
    bare(one) == bare(other)
}

impl<'a> Endpoint<'a> {
    pub(super) fn of(path: &'a str) -> Option<Self> {
        if path.eq_ignore_ascii_case("/accesstoken.srf") {
            return Some(Self::Live);
        }
        let tenant = path.strip_prefix('/')?.strip_suffix("/oauth2/v2.0/token")?;
        let is_one = !tenant.is_empty() && !tenant.contains('/');
        is_one.then_some(Self::Entra { tenant })
    }

    pub(super) fn answer(self, asked: &Asked, shared: &Shared) -> Told {
        if asked.method != "POST" {
            let told = Refusal::new(405, "invalid_request", "Only POST is supported.").told();
            return told.header("allow", "POST");
        }
        let given = match self {
            Self::Live => live::grant(asked, shared),
            Self::Entra { tenant } => entra::grant(asked, shared, tenant),
        };
        given.map_or_else(|refusal| refusal.told(), |given| json(200, &given))
    }

    /// What a fault orders: an error of OAuth, or a number of Entra ID's as `AADSTS7000222`.
    pub(super) fn refuse(self, asked: &Asked, answer: &Answer) -> Told {
        let refusal = match self {
            Self::Live => live::ordered(answer),
            Self::Entra { tenant } => entra::ordered(asked, answer, tenant),
        };
        refusal.told()
    }
}

/// An access token as the endpoints write it.
#[derive(Debug, Serialize)]
struct Given {
    access_token: String,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<Lifetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ext_expires_in: Option<Lifetime>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Lifetime {
    Number(u64),
    Text(String),
}

impl Lifetime {
    /// As is usual there, unless the settings say otherwise.
    fn new(seconds: u64, usual: ExpiresIn, how: ExpiresIn) -> Option<Self> {
        let how = match how {
            ExpiresIn::Usual => usual,
            how => how,
        };
        match how {
            ExpiresIn::Absent => None,
            ExpiresIn::Text => Some(Self::Text(seconds.to_string())),
            ExpiresIn::Number | ExpiresIn::Usual => Some(Self::Number(seconds)),
        }
    }
}

/// The fields of the form, if the body is one.
fn form(asked: &Asked) -> Result<crate::web::form::Form, ()> {
    let is_form = asked.header("content-type").is_none_or(|kind| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    match is_form {
        true => Ok(crate::web::form::Form::read(&asked.body)),
        false => Err(()),
    }
}

fn json(status: u16, value: &impl Serialize) -> Told {
    let body = serde_json::to_vec(value).unwrap_or_default();
    Told::new(status, "application/json; charset=utf-8", body)
        .header("cache-control", "no-store")
        .header("pragma", "no-cache")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_serves_channels_of_its_kind_and_app() {
        let sid = "ms-app://S-1-15-2-1";
        let grant = Grant::new(Kind::Uwp, sid);
        assert!(grant.serves(None, None));
        assert!(grant.serves(Some(Kind::Uwp), Some("s-1-15-2-1")));
        assert!(!grant.serves(Some(Kind::AppSdk), None));
        assert!(!grant.serves(Some(Kind::Uwp), Some("ms-app://S-1-15-2-2")));
        assert!(Grant::default().serves(Some(Kind::AppSdk), Some("any")));
    }
}
