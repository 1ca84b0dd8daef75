//! A binary gateway that takes every notification, and refuses the one with an empty token, which
//! proves that.

use crate::pipe::Peer;

/// Command, length of the frame, and the beginning of its first item, the token.
const HEADER_LEN: usize = 8;

/// Where the frame begins to count its length.
const FRAME_AT: usize = 5;

const IDENTIFIER: u8 = 3;
const ERROR_RESPONSE: [u8; 2] = [8, 2];

/// The gateway.
#[derive(Debug, Default)]
pub(crate) struct Gateway {
    /// Bytes to pass over before the next frame.
    skip: usize,
    /// What has come of a frame, as long as that is not enough.
    begun: Vec<u8>,
}

impl Peer for Gateway {
    const ALPN: Option<&'static [u8]> = None;

    fn take(&mut self, mut bytes: &[u8], answers: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let passed = self.skip.min(bytes.len());
                self.skip -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            let missing = match *self.begun {
                [_, l0, l1, l2, l3, _, 0, 0, ..] => {
                    FRAME_AT + u32::from_be_bytes([l0, l1, l2, l3]) as usize
                }
                _ => HEADER_LEN,
            } - self.begun.len();
            let taken = missing.min(bytes.len());
            self.begun.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if taken < missing {
                break;
            }
            match *self.begun {
                // Behind the empty token, the frame is whole now.
                [_, _, _, _, _, _, 0, 0, ref items @ ..] if !items.is_empty() => {
                    answers.extend(ERROR_RESPONSE);
                    answers.extend(identifier(items));
                    return false;
                }
                [_, _, _, _, _, _, 0, 0] => {}
                [_, l0, l1, l2, l3, ..] => {
                    let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
                    self.skip = FRAME_AT + length - HEADER_LEN;
                    self.begun.clear();
                }
                _ => {}
            }
        }
        true
    }
}

/// The identifier that is among these items.
fn identifier(mut items: &[u8]) -> [u8; 4] {
    while let [id, l0, l1, rest @ ..] = items {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        if *id == IDENTIFIER
            && let Some(identifier) = rest.first_chunk()
        {
            return *identifier;
        }
        items = rest.get(length..).unwrap_or_default();
    }
    [0; 4]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_token_is_refused_however_the_bytes_come() {
        let mut bytes = vec![2, 0, 0, 0, 12, 1, 0, 2, 7, 7, 3, 0, 4, 0, 0, 0, 1];
        bytes.extend([2, 0, 0, 0, 13, 1, 0, 0, 2, 0, 0, 3, 0, 4, 0, 0, 1, 2]);
        for size in 1..=bytes.len() {
            let (mut gateway, mut answers) = (Gateway::default(), Vec::new());
            let mut open = bytes
                .chunks(size)
                .map(|bytes| gateway.take(bytes, &mut answers));
            assert_eq!(
                open.position(|is_open| !is_open),
                Some((bytes.len() - 1) / size)
            );
            assert_eq!(answers, [8, 2, 0, 0, 1, 2], "in pieces of {size}");
        }
    }
}
