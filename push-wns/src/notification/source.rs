//! Where images and sounds come from: which addresses Windows takes.

pub(super) const OF_IMAGE: &str = "an address that begins with https://, http://, ms-appx:///, \
     ms-appdata:///local/ or file:///, or a relative one, without white space";
pub(super) const BASE: &str = "an address that begins with https://, http://, ms-appx:///, \
     ms-appdata:///local/ or file:///, without white space";
pub(super) const OF_SOUND: &str = "ms-winsoundevent: with one of the names of Sound, or an address that \
     begins with ms-appx:///, ms-appdata:///local/ or ms-resource:";

/// A relative one is completed by `baseUri`, and without it is one of the app's own files.
pub(super) fn is_of_image(source: &str) -> bool {
    is_address(source) && (!has_scheme(source) || is_absolute(source))
}

pub(super) fn is_base(base: &str) -> bool {
    is_address(base) && is_absolute(base)
}

/// Of a sound that is no event of Windows.
pub(super) fn is_of_sound(source: &str) -> bool {
    let starts = ["ms-appx://", "ms-appdata:///local/", "ms-resource:"];
    is_address(source) && starts.iter().any(|start| goes_on_from(source, start))
}

fn is_absolute(source: &str) -> bool {
    let starts = [
        "https://",
        "http://",
        "ms-appx://",
        "ms-appdata:///local/",
        "file:///",
    ];
    let web = source
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("http"));
    let has_host = !source
        .split_once("://")
        .is_some_and(|(_, rest)| rest.starts_with('/'));
    starts.iter().any(|start| goes_on_from(source, start)) && (!web || has_host)
}

/// Begins with it, in either case. `ms-appx:///` alone is the default base.
fn goes_on_from(source: &str, start: &str) -> bool {
    let begins = source.get(..start.len());
    begins.is_some_and(|begins| begins.eq_ignore_ascii_case(start)) && source.len() > start.len()
}

fn is_address(source: &str) -> bool {
    let is_blank = |c: char| c.is_whitespace() || c.is_control();
    !source.is_empty() && !source.contains(is_blank)
}

/// RFC 3986, section 3.1.
fn has_scheme(source: &str) -> bool {
    let Some((scheme, _)) = source.split_once(':') else {
        return false;
    };
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_come_from_where_windows_looks_for_them() {
        for taken in [
            "https://example.org/a.png",
            "HTTP://example.org",
            "ms-appx:///Assets/a.png",
            "ms-appdata:///local/a.png",
            "file:///C:/a.png",
            "Assets/a.png",
            "a.png?x=1:2",
        ] {
            assert!(is_of_image(taken), "{taken}");
        }
        for refused in [
            "",
            "https://",
            "http:///a.png",
            "https:a.png",
            "data:image/png;base64,AA==",
            "C:\\a.png",
            "ftp://example.org/a.png",
            "ms-appdata:///roaming/a.png",
            "file://server/a.png",
            "my picture.png",
            "a\u{0}.png",
        ] {
            assert!(!is_of_image(refused), "{refused}");
        }
        assert!(is_base("ms-appx:///"));
        assert!(!is_base("Assets/"));
    }

    #[test]
    fn sounds_come_from_the_app() {
        assert!(is_of_sound("ms-appx:///a.wav"));
        assert!(is_of_sound("ms-resource:Ring"));
        assert!(!is_of_sound("https://example.org/a.wav"));
        assert!(!is_of_sound("ms-resource:"));
    }
}
