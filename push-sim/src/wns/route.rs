//! What a path is for.

use super::oauth::Endpoint;
use crate::web::Asked;
use crate::web::form::canonical;

/// What a request is about, by its path, whatever its host is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// A token endpoint.
    Token(Endpoint<'a>),
    /// A channel: what its path ends in, or the token in the query where that is nothing; with the
    /// digits of percent-encodings in lower case.
    Channel { id: String },
}

impl<'a> Route<'a> {
    pub(super) fn of(asked: &'a Asked) -> Option<Self> {
        if let Some(endpoint) = Endpoint::of(&asked.path) {
            return Some(Self::Token(endpoint));
        }
        let last = asked.path.rsplit('/').next().filter(|it| !it.is_empty());
        let id = last.or_else(|| asked.raw_query_value("token"))?;
        let is_one = !id.is_empty() && id != "*";
        is_one.then(|| Self::Channel { id: canonical(id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_token_endpoints_from_channels() {
        let of = |target: &str| {
            let (path, query) = match target.split_once('?') {
                Some((path, query)) => (path, Some(query.to_owned())),
                None => (target, None),
            };
            let asked = Asked {
                path: path.to_owned(),
                query,
                ..Asked::default()
            };
            match Route::of(&asked)? {
                Route::Token(Endpoint::Live) => Some("live".to_owned()),
                Route::Token(Endpoint::Entra { tenant }) => Some(format!("entra {tenant}")),
                Route::Channel { id } => Some(id),
            }
        };
        for (target, expected) in [
            ("/accesstoken.srf", "live"),
            ("/AccessToken.srf?x=y", "live"),
            ("/contoso.com/oauth2/v2.0/token", "entra contoso.com"),
            ("/?token=AB%2B%2fc%3d", "AB%2b%2fc%3d"),
            ("/w/?x=y&token=a", "a"),
            ("/any/channel/D1?token=a", "D1"),
            ("/D1", "D1"),
        ] {
            assert_eq!(of(target).as_deref(), Some(expected), "{target}");
        }
        for target in ["/", "/?token=", "/?tokens=a", "*", "/a/"] {
            assert_eq!(of(target), None, "{target}");
        }
    }
}
