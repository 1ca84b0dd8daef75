//! Where the checks of a notification are, and what they found.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use super::problem::{Fault, Problem, shortened};
use super::source;
use super::xml::allowed;

/// Walks through a notification and gathers what is wrong.
#[derive(Default)]
pub(super) struct Checker {
    problems: Vec<Problem>,
    /// The path of the part that is looked at.
    path: String,
}

impl Checker {
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn found(&mut self, name: &str, fault: Fault) {
        let field = match (self.path.as_str(), name) {
            ("", name) => name.to_owned(),
            (path, "") => path.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        self.problems.push(Problem::new(field, fault));
    }

    pub(super) fn unexpected(&mut self, name: &str, given: &str, expected: &'static str) {
        let given = shortened(given);
        self.found(name, Fault::Unexpected { given, expected });
    }

    pub(super) fn within(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        let separator = if length == 0 { "" } else { "." };
        self.path.push_str(separator);
        self.path.push_str(name);
        look(self);
        self.path.truncate(length);
    }

    /// Looks at each of them, `name[0]` and so on.
    pub(super) fn each<T>(&mut self, name: &str, parts: &[T], mut look: impl FnMut(&mut Self, &T)) {
        for (index, part) in parts.iter().enumerate() {
            let length = self.path.len();
            let separator = if length == 0 { "" } else { "." };
            // Writing to a `String` does not fail.
            let _ = write!(self.path, "{separator}{name}[{index}]");
            look(self, part);
            self.path.truncate(length);
        }
    }

    pub(super) fn at_most(&mut self, name: &str, given: usize, limit: usize) {
        if given > limit {
            self.found(name, Fault::TooMany { given, limit });
        }
    }

    pub(super) fn not_empty(&mut self, name: &str, text: &str, expected: &'static str) {
        if allowed(text).is_empty() {
            self.found(name, Fault::Empty { expected });
        }
    }

    pub(super) fn percent(&mut self, name: &str, given: Option<u8>) {
        if let Some(given @ 101..) = given {
            self.unexpected(name, &given.to_string(), "0 to 100");
        }
    }

    /// How many lines a text takes.
    pub(super) fn lines(&mut self, name: &str, given: Option<u32>) {
        if given == Some(0) {
            self.unexpected(name, "0", "at least 1");
        }
    }

    /// The address of an image.
    pub(super) fn image_source(&mut self, name: &str, source: &str) {
        if !source::is_of_image(source) {
            self.unexpected(name, source, source::OF_IMAGE);
        }
    }

    /// What relative addresses begin with.
    pub(super) fn base_uri(&mut self, base: Option<&str>) {
        if let Some(base) = base
            && !source::is_base(base)
        {
            self.unexpected("base_uri", base, source::BASE);
        }
    }

    /// The attributes that have no field. `taken` are those that are written without them.
    pub(super) fn extra(&mut self, extra: &BTreeMap<String, String>, taken: &[&str]) {
        for name in extra.keys() {
            let field = format!("extra.{}", shortened(name));
            if !is_attribute_name(name) {
                self.found(&field, Fault::AttributeName);
            } else if taken.contains(&name.as_str()) {
                self.found(&field, Fault::Twice);
            }
        }
    }

    /// The ids of things of a kind: there, and different, as they stand in the XML.
    pub(super) fn ids<'a>(&mut self, name: &str, ids: impl Iterator<Item = &'a str>) {
        let mut seen = HashSet::new();
        for (index, id) in ids.map(allowed).enumerate() {
            if id.is_empty() {
                let expected = "a name";
                self.found(&format!("{name}[{index}].id"), Fault::Empty { expected });
            } else if seen.contains(&id) {
                let given = shortened(&id);
                self.found(&format!("{name}[{index}].id"), Fault::NotUnique { given });
            } else {
                seen.insert(id);
            }
        }
    }
}

/// Names in ASCII without a prefix: all of Microsoft's are such. `xmlns` would not be an attribute.
fn is_attribute_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    bytes.next().is_some_and(begins) && bytes.all(goes_on) && name != "xmlns"
}
