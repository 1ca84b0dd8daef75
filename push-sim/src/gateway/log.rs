//! The bounded list of what was taken, as it came.

use std::collections::{BTreeMap, VecDeque};

use super::frame::{self, Frame, Next};
use crate::Received;
use crate::hex::hex;
use crate::journal::raw;

/// Frames are kept in pieces of about this size; a piece is forgotten as a whole.
const PIECE_BYTES: usize = 64 << 10;

/// The last so many frames, within so many bytes and a piece more.
///
/// They come by the million, and are hardly ever asked for: so they are copied many at a time, and
/// read only when somebody asks.
#[derive(Debug, Default)]
pub(crate) struct FrameLog {
    pieces: VecDeque<Piece>,
    frames: usize,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

#[derive(Default)]
struct Piece {
    octets: Vec<u8>,
    frames: usize,
}

/// Tokens identify devices.
impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Piece")
            .field("bytes", &self.octets.len())
            .field("frames", &self.frames)
            .finish()
    }
}

impl FrameLog {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            most,
            most_bytes,
            ..Self::default()
        }
    }

    /// Takes so many whole frames, one behind the other.
    pub(super) fn push(&mut self, octets: &[u8], frames: usize) {
        if self.most == 0 || frames == 0 {
            return;
        }
        let fits = |piece: &Piece| piece.octets.len() + octets.len() <= self.piece_bytes();
        if !self.pieces.back().is_some_and(fits) {
            let mut spare = self.make_room(octets.len()).unwrap_or_default();
            spare.octets.clear();
            spare.frames = 0;
            self.pieces.push_back(spare);
        }
        if let Some(piece) = self.pieces.back_mut() {
            piece.octets.extend_from_slice(octets);
            piece.frames += frames;
            self.frames += frames;
            self.bytes += octets.len();
        }
    }

    fn piece_bytes(&self) -> usize {
        PIECE_BYTES.min(self.most_bytes / 4)
    }

    /// Forgets the oldest pieces that are not needed; they lend their memory.
    fn make_room(&mut self, coming: usize) -> Option<Piece> {
        let mut spare = None;
        while let Some(oldest) = self.pieces.front() {
            let is_needed = self.frames - oldest.frames < self.most;
            if is_needed && self.bytes + coming <= self.most_bytes {
                break;
            }
            self.frames -= oldest.frames;
            self.bytes -= oldest.octets.len();
            spare = self.pieces.pop_front();
        }
        spare
    }

    /// The last `limit` ones, newest last.
    pub(crate) fn last(&self, limit: usize) -> Vec<Received> {
        let mut skip = self.frames.saturating_sub(limit.min(self.most));
        let mut shown = Vec::with_capacity(self.frames - skip);
        for piece in &self.pieces {
            if skip >= piece.frames {
                skip -= piece.frames;
                continue;
            }
            let mut rest = piece.octets.as_slice();
            while let Next::Whole(frame, length) = frame::next(rest) {
                match skip {
                    0 => shown.push(show(frame)),
                    _ => skip -= 1,
                }
                rest = &rest[length..];
            }
        }
        shown
    }

    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        self.frames = 0;
        self.bytes = 0;
    }
}

fn show(frame: Frame<'_>) -> Received {
    let headers = [
        ("command", Some(u32::from(frame.command))),
        ("identifier", frame.identifier),
        ("expiry", frame.expiry),
        ("priority", frame.priority.map(u32::from)),
    ];
    let present = headers
        .into_iter()
        .filter_map(|(name, number)| Some((name.to_owned(), number?.to_string())));
    Received {
        token: hex(frame.token),
        headers: present.collect::<BTreeMap<_, _>>(),
        payload: raw(frame.payload),
        delivery: None,
        windows: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(numbers: std::ops::Range<u8>) -> Vec<u8> {
        let frame = |number| [0, 0, 1, number, 0, 2, b'{', b'}'];
        numbers.flat_map(frame).collect()
    }

    #[test]
    fn the_last_frames_are_shown_and_no_more_than_asked_for() {
        let mut log = FrameLog::new(5, 1 << 20);
        log.push(&frames(0..4), 4);
        log.push(&frames(4..8), 4);
        let tokens = |limit| -> Vec<String> {
            let shown = log.last(limit);
            shown.into_iter().map(|received| received.token).collect()
        };
        assert_eq!(tokens(100), ["03", "04", "05", "06", "07"]);
        assert_eq!(tokens(2), ["06", "07"]);
        assert!(tokens(0).is_empty());
    }

    #[test]
    fn the_list_is_bounded_in_frames_and_in_bytes() {
        let mut log = FrameLog::new(100, 1 << 20);
        let many = frames(0..250);
        for _ in 0..200 {
            log.push(&many, 250);
            assert!(log.bytes <= 2 * PIECE_BYTES, "{}", log.bytes);
        }
        assert_eq!(log.last(usize::MAX).len(), 100);

        let mut log = FrameLog::new(100_000, 4000);
        for _ in 0..200 {
            log.push(&frames(0..10), 10);
            assert!(log.bytes <= 5000, "{}", log.bytes);
        }
        assert!(log.last(usize::MAX).len() > 300);

        let mut log = FrameLog::new(0, 4000);
        log.push(&many, 250);
        assert!(log.last(usize::MAX).is_empty());
    }

    #[test]
    fn a_frame_is_shown_with_all_that_it_says() {
        let mut log = FrameLog::new(5, 1 << 20);
        log.push(b"\x01\0\0\0\x07\0\0\0\x09\0\x02\xab\xcd\0\x02{}", 1);
        let shown = serde_json::to_string(&log.last(1)).unwrap();
        assert_eq!(
            shown,
            r#"[{"token":"abcd","headers":{"command":"1","expiry":"9","identifier":"7"},"payload":{}}]"#
        );
        assert!(!format!("{log:?}").contains("ab"));
    }
}
