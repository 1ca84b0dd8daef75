//! Header fields in one piece of memory.

use std::fmt;

/// A list of header fields, in order, that reuses its memory.
#[derive(Default, PartialEq, Eq)]
pub struct Fields {
    octets: Vec<u8>,
    /// Where each name and each value ends.
    ends: Vec<(u32, u32)>,
}

impl Fields {
    /// Appends a field.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        self.octets.extend_from_slice(name);
        let name_end = self.octets.len() as u32;
        self.octets.extend_from_slice(value);
        self.ends.push((name_end, self.octets.len() as u32));
    }

    /// Name and value of each field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let field = &self.octets[start as usize..value_end as usize];
            let name_len = (name_end - start) as usize;
            start = value_end;
            field.split_at(name_len)
        })
    }

    /// The first field of that name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(found, _)| *found == name.as_bytes())
            .map(|(_, value)| value)
    }

    /// Removes all fields.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.ends.clear();
    }

    /// The memory that all names and values take, in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.octets.len()
    }

    /// The size as RFC 9113, section 6.5.2 counts it: 32 more for each field.
    #[must_use]
    pub fn list_size(&self) -> usize {
        self.octets.len() + 32 * self.ends.len()
    }
}

impl Clone for Fields {
    fn clone(&self) -> Self {
        Self {
            octets: self.octets.clone(),
            ends: self.ends.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.octets.clone_from(&source.octets);
        self.ends.clone_from(&source.ends);
    }
}

/// Names only: values may be secret.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, _)| String::from_utf8_lossy(name)))
            .finish()
    }
}
