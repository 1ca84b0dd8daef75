//! Texts of the service, made fit for one line of a log.

use push_core::text::MAX_DETAIL_BYTES;
pub(super) use push_core::text::start;

/// The longest run of characters that is kept whole: tokens and keys are longer.
const MAX_RUN_BYTES: usize = 39;

/// The text on one line: white space collapsed, control characters left out, what may be a token or
/// key shortened, and cut off where it is too long. `None` when nothing is left.
pub(super) fn one_line(text: &str) -> Option<String> {
    push_core::text::one_line(text, MAX_DETAIL_BYTES, push_word)
}

fn push_word(line: &mut String, word: &str) {
    // What Google's access tokens begin with.
    if word.contains("ya29.") {
        line.push('…');
        return;
    }
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|character| !is_of_token(character));
        let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
        match run.len() {
            0..=MAX_RUN_BYTES => line.push_str(run),
            _ => {
                line.push_str(start(run, 8));
                line.push('…');
            }
        }
        let mut behind = behind.chars();
        line.extend(behind.next());
        rest = behind.as_str();
    }
}

/// What tokens and keys are made of. A name of several parts has full stops or slashes in it.
fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_:+=".contains(character)
}

/// What a page in HTML says it is: its title.
pub(super) fn page_title(page: &str) -> Option<String> {
    one_line(push_core::text::page_title(page)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_becomes_one_line_without_tokens() {
        let token = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1".repeat(4);
        for (text, line) in [
            (
                "Requested entity was not found.",
                "Requested entity was not found.",
            ),
            (" a\n\n  b\tc\r\n", "a b c"),
            ("a\u{0}b \u{1b}[31mred", "ab [31mred"),
            (&format!("Token {token} is bad"), "Token bk3RNwTe… is bad"),
            ("Bearer ya29.c.short", "Bearer …"),
        ] {
            assert_eq!(one_line(text).as_deref(), Some(line));
        }
        for kept in [
            "'//cloudresourcemanager.googleapis.com/projects/my-project-with-a-long-id'",
            "message.android.notification.light_settings.light_on_duration",
            "https://console.developers.google.com/apis/api/fcm.googleapis.com/overview?project=1234",
        ] {
            assert_eq!(one_line(kept).as_deref(), Some(kept));
        }
        let apple = "0123abcd".repeat(8);
        let quoted = format!("token='{apple}'.");
        assert_eq!(one_line(&quoted).as_deref(), Some("token='0123abcd…'."));
        assert_eq!(one_line(" \n "), None);
    }

    #[test]
    fn the_title_of_a_page_is_found() {
        let page = "<!DOCTYPE html>\n<html lang=en>\n  <TITLE>Error 404\n (Not Found)!!1</TITLE>";
        assert_eq!(
            page_title(page).as_deref(),
            Some("Error 404 (Not Found)!!1")
        );
        for page in ["<html>", "<title", "<title>", "<title></title>", ""] {
            assert_eq!(page_title(page), None, "{page}");
        }
    }

    proptest! {
        #[test]
        fn every_line_is_short_and_one(text in "[\\PC\\n\\t\u{0} é]{0,900}") {
            if let Some(line) = one_line(&text) {
                prop_assert!(line.len() <= MAX_DETAIL_BYTES && !line.is_empty());
                prop_assert!(!line.contains(char::is_control));
                prop_assert_eq!(one_line(&line), Some(line));
            }
            let _ = page_title(&format!("<title>{text}</title>"));
        }
    }
}
