use std::fmt;

use push_core::text::Escaped;

use super::MAX_BODY_BYTES;

/// All that is wrong with a notification, found before anything was sent.
pub type Invalid = push_core::Invalid<Problem>;

/// One thing that is wrong with a notification: where, what was given, what was expected.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The field's path, such as `tag` or `toast.buttons[0].input_id`; `notification` for all of it.
    pub field: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self {
            field: field.into(),
            fault,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {}", Escaped(&self.field), self.fault)
    }
}

impl std::error::Error for Problem {}

/// What is wrong with a field; reads on from the field's path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The body is larger than WNS takes.
    #[error("has {bytes} bytes of UTF-8: at most {MAX_BODY_BYTES} are taken, shorten it")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The raw notification is larger than WNS takes.
    #[error("has {bytes} bytes: at most {MAX_BODY_BYTES} are taken, shorten it")]
    TooLargeRaw {
        /// Its size in bytes.
        bytes: usize,
    },
    /// There is nothing in it.
    #[error("is empty: give {expected}")]
    Empty {
        /// What was expected.
        expected: &'static str,
    },
    /// There are more of them than Windows takes.
    #[error("has {given}: at most {limit} are taken")]
    TooMany {
        /// How many were given.
        given: usize,
        /// How many are taken.
        limit: usize,
    },
    /// The template has room for another number of them.
    #[error(
        "has {given}: the template {template} has {expected}, give as many (empty texts for those that stay empty)"
    )]
    Count {
        /// How many were given.
        given: usize,
        /// How many the template has.
        expected: usize,
        /// The template's name.
        template: &'static str,
    },
    /// There is no template for so many texts.
    #[error("has {given}: the templates have 1, 2 or 3")]
    NoTemplate {
        /// How many were given.
        given: usize,
    },
    /// Something else stands where a word, number or address of a kind has to.
    #[error("is {given:?}: give {expected}")]
    Unexpected {
        /// What was given, shortened.
        given: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Another of the same kind has it already.
    #[error("is {given:?}, as another one is: give each its own")]
    NotUnique {
        /// What was given, shortened.
        given: String,
    },
    /// It names an input, and there is none of that name.
    #[error("is {given:?}: give the id of {expected}")]
    NoSuchId {
        /// What was given, shortened.
        given: String,
        /// What has to be named.
        expected: &'static str,
    },
    /// It has no effect without something else.
    #[error("needs {needs}: give it too, or leave this out")]
    Needs {
        /// What it needs.
        needs: &'static str,
    },
    /// It can't stand there.
    #[error("is given {place}: leave it out")]
    Misplaced {
        /// Where it was given.
        place: &'static str,
    },
    /// Windows drops what has it: it is for Windows Phone only.
    #[error("is for Windows Phone only: say windows_phone, or leave it out")]
    PhoneOnly,
    /// The templates need a later version of the schema, or one that has names for them.
    #[error("is {given}: {template} needs {needs}")]
    Version {
        /// The version.
        given: u32,
        /// The template's name.
        template: &'static str,
        /// What it needs, such as `version 2 or later`.
        needs: &'static str,
    },
    /// An attribute stands in its field and in `extra`, or is chosen by the notification itself.
    #[error("is given twice, in its field and in extra: leave one out")]
    Twice,
    /// The name in `extra` is none of an attribute.
    #[error(
        "is no name of an attribute: give one of letters, digits, - , _ and full stops, without a prefix"
    )]
    AttributeName,
    /// The XML is not well formed, or has what WNS's readers don't take.
    #[error("can't be taken: {reason}")]
    Xml {
        /// What is wrong with it, and where.
        reason: String,
    },
}

/// The beginning of a text, for an error.
pub(super) fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(64).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
