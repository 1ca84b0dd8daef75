//! Texts of a service, made fit for one line of a log: for the clients of services, which know what in them
//! is secret.

mod escaped;
mod redacted;

pub use escaped::Escaped;
pub use redacted::redacted;

/// How much of a service's text a rejection keeps, in bytes.
pub const MAX_DETAIL_BYTES: usize = 512;

/// The text on one line of at most so many bytes: white space collapsed, control characters left out.
/// `push_word` writes each word, without what is secret in it. `None` when nothing is left.
pub fn one_line(
    text: &str,
    max_bytes: usize,
    push_word: impl Fn(&mut String, &str),
) -> Option<String> {
    let mut line = String::new();
    // Enough to fill the line, however long the text is.
    for word in start(text, max_bytes.saturating_mul(16)).split_whitespace() {
        if line.len() >= max_bytes {
            break;
        }
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        push_word(&mut line, &word);
    }
    line.truncate(start(&line, max_bytes).trim_end().len());
    (!line.is_empty()).then_some(line)
}

/// What a page in HTML says it is: its title, as it stands there.
pub fn page_title(page: &str) -> Option<&str> {
    let page = start(page, 4096);
    // Of the same length, byte by byte.
    let lower = page.to_ascii_lowercase();
    let from = lower.find("<title")?;
    let from = from + lower.get(from..)?.find('>')? + 1;
    let to = from + lower.get(from..)?.find("</title")?;
    page.get(from..to)
}

/// The first bytes of a text, cut between characters.
pub fn start(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes {
        return text;
    }
    let end = (0..=max_bytes)
        .rev()
        .find(|index| text.is_char_boundary(*index));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_words_and_no_more_than_fits() {
        let line = |text| one_line(text, 10, |line, word| line.push_str(word));
        assert_eq!(line(" a\n\tb\u{0}c ").as_deref(), Some("a bc"));
        assert_eq!(line("\u{1b} \r\n"), None);
        assert_eq!(line("12345678 ü").as_deref(), Some("12345678"));
        assert_eq!(start("aü", 2), "a");
        assert_eq!(start("aü", 3), "aü");
    }

    #[test]
    fn a_title_is_found_in_either_case_and_only_where_it_ends() {
        assert_eq!(page_title("<TITLE lang=en>Oops</title>"), Some("Oops"));
        assert_eq!(page_title("<title>Oops"), None);
        assert_eq!(page_title("Oops"), None);
    }
}
