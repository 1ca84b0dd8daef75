//! Whom a message is for.

use super::schema::Json;

/// One of the four targets of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Fid(&'a str),
    Token(&'a str),
    Topic(&'a str),
    Condition(&'a str),
}

impl<'a> Target<'a> {
    /// The one that is set; an empty one is none.
    pub(super) fn of(message: &'a Json) -> Option<Self> {
        let set = |name| message.field(name)?.text().filter(|text| !text.is_empty());
        set("token")
            .map(Self::Token)
            .or_else(|| set("fid").map(Self::Fid))
            .or_else(|| set("topic").map(Self::Topic))
            .or_else(|| set("condition").map(Self::Condition))
    }

    /// The name by which faults find it and by which it is listed.
    pub(super) fn name(self) -> String {
        match self {
            Self::Fid(id) | Self::Token(id) | Self::Condition(id) => id.to_owned(),
            Self::Topic(name) => format!("/topics/{name}"),
        }
    }

    /// Whether it stands for many devices.
    pub(super) fn is_topical(self) -> bool {
        matches!(self, Self::Topic(_) | Self::Condition(_))
    }
}

/// Whether it looks like a registration token or an installation id. Real ones are longer; tests
/// may use short ones.
pub(crate) fn is_registration(text: &str) -> bool {
    let is_good = |octet: u8| octet.is_ascii_alphanumeric() || b"_:.-".contains(&octet);
    (1..=4096).contains(&text.len()) && text.bytes().all(is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_as_faults_name_it() {
        let name = |message: &str| {
            let message = Json::parse(message.as_bytes()).unwrap();
            Target::of(&message).map(Target::name)
        };
        assert_eq!(name(r#"{"token":"a:b"}"#).as_deref(), Some("a:b"));
        assert_eq!(name(r#"{"fid":"f"}"#).as_deref(), Some("f"));
        assert_eq!(name(r#"{"topic":"news"}"#).as_deref(), Some("/topics/news"));
        let condition = "'a' in topics";
        assert_eq!(
            name(r#"{"condition":"'a' in topics"}"#).as_deref(),
            Some(condition)
        );
        for none in [
            "{}",
            r#"{"token":""}"#,
            r#"{"token":null}"#,
            r#"{"token":1}"#,
        ] {
            assert_eq!(name(none), None);
        }
    }

    #[test]
    fn short_tokens_are_plausible_and_others_are_not() {
        assert!(is_registration("t") && is_registration("c1:APA91b_-x.y"));
        for bad in ["", "a b", "/topics/a", "ä", "a\n", &"a".repeat(4097)] {
            assert!(!is_registration(bad), "{bad}");
        }
    }
}
