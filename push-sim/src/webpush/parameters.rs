//! Header fields that hold parameters: `Authorization`, `Crypto-Key`, `Encryption`.

/// The value of that parameter. Parameters are parted by `;` or `,`: published clients use either,
/// and in any order; values may be quoted.
pub(super) fn parameter<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    let parameters = field.split([';', ',']);
    parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_whatever_stands_around_it() {
        for field in [
            "dh=AB==;p256ecdsa=CD",
            "p256ecdsa=CD,dh=AB==",
            "keyid=p256dh; DH=\"AB==\" , p256ecdsa=CD",
            "p256ecdsa = CD ; dh = AB==;",
        ] {
            assert_eq!(parameter(field, "dh"), Some("AB=="), "{field}");
            assert_eq!(parameter(field, "p256ecdsa"), Some("CD"), "{field}");
            assert_eq!(parameter(field, "salt"), None, "{field}");
        }
    }
}
