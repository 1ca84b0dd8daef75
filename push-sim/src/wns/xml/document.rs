//! The octets of a document, before they are parsed.

/// The text, if it is UTF-8 and does not say that it is something else.
pub(super) fn text(body: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        format!("the XML is not UTF-8 at byte {at}")
    })?;
    match encoding(text) {
        Some(encoding) if !is_utf8(encoding, text) => Err(format!(
            "the XML says that its encoding is {:?}, and is UTF-8",
            super::value::shown(encoding)
        )),
        _ => Ok(text),
    }
}

/// ASCII is UTF-8, too.
fn is_utf8(encoding: &str, text: &str) -> bool {
    let is = |name: &str| encoding.eq_ignore_ascii_case(name);
    is("utf-8") || is("utf8") || (text.is_ascii() && (is("us-ascii") || is("ascii")))
}

/// What the declaration says, if there is one.
fn encoding(text: &str) -> Option<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (declaration, _) = text.strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    value.get(1..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_that_it_is_utf8_is_read() {
        for good in [
            "<a/>",
            "<?xml version=\"1.0\"?><a/>",
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><a>\u{e4}</a>",
            "<?xml version='1.0' encoding = 'UTF8'?><a/>",
            "<?xml version='1.0' encoding='us-ascii'?>\n<a/>",
        ] {
            assert_eq!(text(good.as_bytes()), Ok(good));
        }
        for bad in [
            &b"<a>\xe4</a>"[..],
            b"\xff\xfe<\0a\0/\0>\0",
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            "<?xml version='1.0' encoding='us-ascii'?><a>\u{e4}</a>".as_bytes(),
        ] {
            assert!(text(bad).is_err(), "{bad:?}");
        }
    }
}
