//! A notification, as its headers tell it.

use std::fmt;

use serde::Serialize;

use super::channels::Target;
use super::reason::{Problem, Reason};
use super::xml;
use crate::web::Asked;

/// So many bytes a notification may have.
pub(super) const MOST_BYTES: usize = 5000;

/// What a notification shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Type {
    /// A message on the screen.
    Toast,
    /// New content for a tile.
    Tile,
    /// A number or a sign on a tile.
    Badge,
    /// Nothing: the app gets it.
    Raw,
}

impl Type {
    /// The name, which the root of the XML has too.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Toast => "toast",
            Self::Tile => "tile",
            Self::Badge => "badge",
            Self::Raw => "raw",
        }
    }

    fn of(header: &str) -> Option<Self> {
        let all = [Self::Toast, Self::Tile, Self::Badge, Self::Raw];
        let name = header.strip_prefix("wns/")?;
        all.into_iter().find(|it| it.as_str() == name)
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Raw => "application/octet-stream",
            _ => "text/xml",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wns/{}", self.as_str())
    }
}

/// A notification with which nothing is wrong.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) kind: Type,
    /// Whether the sender wants to know of the device's connection.
    pub(super) wants_status: bool,
    /// What Windows would not take as it is meant.
    pub(super) notes: Vec<String>,
}

impl Push {
    /// Looks at everything but the token and the channel's state.
    pub(super) fn read(
        asked: &Asked,
        target: Option<&Target>,
        refuses_bad_xml: bool,
    ) -> Result<Self, Problem> {
        if asked.header("content-length").is_none() {
            return Err(Reason::LengthRequired.into());
        }
        if asked.body.len() > MOST_BYTES {
            return Err(Reason::TooLarge.into());
        }
        let kind = kind(asked)?;
        let fields = Fields::read(asked)?;
        let is_phone = target.is_some_and(|target| target.phone);
        if fields.suppresses_popup && !is_phone {
            let description = "X-WNS-SuppressPopup is for phones only.";
            return Err(Problem::new(Reason::Dropped, description));
        }
        let is_of_tile = target.is_some_and(|target| target.secondary_tile);
        if is_of_tile && !matches!(kind, Type::Tile | Type::Badge) {
            let description =
                format!("The channel of a secondary tile takes tiles and badges, not {kind}.");
            return Err(Problem::bad(description));
        }
        if kind == Type::Raw {
            return match asked.body.is_empty() {
                true => Err(Problem::bad("A raw notification must not be empty.")),
                false => Ok(fields.push(kind, Vec::new())),
            };
        }
        let findings = xml::check(kind, &asked.body);
        let mut notes = findings.notes;
        if refuses_bad_xml && !findings.wrong.is_empty() {
            return Err(Problem::bad(findings.wrong.join("; ")));
        }
        notes.splice(0..0, findings.wrong);
        Ok(fields.push(kind, notes))
    }
}

/// `X-WNS-Type` and `Content-Type`, which have to agree.
fn kind(asked: &Asked) -> Result<Type, Problem> {
    let header = asked
        .header("x-wns-type")
        .ok_or_else(|| Problem::bad("The X-WNS-Type header is missing."))?;
    let kind = Type::of(header).ok_or_else(|| {
        Problem::bad("X-WNS-Type is none of wns/toast, wns/tile, wns/badge and wns/raw.")
    })?;
    let content_type = asked
        .header("content-type")
        .ok_or_else(|| Problem::bad("The Content-Type header is missing."))?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.eq_ignore_ascii_case(kind.content_type()) {
        true => Ok(kind),
        false => Err(Problem::bad(format!(
            "Content-Type conflicts with X-WNS-Type: {kind} is {}.",
            kind.content_type()
        ))),
    }
}

/// The optional headers.
struct Fields {
    suppresses_popup: bool,
    wants_status: bool,
}

impl Fields {
    fn read(asked: &Asked) -> Result<Self, Problem> {
        for name in ["x-wns-tag", "x-wns-group"] {
            if let Some(value) = asked.header(name)
                && !is_name(value)
            {
                let description = format!("{} is not of 1 to 16 letters and digits.", shown(name));
                return Err(Problem::bad(description));
            }
        }
        let lives_seconds = match asked.header("x-wns-ttl") {
            None => None,
            Some(value) if !value.bytes().all(|it| it.is_ascii_digit()) => {
                return Err(Problem::bad("X-WNS-TTL is not a number of seconds."));
            }
            Some(value) => match value.parse::<u64>() {
                Ok(seconds) => Some(seconds),
                Err(_) => return Err(Problem::bad("X-WNS-TTL is not a number of seconds.")),
            },
        };
        let is_cached = one_of(asked, "x-wns-cache-policy", &["cache", "no-cache"])?;
        if lives_seconds == Some(0) && is_cached == Some("cache") {
            return Err(Problem::bad("X-WNS-TTL conflicts with X-WNS-Cache-Policy."));
        }
        if asked.header("x-wns-match").is_some() {
            return Err(Problem::bad("X-WNS-Match is for DELETE only."));
        }
        one_of(asked, "x-wns-priority", &["1", "2", "3", "4"])?;
        let status = one_of(asked, "x-wns-requestforstatus", &BOOLEANS)?;
        let suppress = one_of(asked, "x-wns-suppresspopup", &BOOLEANS)?;
        Ok(Self {
            suppresses_popup: suppress == Some("true"),
            wants_status: status == Some("true"),
        })
    }

    fn push(self, kind: Type, notes: Vec<String>) -> Push {
        Push {
            kind,
            wants_status: self.wants_status,
            notes,
        }
    }
}

const BOOLEANS: [&str; 2] = ["true", "false"];

/// The header's value, if it is there, in either case.
fn one_of(
    asked: &Asked,
    name: &str,
    values: &[&'static str],
) -> Result<Option<&'static str>, Problem> {
    let Some(value) = asked.header(name) else {
        return Ok(None);
    };
    let found = values.iter().find(|it| it.eq_ignore_ascii_case(value));
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(Problem::bad(format!(
            "{} is none of {}.",
            shown(name),
            values.join(", ")
        ))),
    }
}

/// A tag, or a group.
pub(super) fn is_name(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric())
}

/// A header as it is documented.
fn shown(name: &str) -> &str {
    match name {
        "x-wns-tag" => "X-WNS-Tag",
        "x-wns-group" => "X-WNS-Group",
        "x-wns-cache-policy" => "X-WNS-Cache-Policy",
        "x-wns-priority" => "X-WNS-PRIORITY",
        "x-wns-requestforstatus" => "X-WNS-RequestForStatus",
        "x-wns-suppresspopup" => "X-WNS-SuppressPopup",
        name => name,
    }
}

/// What a DELETE wants to have removed: `type:wns/toast;all`, or the group, the tag or both of toasts.
pub(super) fn is_match(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("type:wns/toast;") else {
        return false;
    };
    let named = |part: &str, key: &str| part.strip_prefix(key).is_some_and(is_name);
    match rest.split_once(';') {
        None => rest == "all" || named(rest, "group=") || named(rest, "tag="),
        Some((group, tag)) => named(group, "group=") && named(tag, "tag="),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_names_all_toasts_or_some() {
        for good in ["all", "group=g", "tag=t", "group=g1;tag=T2"] {
            assert!(is_match(&format!("type:wns/toast;{good}")), "{good}");
        }
        for bad in [
            "all",
            "type:wns/tile;all",
            "type:wns/toast",
            "type:wns/toast;tag=t;group=g",
            "type:wns/toast;tag=",
            "type:wns/toast;tag=a-b",
            "type:wns/toast;all;tag=t",
        ] {
            assert!(!is_match(bad), "{bad}");
        }
    }
}
