//! The request by which a connection becomes a websocket (RFC 6455, section 4.2).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::web::{Asked, Told};

const PROTOCOL: &str = "push-notification";
/// What RFC 6455 adds to every key.
const SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The answer, of status 101, or why it is not. `None`: no websocket is asked for.
pub(super) fn answer(asked: &Asked) -> Option<Result<Told, Told>> {
    has_word(asked, "upgrade", "websocket").then(|| agree(asked))
}

fn agree(asked: &Asked) -> Result<Told, Told> {
    let refuse = |status, line: &str| Told::new(status, "text/plain; charset=utf-8", line);
    if asked.path != "/" {
        return Err(refuse(404, "the browser's websocket is at /\n"));
    }
    if asked.method != "GET" || !has_word(asked, "connection", "upgrade") {
        let line = "a websocket is asked for by GET, with connection: Upgrade\n";
        return Err(refuse(400, line));
    }
    if asked.header("sec-websocket-version") != Some("13") {
        let refusal = refuse(426, "only version 13 of the websocket protocol is spoken\n");
        return Err(refusal.header("sec-websocket-version", "13"));
    }
    let key = asked.header("sec-websocket-key").map(str::trim);
    let Some(key) = key.filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16)) else {
        let line = "sec-websocket-key is missing, or is not 16 octets in base64\n";
        return Err(refuse(400, line));
    };
    let told = Told {
        status: 101,
        ..Told::default()
    };
    let told = told
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", accept(key));
    Ok(match has_word(asked, "sec-websocket-protocol", PROTOCOL) {
        true => told.header("sec-websocket-protocol", PROTOCOL),
        false => told,
    })
}

/// The proof that the key was read.
fn accept(key: &str) -> String {
    let text = format!("{key}{SUFFIX}");
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

/// Whether the fields of this name have the word in their list.
fn has_word(asked: &Asked, name: &str, word: &str) -> bool {
    let fields = asked.headers.iter().filter(|(field, _)| field == name);
    let values = fields.filter_map(|(_, value)| str::from_utf8(value).ok());
    let mut words = values.flat_map(|value| value.split(','));
    words.any(|it| it.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&str, &str)]) -> Asked {
        let fields = headers.iter();
        Asked {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: fields
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            ..Asked::default()
        }
    }

    const GOOD: [(&str, &str); 5] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "push-notification"),
    ];

    fn field<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
        let field = told.headers.iter().find(|(field, _)| field == name)?;
        Some(&field.1)
    }

    #[test]
    fn the_example_of_rfc_6455_is_agreed_to() {
        let told = answer(&asked(&GOOD)).unwrap().unwrap();
        assert_eq!(told.status, 101);
        assert_eq!(
            field(&told, "sec-websocket-accept"),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        assert_eq!(field(&told, "sec-websocket-protocol"), Some(PROTOCOL));
    }

    #[test]
    fn a_protocol_that_was_not_offered_is_not_agreed_to() {
        let told = answer(&asked(&GOOD[..4])).unwrap().unwrap();
        assert_eq!(
            (told.status, field(&told, "sec-websocket-protocol")),
            (101, None)
        );
    }

    #[test]
    fn a_request_for_anything_else_is_left_alone() {
        assert!(answer(&asked(&[])).is_none());
        assert!(answer(&asked(&[("upgrade", "h2c")])).is_none());
    }

    #[test]
    fn what_is_missing_is_said() {
        for (missing, status) in [(0, 400), (2, 426), (3, 400)] {
            let mut headers = GOOD.to_vec();
            headers.remove(missing);
            let told = answer(&asked(&headers)).unwrap().unwrap_err();
            assert_eq!(told.status, status, "without {:?}", GOOD[missing]);
            assert!(!told.body.is_empty());
        }
        let mut elsewhere = asked(&GOOD);
        elsewhere.path = "/wpush/v2/x".to_owned();
        assert_eq!(answer(&elsewhere).unwrap().unwrap_err().status, 404);
        let mut short = GOOD.to_vec();
        short[3].1 = "dGhl";
        assert_eq!(answer(&asked(&short)).unwrap().unwrap_err().status, 400);
    }
}
