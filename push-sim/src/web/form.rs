//! Pairs as forms and queries write them.

/// The pairs of `application/x-www-form-urlencoded`, in order. What is no UTF-8 is replaced; a `%`
/// without two digits stands for itself.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    text.split(|octet| *octet == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |octet| *octet == b'=');
            let mut half = || decode(halves.next().unwrap_or_default(), true);
            (half(), half())
        })
        .collect()
}

/// Undoes the percent-encoding of a part of a path.
pub(crate) fn percent_decoded(text: &str) -> String {
    decode(text.as_bytes(), false)
}

/// The id with the digits of its percent-encodings in lower case: those are equivalent (RFC 3986, section
/// 6.2.2.1), and some clients write them in upper case. Nothing else is.
pub(crate) fn canonical(id: &str) -> String {
    let mut digits = 0;
    let lowered = id.chars().map(|it| {
        let is_digit = digits > 0;
        digits = match it {
            '%' => 2,
            _ => u8::saturating_sub(digits, 1),
        };
        match is_digit && it.is_ascii_hexdigit() {
            true => it.to_ascii_lowercase(),
            false => it,
        }
    });
    lowered.collect()
}

/// The fields of a form.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn read(body: &[u8]) -> Self {
        Self(pairs(body))
    }

    /// Empty if it is missing.
    pub(crate) fn value(&self, name: &str) -> &str {
        let pair = self.0.iter().find(|(key, _)| key == name);
        pair.map_or("", |(_, value)| value)
    }
}

fn decode(text: &[u8], plus_is_space: bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, tail)) = rest.split_first() {
        rest = tail;
        match octet {
            b'+' if plus_is_space => out.push(b' '),
            b'%' => match tail.first_chunk().and_then(octet_of) {
                Some(octet) => {
                    out.push(octet);
                    rest = &tail[2..];
                }
                None => out.push(b'%'),
            },
            octet => out.push(*octet),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn octet_of(digits: &[u8; 2]) -> Option<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let octet = digit(digits[0])? * 16 + digit(digits[1])?;
    u8::try_from(octet).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_in_order() {
        let read = pairs(b"a=1&data.x=%C3%A4+b%3D&empty=&alone&&a=2");
        let expected = [
            ("a", "1"),
            ("data.x", "\u{e4} b="),
            ("empty", ""),
            ("alone", ""),
            ("a", "2"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_encoding_stays() {
        assert_eq!(percent_decoded("100%&a+b%zz%4"), "100%&a+b%zz%4");
        assert_eq!(percent_decoded("%2Ftopics%2fx"), "/topics/x");
    }

    #[test]
    fn only_the_case_of_percent_encodings_makes_no_difference() {
        assert_eq!(canonical("AB%2BCD%3D%3dFF"), "AB%2bCD%3d%3dFF");
        assert_eq!(canonical("%%AFA%"), "%%afA%");
        assert_ne!(canonical("a%2Bb"), canonical("a+b"));
    }
}
