//! The frames of a provider, read one by one from what has come.

/// The longest frame that can be right: one of command 2 with all five items.
pub(super) const MOST_FRAME_BYTES: usize = 5 + 5 * ITEM_HEAD + 2 * 0xffff + 4 + 4 + 1;

/// Identifier and length of an item.
const ITEM_HEAD: usize = 3;

/// A notification as it stands in its frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) command: u8,
    pub(super) identifier: Option<u32>,
    pub(super) expiry: Option<u32>,
    pub(super) priority: Option<u8>,
    /// Empty, too, if command 2 has no such item.
    pub(super) token: &'a [u8],
    /// Empty, too, if command 2 has no such item.
    pub(super) payload: &'a [u8],
}

/// What stands at the start of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A frame that has not come whole.
    Partial,
    /// A frame, and its length in bytes.
    Whole(Frame<'a>, usize),
    /// Something that can't be read, with what could be read of the identifier. Where the next
    /// frame begins is not known.
    Malformed(Option<u32>),
}

/// Reads the first frame. It waits for no more than [`MOST_FRAME_BYTES`].
#[inline]
pub(super) fn next(input: &[u8]) -> Next<'_> {
    match input.first() {
        None => Next::Partial,
        Some(0) => simple(input, 1, Frame::default()),
        Some(1) => enhanced(input),
        Some(2) => items(input),
        Some(_) => Next::Malformed(None),
    }
}

fn enhanced(input: &[u8]) -> Next<'_> {
    let (Some(identifier), Some(expiry)) = (long(input, 1), long(input, 5)) else {
        return Next::Partial;
    };
    let frame = Frame {
        command: 1,
        identifier: Some(identifier),
        expiry: Some(expiry),
        ..Frame::default()
    };
    simple(input, 9, frame)
}

/// Token and payload, each behind its length.
fn simple<'a>(input: &'a [u8], at: usize, frame: Frame<'a>) -> Next<'a> {
    let part = |at| {
        let start = at + 2;
        let end = start + short(input, at)?;
        Some((input.get(start..end)?, end))
    };
    let Some((token, at)) = part(at) else {
        return Next::Partial;
    };
    let Some((payload, end)) = part(at) else {
        return Next::Partial;
    };
    let frame = Frame {
        token,
        payload,
        ..frame
    };
    Next::Whole(frame, end)
}

fn items(input: &[u8]) -> Next<'_> {
    let Some(length) = long(input, 1) else {
        return Next::Partial;
    };
    let end = 5 + length as usize;
    if end > MOST_FRAME_BYTES {
        return Next::Malformed(None);
    }
    let Some(mut rest) = input.get(5..end) else {
        return Next::Partial;
    };
    let mut frame = Frame {
        command: 2,
        ..Frame::default()
    };
    // By the item's number.
    let mut seen = 0_u8;
    while let [item, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let bit = 1_u8.checked_shl(u32::from(*item)).unwrap_or(0);
        let Some((data, behind)) = behind.split_at_checked(length) else {
            return Next::Malformed(frame.identifier);
        };
        let number = || data.try_into().ok().map(u32::from_be_bytes);
        match (item, data) {
            (1..=5, _) if seen & bit != 0 => return Next::Malformed(frame.identifier),
            (1, token) => frame.token = token,
            (2, payload) => frame.payload = payload,
            (3, [_, _, _, _]) => frame.identifier = number(),
            (4, [_, _, _, _]) => frame.expiry = number(),
            (5, [priority @ (5 | 10)]) => frame.priority = Some(*priority),
            _ => return Next::Malformed(frame.identifier),
        }
        seen |= bit;
        rest = behind;
    }
    match rest {
        [] => Next::Whole(frame, end),
        _ => Next::Malformed(frame.identifier),
    }
}

fn short(input: &[u8], at: usize) -> Option<usize> {
    let octets = input.get(at..)?.first_chunk()?;
    Some(usize::from(u16::from_be_bytes(*octets)))
}

fn long(input: &[u8], at: usize) -> Option<u32> {
    let octets = input.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMPLE: &[u8] = b"\x00\x00\x02\xab\xcd\x00\x02{}";
    const ENHANCED: &[u8] = b"\x01\x00\x00\x00\x07\x50\x00\x00\x01\x00\x02\xab\xcd\x00\x02{}";
    const ITEMS: &[u8] = b"\x02\x00\x00\x00\x1c\
        \x01\x00\x02\xab\xcd\x02\x00\x02{}\x03\x00\x04\x00\x00\x00\x07\
        \x04\x00\x04\x50\x00\x00\x01\x05\x00\x01\x05";

    fn frame(command: u8) -> Frame<'static> {
        let since_1 = command > 0;
        Frame {
            command,
            identifier: since_1.then_some(7),
            expiry: since_1.then_some(0x5000_0001),
            priority: (command == 2).then_some(5),
            token: &[0xab, 0xcd],
            payload: b"{}",
        }
    }

    #[test]
    fn a_frame_of_each_command_is_read() {
        for (command, input) in (0..).zip([SIMPLE, ENHANCED, ITEMS]) {
            let whole = Next::Whole(frame(command), input.len());
            assert_eq!(next(input), whole);
            assert_eq!(next(&[input, b"\x09"].concat()), whole);
        }
    }

    #[test]
    fn what_is_cut_off_is_waited_for() {
        for input in [SIMPLE, ENHANCED, ITEMS] {
            for end in 0..input.len() {
                assert_eq!(next(&input[..end]), Next::Partial);
            }
        }
    }

    #[test]
    fn items_come_in_any_order_and_may_be_missing() {
        let lone = b"\x02\x00\x00\x00\x05\x02\x00\x02{}";
        let Next::Whole(frame, 10) = next(lone) else {
            panic!("{:?}", next(lone));
        };
        assert_eq!((frame.token, frame.payload), (&b""[..], &b"{}"[..]));
        assert_eq!(frame.identifier, None);
        let none = b"\x02\x00\x00\x00\x00\x02";
        assert!(matches!(next(none), Next::Whole(_, 5)));
    }

    #[test]
    fn what_makes_no_sense_is_told_at_once() {
        let known = b"\x03\x00\x04\x00\x00\x00\x07";
        for (items, identifier) in [
            // Another item, one twice, and lengths that are wrong.
            (&b"\x06\x00\x00"[..], None),
            (&[&known[..], b"\x06\x00\x00"].concat(), Some(7)),
            (&[&known[..], known].concat(), Some(7)),
            (b"\x03\x00\x03\x00\x00\x07", None),
            (b"\x04\x00\x05\x00\x00\x00\x00\x07", None),
            (b"\x05\x00\x02\x00\x05", None),
            (b"\x05\x00\x01\x07", None),
            (b"\xff\x00\x00", None),
            // Beyond the end of the frame.
            (b"\x01\x00\x02\xab", None),
            (b"\x01\x00", None),
        ] {
            let mut input = vec![2];
            input.extend((items.len() as u32).to_be_bytes());
            input.extend(items);
            assert_eq!(next(&input), Next::Malformed(identifier), "{items:?}");
        }
        assert_eq!(next(b"\x03"), Next::Malformed(None));
        assert_eq!(next(b"\x16\x03\x01"), Next::Malformed(None));
        assert_eq!(next(b"\x02\xff\xff\xff\xff"), Next::Malformed(None));
        let most = (MOST_FRAME_BYTES - 5) as u32;
        let head = |length: u32| [&[2][..], &length.to_be_bytes()].concat();
        assert_eq!(next(&head(most)), Next::Partial);
        assert_eq!(next(&head(most + 1)), Next::Malformed(None));
    }
}
