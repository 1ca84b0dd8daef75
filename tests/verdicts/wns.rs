//! WNS: by what reads its answers, and by the client what only a bulk send knows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use anypush::prelude::*;
use anypush::wns::{Client, Credentials, Notification, Reason, Receipt, Rejection};

use crate::canned::{Canned, Reply};
use crate::common::Shared;
use crate::page::Section;

const STATUS: &str = "x-wns-status";
const DESCRIPTION: &str = "x-wns-error-description";

pub async fn section(backend: Shared) -> Section {
    let mut section = Section::new(
        "wns",
        "WNS (`anypush::wns`)",
        "What stands behind a status is `X-WNS-Status`, also spelled `X-WNS-NotificationStatus`, or WNS's own text. An \
         access token that is refused is renewed and the push sent again, once; the table has what comes of the \
         second refusal. What was dropped is never sent again by the client's retry policy.",
    );
    let list = "Request targets an app that is not in allowed receiving apps list by WNS";
    let mut reasons = HashSet::new();
    for (label, reply, phrase) in [
        ("200", Reply::empty(200), None),
        (
            "200 `received`",
            Reply::empty(200).header(STATUS, "received"),
            None,
        ),
        (
            "200 with any other word",
            Reply::empty(200).header(STATUS, "shelved"),
            None,
        ),
        (
            "200 `dropped`",
            Reply::empty(200).header(STATUS, "dropped"),
            None,
        ),
        (
            "200 `channelthrottled`",
            Reply::empty(200).header(STATUS, "channelthrottled"),
            None,
        ),
        ("any other 2xx", Reply::empty(202), None),
        ("3xx", Reply::empty(301), None),
        ("400", Reply::empty(400), None),
        ("401", Reply::empty(401), None),
        ("403", Reply::empty(403), None),
        (
            "403 that speaks of the allowed receiving apps list",
            Reply::empty(403).header(DESCRIPTION, list),
            None,
        ),
        ("404", Reply::empty(404), None),
        ("405", Reply::empty(405), None),
        ("406", Reply::empty(406), None),
        ("408", Reply::empty(408), None),
        ("410", Reply::empty(410), Some("Gone")),
        (
            "410 \"Domain Blocked\"",
            Reply::empty(410),
            Some("Domain Blocked"),
        ),
        ("413", Reply::empty(413), None),
        ("429", Reply::empty(429), None),
        ("any other 4xx", Reply::empty(418), None),
        ("500", Reply::empty(500), None),
        ("503", Reply::empty(503), None),
        ("any other 5xx", Reply::empty(502), None),
    ] {
        let (without, reason) = read(&reply, phrase);
        reasons.extend(reason);
        section.add_both(label, without, &read(&reply.waits(), phrase).0);
    }
    assert_eq!(
        reasons.len(),
        Reason::KNOWN.len(),
        "every reason has an answer: {reasons:?}"
    );
    for (others, had) in [
        (true, "others accepted"),
        (false, "five of it and none accepted"),
    ] {
        section.add(
            format!("404 in a bulk send that had {had}"),
            bulk(&backend, others).await,
        );
    }
    section
}

fn read(reply: &Reply, phrase: Option<&str>) -> (Verdict, Option<Reason>) {
    let (status, headers) = (reply.status(), reply.header_map());
    if let Some(receipt) = Receipt::read(status, &headers, 1) {
        return (receipt.verdict(), None);
    }
    let now = SystemTime::UNIX_EPOCH;
    let rejection = Rejection::read(status, phrase, &headers, reply.body.as_bytes(), now);
    (rejection.verdict(), Some(rejection.reason))
}

/// The verdict on one of five channels that are not found, and among others.
async fn bulk(backend: &Shared, others: bool) -> Verdict {
    let transport = Canned::by(|request| match request.uri().query() {
        Some("token=good") => Reply::empty(200),
        _ => Reply::empty(404),
    });
    let client = Client::builder(Session::new(Arc::clone(backend)))
        .credentials(Credentials::access_token("made-by-a-test"))
        .transport(transport)
        .build()
        .unwrap();
    let bad = (0..5).map(|number| format!("bad-{number}"));
    let tokens = bad.chain(others.then(|| "good".to_owned()));
    let devices = tokens.map(|token| {
        let channel = format!("https://db5p.notify.windows.com/?token={token}");
        (channel, token)
    });
    let mut outcomes = client.send_all(devices, &Notification::text("Hello"));
    let mut verdict = None;
    while let Some(((_, token), outcome)) = outcomes.next().await {
        if token == "bad-0" {
            verdict = Some(outcome.verdict());
        }
    }
    verdict.unwrap()
}
