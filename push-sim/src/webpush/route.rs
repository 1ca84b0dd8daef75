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
            let id = value(asked.query.as_deref()?, "token")?;
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

/// The id with the digits of its percent-encodings in lower case: those are equivalent (RFC 3986, section
/// 6.2.2.1), and some clients write them in upper case. Nothing else is.
pub(super) fn canonical(id: &str) -> String {
    let mut digits = 0;
    let lowered = id.chars().map(|it| {
        let is_digit = digits > 0;
        digits = match it {
            '%' => 2,
            _ => u8::saturating_sub(digits, 1),
        };
        match is_digit && it.is_ascii_hexdigit() {
            true => it.to_ascii_lowercase(),
            false => it,
        }
    });
    lowered.collect()
}

/// As it was sent: a client that encodes it anew shows so.
fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_case_of_percent_encodings_makes_no_difference() {
        assert_eq!(canonical("AB%2BCD%3D%3dFF"), "AB%2bCD%3d%3dFF");
        assert_eq!(canonical("%%AFA%"), "%%afA%");
        assert_ne!(canonical("a%2Bb"), canonical("a+b"));
    }

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
