use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use push_core::Verdict;

use super::is_one_line;
use crate::{Advice, Judgement, PushService, Reason, Receipt, Rejection, WnsStatus};

/// Where the push went: services quote it.
const ENDPOINT: &str =
    "https://push.example/wpush/v2/gAAAAABl0Qx7mZ3kT9rW2yB5nC8vD1fG4hJ6kL0pS_uE-oI3aX7zM";

/// What of it is secret.
const TOKEN: &str = "gAAAAABl0Qx7mZ3kT9rW2yB5nC8vD1fG4hJ6kL0pS_uE-oI3aX7zM";

/// So much of the token may be shown, if it was cut off before.
const MOST_SHOWN: usize = 20;

const MAX_DETAIL_BYTES: usize = 512;
const MAX_CODE_BYTES: usize = 64;

/// An answer of any push service: it is a receipt or a refusal; no subscription is removed without the
/// status that says so; what is shown is bounded, on one line, and without the endpoint.
///
/// The first byte is the service, the next two are the status; then come lines with headers, an empty
/// line, and the body. In both the byte 1 stands for the endpoint and 2 for the last part of it.
pub fn web_answer(input: &[u8]) {
    let [service, high, low, rest @ ..] = input else {
        return;
    };
    let service = PushService::ALL[usize::from(*service) % PushService::ALL.len()];
    let status = u16::from_be_bytes([*high, *low]) % 900 + 100;
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let (headers, body) = parts(&spelled_out(rest));
    let receipt = Receipt::read(service, status, &headers, 1);
    let now = UNIX_EPOCH + Duration::from_secs(1_792_568_880);
    let rejection = Rejection::read(service, status, &headers, &body, now);

    let knows_wns = [PushService::Wns, PushService::Other].contains(&service);
    let is_thrown_away = matches!(
        WnsStatus::read(&headers),
        Some(WnsStatus::ChannelThrottled | WnsStatus::Dropped)
    );
    let is_taken =
        [200, 201, 202, 204].contains(&status.as_u16()) && !(knows_wns && is_thrown_away);
    assert_eq!(receipt.is_some(), is_taken, "{status} {headers:?}");
    if let Some(receipt) = receipt {
        let shown = format!("{receipt:?}");
        assert!(!shown.contains(TOKEN), "{shown}");
    }
    is_shown_without_secrets(&rejection);
    is_consistent(&rejection);
}

fn spelled_out(text: &[u8]) -> Vec<u8> {
    let bytes = text.iter().flat_map(|byte| match byte {
        1 => ENDPOINT.as_bytes(),
        2 => TOKEN.as_bytes(),
        other => std::slice::from_ref(other),
    });
    bytes.copied().collect()
}

fn parts(text: &[u8]) -> (HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::new();
    let mut rest = text;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        if line.is_empty() {
            return (headers, rest.to_vec());
        }
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let mut half = || halves.next().unwrap_or_default().trim_ascii();
        let header = (
            HeaderName::from_bytes(half()),
            HeaderValue::from_bytes(half()),
        );
        if let (Ok(name), Ok(value)) = header {
            headers.append(name, value);
        }
    }
    (headers, Vec::new())
}

fn is_shown_without_secrets(rejection: &Rejection) {
    let detail = rejection.detail.as_deref().unwrap_or_default();
    assert!(detail.len() <= MAX_DETAIL_BYTES, "{detail}");
    let code = rejection.code.as_deref().unwrap_or_default();
    assert!(code.len() <= MAX_CODE_BYTES, "{code}");
    for text in [detail, code] {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let judged = rejection.clone().judged(Judgement::LikelyServiceFault);
    for rejection in [rejection, &judged] {
        let line = rejection.to_string();
        assert!(is_one_line(&line) && line.len() < 1024, "{line:?}");
        let shown = format!("{line} {rejection:?}");
        for part in TOKEN.as_bytes().windows(MOST_SHOWN) {
            let part = str::from_utf8(part).unwrap_or(TOKEN);
            assert!(!shown.contains(part), "{part} in {shown}");
        }
    }
}

/// Advice and verdict agree, and a bulk send changes what it is to change, and nothing else.
fn is_consistent(rejection: &Rejection) {
    let advice = rejection.advice();
    let removes = rejection.verdict() == Verdict::remove_token(None);
    assert_eq!(removes, advice == Advice::RemoveToken);
    assert_eq!(removes, rejection.is_gone(), "{rejection:?}");
    let may_remove = [404, 410].contains(&rejection.status);
    assert!(!removes || may_remove, "{rejection:?}");
    assert!(
        !rejection.is_suspect() || rejection.status == 404,
        "{rejection:?}"
    );
    match (rejection.verdict(), rejection.retry_after) {
        (Verdict::RetryAfter(wait), Some(asked)) => assert_eq!(wait, asked),
        (Verdict::RetryAfter(wait), None) => {
            let is_dropped = rejection.reason == Reason::Dropped;
            assert_eq!(wait.as_secs() == 30 * 60, is_dropped);
            assert!(is_dropped || [10, 60].contains(&wait.as_secs()));
        }
        _ => {}
    }
    let judged = |judgement| rejection.clone().judged(judgement);
    assert_eq!(judged(Judgement::Gone).advice(), advice);
    let fault = judged(Judgement::LikelyServiceFault);
    match rejection.is_suspect() {
        true => assert_eq!(fault.advice(), Advice::RetryLater),
        false => assert_eq!(fault.verdict(), rejection.verdict()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn a_part_of_an_answer_is_a_header_or_the_body() {
        let (headers, body) = super::parts(b"a: b\nno header\nttl:  5 \n\nx\n\ny");
        assert_eq!(
            (headers["a"].as_bytes(), headers["ttl"].as_bytes()),
            (&b"b"[..], &b"5"[..])
        );
        assert_eq!((headers.len(), &body[..]), (2, &b"x\n\ny"[..]));
    }

    proptest! {
        #[test]
        fn no_text_around_an_endpoint_lets_it_be_shown(
            service: u8, status in 300..500_u16, before in "\\PC{0,40}", after in "\\PC{0,40}",
            mark in 1..3_u8, kind in 0..4,
        ) {
            let mark = char::from(mark);
            let text = format!("{before}{mark}{after}");
            let (headers, body) = match kind {
                0 => (format!("x-wns-error-description: {text}"), String::new()),
                1 => (String::new(), text),
                2 => (String::new(), serde_json::json!({"message": text, "reason": text}).to_string().replace("\\u0001", "\u{1}").replace("\\u0002", "\u{2}")),
                _ => (String::new(), format!("<title>{text}</title>")),
            };
            let [high, low] = (status - 100).to_be_bytes();
            let head = [service, high, low];
            super::web_answer(&[&head[..], format!("{headers}\n\n{body}").as_bytes()].concat());
        }
    }
}
