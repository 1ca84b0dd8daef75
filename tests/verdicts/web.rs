//! Web Push: by what reads the answers of each push service, and by the client what only a bulk send knows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use anypush::prelude::*;
use anypush::web::{
    Client, EndpointPolicy, Message, PushService, Reason, Receipt, Rejection, Subscription,
};
use serde_json::json;

use crate::canned::{Canned, Reply};
use crate::common::Shared;
use crate::page::Section;

/// Mozilla's numbers. Source: Mozilla, "HTTP Endpoints for Notifications".
const MOZILLA: &[(u16, &[u32])] = &[
    (400, &[101, 108, 110, 111, 112, 113, 114]),
    (401, &[109]),
    (404, &[102, 103, 105, 106]),
    (410, &[103, 105, 106]),
    (413, &[104]),
    (500, &[900, 999]),
    (503, &[201, 202, 901, 902, 903]),
];

/// Apple's words. Source: Apple, "Sending web push notifications in web apps and browsers".
const APPLE: &[(u16, &[&str])] = &[
    (
        400,
        &[
            "BadAuthorizationHeader",
            "BadTtl",
            "BadUrgency",
            "BadWebPushRequest",
            "BadWebPushTopic",
            "VapidPkHashMismatch",
        ],
    ),
    (403, &["BadJwtToken", "BadVapidPublicKey"]),
    (404, &["BadPath"]),
    (410, &["Unregistered", "ExpiredToken"]),
    (413, &["PayloadTooLarge"]),
    (429, &["TooManyRequests"]),
    (500, &["InternalServerError"]),
    (503, &["ServiceUnavailable", "Shutdown"]),
];

pub async fn section(backend: Shared) -> Section {
    let mut section = Section::new(
        "web",
        "Web Push (`anypush::web`)",
        "The status counts, and the push service's own word where the status leaves it open. Without a name it is said \
         by all push services.",
    );
    let mut seen = HashSet::new();
    for status in [
        200, 201, 202, 204, 203, 301, 400, 401, 403, 404, 408, 410, 413, 418, 429, 500, 502, 503,
    ] {
        let label = match status {
            203 => "any other 2xx".to_owned(),
            301 => "3xx".to_owned(),
            418 => "any other 4xx".to_owned(),
            status => status.to_string(),
        };
        seen.extend(add(
            &mut section,
            PushService::Other,
            label,
            &Reply::empty(status),
        ));
    }
    seen.extend(words(&mut section));
    seen.extend(of_wns(&mut section));
    seen.retain(|reason| Reason::KNOWN.contains(reason));
    assert_eq!(
        seen.len(),
        Reason::KNOWN.len(),
        "every reason has an answer: {seen:?}"
    );
    for (others, had) in [
        (true, "others accepted"),
        (false, "five of it and none accepted"),
    ] {
        let label = format!("404 in a bulk send that had {had} by the same push service");
        section.add(label, bulk(&backend, others).await);
    }
    section
}

/// What the other three say of themselves.
fn words(section: &mut Section) -> Vec<Reason> {
    let mut seen = Vec::new();
    for (status, numbers) in MOZILLA {
        for number in *numbers {
            let reply = Reply::new(*status, json!({"code": status, "errno": number}));
            let label = format!("Mozilla's {number} ({status})");
            seen.extend(add(section, PushService::Mozilla, label, &reply));
        }
    }
    let body = json!({"code": 401, "errno": 109, "message": "VAPID public key mismatch"});
    let label = "Mozilla's 109 (401) that speaks of another key";
    seen.extend(add(
        section,
        PushService::Mozilla,
        label,
        &Reply::new(401, body),
    ));
    for (status, reasons) in APPLE {
        for reason in *reasons {
            let reply = Reply::new(*status, json!({"reason": reason}));
            let label = format!("Apple's {status} `{reason}`");
            seen.extend(add(section, PushService::Apple, label, &reply));
        }
    }
    let other_key = "the VAPID credentials in the authorization header do not correspond to the credentials \
                     used to create the subscriptions.";
    for (label, status, body) in [
        (
            "FCM's 400 `UnauthorizedRegistration`",
            400,
            "UnauthorizedRegistration",
        ),
        ("FCM's 403 that speaks of other credentials", 403, other_key),
    ] {
        let reply = Reply::new(status, body);
        seen.extend(add(section, PushService::Fcm, label, &reply));
    }
    seen
}

fn of_wns(section: &mut Section) -> Vec<Reason> {
    let status = |word: &str| Reply::empty(200).header("x-wns-status", word);
    let says = |code, text: &str| Reply::empty(code).header("x-wns-error-description", text);
    let mut seen = Vec::new();
    for (label, reply) in [
        ("WNS's 200 `dropped`", status("dropped")),
        ("WNS's 200 `channelthrottled`", status("channelthrottled")),
        (
            "WNS's 400 that speaks of the TTL",
            says(400, "Ttl value conflicts with X-WNS-Cache-Policy."),
        ),
        ("WNS's 403", Reply::empty(403)),
        ("WNS's 406", Reply::empty(406)),
        ("WNS's 410 \"Domain Blocked\"", says(410, "Domain Blocked")),
    ] {
        seen.extend(add(section, PushService::Wns, label, &reply));
    }
    seen
}

fn add(
    section: &mut Section,
    service: PushService,
    label: impl Into<String>,
    reply: &Reply,
) -> Option<Reason> {
    let (without, reason) = read(service, reply);
    let (with, _) = read(service, &reply.clone().waits());
    section.add_both(label, without, &with);
    reason
}

fn read(service: PushService, reply: &Reply) -> (Verdict, Option<Reason>) {
    let (status, headers) = (reply.status(), reply.header_map());
    if let Some(receipt) = Receipt::read(service, status, &headers, 1) {
        return (receipt.verdict(), None);
    }
    let now = SystemTime::UNIX_EPOCH;
    let rejection = Rejection::read(service, status, &headers, reply.body.as_bytes(), now);
    (rejection.verdict(), Some(rejection.reason))
}

/// The verdict on one of five subscriptions that are not found, and among others.
async fn bulk(backend: &Shared, others: bool) -> Verdict {
    let transport = Canned::by(|request| match request.uri().path() {
        "/good" => Reply::empty(201),
        _ => Reply::empty(404),
    });
    let client = Client::builder(Session::new(Arc::clone(backend)))
        .without_vapid()
        .endpoints(EndpointPolicy::public())
        .trusted_endpoints_only(transport)
        .build()
        .unwrap();
    let bad = (0..5).map(|number| format!("bad-{number}"));
    let paths = bad.chain(others.then(|| "good".to_owned()));
    let devices = paths.map(|path| {
        let url = format!("https://push.example.net/{path}");
        (Subscription::without_keys(&url).unwrap(), path)
    });
    let mut outcomes = client.send_all(devices, &Message::empty());
    let mut verdict = None;
    while let Some(((_, path), outcome)) = outcomes.next().await {
        if path == "bad-0" {
            verdict = Some(outcome.verdict());
        }
    }
    verdict.unwrap()
}
