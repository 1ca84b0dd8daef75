//! Writing XML: no declaration, no needless white space, everything escaped.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

/// A document that is being written.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// The document that `write` writes.
    pub(super) fn document(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut xml = Self {
            writer: Writer::new(Vec::with_capacity(512)),
        };
        write(&mut xml);
        xml.writer.into_inner()
    }

    /// An element with other elements in it.
    pub(super) fn element(&mut self, tag: Tag, inside: impl FnOnce(&mut Self)) {
        let name = tag.name;
        self.event(Event::Start(tag.start));
        inside(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element with a text in it.
    pub(super) fn text(&mut self, tag: Tag, text: &str) {
        let text = allowed(text);
        if text.is_empty() {
            return self.empty(tag);
        }
        let name = tag.name;
        self.event(Event::Start(tag.start));
        self.event(Event::Text(BytesText::from_escaped(partial_escape(text))));
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, tag: Tag) {
        self.event(Event::Empty(tag.start));
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing into memory does not fail.
        let _ = self.writer.write_event(event);
    }
}

/// The start of an element: its name and attributes.
pub(super) struct Tag {
    name: &'static str,
    start: BytesStart<'static>,
}

impl Tag {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            start: BytesStart::new(name),
        }
    }

    /// Adds an attribute. Line breaks and tabs are escaped too, else readers make spaces of them.
    pub(super) fn attribute(mut self, name: &str, value: &(impl Value + ?Sized)) -> Self {
        let value = value.text();
        self.start.push_attribute((name, allowed(&value)));
        self
    }

    /// Adds an attribute where there is a value for it.
    pub(super) fn optional(self, name: &str, value: Option<&impl Value>) -> Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// Adds the attributes that have no field. One that is there already would make the document no
    /// XML; the checks have told.
    pub(super) fn extra(mut self, extra: &BTreeMap<String, String>) -> Self {
        if extra.is_empty() {
            return self;
        }
        let mut there = self.start.attributes();
        let there = there.with_checks(false).flatten();
        let there: HashSet<String> = there.map(|it| it.key.0.to_owned()).collect();
        for (name, value) in extra {
            if !there.contains(name) {
                self = self.attribute(name, value);
            }
        }
        self
    }
}

/// What can stand in an attribute.
pub(super) trait Value {
    fn text(&self) -> Cow<'_, str>;
}

impl Value for str {
    fn text(&self) -> Cow<'_, str> {
        self.into()
    }
}

impl Value for String {
    fn text(&self) -> Cow<'_, str> {
        self.into()
    }
}

impl Value for bool {
    fn text(&self) -> Cow<'_, str> {
        if *self { "true" } else { "false" }.into()
    }
}

impl Value for u8 {
    fn text(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}

impl Value for u32 {
    fn text(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}

/// The text without the characters that no XML 1.0 document can have, escaped or not.
pub(super) fn allowed(text: &str) -> Cow<'_, str> {
    match text.chars().all(is_allowed) {
        true => text.into(),
        false => text.chars().filter(|c| is_allowed(*c)).collect(),
    }
}

/// Extensible Markup Language 1.0, section 2.2.
pub(super) fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Xml)) -> String {
        String::from_utf8(Xml::document(write)).unwrap()
    }

    #[test]
    fn texts_and_attributes_are_escaped_and_nothing_else_is_written() {
        let xml = written(|xml| {
            let tag = Tag::new("a").attribute("b", "1 < 2 & \"3\"\t\r\n");
            xml.element(tag, |xml| {
                xml.text(Tag::new("c"), "<!-- & ]]> \"'\t\r\n");
                xml.empty(Tag::new("d"));
                xml.text(Tag::new("e"), "");
            });
        });
        assert_eq!(
            xml,
            "<a b=\"1 &lt; 2 &amp; &quot;3&quot;&#9;&#13;&#10;\"><c>&lt;!-- &amp; ]]&gt; \"'\t&#13;\n</c><d/><e/></a>"
        );
    }

    #[test]
    fn what_xml_cannot_say_is_left_out() {
        let text = "a\u{0}\u{8}\u{b}\u{1f}\u{fffe}\u{ffff}b\u{7f}\u{fffd}\u{1f600}";
        let xml = written(|xml| xml.text(Tag::new("a").attribute("b", text), text));
        assert_eq!(
            xml,
            "<a b=\"ab\u{7f}\u{fffd}\u{1f600}\">ab\u{7f}\u{fffd}\u{1f600}</a>"
        );
        assert_eq!(written(|xml| xml.text(Tag::new("a"), "\u{1}")), "<a/>");
    }
}
