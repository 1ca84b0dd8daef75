use std::time::Duration;

use roxmltree::{Document, Error, Node};
use serde_json::Value;

use super::is_one_line;
use super::secrets::Secrets;
use crate::{Encoded, Invalid, Kind, MAX_BODY_BYTES, Notification};

/// What a notification in JSON says, of each of the kinds.
const PAYLOADS: [&str; 7] = [
    "toast",
    "template_toast",
    "tile",
    "badge",
    "raw",
    "raw_base64",
    "xml",
];

/// A header, and whether a value can be its.
type Known = (&'static str, fn(&str) -> bool);

/// All headers that there are.
const HEADERS: [Known; 11] = [
    ("x-wns-type", |it| it.starts_with("wns/")),
    ("content-type", |it| {
        ["text/xml", "application/octet-stream"].contains(&it)
    }),
    ("content-length", is_number),
    ("x-wns-cache-policy", |it| {
        ["cache", "no-cache"].contains(&it)
    }),
    ("x-wns-requestforstatus", is_flag),
    ("x-wns-tag", is_name),
    ("x-wns-ttl", |it| it.parse().is_ok_and(|it: i32| it >= 0)),
    ("x-wns-suppresspopup", is_flag),
    ("x-wns-group", is_name),
    ("x-wns-priority", |it| ["1", "2", "3", "4"].contains(&it)),
    ("ms-cv", |it| (1..=128).contains(&it.len())),
];

/// A notification that was stored: taken or refused, the same after it was written; what can be encoded
/// fits a body, and is a document of its kind for another reader; of what can't, all that is wrong is told
/// on a line. A text that is no JSON is tried as raw XML of each kind.
pub fn wns_notification(input: &[u8]) {
    let Ok(told) = serde_json::from_slice::<Value>(input) else {
        let text = String::from_utf8_lossy(input);
        for kind in [Kind::Toast, Kind::Tile, Kind::Badge, Kind::Raw] {
            is_encoded(&Notification::xml(kind, &*text), &Value::Null);
        }
        return;
    };
    let Ok(notification) = serde_json::from_slice::<Notification>(input) else {
        return;
    };
    let json = serde_json::to_string(&notification).expect("what was read can be written");
    let back: Option<Notification> = serde_json::from_str(&json).ok();
    assert_eq!(back.as_ref(), Some(&notification), "{json}");
    // A list of the members in their order is one, too.
    let told = if told.is_object() { told } else { Value::Null };
    is_hidden(&notification, &told);
    is_encoded(&notification, &told);
}

fn is_hidden(notification: &Notification, told: &Value) {
    let mut texts = Vec::new();
    for payload in PAYLOADS {
        gather(&told[payload], &mut texts);
    }
    let open = format!("{} {}", told["tag"], told["group"]);
    Secrets::of(texts, &open).are_not_in(&format!(
        "{notification:?} {:?}",
        notification.encode().ok()
    ));
}

fn gather<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|it| gather(it, texts)),
        Value::Object(values) => values.values().for_each(|it| gather(it, texts)),
        _ => {}
    }
}

fn is_encoded(notification: &Notification, told: &Value) {
    match notification.encode() {
        Ok(encoded) => {
            assert_eq!(encoded.kind(), notification.kind());
            has_its_headers(&encoded, told);
            is_of_its_kind(&encoded, told);
        }
        Err(invalid) => is_told(&invalid),
    }
}

fn is_told(invalid: &Invalid) {
    assert!(!invalid.problems().is_empty());
    for problem in invalid.problems() {
        let line = problem.to_string();
        assert!(is_one_line(&line) && line.len() < 2000, "{line:?}");
    }
    assert!(is_one_line(&invalid.to_string()), "{invalid}");
}

fn has_its_headers(encoded: &Encoded, told: &Value) {
    let headers = encoded.headers();
    for (name, value) in headers {
        let value = value.to_str().unwrap_or_default();
        assert!(value.bytes().all(|it| it.is_ascii_graphic()), "{headers:?}");
        let known = HEADERS.iter().find(|(known, _)| name == known);
        assert!(known.is_some_and(|(_, fits)| fits(value)), "{headers:?}");
        assert_eq!(headers.get_all(name).iter().count(), 1, "{headers:?}");
    }
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    let bytes = encoded.body().len();
    assert!((1..=MAX_BODY_BYTES).contains(&bytes), "{bytes}");
    assert_eq!(header("content-length"), Some(&*bytes.to_string()));
    let (kind, content_type) = match encoded.kind() {
        Kind::Toast => ("wns/toast", "text/xml"),
        Kind::Tile => ("wns/tile", "text/xml"),
        Kind::Badge => ("wns/badge", "text/xml"),
        Kind::Raw => ("wns/raw", "application/octet-stream"),
    };
    assert_eq!(header("x-wns-type"), Some(kind));
    assert_eq!(header("content-type"), Some(content_type));
    if told.is_null() {
        return;
    }
    for (name, member) in [
        ("x-wns-tag", "tag"),
        ("x-wns-group", "group"),
        ("x-wns-cache-policy", "cache_policy"),
        ("ms-cv", "correlation_vector"),
    ] {
        assert_eq!(header(name), told[member].as_str(), "{name}");
    }
    for (name, member) in [
        ("x-wns-requestforstatus", "request_for_status"),
        ("x-wns-suppresspopup", "suppress_popup"),
    ] {
        let flag = header(name).map(|it| it == "true");
        assert_eq!(flag, told[member].as_bool(), "{name}");
    }
    let ttl = header("x-wns-ttl").and_then(|it| it.parse().ok());
    assert_eq!(
        ttl.map(Duration::from_secs),
        told["ttl"].as_u64().map(Duration::from_secs)
    );
    let for_toasts = header("x-wns-group").or_else(|| header("x-wns-suppresspopup"));
    assert!(for_toasts.is_none() || encoded.kind() == Kind::Toast);
    let for_phones = header("x-wns-suppresspopup");
    assert!(for_phones.is_none() || told["windows_phone"] == true);
}

fn is_of_its_kind(encoded: &Encoded, told: &Value) {
    let body = encoded.body();
    let root = match encoded.kind() {
        Kind::Toast => "toast",
        Kind::Tile => "tile",
        Kind::Badge => "badge",
        Kind::Raw => {
            let raw = told["raw"].as_str().map(str::as_bytes);
            assert!(raw.is_none_or(|raw| **body == *raw));
            return;
        }
    };
    let text = str::from_utf8(body).expect("XML is in UTF-8");
    let document = match Document::parse(text) {
        Ok(document) => document,
        // Bound without a declaration (Namespaces in XML 1.0, section 3), which this reader knows of
        // attributes only.
        Err(Error::UnknownNamespace(prefix, _)) if prefix == "xml" => return,
        Err(error) => panic!("{error}: {text}"),
    };
    assert_eq!(document.root_element().tag_name().name(), root, "{text}");
    if told.is_null() {
        return;
    }
    match told["xml"].as_str() {
        Some(xml) => assert_eq!(text, xml),
        None => is_written_here(&document, told),
    }
}

/// What this crate writes has no needless parts, and says what it was told.
fn is_written_here(document: &Document<'_>, told: &Value) {
    let text = document.input_text();
    for node in document.descendants() {
        assert!(!node.is_comment() && !node.is_pi(), "{text}");
        assert!(node.tag_name().namespace().is_none(), "{text}");
    }
    let root = document.root_element();
    assert_eq!(document.root().children().count(), 1, "{text}");
    if root.has_tag_name("badge") {
        let value = match &told["badge"] {
            Value::String(word) => word.clone(),
            number => number.to_string(),
        };
        let written = root.attribute("value").unwrap_or_default();
        let number = |text: &str| text.parse::<u32>().ok();
        assert!(written == value || number(&value).is_some_and(|it| number(written) == Some(it)));
        return;
    }
    let visual: Vec<Node<'_, '_>> = root
        .children()
        .filter(|it| it.has_tag_name("visual"))
        .collect();
    assert_eq!(visual.len(), 1, "{text}");
    let bindings = visual[0].children().filter(|it| it.has_tag_name("binding"));
    assert!(bindings.clone().count() > 0, "{text}");
    for binding in bindings {
        assert!(binding.attribute("template").is_some(), "{text}");
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

fn is_flag(text: &str) -> bool {
    ["true", "false"].contains(&text)
}

fn is_name(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric())
}
