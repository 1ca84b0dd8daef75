//! What the fuzzer needs of every service: a request made of any bytes, and what must hold for every
//! answer. No part of the public API.

use super::site::{Asked, Told};

/// A request as a text: a line with method and target, lines with fields, an empty line, the body.
/// What is missing is empty. Lines end in a newline alone.
pub(crate) fn asked(text: &[u8]) -> Asked {
    let (head, body) = match text.windows(2).position(|it| it == b"\n\n") {
        Some(end) => (&text[..end], &text[end + 2..]),
        None => (text, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let (method, target) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .unwrap_or_default();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().into()))
    });
    Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        host: Some("localhost:9".to_owned()),
        headers: headers.collect(),
        body: body.to_owned(),
        scheme: "https",
    }
}

/// An answer can be carried by either HTTP, its body is of the type that it says, and it is counted
/// one way or the other.
pub(crate) fn is_well_told(told: &Told) {
    assert!((200..600).contains(&told.status), "{told:?}");
    let mut names = Vec::new();
    for (name, value) in &told.headers {
        let is_of_name = |it: u8| it.is_ascii_lowercase() || it == b'-';
        assert!(!name.is_empty() && name.bytes().all(is_of_name), "{name:?}");
        assert!(!value.chars().any(char::is_control), "{name}: {value:?}");
        assert!(!names.contains(&name), "{name} twice");
        names.push(name);
    }
    if is_json(told) {
        let read = serde_json::from_slice::<serde_json::Value>(&told.body);
        assert!(read.is_ok_and(|body| body.is_object()), "{told:?}");
    } else {
        assert!(str::from_utf8(&told.body).is_ok(), "{told:?}");
    }
    let counted = &told.counted;
    let taken = counted.accepted.len() as u64 + counted.managed;
    assert!(taken == 0 || told.status / 100 == 2, "{told:?}");
}

/// Whether its body says that it is JSON.
pub(crate) fn is_json(told: &Told) -> bool {
    let kind = told.headers.iter().find(|(name, _)| name == "content-type");
    kind.is_some_and(|(_, kind)| kind.starts_with("application/json"))
}

/// What a JSON body has at this path; null where there is none.
pub(crate) fn member(told: &Told, pointer: &str) -> serde_json::Value {
    let body = serde_json::from_slice::<serde_json::Value>(&told.body).unwrap_or_default();
    body.pointer(pointer).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_from_a_text() {
        let asked = asked(b"POST /a?b=c\nX-Y: z\nnone\n\n{}\n\n");
        assert_eq!((&*asked.method, &*asked.path), ("POST", "/a"));
        assert_eq!(asked.query.as_deref(), Some("b=c"));
        assert_eq!(asked.headers, [("x-y".to_owned(), b"z".to_vec())]);
        assert_eq!(asked.body, b"{}\n\n");
    }

    #[test]
    #[should_panic(expected = "x: \"a\\nb\"")]
    fn a_field_that_ends_early_is_found() {
        is_well_told(&Told::new(200, "text/plain", "").header("x", "a\nb"));
    }
}
