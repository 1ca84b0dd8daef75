use std::borrow::Cow;

/// The most iterations that a PKCS#12 file may ask for where a key is derived from its password:
/// about a second's work. Makers of files use 2,048 to 600,000.
pub(crate) const MOST: u64 = 1_000_000;

/// How deep elements are looked into, which is deeper than OpenSSL does.
const DEEPEST: usize = 64;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONSTRUCTED: u8 = 0x20;

/// Whether a PKCS#12 file asks for more than [`MOST`] iterations, for its checksum or for something
/// encrypted. What stands inside of something encrypted is not visible.
pub(crate) fn are_too_many(file: &[u8]) -> bool {
    let Some((root, _)) = split(file, DEEPEST) else {
        return false;
    };
    // `PFX` (RFC 7292, section 4): version, contents, and the checksum: what, salt, iterations.
    let parts = elements(root.content, DEEPEST);
    let checksum = parts.get(2).map(|mac| elements(mac.content, DEEPEST));
    let count = checksum.as_ref().and_then(|mac| mac.get(2));
    count.is_some_and(Element::is_above) || asks_for_more(root.content, DEEPEST)
}

/// Looks for algorithms whose parameters are salt and iterations, then anything: all of RFC 8018 and
/// RFC 7292 are like that.
fn asks_for_more(content: &[u8], depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else {
        return false;
    };
    let elements = elements(content, depth);
    let algorithm = elements.windows(2).any(|pair| {
        pair[0].tag == OBJECT && pair[1].tag == SEQUENCE && pair[1].has_count_above(deeper)
    });
    algorithm
        || elements.iter().any(|element| match element.tag {
            OCTETS | OCTETS_IN_PIECES => {
                let octets = element.octets(deeper);
                octets.first() == Some(&SEQUENCE) && asks_for_more(&octets, deeper)
            }
            tag => tag & CONSTRUCTED != 0 && asks_for_more(element.content, deeper),
        })
}

/// An element of BER, as OpenSSL takes it besides DER.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

impl Element<'_> {
    fn has_count_above(&self, depth: usize) -> bool {
        match elements(self.content, depth).as_slice() {
            [salt, count, ..] => matches!(salt.tag, OCTETS | OCTETS_IN_PIECES) && count.is_above(),
            _ => false,
        }
    }

    /// A negative number counts as a large one, which OpenSSL may take it for.
    fn is_above(&self) -> bool {
        let value = self.content.iter().try_fold(0_u64, |value, byte| {
            value.checked_mul(256)?.checked_add(u64::from(*byte))
        });
        let negative = self.content.first().is_some_and(|byte| byte & 0x80 != 0);
        self.tag == INTEGER && (negative || value.is_none_or(|value| value > MOST))
    }

    /// What an octet string holds, its pieces put together.
    fn octets(&self, depth: usize) -> Cow<'_, [u8]> {
        match depth.checked_sub(1) {
            Some(deeper) if self.tag == OCTETS_IN_PIECES => {
                let mut all = Vec::with_capacity(self.content.len());
                for piece in elements(self.content, depth) {
                    all.extend_from_slice(&piece.octets(deeper));
                }
                all.into()
            }
            _ => self.content.into(),
        }
    }
}

/// The elements one after the other, as far as they can be told.
fn elements(mut bytes: &[u8], depth: usize) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    while let Some((element, rest)) = split(bytes, depth) {
        found.push(element);
        bytes = rest;
    }
    found
}

/// The first element and what follows it.
fn split(bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&tag, mut rest) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        let last = rest.iter().position(|byte| byte & 0x80 == 0)?;
        rest = &rest[last + 1..];
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0x80 => return split_at_mark(tag, rest, depth),
        0..0x80 => (usize::from(first), rest),
        _ => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().try_fold(0_usize, |length, byte| {
                length.checked_mul(256)?.checked_add(usize::from(*byte))
            });
            (length?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Element { tag, content }, rest))
}

/// The same, of an element that does not say its length: its end is marked by two zeros.
fn split_at_mark(tag: u8, content: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let deeper = depth.checked_sub(1)?;
    let mut rest = content;
    loop {
        if let Some(behind) = rest.strip_prefix(&[0, 0]) {
            let content = &content[..content.len() - rest.len()];
            return Some((Element { tag, content }, behind));
        }
        (_, rest) = split(rest, deeper)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    /// The same without its length.
    fn marked(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    /// The parameters of PBKDF2 in those of PBES2, as a shrouded key has them.
    fn key(count: &[u8]) -> Vec<u8> {
        let parameters = [element(OCTETS, b"saltsalt"), element(INTEGER, count)].concat();
        let derivation = [
            element(OBJECT, &[42, 134, 72, 134, 247, 13, 1, 5, 12]),
            element(SEQUENCE, &parameters),
        ];
        let schemes = element(SEQUENCE, &element(SEQUENCE, &derivation.concat()));
        let algorithm = [
            element(OBJECT, &[42, 134, 72, 134, 247, 13, 1, 5, 13]),
            schemes,
        ];
        let algorithm = element(SEQUENCE, &algorithm.concat());
        element(SEQUENCE, &[algorithm, element(OCTETS, b"secret")].concat())
    }

    fn file(contents: &[u8]) -> Vec<u8> {
        let contents = element(SEQUENCE, &element(0xa0, contents));
        element(SEQUENCE, &[element(INTEGER, &[3]), contents].concat())
    }

    const MANY: &[u8] = &[0x0f, 0x42, 0x41];

    #[test]
    fn a_million_is_taken_and_one_more_is_not() {
        for (count, refused) in [
            (&[0x08, 0][..], false),
            (&[0x0f, 0x42, 0x40], false),
            (MANY, true),
            (&[0x7f; 9], true),
            (&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1], true),
        ] {
            let file = file(&element(OCTETS, &key(count)));
            assert_eq!(are_too_many(&file), refused, "{count:x?}");
        }
    }

    #[test]
    fn no_form_of_ber_hides_a_count() {
        let key = key(MANY);
        let (one, other) = key.split_at(40);
        let pieces = [element(OCTETS, one), element(OCTETS, other)].concat();
        for contents in [
            key.clone(),
            marked(SEQUENCE, &key),
            element(OCTETS, &key),
            element(OCTETS_IN_PIECES, &pieces),
            marked(OCTETS_IN_PIECES, &pieces),
            marked(OCTETS_IN_PIECES, &marked(OCTETS_IN_PIECES, &pieces)),
        ] {
            assert!(are_too_many(&file(&contents)), "{contents:x?}");
        }
    }

    #[test]
    fn no_bytes_make_it_fail() {
        let whole = file(&marked(OCTETS_IN_PIECES, &element(OCTETS, &key(MANY))));
        for end in 0..whole.len() {
            are_too_many(&whole[..end]);
        }
        for byte in [0, 0x24, 0x30, 0x80, 0xff] {
            are_too_many(&[byte; 3000]);
        }
        are_too_many(&[0x30, 0x80].repeat(100_000));
        are_too_many(&[0x24, 0x80].repeat(100_000));
    }
}
