use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::xml::{Tag, Value, Xml};

element! {
    /// A bar of progress. A later push with the same text shows a new toast: only the app itself can move
    /// the bar of one that is shown.
    pub struct Progress {
        needs {
            /// What goes on, below the bar.
            status as "status": String,
            /// How far it has come.
            value as "value": ProgressValue,
        }
        holds {}
        owns []
        /// What stands above the bar.
        title as "title": text,
        /// What stands beside the bar, in place of the percentage.
        value_text as "valueStringOverride": text,
    }
}

impl Progress {
    /// A bar: how far it has come, from 0.0 to 1.0, and what goes on.
    pub fn new(value: f64, status: impl Into<String>) -> Self {
        Self::bare(status.into(), ProgressValue::Fraction(value))
    }

    /// A bar of something that has no known end, and what goes on.
    pub fn indeterminate(status: impl Into<String>) -> Self {
        Self::bare(status.into(), ProgressValue::Indeterminate)
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.not_empty("status", &self.status, "a text");
        if let ProgressValue::Fraction(value) = self.value
            && !(0.0..=1.0).contains(&value)
        {
            at.unexpected("value", &value.to_string(), "0.0 to 1.0, or indeterminate");
        }
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.empty(self.tag(Tag::new("progress")));
    }
}

/// How far a bar of progress has come. As JSON it is a number, or `indeterminate`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProgressValue {
    /// From 0.0, the beginning, to 1.0, the end.
    Fraction(f64),
    /// Nobody knows.
    Indeterminate,
}

const INDETERMINATE: &str = "indeterminate";

impl Value for ProgressValue {
    fn text(&self) -> Cow<'_, str> {
        match self {
            // Without the sign of -0.0.
            Self::Fraction(value) => value.abs().to_string().into(),
            Self::Indeterminate => INDETERMINATE.into(),
        }
    }
}

impl Serialize for ProgressValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fraction(value) => serializer.serialize_f64(*value),
            Self::Indeterminate => serializer.serialize_str(INDETERMINATE),
        }
    }
}

impl<'de> Deserialize<'de> for ProgressValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Indeterminate,
        }
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "a progress must be a number from 0.0 to 1.0, or \"indeterminate\""
        )]
        enum Read {
            Fraction(f64),
            Word(Word),
        }
        Ok(match Read::deserialize(deserializer)? {
            Read::Fraction(value) => Self::Fraction(value),
            Read::Word(Word::Indeterminate) => Self::Indeterminate,
        })
    }
}
