use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::checker::Checker;
use super::problem::Invalid;

/// Which toasts that are shown already are to be removed: the header `X-WNS-Match` of a request with the
/// method `DELETE`. Windows Phone only; WNS refuses it for other devices.
///
/// ```
/// use push_wns::Match;
///
/// let goals = Match::GroupAndTag { group: "match4711".into(), tag: "goals".into() };
/// assert_eq!(goals.header_value()?, "type:wns/toast;group=match4711;tag=goals");
/// # Ok::<_, push_wns::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// All of the app.
    All,
    /// Those of a tag.
    Tag(String),
    /// Those of a group.
    Group(String),
    /// Those of a tag in a group.
    GroupAndTag {
        /// The group.
        group: String,
        /// The tag.
        tag: String,
    },
}

impl Match {
    /// The header's value.
    ///
    /// # Errors
    /// When a tag or group is not of 1 to 16 letters and digits.
    pub fn header_value(&self) -> Result<HeaderValue, Invalid> {
        let mut at = Checker::default();
        let rest = match self {
            Self::All => "all".to_owned(),
            Self::Tag(tag) => {
                check_name(&mut at, "tag", tag);
                format!("tag={tag}")
            }
            Self::Group(group) => {
                check_name(&mut at, "group", group);
                format!("group={group}")
            }
            Self::GroupAndTag { group, tag } => {
                check_name(&mut at, "group", group);
                check_name(&mut at, "tag", tag);
                format!("group={group};tag={tag}")
            }
        };
        // Refused only where a name is: the rest is letters and digits.
        match HeaderValue::try_from(format!("type:wns/toast;{rest}")) {
            Ok(value) if at.is_clean() => Ok(value),
            _ => Err(Invalid::new(at.into_problems())),
        }
    }
}

/// A tag or group.
pub(super) fn check_name(at: &mut Checker, field: &str, name: &str) {
    let is_name = (1..=16).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_name {
        at.unexpected(field, name, "1 to 16 of A-Z, a-z and 0-9");
    }
}
