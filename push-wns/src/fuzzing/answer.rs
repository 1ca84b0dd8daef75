use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use push_core::Verdict;

use super::is_one_line;
use crate::{Advice, DeviceStatus, Judgement, Receipt, Rejection, WnsStatus};

/// Where the push went: services quote it.
const CHANNEL: &str = "https://db5p.notify.windows.com/?token=AwYAAAD8sfbDrL9h7mN2bmwlkSkQZC1fv4QKeu1hYRipj2zNvXaMi9ZAax2f6CDfysyHp61STCO1pCFPt";

/// What of it is secret.
const CHANNEL_TOKEN: &str =
    "AwYAAAD8sfbDrL9h7mN2bmwlkSkQZC1fv4QKeu1hYRipj2zNvXaMi9ZAax2f6CDfysyHp61STCO1pCFPt";

/// As login.live.com gives them.
const ACCESS_TOKEN: &str =
    "EgAcAQMAAAAALYAAY4c+Huwi3Fv4Ck10UrKNmtxRO6Njk2MgA+TNqHc82AxKdPkR3aTbWmLqZs7YxVuG9Jw=";

/// So much of a token may be shown, if it was cut off before: in texts, and in what is for support.
const MOST_IN_TEXTS: usize = 25;
const MOST_IN_IDS: usize = 36;

const MAX_WORD_BYTES: usize = 64;
const MAX_ID_BYTES: usize = 128;
const MAX_TRACE_BYTES: usize = 256;
const MAX_DETAIL_BYTES: usize = 512;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Any answer: it is a receipt or a refusal; no channel is removed without the status that says so; what is
/// shown is bounded, on one line, and without the channel and the access token.
///
/// The first two bytes are the status; then come a line with the reason phrase, lines with headers, an empty
/// line, and the body. In all of them the byte 1 stands for the channel's URI, 2 for the token in it, and 3
/// for the access token.
pub fn wns_answer(input: &[u8]) {
    let [high, low, rest @ ..] = input else {
        return;
    };
    let status = u16::from_be_bytes([*high, *low]) % 900 + 100;
    let answer = Answer::read(&spelled_out(rest));
    let code = StatusCode::from_u16(status).unwrap_or_default();
    let receipt = Receipt::read(code, &answer.headers, 3);
    let now = UNIX_EPOCH + Duration::from_secs(1_792_568_880);
    let phrase = answer.phrase.as_deref();
    let rejection = Rejection::read(code, phrase, &answer.headers, &answer.body, now);

    assert_eq!(rejection.status, code.as_u16());
    is_shown_without_secrets(&rejection);
    is_consistent(&rejection);
    is_suspect_where_it_may_be(&rejection, &answer);
    let is_taken = code == StatusCode::OK && !answer.is_thrown_away();
    assert_eq!(receipt.is_some(), is_taken, "{rejection:?}");
    match &receipt {
        Some(receipt) => {
            assert_eq!(receipt.attempts, 3);
            assert_eq!(receipt.notification_status, rejection.notification_status);
            assert_eq!(receipt.message_id, rejection.message_id);
            is_shown_without(&format!("{receipt:?}"), MOST_IN_IDS);
        }
        None => is_judged_by_its_status(&rejection, &answer),
    }
}

fn spelled_out(text: &[u8]) -> Vec<u8> {
    let bytes = text.iter().flat_map(|byte| match byte {
        1 => CHANNEL.as_bytes(),
        2 => CHANNEL_TOKEN.as_bytes(),
        3 => ACCESS_TOKEN.as_bytes(),
        other => std::slice::from_ref(other),
    });
    bytes.copied().collect()
}

struct Answer {
    phrase: Option<String>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn read(text: &[u8]) -> Self {
        let (phrase, mut rest) = line(text).unwrap_or((text, b""));
        let phrase = String::from_utf8_lossy(phrase);
        let phrase = (!phrase.is_empty()).then(|| phrase.into_owned());
        let mut headers = HeaderMap::new();
        while let Some((line, behind)) = line(rest) {
            rest = behind;
            if line.is_empty() {
                break;
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
        Self {
            phrase,
            headers,
            body: rest.to_vec(),
        }
    }

    /// Whether any of the headers that tell it says so, in either spelling.
    fn is_thrown_away(&self) -> bool {
        ["x-wns-status", "x-wns-notificationstatus"]
            .iter()
            .flat_map(|name| self.headers.get_all(*name))
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|word| word.trim().to_ascii_lowercase())
            .any(|word| word == "dropped" || word == "channelthrottled")
    }

    /// All that may say why.
    fn words(&self) -> [String; 3] {
        let description = self.headers.get("x-wns-error-description");
        let description = description.map(HeaderValue::as_bytes).unwrap_or_default();
        let phrase = self.phrase.as_deref().unwrap_or_default();
        [phrase.as_bytes(), description, &self.body].map(|text| {
            let text = String::from_utf8_lossy(text);
            let letters = text.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|it| it.to_ascii_lowercase()).collect()
        })
    }
}

/// The first line, and what comes behind it.
fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}

/// By the table in the documentation of the crate.
fn is_judged_by_its_status(rejection: &Rejection, answer: &Answer) {
    let words = answer.words();
    let wait = |usual| {
        let wait = rejection
            .retry_after
            .unwrap_or_else(|| Duration::from_secs(usual));
        Verdict::RetryAfter(wait)
    };
    let expected = match rejection.status {
        200 => match rejection.notification_status {
            Some(WnsStatus::Dropped) => wait(30 * 60),
            Some(WnsStatus::ChannelThrottled) => wait(60),
            _ => panic!("taken by neither: {rejection:?}"),
        },
        201..=299 => Verdict::Unknown,
        401 | 403 => Verdict::FixCredentials,
        404 => Verdict::remove_token(None),
        406 | 429 => wait(60),
        // What is left out of a text may have stood between the two words.
        410 if rejection.verdict() == Verdict::FixCredentials => {
            let says = |text: &String| follows("domainblocked", text);
            assert!(words.iter().any(says), "{rejection:?}");
            Verdict::FixCredentials
        }
        410 => {
            let phrase_and_description = &words[..2];
            let says = |text: &String| text.contains("domainblocked");
            assert!(!phrase_and_description.iter().any(says), "{rejection:?}");
            Verdict::remove_token(None)
        }
        408 | 500..=599 => wait(10),
        _ => Verdict::FixMessage,
    };
    assert_eq!(rejection.verdict(), expected, "{rejection:?}");
}

/// Whether the letters stand in the text in their order, whatever is between them.
fn follows(letters: &str, text: &str) -> bool {
    let mut text = text.chars();
    letters.chars().all(|letter| text.any(|it| it == letter))
}

fn is_shown_without_secrets(rejection: &Rejection) {
    let status = rejection.notification_status.as_ref();
    let device_status = rejection.device_status.as_ref();
    for (text, most, limit) in [
        (&rejection.detail, MAX_DETAIL_BYTES, MOST_IN_TEXTS),
        (&rejection.message_id, MAX_ID_BYTES, MOST_IN_IDS),
        (&rejection.correlation_vector, MAX_ID_BYTES, MOST_IN_IDS),
        (&rejection.debug_trace, MAX_TRACE_BYTES, MOST_IN_IDS),
        (
            &status.map(|it| it.to_string()),
            MAX_WORD_BYTES,
            MOST_IN_TEXTS,
        ),
        (
            &device_status.map(DeviceStatus::to_string),
            MAX_WORD_BYTES,
            MOST_IN_TEXTS,
        ),
    ] {
        let text = text.as_deref().unwrap_or_default();
        assert!(text.len() <= most, "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        is_shown_without(text, limit);
    }
    let judged = rejection.clone().judged(Judgement::LikelyServiceFault);
    for rejection in [rejection, &judged] {
        let line = rejection.to_string();
        assert!(is_one_line(&line) && line.len() < 1000, "{line:?}");
        is_shown_without(&line, MOST_IN_TEXTS);
        is_shown_without(&format!("{rejection:?}"), MOST_IN_IDS);
    }
}

/// No more of a token in a row than that.
fn is_shown_without(shown: &str, most: usize) {
    for token in [CHANNEL_TOKEN, ACCESS_TOKEN] {
        for part in token.as_bytes().windows(most + 1) {
            let part = str::from_utf8(part).unwrap_or(token);
            assert!(!shown.contains(part), "{part} in {shown}");
        }
    }
}

/// Where a channel is gone it may be the fault of WNS, unless it says by the phrase or the description which
/// of the two meanings of 410 it is.
fn is_suspect_where_it_may_be(rejection: &Rejection, answer: &Answer) {
    let description = answer.headers.get("x-wns-error-description");
    let is_described = description.is_some_and(|text| !text.as_bytes().trim_ascii().is_empty());
    let is_told_apart = answer.phrase.is_some() || is_described;
    let may_be = match rejection.status {
        404 => true,
        410 => rejection.is_gone() && !is_told_apart,
        _ => false,
    };
    assert_eq!(rejection.is_suspect(), may_be, "{rejection:?}");
}

/// Advice and verdict agree, and a bulk send changes what it is to change, and nothing else.
fn is_consistent(rejection: &Rejection) {
    let advice = rejection.advice();
    let verdict = rejection.verdict();
    let removes = verdict == Verdict::remove_token(None);
    assert_eq!(removes, advice == Advice::RemoveToken);
    assert_eq!(removes, rejection.is_gone(), "{rejection:?}");
    assert_eq!(rejection.is_auth_refusal(), rejection.status == 401);
    assert!(rejection.retry_after.is_none_or(|wait| wait <= WEEK));
    let judged = |judgement| rejection.clone().judged(judgement);
    assert_eq!(judged(Judgement::Gone).verdict(), verdict);
    let fault = judged(Judgement::LikelyServiceFault);
    match rejection.is_suspect() {
        true => assert_eq!(fault.advice(), Advice::RetryLater),
        false => assert_eq!(fault.verdict(), verdict),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_of_an_answer_is_the_phrase_a_header_or_the_body() {
        let answer = Answer::read(b"Gone\na: b\nno header\nttl:  5 \n\nx\n\ny");
        assert_eq!(answer.phrase.as_deref(), Some("Gone"));
        assert_eq!(
            (
                answer.headers["a"].as_bytes(),
                answer.headers["ttl"].as_bytes()
            ),
            (&b"b"[..], &b"5"[..])
        );
        assert_eq!(
            (answer.headers.len(), &answer.body[..]),
            (2, &b"x\n\ny"[..])
        );
    }

    #[test]
    #[should_panic(expected = "in x AwYAAAD8sfbDrL9h7mN2bmwlkS y")]
    fn a_token_that_is_shown_is_found() {
        is_shown_without("x AwYAAAD8sfbDrL9h7mN2bmwlkS y", MOST_IN_TEXTS);
    }

    proptest! {
        #[test]
        fn no_text_around_a_token_lets_it_be_shown(
            status in 100..1000_u16, before in "\\PC{0,40}", after in "\\PC{0,40}", mark in 1..4_u8,
            name in prop::sample::select(vec![
                "x-wns-error-description", "x-wns-status", "x-wns-notificationstatus",
                "x-wns-deviceconnectionstatus", "x-wns-msg-id", "x-wns-debug-trace", "ms-cv",
            ]),
            in_body: bool,
        ) {
            let text = format!("{before}{}{after}", char::from(mark));
            let answer = match in_body {
                true => format!("{text}\n\n{text}"),
                false => format!("\n{name}: {text}\n\n"),
            };
            let head = (status - 100).to_be_bytes();
            wns_answer(&[&head[..], answer.as_bytes()].concat());
        }
    }
}
