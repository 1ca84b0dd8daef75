//! Texts of services to which a push goes by an address that is a secret: they quote it.

use super::{one_line, start};

/// The longest run of characters that is kept whole, without a digit in it and with: the secrets of
/// endpoints, keys and tokens are longer.
const MAX_WORD_BYTES: usize = 25;
const MAX_RUN_BYTES: usize = 15;

/// The text on one line of at most so many bytes: white space collapsed, control characters left out, of
/// addresses only the host, no paths and no tokens. `None` when nothing is left.
pub fn redacted(text: &str, max_bytes: usize) -> Option<String> {
    one_line(text, max_bytes, push_word)
}

/// One word, of which several can be glued together.
fn push_word(line: &mut String, word: &str) {
    let mut rest = word;
    // What stands before an address, its scheme included, then its host.
    if let Some(at) = rest.find("://") {
        let (scheme, behind) = rest.split_at(at + 3);
        push_runs(line, scheme);
        let host = behind.split(|c: char| !is_of_host(c)).next();
        let host = host.unwrap_or_default();
        // A user's name stands where the host should.
        match behind.get(host.len()..) {
            Some(path)
                if path.starts_with(['/', '?', '#']) && path.len() > 1 && !path.contains('@') =>
            {
                push_host(line, host);
                line.push_str("/…");
                return;
            }
            // A host ends there: what goes on as a token does is one from its beginning.
            Some(other)
                if !other.contains('@') && (other == "/" || !other.starts_with(is_of_token)) =>
            {
                push_host(line, host);
                rest = other;
            }
            _ => {
                line.push('…');
                return;
            }
        }
    }
    // A path, or the query of one.
    let path = rest.find(['/', '?']).map(|at| rest.split_at(at));
    match path {
        // "Some/thing" is no path, and a token with a slash in it is cut as any other.
        Some((before, path)) if path.len() > 1 && !ends_in_letter(before) => {
            push_runs(line, before);
            line.push_str(path.get(..1).unwrap_or_default());
            line.push('…');
        }
        _ => push_runs(line, rest),
    }
}

/// A host's name, without the labels that can be tokens.
fn push_host(line: &mut String, host: &str) {
    for (number, label) in start(host, 253).split('.').enumerate() {
        if number > 0 {
            line.push('.');
        }
        match label.len() <= most_of(label) {
            true => line.push_str(label),
            false => line.push('…'),
        }
    }
}

/// How long a run of characters may be so that it is no token.
fn most_of(run: &str) -> usize {
    match run.contains(|c: char| c.is_ascii_digit()) {
        true => MAX_RUN_BYTES,
        false => MAX_WORD_BYTES,
    }
}

/// The text without its tokens.
fn push_runs(line: &mut String, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        match run.len() <= most_of(run) {
            true => line.push_str(run),
            false => line.push('…'),
        }
        let mut behind = behind.chars();
        line.extend(behind.next());
        rest = behind.as_str();
    }
}

fn ends_in_letter(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_of_host(character: char) -> bool {
    character.is_ascii_alphanumeric() || ".-:[]".contains(character)
}

/// What tokens and keys are made of.
fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_:+=%.~/".contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_becomes_one_line_without_secrets() {
        let token = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1";
        for (text, line) in [
            ("Missing TTL value", "Missing TTL value"),
            (" a\n\n  b\tc\r\n", "a b c"),
            ("a\u{0}b \u{1b}[31mred", "ab [31mred"),
            (&format!("Token {token} is bad"), "Token … is bad"),
            (&format!("token='{token}'."), "token='…'."),
            ("https://a.example/x", "https://a.example/…"),
            ("https://a.example/", "https://a.example/"),
            ("https://a.example", "https://a.example"),
            ("(https://a.example?x)", "(https://a.example/…"),
            ("https://u@a.example", "https://…"),
            ("https://u:AwYAAAD8/sfbDrL9@a.example/x", "https://…"),
            ("https://a.mgAAAAABl0Qx7mZ3kT9rW2!<", "https://a.…!<"),
            ("https://hJ6kL0pS_uE-oI3aX7zM", "https://…"),
            ("https://u:p@a.example/x", "https://…"),
            ("https://a.example\\@b/x", "https://…"),
            ("://", "://"),
            ("POST /push/x failed", "POST /… failed"),
            ("'/push/x'", "'/…"),
            ("?token=x", "?…"),
            ("5000/4096 and/or", "5000/4096 and/or"),
        ] {
            assert_eq!(redacted(text, 300).as_deref(), Some(line), "{text}");
        }
        assert_eq!(redacted(" \n ", 300), None);
    }

    proptest! {
        #[test]
        fn every_line_is_short_and_one(text in "[\\PC\\n\\t\u{0} é/:@?]{0,900}") {
            if let Some(line) = redacted(&text, 300) {
                prop_assert!(line.len() <= 300 && !line.is_empty());
                prop_assert!(!line.contains(char::is_control));
            }
        }

        #[test]
        fn no_token_gets_through(
            token in "[A-Za-z0-9_-]{26,200}",
            // Without a colon: what stands behind "://" is a host.
            before in "[ -9;-~]{0,8}",
            after in "[ -~]{0,8}",
        ) {
            let line = redacted(&format!("{before}{token}{after}"), 300).unwrap_or_default();
            prop_assert!(!line.contains(&token), "{}", line);
        }
    }
}
