//! The XML of toasts, tiles and badges, checked as Windows reads it.
//!
//! WNS passes it on without a look, and a device shows nothing of what it can't read. So that a sender
//! hears of it, everything is looked at here: whether it is well formed, its root, its elements with
//! their attributes and values, and the old templates with the numbers of their texts and images.

mod adaptive;
mod badge;
mod document;
mod element;
mod template;
mod tile;
mod toast;
mod value;

use roxmltree::{Document, ParsingOptions};

use super::request::Type;

/// What is to be said of an XML.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// What Windows does not take.
    pub(super) wrong: Vec<String>,
    /// What it takes, though not as it is meant.
    pub(super) notes: Vec<String>,
}

/// More are not told.
const MOST: usize = 8;

impl Findings {
    fn wrong(&mut self, line: impl Into<String>) {
        if self.wrong.len() < MOST {
            self.wrong.push(line.into());
        }
    }

    fn note(&mut self, line: impl Into<String>) {
        if self.notes.len() < MOST {
            self.notes.push(line.into());
        }
    }
}

/// More elements, attributes and texts don't fit into a notification.
const MOST_NODES: u32 = 5000;

pub(super) fn check(kind: Type, body: &[u8]) -> Findings {
    let mut findings = Findings::default();
    if let Err(line) = look(kind, body, &mut findings) {
        findings.wrong(line);
    }
    findings
}

fn look(kind: Type, body: &[u8], findings: &mut Findings) -> Result<(), String> {
    let text = document::text(body)?;
    let options = ParsingOptions {
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| format!("the XML is not well formed: {error}"))?;
    let root = document.root_element();
    let name = root.tag_name();
    if name.namespace().is_some() {
        return Err(format!("<{}> is in a namespace", name.name()));
    }
    if name.name() != kind.as_str() {
        let expected = kind.as_str();
        let found = value::shown(name.name());
        return Err(format!("the root of {kind} is <{expected}>, not <{found}>"));
    }
    match kind {
        Type::Toast => toast::check(root, findings),
        Type::Tile => tile::check(root, findings),
        Type::Badge => badge::check(root, findings),
        Type::Raw => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
