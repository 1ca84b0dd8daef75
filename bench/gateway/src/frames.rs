//! Command 2 as the server reads it: strictly, so that a contestant that sends less or otherwise
//! is found out.

use anyhow::{Result, bail, ensure};

const COMMAND: u8 = 2;
const HEADER_LEN: usize = 5;
const TOKEN_LEN: usize = 32;

const TOKEN: u8 = 1;
const PAYLOAD: u8 = 2;
const IDENTIFIER: u8 = 3;
const EXPIRY: u8 = 4;
const PRIORITY: u8 = 5;

/// One notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Empty in a notification that is to be refused, as a proof that all before it were taken.
    pub(crate) token: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) identifier: u32,
}

impl<'a> Frame<'a> {
    /// Reads the first of these bytes, and says how long it was; `None` if it goes on behind them.
    ///
    /// # Errors
    /// It is not a notification of command 2 with a token of 32 bytes, payload, identifier, expiry
    /// and priority; the token may be empty, and then only the identifier has to be there.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Option<(Self, usize)>> {
        let Some((header, rest)) = bytes.split_at_checked(HEADER_LEN) else {
            return Ok(None);
        };
        ensure!(header[0] == COMMAND, "command {} is not 2", header[0]);
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
        ensure!(length < 8192, "a frame of {length} bytes is too long");
        match rest.split_at_checked(length) {
            Some((items, _)) => Ok(Some((Self::of_items(items)?, HEADER_LEN + length))),
            None => Ok(None),
        }
    }

    fn of_items(mut items: &'a [u8]) -> Result<Self> {
        let mut found: [Option<&[u8]>; 6] = [None; 6];
        while let Some((header, rest)) = items.split_at_checked(3) {
            let length = usize::from(u16::from_be_bytes([header[1], header[2]]));
            let Some((item, rest)) = rest.split_at_checked(length) else {
                bail!("item {} of {length} bytes is cut off", header[0]);
            };
            match found.get_mut(usize::from(header[0])) {
                Some(place @ None) if header[0] > 0 => *place = Some(item),
                _ => bail!("item {} is one too many", header[0]),
            }
            items = rest;
        }
        ensure!(items.is_empty(), "{} bytes are no item", items.len());
        let item = |id: u8| found[usize::from(id)];
        let Some(&identifier) = item(IDENTIFIER).and_then(<[u8]>::first_chunk::<4>) else {
            bail!("there is no identifier");
        };
        let token = item(TOKEN).unwrap_or_default();
        let frame = Self {
            token,
            payload: item(PAYLOAD).unwrap_or_default(),
            identifier: u32::from_be_bytes(identifier),
        };
        if !token.is_empty() {
            let lengths = [TOKEN, EXPIRY, PRIORITY].map(|id| item(id).map_or(0, <[u8]>::len));
            ensure!(
                lengths == [TOKEN_LEN, 4, 1],
                "token, expiry and priority are to be of 32, 4 and 1 bytes, not {lengths:?}"
            );
        }
        Ok(frame)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn notification() -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 0, 60, 1, 0, 32];
        bytes.extend([7; 32]);
        bytes.extend(*b"\x02\x00\x02{}\x03\x00\x04\x00\x00\x00\x09\x04\x00\x04\x00\x00\x00\x01");
        bytes.extend(*b"\x05\x00\x01\x0a");
        bytes[4] = u8::try_from(bytes.len() - HEADER_LEN).unwrap();
        bytes
    }

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        let bytes = notification();
        for length in 0..bytes.len() {
            assert_eq!(Frame::read(&bytes[..length]).unwrap(), None);
        }
        let (frame, length) = Frame::read(&bytes).unwrap().unwrap();
        assert_eq!(length, bytes.len());
        let token: &[u8] = &[7; 32];
        assert_eq!((frame.token, frame.identifier), (token, 9));
        assert_eq!(frame.payload, b"{}");
    }

    #[test]
    fn a_frame_without_priority_is_an_error() {
        let mut bytes = notification();
        bytes.truncate(bytes.len() - 4);
        bytes[4] -= 4;
        let error = Frame::read(&bytes).unwrap_err().to_string();
        assert!(error.contains("priority"), "{error}");
    }
}
