//! HPACK header decompression (RFC 7541), and the few forms that answers need.
//!
//! The crates that were tried build a hash map for every Huffman string, or copy
//! the rest of the block for every field; a simulator that is to carry
//! benchmarks can afford neither.

use std::collections::VecDeque;

use super::{hpack_tables::STATIC, huffman};

/// The error of a header block that breaks the rules; the compression state is lost with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the header block is malformed: {0}")]
pub struct DecodeError(&'static str);

/// The state of one direction of one connection.
pub struct Decoder {
    entries: VecDeque<Entry>,
    size: usize,
    max_size: usize,
    allowed_size: usize,
    name: Vec<u8>,
    value: Vec<u8>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("entries", &self.entries.len())
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder whose dynamic table takes at most so many bytes.
    #[must_use]
    pub fn new(allowed_size: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            max_size: allowed_size,
            allowed_size,
            name: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Decodes one whole block and shows each field, name and value, in order.
    ///
    /// # Errors
    /// The block is malformed; the connection can't go on.
    pub fn decode(
        &mut self,
        mut block: &[u8],
        mut field: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), DecodeError> {
        let mut fields_seen = false;
        while let Some(&first) = block.first() {
            if first & 0xe0 == 0x20 {
                if fields_seen {
                    return Err(DecodeError("a table size update after a field"));
                }
                let size = integer(&mut block, 5)? as usize;
                if size > self.allowed_size {
                    return Err(DecodeError("a table size above the setting"));
                }
                self.max_size = size;
                self.evict();
                continue;
            }
            fields_seen = true;
            if first & 0x80 != 0 {
                let index = integer(&mut block, 7)? as usize;
                let (name, value) = lookup(&self.entries, index)?;
                field(name, value);
                continue;
            }
            let indexed = first & 0x40 != 0;
            let index = integer(&mut block, if indexed { 6 } else { 4 })? as usize;
            self.name.clear();
            self.value.clear();
            if index == 0 {
                string(&mut block, &mut self.name)?;
            } else {
                self.name.extend_from_slice(lookup(&self.entries, index)?.0);
            }
            string(&mut block, &mut self.value)?;
            field(&self.name, &self.value);
            if indexed {
                self.insert();
            }
        }
        Ok(())
    }

    fn insert(&mut self) {
        let entry = Entry::new(&self.name, &self.value);
        self.size += entry.size();
        self.entries.push_front(entry);
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.max_size {
            match self.entries.pop_back() {
                Some(entry) => self.size -= entry.size(),
                None => break,
            }
        }
    }
}

struct Entry {
    octets: Box<[u8]>,
    name: usize,
}

impl Entry {
    fn new(name: &[u8], value: &[u8]) -> Self {
        Self {
            octets: [name, value].concat().into(),
            name: name.len(),
        }
    }

    /// RFC 7541, section 4.1.
    fn size(&self) -> usize {
        self.octets.len() + 32
    }
}

fn lookup(entries: &VecDeque<Entry>, index: usize) -> Result<(&[u8], &[u8]), DecodeError> {
    let index = index.checked_sub(1).ok_or(DecodeError("the index 0"))?;
    if let Some(&entry) = STATIC.get(index) {
        return Ok(entry);
    }
    let entry = entries
        .get(index - STATIC.len())
        .ok_or(DecodeError("an index beyond the table"))?;
    Ok(entry.octets.split_at(entry.name))
}

fn integer(block: &mut &[u8], prefix: u32) -> Result<u32, DecodeError> {
    const SHORT: DecodeError = DecodeError("it ends in the middle");
    let (&first, mut rest) = block.split_first().ok_or(SHORT)?;
    let mask = (1u32 << prefix) - 1;
    let mut value = u32::from(first) & mask;
    if value == mask {
        let mut shift = 0;
        loop {
            let (&octet, tail) = rest.split_first().ok_or(SHORT)?;
            rest = tail;
            // Four more octets reach 2^28, far beyond every limit here.
            if shift > 21 {
                return Err(DecodeError("an integer that is too large"));
            }
            value += u32::from(octet & 0x7f) << shift;
            shift += 7;
            if octet & 0x80 == 0 {
                break;
            }
        }
    }
    *block = rest;
    Ok(value)
}

fn string(block: &mut &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let coded = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(block, 7)? as usize;
    let (text, rest) = block
        .split_at_checked(length)
        .ok_or(DecodeError("it ends in the middle"))?;
    *block = rest;
    if coded {
        huffman::decode(text, out).ok_or(DecodeError("a Huffman code that is none"))?;
    } else {
        out.extend_from_slice(text);
    }
    Ok(())
}

/// Appends `:status`, from the static table where it has it.
pub fn encode_status(status: u16, out: &mut Vec<u8>) {
    let index = match status {
        200 => 8,
        204 => 9,
        206 => 10,
        304 => 11,
        400 => 12,
        404 => 13,
        500 => 14,
        _ => {
            out.push(0x08);
            let status = status.clamp(100, 999);
            out.push(3);
            out.extend([100, 10, 1].map(|unit| b'0' + (status / unit % 10) as u8));
            return;
        }
    };
    out.push(0x80 | index);
}

/// Appends a field as a literal that is never put into a table.
pub fn encode_field(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(0);
    for text in [name, value] {
        encode_length(text.len(), out);
        out.extend_from_slice(text.as_bytes());
    }
}

fn encode_length(length: usize, out: &mut Vec<u8>) {
    if length < 127 {
        out.push(length as u8);
        return;
    }
    out.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        out.push((rest % 128) as u8 | 0x80);
        rest /= 128;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<(String, String)>, DecodeError> {
        let mut fields = Vec::new();
        decoder.decode(block, |name, value| {
            fields.push((
                String::from_utf8_lossy(name).into_owned(),
                String::from_utf8_lossy(value).into_owned(),
            ));
        })?;
        Ok(fields)
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .chars()
            .filter_map(|c| c.to_digit(16).map(|d| d as u8))
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    }

    #[test]
    fn the_requests_of_the_rfc_decode_with_one_table() {
        // RFC 7541, appendix C.4.
        let mut decoder = Decoder::new(4096);
        let first = decoded(&mut decoder, &hex("828684418cf1e3c2e5f23a6ba0ab90f4ff")).unwrap();
        assert_eq!(first[3], (":authority".into(), "www.example.com".into()));
        let second = decoded(&mut decoder, &hex("828684be5886a8eb10649cbf")).unwrap();
        assert_eq!(second[3], (":authority".into(), "www.example.com".into()));
        assert_eq!(second[4], ("cache-control".into(), "no-cache".into()));
        let third = hex("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
        let third = decoded(&mut decoder, &third).unwrap();
        assert_eq!(third[4], ("custom-key".into(), "custom-value".into()));
        assert_eq!(decoder.size, 164);
    }

    #[test]
    fn entries_leave_the_table_when_it_is_full() {
        let mut decoder = Decoder::new(80);
        let mut block = Vec::new();
        for name in ["one", "two", "six"] {
            block.push(0x40);
            block.extend([3]);
            block.extend(name.as_bytes());
            block.extend([1, b'x']);
        }
        decoded(&mut decoder, &block).unwrap();
        assert_eq!(decoder.entries.len(), 2);
        assert_eq!(decoded(&mut decoder, &[0xbe]).unwrap()[0].0, "six");
        assert!(decoded(&mut decoder, &[0xc0]).is_err());
        decoded(&mut decoder, &[0x20]).unwrap();
        assert!(
            decoded(&mut decoder, &[0xbe]).is_err(),
            "emptied by a size of 0"
        );
    }

    #[test]
    fn a_size_update_is_bounded_and_comes_first() {
        let mut decoder = Decoder::new(4096);
        assert!(decoded(&mut decoder, &hex("3fe21f")).is_err(), "4097");
        assert!(decoded(&mut decoder, &hex("3fe11f")).is_ok(), "4096");
        assert!(decoded(&mut decoder, &[0x82, 0x20]).is_err());
    }

    #[test]
    fn integers_without_end_are_refused() {
        let mut decoder = Decoder::new(4096);
        assert!(decoded(&mut decoder, &[0xff; 40]).is_err());
        assert!(decoded(&mut decoder, &[0xff, 0x80]).is_err());
    }

    proptest! {
        #[test]
        fn what_answers_hold_decodes_to_itself(status in 100u16..1000, value in "[ -~]{0,300}") {
            let mut block = Vec::new();
            encode_status(status, &mut block);
            encode_field("apns-id", &value, &mut block);
            let fields = decoded(&mut Decoder::new(4096), &block).unwrap();
            prop_assert_eq!(&fields[0], &(":status".to_owned(), status.to_string()));
            prop_assert_eq!(&fields[1], &("apns-id".to_owned(), value));
            for end in 0..block.len() {
                let _ = decoded(&mut Decoder::new(4096), &block[..end]);
            }
        }

        #[test]
        fn any_octets_decode_or_are_refused(blocks: Vec<Vec<u8>>) {
            let mut decoder = Decoder::new(4096);
            for block in blocks {
                let _ = decoded(&mut decoder, &block);
                prop_assert!(decoder.size <= 4096);
            }
        }
    }
}
