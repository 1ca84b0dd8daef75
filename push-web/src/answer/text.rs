//! Texts of a push service, made fit for one line of a log: services quote the endpoint, which is a
//! secret.

use push_core::text::MAX_DETAIL_BYTES;
pub(super) use push_core::text::start;

/// The text on one line, of addresses only the host, and without tokens. `None` when nothing is left.
pub(super) fn one_line(text: &str) -> Option<String> {
    push_core::text::redacted(text, MAX_DETAIL_BYTES)
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
        fn every_title_is_short_and_one(text in "[\\PC\\n\\t\u{0} é/:@?]{0,900}") {
            if let Some(line) = page_title(&format!("<title>{text}</title>")) {
                prop_assert!(line.len() <= MAX_DETAIL_BYTES && !line.is_empty());
                prop_assert!(!line.contains(char::is_control));
            }
        }
    }
}
