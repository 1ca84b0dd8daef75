//! The first table: what is the same thing at all services, and how each of them says it.

use std::fmt::Write;

use anypush::Verdict;

use crate::page::{Section, name, time};

/// What it is, its verdict, and the answers of each service in the order of [`SERVICES`].
struct Thing(&'static str, &'static str, [&'static [&'static str]; 6]);

const SERVICES: [&str; 6] = ["apns", "gateway", "fcm", "gcm", "wns", "web"];

const THINGS: &[Thing] = &[
    Thing(
        "taken",
        "Accepted",
        [
            &["200"],
            &["taken, as what came later proved"],
            &["200 with the message's name"],
            &["a message id"],
            &["200", "200 `received`"],
            &["200", "201", "202", "204"],
        ],
    ),
    Thing(
        "taken, and the device has a new token",
        "ReplaceToken",
        [
            &[],
            &[],
            &[],
            &["a message id and a new registration id"],
            &[],
            &[],
        ],
    ),
    Thing(
        "taken and thrown away, by the service's word",
        "RetryAfter",
        [
            &[],
            &[],
            &[],
            &[],
            &["200 `dropped`"],
            &["WNS's 200 `dropped`"],
        ],
    ),
    Thing(
        "the device is gone",
        "RemoveToken",
        [
            &["410 `Unregistered`", "410 `ExpiredToken`"],
            &[],
            &["404 `UNREGISTERED`", "APNs' 410 `Unregistered`"],
            &["`NotRegistered`", "`InvalidRegistration`"],
            &["410"],
            &["410"],
        ],
    ),
    Thing(
        "the device is not known, of a push by itself",
        "RemoveToken",
        [
            &["400 `BadDeviceToken`", "400 `DeviceTokenNotForTopic`"],
            &["8 `InvalidToken`"],
            &[
                "400 `INVALID_ARGUMENT` that speaks of the token",
                "APNs' 400 `BadDeviceToken`",
            ],
            &[],
            &["404"],
            &["404"],
        ],
    ),
    Thing(
        "the same in a bulk send, others were taken",
        "RemoveToken",
        [
            &["`BadDeviceToken` in a bulk send that had others accepted"],
            &["8 `InvalidToken` in a bulk send that had others taken"],
            &[
                "400 `INVALID_ARGUMENT` that speaks of the token, in a bulk send that had others accepted",
            ],
            &["`NotRegistered` in a bulk send that had others accepted"],
            &["404 in a bulk send that had others accepted"],
            &["404 in a bulk send that had others accepted by the same push service"],
        ],
    ),
    Thing(
        "all of a bulk send seem gone or not known",
        "FixCredentials",
        [
            &["`BadDeviceToken` in a bulk send that had none accepted"],
            &["8 `InvalidToken` in a bulk send that had none taken"],
            &["404 `UNREGISTERED` in a bulk send that had five of it and none accepted"],
            &["`NotRegistered` in a bulk send that had five of it and none accepted"],
            &["404 in a bulk send that had five of it and none accepted"],
            &["404 in a bulk send that had five of it and none accepted by the same push service"],
        ],
    ),
    Thing(
        "too many pushes",
        "RetryAfter",
        [
            &["429 `TooManyRequests`"],
            &[],
            &["429 `QUOTA_EXCEEDED`", "429 without a code"],
            &[
                "`DeviceMessageRateExceeded`",
                "`TopicsMessageRateExceeded`",
                "429",
            ],
            &["406", "429", "200 `channelthrottled`"],
            &["429", "WNS's 406", "WNS's 200 `channelthrottled`"],
        ],
    ),
    Thing(
        "the service is busy or fails",
        "RetryAfter",
        [
            &[
                "500 `InternalServerError`",
                "503 `ServiceUnavailable`",
                "503 `Shutdown`",
            ],
            &["1 `ProcessingError`"],
            &["500 `INTERNAL`", "503 `UNAVAILABLE`"],
            &["`InternalServerError`", "`Unavailable`", "500", "503"],
            &["500", "503"],
            &["500", "503"],
        ],
    ),
    Thing(
        "the credentials are refused",
        "FixCredentials",
        [
            &[
                "403 `InvalidProviderToken`",
                "403 `ExpiredProviderToken`",
                "403 `BadCertificate`",
            ],
            &[],
            &["401 without a code", "403 without a code"],
            &["401", "403"],
            &["401"],
            &["401", "403"],
        ],
    ),
    Thing(
        "the device is another app's, project's or key's",
        "FixCredentials",
        [
            &["400 `TopicDisallowed`"],
            &["3 `MissingTopic`"],
            &["403 `SENDER_ID_MISMATCH`"],
            &["`MismatchSenderId`"],
            &["403", "403 that speaks of the allowed receiving apps list"],
            &[
                "Apple's 400 `VapidPkHashMismatch`",
                "FCM's 403 that speaks of other credentials",
                "WNS's 403",
            ],
        ],
    ),
    Thing(
        "the sender is blocked",
        "FixCredentials",
        [
            &[],
            &[],
            &[],
            &[],
            &["410 \"Domain Blocked\""],
            &["WNS's 410 \"Domain Blocked\""],
        ],
    ),
    Thing(
        "the notification is malformed",
        "FixMessage",
        [
            &["400 `BadTopic`", "400 `BadPriority`"],
            &["4 `MissingPayload`", "128 `ProtocolError`"],
            &["400 `INVALID_ARGUMENT` that names a field"],
            &["`InvalidParameters`", "400"],
            &["400"],
            &["400"],
        ],
    ),
    Thing(
        "it is too large",
        "FixMessage",
        [
            &["413 `PayloadTooLarge`"],
            &["7 `InvalidPayloadSize`"],
            &[
                "400 `INVALID_ARGUMENT` that speaks of the size",
                "413 without a code",
            ],
            &["`MessageTooBig`"],
            &["413"],
            &["413"],
        ],
    ),
    Thing(
        "an answer that leads elsewhere; none is followed",
        "FixCredentials",
        [
            &["3xx"],
            &[],
            &["301 without a code"],
            &["301"],
            &["3xx"],
            &["3xx"],
        ],
    ),
    Thing(
        "no such path or service",
        "FixCredentials",
        [
            &["404 `BadPath`"],
            &[],
            &["404 without a code"],
            &["404"],
            &[],
            &[],
        ],
    ),
    Thing(
        "a success that the service does not give, or that can't be read",
        "Unknown",
        [
            &["any other 2xx"],
            &["0 `NoError`"],
            &["any other 2xx", "200 without the message's name"],
            &["any other 2xx", "200 that can't be read"],
            &["any other 2xx"],
            &["any other 2xx"],
        ],
    ),
];

pub fn table(sections: &[Section]) -> String {
    let mut table = format!("| | verdict | {} |\n", SERVICES.join(" | "));
    table.push_str("|---|---|---|---|---|---|---|---|\n");
    for Thing(what, verdict, answers) in THINGS {
        let mut is_anywhere = false;
        write!(table, "| {what} | `{verdict}` |").unwrap();
        for (service, answers) in SERVICES.iter().zip(answers) {
            let section = sections.iter().find(|section| section.name == *service);
            let cell = cell(section.unwrap(), answers, verdict, &mut is_anywhere);
            write!(table, " {cell} |").unwrap();
        }
        assert!(is_anywhere, "{what} is {verdict} at no service");
        table.push('\n');
    }
    table
}

/// The answers of one service, with the verdicts that are others, and waits.
fn cell(section: &Section, answers: &[&str], verdict: &str, is_anywhere: &mut bool) -> String {
    let mut cells: Vec<(Vec<&str>, String)> = Vec::new();
    for answer in answers {
        let own = section.verdict(answer);
        let behind = match own {
            Verdict::RetryAfter(wait) if verdict == "RetryAfter" => format!(": {}", time(*wait)),
            own if name(own) == verdict => String::new(),
            own => format!(" → {}", crate::page::told(own)),
        };
        *is_anywhere |= name(own) == verdict;
        let answer = without_circumstance(answer);
        match cells.last_mut() {
            Some((same, known)) if *known == behind => same.push(answer),
            _ => cells.push((vec![answer], behind)),
        }
    }
    let cells: Vec<_> = cells
        .iter()
        .map(|(same, behind)| format!("{}{behind}", same.join(", ")))
        .collect();
    match cells.is_empty() {
        true => "–".to_owned(),
        false => cells.join("; "),
    }
}

/// The answer without what the row says already.
fn without_circumstance(answer: &str) -> &str {
    let (answer, _) = answer.split_once(" in a bulk send").unwrap_or((answer, ""));
    answer.trim_end_matches(',')
}
