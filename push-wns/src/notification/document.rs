//! Raw XML from the caller: whether it is well formed, and of the kind it is said to be.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use push_core::text::one_line;
use quick_xml::escape::unescape;
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;

use super::options::Kind;
use super::problem::{Fault, shortened};
use super::xml::is_allowed;

/// Checks that the text is a document in UTF-8 with one root, which is that of the kind, and without a
/// document type definition.
pub(super) fn check(text: &str, kind: Kind) -> Result<(), Fault> {
    // The mark of UTF-8 stands at the very beginning, and once; the reader passes over each that does.
    if text.starts_with("\u{feff}\u{feff}") {
        return Err(fault("there is text outside of the element", 3));
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut document = Document {
        root: kind.as_str(),
        began: false,
        seen_root: false,
        depth: 0,
    };
    if let Some((at, character)) = text.char_indices().find(|(_, c)| !is_allowed(*c)) {
        let reason = format!("XML has no {} in it", character.escape_unicode());
        return Err(fault(reason, at));
    }
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(fault(error, at)),
        };
        match event {
            Event::Eof => break,
            event => document
                .take(&reader, event)
                .map_err(|reason| fault(reason, at))?,
        }
    }
    match document {
        Document { depth: 1.., .. } => Err(fault("an element is not closed", text.len())),
        Document {
            seen_root: false,
            root,
            ..
        } => Err(fault(format!("there is no element {root}"), text.len())),
        _ => Ok(()),
    }
}

fn fault(reason: impl fmt::Display, at: usize) -> Fault {
    // Some of them quote what they have read, however long it is.
    let reason = one_line(&reason.to_string(), 200, |line, word| line.push_str(word));
    let reason = format!("{} (at byte {at})", reason.unwrap_or_default());
    Fault::Xml { reason }
}

struct Document {
    root: &'static str,
    /// Whether anything stands before what comes.
    began: bool,
    seen_root: bool,
    depth: usize,
}

impl Document {
    fn take(&mut self, reader: &NsReader<&[u8]>, event: Event<'_>) -> Result<(), String> {
        let is_first = !std::mem::replace(&mut self.began, true);
        match event {
            Event::Start(start) => {
                self.begin(reader, &start)?;
                self.depth += 1;
            }
            Event::Empty(start) => self.begin(reader, &start)?,
            // Only where one has begun: the reader sees to it.
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Text(text) => {
                let text = text.into_inner();
                if self.depth == 0 && !text.chars().all(is_space) {
                    return Err("there is text outside of the element".to_owned());
                }
                if text.contains("]]>") {
                    return Err("]]> has to be written as ]]&gt;".to_owned());
                }
            }
            Event::GeneralRef(_) | Event::CData(_) if self.depth == 0 => {
                return Err("there is text outside of the element".to_owned());
            }
            Event::GeneralRef(reference) => {
                check_escaped(&format!("&{};", reference.into_inner()))?
            }
            Event::Decl(_) if !is_first => {
                return Err("an XML declaration stands at the beginning only".to_owned());
            }
            Event::Decl(declaration) => check_declaration(&declaration)?,
            Event::PI(instruction) => {
                let target = instruction.target();
                if !is_name(target) || target.contains(':') || target.eq_ignore_ascii_case("xml") {
                    return Err(format!("{:?} is no name", shortened(target)));
                }
            }
            Event::DocType(_) => return Err("leave the document type definition out".to_owned()),
            Event::CData(_) | Event::Comment(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn begin(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.name().0;
        if self.depth == 0 {
            if self.seen_root {
                return Err(format!("{:?} is a second root", shortened(name)));
            }
            if name != self.root {
                let given = shortened(name);
                return Err(format!("the root is {given:?}: give {}", self.root));
            }
            self.seen_root = true;
        }
        check_name(name)?;
        // Namespaces in XML 1.0, section 3.
        if name.starts_with("xmlns:") {
            return Err("no element has the prefix \"xmlns\"".to_owned());
        }
        if let (ResolveResult::Unknown(prefix), _) = reader.resolver().resolve_element(start.name())
        {
            return Err(unbound(&prefix));
        }
        let raw = start.attributes_raw();
        let mut names = HashSet::new();
        let mut end = 0;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = attribute.key;
            check_name(key.0)?;
            end = attribute_end(raw, end, key.0, &attribute.value)?;
            if attribute.value.contains('<') {
                return Err("< has to be written as &lt;".to_owned());
            }
            check_escaped(&attribute.value)?;
            match (
                key.as_namespace_binding(),
                reader.resolver().resolve_attribute(key),
            ) {
                (Some(PrefixDeclaration::Named(prefix)), _) if attribute.value.is_empty() => {
                    return Err(unbound(prefix));
                }
                (Some(binding), _) => check_namespace(&binding, &attribute.value)?,
                (None, (ResolveResult::Unknown(prefix), _)) => return Err(unbound(&prefix)),
                (None, (ResolveResult::Bound(namespace), local)) => {
                    // Under another prefix, perhaps.
                    if !names.insert((resolved(namespace.0), local.into_inner().to_owned())) {
                        return Err(format!("{:?} is given twice", shortened(key.0)));
                    }
                }
                (None, (ResolveResult::Unbound, _)) => {}
            }
        }
        Ok(())
    }
}

/// The version, then perhaps the encoding, then perhaps whether it stands alone.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), String> {
    let mut rest = ["version", "encoding", "standalone"].into_iter();
    let raw = declaration.get("xml".len()..).unwrap_or_default();
    let mut end = 0;
    for attribute in Attributes::new(declaration, "xml".len()) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = attribute.key.0;
        if !rest.any(|expected| expected == name) {
            return Err(format!(
                "{:?} stands in the XML declaration",
                shortened(name)
            ));
        }
        end = attribute_end(raw, end, name, &attribute.value)?;
        let is_right = match name {
            "version" => &*attribute.value == "1.0",
            "encoding" => attribute.value.eq_ignore_ascii_case("utf-8"),
            _ => ["yes", "no"].contains(&&*attribute.value),
        };
        if !is_right {
            let given = shortened(&attribute.value);
            return Err(format!(
                "the {name} is said to be {given:?}: XML 1.0 in UTF-8 is taken"
            ));
        }
    }
    // Without one it is none.
    match raw.trim_start().starts_with("version") {
        true => Ok(()),
        false => Err("the XML declaration has no version".to_owned()),
    }
}

/// White space stands before each attribute, which the reader does not see to. Returns where the
/// attribute ends that begins here.
fn attribute_end(raw: &str, from: usize, name: &str, value: &str) -> Result<usize, String> {
    let rest = raw.get(from..).unwrap_or_default();
    if !rest.starts_with(is_space) {
        return Err(format!(
            "there is no white space before {:?}",
            shortened(name)
        ));
    }
    // The name, an equals sign and quotes, with white space between, and the value.
    let named = rest.find(name).map(|at| at + name.len());
    let opened = named.and_then(|at| Some(at + rest.get(at..)?.find(['"', '\''])? + 1));
    let end = opened.map_or(rest.len(), |at| at + value.len() + 1);
    Ok(from + end)
}

/// References to characters that XML can have, and to the five entities that it has without a definition.
fn check_escaped(text: &str) -> Result<(), String> {
    let text = unescape(text).map_err(|error| error.to_string())?;
    match text.chars().find(|c| !is_allowed(*c)) {
        Some(character) => Err(format!("XML has no {} in it", character.escape_unicode())),
        None => Ok(()),
    }
}

fn unbound(prefix: &str) -> String {
    format!("the prefix {:?} has no namespace", shortened(prefix))
}

/// The two namespaces that exist by themselves have no other prefixes. The reader compares them as they
/// are written, and looks at none that is the default.
fn check_namespace(binding: &PrefixDeclaration<'_>, uri: &str) -> Result<(), String> {
    let uri = resolved(uri);
    let is_of_xml = *binding == PrefixDeclaration::Named("xml");
    match uri.as_str() {
        "http://www.w3.org/XML/1998/namespace" if is_of_xml => Ok(()),
        "http://www.w3.org/XML/1998/namespace" | "http://www.w3.org/2000/xmlns/" => {
            Err(format!("the namespace {uri:?} can't be declared"))
        }
        _ => Ok(()),
    }
}

/// A namespace as readers compare it: without references, with spaces for other white space (XML 1.0,
/// section 3.3.3).
fn resolved(uri: &str) -> String {
    let uri = uri.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
    unescape(&uri).map_or_else(|_| uri.clone(), Cow::into_owned)
}

fn check_name(name: &str) -> Result<(), String> {
    let local = match name.split_once(':') {
        Some((prefix, local)) => is_name(prefix).then_some(local),
        None => Some(name),
    };
    match local {
        Some(local) if is_name(local) && !local.contains(':') => Ok(()),
        _ => Err(format!("{:?} is no name", shortened(name))),
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Extensible Markup Language 1.0, section 2.3.
fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(begins_name) && characters.all(|c| begins_name(c) || goes_on(c))
}

fn begins_name(character: char) -> bool {
    matches!(character,
        ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}'
        | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn goes_on(character: char) -> bool {
    matches!(character,
        '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
