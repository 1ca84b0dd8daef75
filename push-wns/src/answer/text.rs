//! Texts in WNS's headers, made fit for one line of a log.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};
use push_core::text::MAX_DETAIL_BYTES;

/// The longest id that is kept, in bytes. WNS's message ids have up to 16 characters, correlation
/// vectors up to 127.
const MAX_ID_BYTES: usize = 128;

/// The longest run of characters of an id that is kept whole: a GUID. Tokens are longer.
const MAX_RUN_BYTES: usize = 36;

/// The most of a debug trace that is kept, in bytes.
const MAX_TRACE_BYTES: usize = 256;

/// The most of a status word that is kept, in bytes.
const MAX_WORD_BYTES: usize = 64;

/// The most of a body or a description that is looked at, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// A text on one line, without tokens and addresses.
pub(super) fn one_line(text: &str) -> Option<String> {
    push_core::text::redacted(text, MAX_DETAIL_BYTES)
}

/// A word that has no name here; nothing of what can be a secret.
pub(super) fn word(text: &str) -> String {
    let word = push_core::text::start(text, MAX_WORD_BYTES);
    // What stands for a path can be longer than it.
    push_core::text::redacted(word, MAX_WORD_BYTES).unwrap_or_default()
}

/// A header's value, unless it is empty or no text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    let value = headers.get(HeaderName::from_static(name))?;
    let text = value.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// What is wrong, for people: as it came.
pub(super) fn description(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get("x-wns-error-description")?.as_bytes();
    let value = value.get(..MAX_BODY_BYTES).unwrap_or(value).trim_ascii();
    (!value.is_empty()).then(|| String::from_utf8_lossy(value))
}

/// A header that holds an id, which is no use in pieces; `None` where it can be none.
pub(super) fn id(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let text = header(headers, name)?;
    let is_id = text.len() <= MAX_ID_BYTES
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.split('.').all(|run| run.len() <= MAX_RUN_BYTES);
    is_id.then(|| text.into())
}

/// A header that names machines and the like, without what can be a token.
pub(super) fn trace(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let push_word = |line: &mut String, word: &str| {
        let mut rest = word;
        while !rest.is_empty() {
            let end = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            match run.len() <= MAX_RUN_BYTES {
                true => line.push_str(run),
                false => line.push('…'),
            }
            let mut behind = behind.chars();
            line.extend(behind.next());
            rest = behind.as_str();
        }
    };
    push_core::text::one_line(header(headers, name)?, MAX_TRACE_BYTES, push_word)
}

/// What tokens are made of.
fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_+=%~/".contains(character)
}

/// What a body says: mostly there is none. Of a page in HTML, as proxies give it, the title.
pub(super) fn body(body: &[u8]) -> Option<String> {
    // A cut character at the end becomes one replacement character.
    let text = String::from_utf8_lossy(body.get(..MAX_BODY_BYTES).unwrap_or(body));
    match text.trim_start().starts_with('<') {
        true => one_line(push_core::text::page_title(&text)?),
        false => one_line(&text),
    }
}

/// The text without all but its letters and digits, in lower case: a reason phrase can be `Domain Blocked`,
/// `DomainBlocked` or `DOMAIN_BLOCKED`.
pub(super) fn squeezed(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}
