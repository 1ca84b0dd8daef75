//! What an element may hold, and whether it does.

use roxmltree::Node;

use super::Findings;
use super::value::{Flaw, Value, shown};

/// An element, as a schema has it.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) attributes: &'static [Attribute],
    pub(super) children: &'static [Child],
    /// Whether text may stand in it.
    pub(super) has_text: bool,
}

/// An attribute of an element.
#[derive(Debug)]
pub(super) struct Attribute {
    name: &'static str,
    value: Value,
    is_needed: bool,
}

/// An element in another one.
#[derive(Debug)]
pub(super) struct Child {
    name: &'static str,
    /// What it is like; `None`: that depends, and is looked at elsewhere.
    element: Option<&'static Element>,
    least: usize,
    most: usize,
}

/// However many there are.
pub(super) const ANY_NUMBER: usize = usize::MAX;

/// `xml:lang` and its like may stand anywhere.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// An attribute that may be missing.
pub(super) const fn may(name: &'static str, value: Value) -> Attribute {
    Attribute {
        name,
        value,
        is_needed: false,
    }
}

/// An attribute that may not be missing.
pub(super) const fn must(name: &'static str, value: Value) -> Attribute {
    Attribute {
        name,
        value,
        is_needed: true,
    }
}

/// An element that stands there at most so often, or not at all.
pub(super) const fn child(name: &'static str, element: &'static Element, most: usize) -> Child {
    Child {
        name,
        element: Some(element),
        least: 0,
        most,
    }
}

/// An element that stands there at least once.
pub(super) const fn needed(name: &'static str, element: &'static Element, most: usize) -> Child {
    Child {
        name,
        element: Some(element),
        least: 1,
        most,
    }
}

/// An element that stands there at least once, and is looked at elsewhere.
pub(super) const fn elsewhere(name: &'static str) -> Child {
    Child {
        name,
        element: None,
        least: 1,
        most: ANY_NUMBER,
    }
}

impl Element {
    /// Looks at an element and all that is in it.
    pub(super) fn check(&self, node: Node<'_, '_>, findings: &mut Findings) {
        let name = node.tag_name().name();
        self.check_attributes(node, name, findings);
        for inner in node.children() {
            if inner.is_text() {
                let is_blank = inner.text().is_none_or(|text| text.trim().is_empty());
                if !self.has_text && !is_blank {
                    findings.wrong(format!("<{name}> holds elements, and text stands in it"));
                }
            } else if inner.is_element() {
                self.check_child(inner, name, findings);
            }
        }
        for child in self.children {
            let count = elements(node, child.name).count();
            let inner = child.name;
            if count < child.least {
                findings.wrong(format!("<{name}> has no <{inner}>"));
            } else if count > child.most {
                let most = child.most;
                findings.wrong(format!(
                    "<{name}> has {count} <{inner}>, and at most {most} are read"
                ));
            }
        }
    }

    fn check_attributes(&self, node: Node<'_, '_>, name: &str, findings: &mut Findings) {
        for found in node.attributes().filter(|it| it.namespace() != Some(XML)) {
            let known = self.attributes.iter().find(|it| it.name == found.name());
            let Some(known) = known.filter(|_| found.namespace().is_none()) else {
                let attribute = shown(found.name());
                findings.wrong(format!("<{name}> has no attribute {attribute}"));
                continue;
            };
            match known.value.check(found.value()) {
                Ok(()) => {}
                Err(Flaw::Wrong(line)) => {
                    findings.wrong(format!("{} of <{name}> {line}", known.name))
                }
                Err(Flaw::Note(line)) => {
                    findings.note(format!("{} of <{name}> {line}", known.name))
                }
            }
        }
        for attribute in self.attributes.iter().filter(|it| it.is_needed) {
            if node.attribute(attribute.name).is_none() {
                findings.wrong(format!(
                    "<{name}> has no {}, which is needed",
                    attribute.name
                ));
            }
        }
    }

    fn check_child(&self, node: Node<'_, '_>, parent: &str, findings: &mut Findings) {
        let name = node.tag_name();
        let known = self.children.iter().find(|it| it.name == name.name());
        match known.filter(|_| name.namespace().is_none()) {
            Some(Child { element, .. }) => {
                if let Some(element) = element {
                    element.check(node, findings);
                }
            }
            None => {
                let inner = shown(name.name());
                findings.wrong(format!("<{inner}> does not belong in <{parent}>"));
            }
        }
    }
}

/// The elements of this name that stand right in another one.
pub(super) fn elements<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |it| it.has_tag_name(name))
}
