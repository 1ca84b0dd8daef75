//! The Huffman code of HPACK (RFC 7541, section 5.2), decoded four bits at a time.

use std::sync::LazyLock;

use super::hpack_tables::HUFFMAN;

/// Appends the decoded octets to `out`; `None` if the code is malformed, holds
/// EOS, or is padded with anything but the first bits of EOS.
pub(super) fn decode(code: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let machine = &*MACHINE;
    let mut state = 0;
    for &octet in code {
        for nibble in [octet >> 4, octet & 15] {
            let step = machine.steps[usize::from(state)][usize::from(nibble)];
            match step.symbol {
                Symbol::None => {}
                Symbol::Octet(octet) => out.push(octet),
                Symbol::Invalid => return None,
            }
            state = step.next;
        }
    }
    machine.may_end[usize::from(state)].then_some(())
}

static MACHINE: LazyLock<Machine> = LazyLock::new(Machine::build);

#[derive(Clone, Copy)]
enum Symbol {
    None,
    Octet(u8),
    Invalid,
}

#[derive(Clone, Copy)]
struct Step {
    next: u16,
    symbol: Symbol,
}

/// A state is an inner node of the code's tree, 0 the root.
struct Machine {
    steps: Vec<[Step; 16]>,
    may_end: Vec<bool>,
}

#[derive(Clone, Copy)]
enum Branch {
    Missing,
    Node(u16),
    Leaf(u16),
}

impl Machine {
    fn build() -> Self {
        let tree = tree();
        let steps = (0..tree.len())
            .map(|start| std::array::from_fn(|nibble| walk(&tree, start, nibble)))
            .collect();

        // Padding is at most seven bits, all of them ones (the start of EOS).
        let mut may_end = vec![false; tree.len()];
        let mut node = 0;
        for _ in 0..=7 {
            may_end[node] = true;
            match tree[node][1] {
                Branch::Node(next) => node = usize::from(next),
                Branch::Missing | Branch::Leaf(_) => break,
            }
        }
        Self { steps, may_end }
    }
}

fn tree() -> Vec<[Branch; 2]> {
    let mut tree = vec![[Branch::Missing; 2]];
    for (symbol, &(code, length)) in (0u16..).zip(&HUFFMAN) {
        let mut node = 0;
        for depth in (1..length).rev() {
            let bit = (code >> depth & 1) as usize;
            node = match tree[node][bit] {
                Branch::Node(next) => usize::from(next),
                Branch::Missing | Branch::Leaf(_) => {
                    let next = tree.len();
                    tree.push([Branch::Missing; 2]);
                    tree[node][bit] = Branch::Node(next as u16);
                    next
                }
            };
        }
        tree[node][(code & 1) as usize] = Branch::Leaf(symbol);
    }
    tree
}

/// The shortest code has five bits, so four of them give at most one symbol.
fn walk(tree: &[[Branch; 2]], start: usize, nibble: usize) -> Step {
    let mut node = start;
    let mut symbol = Symbol::None;
    for depth in (0..4).rev() {
        match tree[node][nibble >> depth & 1] {
            Branch::Node(next) => node = usize::from(next),
            Branch::Leaf(leaf) => {
                symbol = u8::try_from(leaf).map_or(Symbol::Invalid, Symbol::Octet);
                node = 0;
            }
            Branch::Missing => symbol = Symbol::Invalid,
        }
        if matches!(symbol, Symbol::Invalid) {
            return Step { next: 0, symbol };
        }
    }
    Step {
        next: node as u16,
        symbol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(text: &[u8]) -> Vec<u8> {
        let (mut bits, mut count, mut out) = (0u64, 0, Vec::new());
        for &octet in text {
            let (code, length) = HUFFMAN[usize::from(octet)];
            bits = bits << length | u64::from(code);
            count += length;
            while count >= 8 {
                count -= 8;
                out.push((bits >> count) as u8);
            }
        }
        if count > 0 {
            out.push((bits << (8 - count)) as u8 | (0xff >> count));
        }
        out
    }

    #[test]
    fn the_examples_of_the_rfc_decode() {
        let mut out = Vec::new();
        decode(
            &[
                0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
            ],
            &mut out,
        )
        .unwrap();
        assert_eq!(out, b"www.example.com");
    }

    #[test]
    fn eos_and_wrong_padding_are_refused() {
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff], &mut Vec::new()), None);
        assert_eq!(
            decode(&[0xff], &mut Vec::new()),
            None,
            "eight bits of padding"
        );
        assert_eq!(decode(&[0x00], &mut Vec::new()), None, "padding of zeros");
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(text: Vec<u8>) {
            let mut out = Vec::new();
            prop_assert!(decode(&encode(&text), &mut out).is_some());
            prop_assert_eq!(out, text);
        }

        #[test]
        fn any_octets_decode_or_are_refused(code: Vec<u8>) {
            let _ = decode(&code, &mut Vec::new());
        }
    }
}
