//! Whether JSON can be read as the service's types, by the rules of protobuf's JSON, with the texts
//! of Google's front end.
//!
//! Choices where it is not known what it does: null in a map is refused; a single value does not
//! stand for a list; texts stand for numbers, and `"true"` and `"false"` for truth values.

mod scalar;
mod types;
mod value;

pub(super) use scalar::{Span, span};
pub(super) use value::Json;

use std::fmt;

use self::types::{Kind, REQUEST, Type};
use self::value::is_name_of;
use super::status::Violation;

/// Everything for which this is no `SendMessageRequest`.
pub(super) fn violations(request: &Json) -> Vec<Violation> {
    let mut found = Vec::new();
    check_message(request, &REQUEST, &Path::Root, &mut found);
    found
}

/// Where a value stands: `message.data[0].value`.
enum Path<'a> {
    Root,
    Field(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

impl Path<'_> {
    fn last(&self) -> &str {
        match self {
            Self::Root => "",
            Self::Field(_, name) => name,
            Self::Item(parent, _) => parent.last(),
        }
    }
}

fn check_message(value: &Json, of: &Type, path: &Path<'_>, found: &mut Vec<Violation>) {
    let Json::Object(entries) = value else {
        let name = format!("type.googleapis.com/google.firebase.fcm.v1.{}", of.name);
        found.push(invalid(path, &name, &value.to_string()));
        return;
    };
    let mut taken = None;
    for (key, value) in entries {
        let field = of.fields.iter().find(|(name, _)| is_name_of(name, key));
        let Some((name, kind)) = field else {
            found.push(unknown(path, key, "Cannot find field."));
            continue;
        };
        if *value == Json::Null {
            continue;
        }
        if let Some((union, members)) = of.union
            && members.contains(name)
            && taken.replace(name).is_some_and(|other| other != name)
        {
            let text = format!("oneof field '{union}' is already set. Cannot set '{name}'");
            found.push(invalid(path, "oneof", &text));
        }
        match (kind, value) {
            (Kind::Map, Json::List(_)) => {
                let text = format!("Cannot bind a list to map for field '{name}'.");
                found.push(invalid(path, "Map", &text));
            }
            (Kind::List(_), _) => check(value, *kind, &Path::Field(path, name), found),
            (_, Json::List(_)) => {
                let why = "Proto field is not repeating, cannot start list.";
                found.push(unknown(path, key, why));
            }
            _ => check(value, *kind, &Path::Field(path, name), found),
        }
    }
}

fn check(value: &Json, kind: Kind, path: &Path<'_>, found: &mut Vec<Violation>) {
    match (kind, value) {
        (Kind::Message(of), value) => check_message(value, of, path, found),
        (Kind::List(item), Json::List(list)) => {
            for (at, value) in list.iter().enumerate() {
                check(value, *item, &Path::Item(path, at), found);
            }
        }
        (Kind::Map, Json::Object(entries)) => {
            for (at, (_, value)) in entries.iter().enumerate() {
                let item = Path::Item(path, at);
                check(value, Kind::Text, &Path::Field(&item, "value"), found);
            }
        }
        (Kind::Struct, Json::Object(_)) => {}
        (kind, Json::Object(_)) => {
            let text = "Starting an object on a scalar field";
            found.push(invalid(path, &scalar::type_name(kind), text));
        }
        (kind, value) => {
            if let Err(text) = scalar::read(value, kind, path.last()) {
                found.push(invalid(path, &scalar::type_name(kind), &text));
            }
        }
    }
}

fn invalid(path: &Path<'_>, of: &str, text: &str) -> Violation {
    let field = path.to_string();
    let shown: String = text.chars().take(200).collect();
    Violation {
        description: format!("Invalid value at '{field}' ({of}), {shown}"),
        field,
    }
}

fn unknown(path: &Path<'_>, key: &str, why: &str) -> Violation {
    let field = path.to_string();
    let place = match path {
        Path::Root => String::new(),
        _ => format!(" at '{field}'"),
    };
    let shown: String = key.chars().take(200).collect();
    Violation {
        description: format!(
            "Invalid JSON payload received. Unknown name \"{shown}\"{place}: {why}"
        ),
        field,
    }
}

#[cfg(test)]
mod tests;
