//! What a path is for.

use super::Flavour;
use crate::web::Asked;

/// What a request is about, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// A subscription's endpoint.
    Endpoint {
        flavour: Flavour,
        /// As it was sent, so not percent-decoded.
        id: &'a str,
        /// Whether the path is of those that are bound to a key.
        has_key: Option<bool>,
    },
    /// A message that was taken.
    Message { flavour: Flavour, version: &'a str },
}

impl<'a> Route<'a> {
    pub(super) fn of(asked: &'a Asked) -> Option<Self> {
        let endpoint = |flavour, id: &'a str, has_key| {
            let is_one = !id.is_empty() && !id.contains('/');
            is_one.then_some(Self::Endpoint {
                flavour,
                id,
                has_key,
            })
        };
        let path = asked.path.as_str();
        if path == "/w/" || path == "/w" {
            let id = asked.raw_query_value("token")?;
            return endpoint(Flavour::Edge, id, None);
        }
        let messages = [("/m/", Flavour::Mozilla), ("/message/", Flavour::Rfc8030)];
        for (prefix, flavour) in messages {
            if let Some(version) = path.strip_prefix(prefix) {
                return Some(Self::Message { flavour, version });
            }
        }
        let endpoints = [
            ("/wpush/v1/", Flavour::Mozilla, Some(false)),
            ("/wpush/v2/", Flavour::Mozilla, Some(true)),
            ("/wpush/", Flavour::Mozilla, Some(false)),
            ("/fcm/send/", Flavour::Fcm, None),
            ("/wp/", Flavour::Fcm, None),
            ("/apple/", Flavour::Apple, None),
            ("/push/", Flavour::Rfc8030, None),
        ];
        let known = endpoints
            .into_iter()
            .find_map(|(prefix, flavour, has_key)| {
                endpoint(flavour, path.strip_prefix(prefix)?, has_key)
            });
        // Whoever brings an endpoint of his own has whatever path he likes.
        known.or_else(|| endpoint(Flavour::Rfc8030, path.rsplit('/').next()?, None))
    }

    pub(super) fn flavour(&self) -> Flavour {
        match self {
            Self::Endpoint { flavour, .. } | Self::Message { flavour, .. } => *flavour,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_service_and_subscription() {
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
                Route::Endpoint {
                    flavour,
                    id,
                    has_key,
                } => Some((flavour, id.to_owned(), has_key)),
                Route::Message { flavour, version } => {
                    Some((flavour, format!("m {version}"), None))
                }
            }
        };
        for (target, flavour, id, has_key) in [
            ("/wpush/v1/a", Flavour::Mozilla, "a", Some(false)),
            ("/wpush/v2/a:b", Flavour::Mozilla, "a:b", Some(true)),
            ("/wpush/a", Flavour::Mozilla, "a", Some(false)),
            ("/fcm/send/a", Flavour::Fcm, "a", None),
            ("/wp/a?b=c", Flavour::Fcm, "a", None),
            ("/apple/a", Flavour::Apple, "a", None),
            ("/w/?x=y&token=a%2b%3d", Flavour::Edge, "a%2b%3d", None),
            ("/push/a", Flavour::Rfc8030, "a", None),
            ("/push/a/b", Flavour::Rfc8030, "b", None),
            ("/a", Flavour::Rfc8030, "a", None),
            ("/x/y/z?a=b", Flavour::Rfc8030, "z", None),
            ("/m/a", Flavour::Mozilla, "m a", None),
            ("/message/a", Flavour::Rfc8030, "m a", None),
        ] {
            assert_eq!(
                of(target),
                Some((flavour, id.to_owned(), has_key)),
                "{target}"
            );
        }
        for target in ["/", "/wpush/v2/", "/push/", "/w/", "/w/?token="] {
            assert_eq!(of(target), None, "{target}");
        }
    }
}
