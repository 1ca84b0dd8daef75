//! What the fuzzer runs: for each reader of foreign bytes a function that takes any bytes and
//! asserts what must hold for all of them. No part of the public API.
//!
//! The workspace `fuzz/` makes a target of each. The inputs kept in `fuzz/corpus/` go through the
//! same functions in the tests below.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_io::{AsyncRead, AsyncWrite};
use futures_util::FutureExt;
use sha2::{Digest, Sha256};

use crate::{CertificateInfo, ErrorKind, Identity, Proxy, Result, RetryPolicy, parse_retry_after};

#[cfg(feature = "http2")]
pub use self::following::frames;

/// The answer of a proxy: read to the end of its head and no further, and taken for what it is,
/// however it is cut.
///
/// The first byte is how much comes at once.
pub fn proxy_answer(input: &[u8]) {
    let Some((&piece, answer)) = input.split_first() else {
        return;
    };
    let mut wire = Pieces {
        answer,
        read: 0,
        piece: usize::from(piece).max(1),
        asked: Vec::new(),
    };
    let proxy = Proxy::new("proxy.test", 3128).credentials("user", "secret");
    let tunnel = proxy.tunnel(&mut wire, "push.test:443").now_or_never();
    let tunnel: Result<()> = tunnel.expect("nothing here makes it wait");

    let asked = String::from_utf8_lossy(&wire.asked);
    assert!(asked.starts_with("CONNECT push.test:443 HTTP/1.1\r\n"));
    assert!(asked.ends_with("\r\n\r\n"));
    if let Err(error) = &tunnel {
        assert!(is_one_line(&error.to_string()), "{error:?}");
    }
    let (expected, read) = judge(answer);
    assert_eq!(tunnel.err().map(|error| error.kind()), expected);
    assert_eq!(wire.read, read, "read of the answer");
}

/// What such an answer comes to, and how much of it is read: found by searching the whole.
fn judge(answer: &[u8]) -> (Option<ErrorKind>, usize) {
    const MOST: usize = 8 * 1024;
    let bytes = &answer[..answer.len().min(MOST)];
    let mut start = 0;
    loop {
        let head = &bytes[start..];
        let end = head.windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = end else {
            return match answer.len() {
                ..MOST => (Some(ErrorKind::Connect), answer.len()),
                _ => (Some(ErrorKind::Protocol), MOST),
            };
        };
        let line = String::from_utf8_lossy(&head[..end + 4]);
        start += end + 4;
        let status = line.strip_prefix("HTTP/1.").and_then(|rest| {
            let rest = rest.strip_prefix(|minor: char| minor.is_ascii_digit())?;
            let status = rest.strip_prefix(' ')?.split([' ', '\r']).next()?;
            let digits = status.bytes().all(|digit| digit.is_ascii_digit());
            (digits && status.len() == 3).then(|| status.parse::<u16>().ok())?
        });
        match status {
            None | Some(..100) => return (Some(ErrorKind::Protocol), start),
            Some(100..=199) if start == MOST => return (Some(ErrorKind::Protocol), start),
            Some(100..=199) => {}
            Some(200..=299) => return (None, start),
            Some(401 | 407) => return (Some(ErrorKind::Config), start),
            Some(_) => return (Some(ErrorKind::Connect), start),
        }
    }
}

/// A connection to a proxy that has answered already.
struct Pieces<'a> {
    answer: &'a [u8],
    read: usize,
    piece: usize,
    asked: Vec<u8>,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let rest = &self.answer[self.read..];
        let taken = rest.len().min(buf.len()).min(self.piece);
        buf[..taken].copy_from_slice(&rest[..taken]);
        self.read += taken;
        Poll::Ready(Ok(taken))
    }
}

impl AsyncWrite for Pieces<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = buf.len().min(self.piece);
        self.asked.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// `Retry-After`: seconds as they stand, dates as the time until then, and nothing else.
///
/// The first eight bytes are the time at which it is read, in milliseconds.
pub fn retry_after(input: &[u8]) {
    /// The first second of the year 10000, which has no HTTP date.
    const END: u64 = 253_402_300_800;
    let Some((now, text)) = input.split_first_chunk::<8>() else {
        return;
    };
    let now = Duration::from_millis(u64::from_be_bytes(*now) % (END * 1000));
    let time = UNIX_EPOCH + now;
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let read = parse_retry_after(text, time);
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.bytes().fold(0_u64, |seconds, digit| {
            seconds
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        });
        assert_eq!(read, Some(Duration::from_secs(seconds)));
    } else if let Some(wait) = read {
        assert!(now + wait <= Duration::from_secs(END), "{text:?}: {wait:?}");
        // In the form that servers write there is one text for a time, but for the weekday's name.
        let is_fixed = text.len() == 29 && text.get(3..5) == Some(", ");
        if is_fixed && wait > Duration::ZERO {
            assert_eq!(httpdate::fmt_http_date(time + wait)[5..], text[5..]);
        }
    }
    if let Some(wait) = read {
        let policy = RetryPolicy::exponential(Duration::from_secs(1));
        let obeyed = policy.delay(1, Duration::ZERO, read, u64::MAX);
        assert!(obeyed.is_some_and(|delay| delay >= wait));
        let bounded = policy.total(Duration::from_secs(60));
        let bounded = bounded.delay(1, now, read, u64::MAX);
        assert!(bounded.is_none_or(|delay| now + delay <= Duration::from_secs(60)));
    }
    assert_date_is_read(now.as_secs(), time);
}

/// What is written as a date is read as that date.
fn assert_date_is_read(seconds: u64, now: SystemTime) {
    let date = UNIX_EPOCH + Duration::from_secs(seconds);
    let text = httpdate::fmt_http_date(date);
    for now in [UNIX_EPOCH, now] {
        let wait = date.duration_since(now).unwrap_or_default();
        assert_eq!(parse_retry_after(&text, now), Some(wait), "{text}");
    }
}

/// A certificate: its fingerprint is that of these bytes, and no more topics come out than went
/// in.
pub fn certificate(input: &[u8]) {
    match CertificateInfo::from_der(input) {
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Identity);
            assert!(is_one_line(&error.to_string()));
        }
        Ok(info) => {
            assert_eq!(info.fingerprint.as_bytes(), &*Sha256::digest(input));
            assert_eq!(info.fingerprint.to_string().len(), 64);
            // A byte that is no UTF-8 becomes a character of three.
            let topics: usize = info.topics.iter().map(String::len).sum();
            assert!(topics <= 3 * input.len());
            assert_eq!(CertificateInfo::from_der(input).ok(), Some(info));
        }
    }
}

/// Certificate and key in PEM: what is read can be used further, and shows no key.
pub fn identity_pem(input: &[u8]) {
    assert_identity(Identity::from_pem(input), input);
    // Without what stands around the lines, most inputs are one certificate and one key.
    let middle = input.len() / 2;
    let _ = Identity::from_pem_pair(&input[..middle], &input[middle..]);
}

/// Certificate and key in PKCS#12, by the password `anypush`: as [`identity_pem`].
#[cfg(feature = "pkcs12")]
pub fn identity_pkcs12(input: &[u8]) {
    assert_identity(Identity::from_pkcs12(input, "anypush"), input);
}

fn assert_identity(read: Result<Identity>, input: &[u8]) {
    match read {
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Identity);
            let text = error.to_string();
            assert!(is_one_line(&text) && text.len() < 400, "{text}");
        }
        Ok(identity) => {
            let chain = identity.chain_der();
            assert!(CertificateInfo::from_der(&chain[0]).is_ok());
            let size = chain.iter().map(Vec::len).sum::<usize>() + identity.key_der().len();
            assert!(size <= input.len(), "{size} out of {}", input.len());
            let format = identity.key_format();
            let shown = format!(
                "Identity {{ certificates: {}, key_format: {format:?}, .. }}",
                chain.len()
            );
            assert_eq!(format!("{identity:?}"), shown);
        }
    }
}

/// Fit for a log: what a peer sends must not look like lines of our own.
fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

#[cfg(feature = "http2")]
mod following {
    use super::is_one_line;
    use crate::http::frames::{GoAway, PREFACE_LEN, Scanner, Seen};

    /// As much of SETTINGS and GOAWAY is kept.
    const KEPT: usize = 2048;

    /// The frames of one direction: the same however the bytes are cut, and the same as a reader
    /// sees who has them all.
    ///
    /// The first byte says whether a preface stands before them, the second how many bytes follow
    /// that say how long the pieces are, over and over.
    pub fn frames(input: &[u8]) {
        let [flags, count, rest @ ..] = input else {
            return;
        };
        let (lengths, bytes) = rest.split_at(rest.len().min(usize::from(count % 16)));
        let preface = if flags & 1 == 1 { PREFACE_LEN } else { 0 };
        let mut scanner = Scanner::new(preface);
        let mut whole = Vec::new();
        scanner.scan(bytes, |seen| whole.push(seen));

        let mut scanner = Scanner::new(preface);
        let mut pieces = Vec::new();
        let mut lengths = lengths.iter().cycle();
        let mut left = bytes;
        while !left.is_empty() {
            let length = lengths.next().map_or(1, |length| usize::from(*length));
            let (piece, tail) = left.split_at(length.min(left.len()).max(1));
            scanner.scan(piece, |seen| pieces.push(seen));
            left = tail;
        }
        assert_eq!(whole, pieces);
        assert_eq!(whole, read(bytes.get(preface..).unwrap_or_default()));
        for seen in &whole {
            if let Seen::GoAway(goaway) = seen {
                assert!(goaway.last_stream < 1 << 31);
                assert!(goaway.text.len() <= 3 * KEPT);
                assert!(is_one_line(&goaway.to_string()), "{goaway}");
            }
        }
    }

    /// Reads frames one after the other (RFC 9113, sections 4.1 and 6).
    fn read(mut bytes: &[u8]) -> Vec<Seen> {
        let mut all = Vec::new();
        let mut is_first = true;
        // The stream that a header block ends which has further pieces.
        let mut unfinished = None;
        while let [l0, l1, l2, kind, flags, s0, s1, s2, s3, rest @ ..] = bytes {
            let length = usize::from(*l0) * 65_536 + usize::from(*l1) * 256 + usize::from(*l2);
            let stream = u32::from_be_bytes([s0 & 0x7f, *s1, *s2, *s3]);
            if is_first && *kind != 4 {
                all.push(Seen::NotHttp2);
            }
            is_first = false;
            if *kind == 1 {
                all.push(Seen::Headers { stream });
            }
            let Some(payload) = rest.get(..length) else {
                break;
            };
            bytes = &rest[length..];
            let (ends, is_whole) = (flags & 1 == 1, flags & 4 == 4);
            match kind {
                0 | 1 if ends && (*kind == 0 || is_whole) => all.push(Seen::End { stream }),
                1 if !is_whole => unfinished = ends.then_some(stream),
                3 => all.push(Seen::Reset { stream }),
                4 if !ends => all.push(Seen::Settings {
                    max_streams: max_streams(payload),
                }),
                7 => all.extend(goaway(payload)),
                9 if is_whole => {
                    all.extend(unfinished.take().map(|stream| Seen::End { stream }));
                }
                _ => {}
            }
        }
        all
    }

    fn max_streams(payload: &[u8]) -> Option<u32> {
        let mut last = None;
        for setting in payload[..payload.len().min(KEPT)].chunks(6) {
            if let [0, 3, value @ ..] = setting {
                last = value.try_into().map(u32::from_be_bytes).ok().or(last);
            }
        }
        last
    }

    fn goaway(payload: &[u8]) -> Option<Seen> {
        let [a, b, c, d, e, f, g, h, text @ ..] = payload else {
            return None;
        };
        Some(Seen::GoAway(GoAway {
            last_stream: u32::from_be_bytes([a & 0x7f, *b, *c, *d]),
            code: u32::from_be_bytes([*e, *f, *g, *h]),
            text: String::from_utf8_lossy(&text[..text.len().min(KEPT - 8)]).into_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Runs a target over the inputs that are kept for it.
    fn replay(target: &str, run: fn(&[u8])) {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Written by `cargo package`, whose packages come without the inputs.
        if package.join("Cargo.toml.orig").exists() {
            return;
        }
        let folder = package.join("../fuzz/corpus").join(target);
        let inputs = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("no inputs in {}: {error}", folder.display()));
        let mut count = 0;
        for input in inputs {
            let path = input.unwrap().path();
            // Shown with a failure only.
            eprintln!("{}", path.display());
            run(&std::fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count > 0, "no inputs in {}", folder.display());
    }

    #[cfg(feature = "http2")]
    mod goaway {
        use proptest::prelude::*;

        use crate::fuzzing::frames;
        use crate::http::frames::{GoAway, Scanner, Seen};

        fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
            let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
            frame.extend([kind, 0, 0, 0, 0, 0]);
            frame.extend(payload);
            frame
        }

        /// What is seen of one GOAWAY, which comes after SETTINGS.
        fn seen(payload: &[u8]) -> Option<GoAway> {
            let wire = [frame(4, &[]), frame(7, payload)].concat();
            let mut goaway = None;
            Scanner::new(0).scan(&wire, |seen| {
                if let Seen::GoAway(seen) = seen {
                    goaway = Some(seen);
                }
            });
            frames(&[&[0, 1, 7], wire.as_slice()].concat());
            goaway
        }

        fn payload(last: u32, code: u32, debug: &[u8]) -> Vec<u8> {
            [&last.to_be_bytes(), &code.to_be_bytes(), debug].concat()
        }

        proptest! {
            #[test]
            fn a_reason_or_a_text_is_kept_as_it_came(last: u32, code: u32, text in "\\PC{0,200}", json: bool) {
                let text = if json { format!("{{\"reason\":{text:?}}}") } else { text };
                let goaway = seen(&payload(last, code, text.as_bytes()));
                let last_stream = last & 0x7fff_ffff;
                prop_assert_eq!(goaway, Some(GoAway { last_stream, code, text }));
            }

            #[test]
            fn binary_and_long_texts_are_shown_in_one_line(
                code: u32,
                debug in prop::collection::vec(any::<u8>(), 0..5000),
            ) {
                let goaway = seen(&payload(1, code, &debug)).unwrap();
                prop_assert!(goaway.text.len() <= 3 * 2048);
                prop_assert!(!goaway.to_string().contains(char::is_control));
                let end = format!("(HTTP/2 error code {code})");
                prop_assert!(goaway.to_string().ends_with(&end));
            }

            #[test]
            fn a_cut_one_is_none_until_its_fixed_part_has_come(code: u32, length in 0_usize..40) {
                let whole = payload(7, code, br#"{"reason":"Shutdown"} and what follows"#);
                let goaway = seen(&whole[..length.min(whole.len())]);
                prop_assert_eq!(goaway.is_some(), length >= 8);
            }
        }
    }

    mod waits {
        use std::time::{Duration, UNIX_EPOCH};

        use proptest::prelude::*;

        use crate::fuzzing::retry_after;
        use crate::parse_retry_after;

        /// The first second of the year 10000, which has no HTTP date.
        const END: u64 = 253_402_300_800;

        proptest! {
            #[test]
            fn seconds_are_read_as_they_stand(seconds: u64, zeros in 0_usize..20, space in " {0,3}") {
                let text = format!("{space}{}{seconds}{space}", "0".repeat(zeros));
                let read = parse_retry_after(&text, UNIX_EPOCH);
                prop_assert_eq!(read, Some(Duration::from_secs(seconds)));
            }

            #[test]
            fn more_seconds_than_there_are_is_for_ever(digits in "[1-9][0-9]{20,60}") {
                let read = parse_retry_after(&digits, UNIX_EPOCH);
                prop_assert_eq!(read, Some(Duration::from_secs(u64::MAX)));
            }

            #[test]
            fn a_date_is_the_time_until_then(now in 0..END * 1000, date in 0..END) {
                let (now, date) = (Duration::from_millis(now), Duration::from_secs(date));
                let text = httpdate::fmt_http_date(UNIX_EPOCH + date);
                let read = parse_retry_after(&text, UNIX_EPOCH + now);
                prop_assert_eq!(read, Some(date.saturating_sub(now)));
            }

            #[test]
            fn any_other_text_is_none(now: u64, text in "\\PC{0,40}") {
                retry_after(&[&now.to_be_bytes(), text.as_bytes()].concat());
                let is_number = text.trim().bytes().all(|byte| byte.is_ascii_digit());
                prop_assume!(!is_number || text.trim().is_empty());
                prop_assert_eq!(parse_retry_after(&text, UNIX_EPOCH), None);
            }
        }
    }

    mod what_is_promised_holds_for_every_kept_input_of {
        macro_rules! targets {
            ($($(#[$cfg:meta])? $target:ident,)+) => {
                $(
                    $(#[$cfg])?
                    #[test]
                    fn $target() {
                        super::replay(stringify!($target), crate::fuzzing::$target);
                    }
                )+
            };
        }

        targets! {
            certificate,
            #[cfg(feature = "http2")]
            frames,
            identity_pem,
            #[cfg(feature = "pkcs12")]
            identity_pkcs12,
            proxy_answer,
            retry_after,
        }
    }
}
