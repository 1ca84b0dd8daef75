//! FCM: by what reads its answers, and by the client what only it knows.

use std::sync::Arc;
use std::time::SystemTime;

use anypush::fcm::{Client, Credentials, Message, Reason, Rejection, Status};
use anypush::prelude::*;
use serde_json::{Value, json};

use crate::canned::{Canned, Reply};
use crate::common::Shared;
use crate::page::Section;

/// The HTTP status of each of FCM's codes. Source: Firebase, "ErrorCode".
const CODES: &[(u16, &str)] = &[
    (404, "UNREGISTERED"),
    (429, "QUOTA_EXCEEDED"),
    (503, "UNAVAILABLE"),
    (500, "INTERNAL"),
    (403, "SENDER_ID_MISMATCH"),
    (401, "THIRD_PARTY_AUTH_ERROR"),
    (400, "INVALID_ARGUMENT"),
    (400, "UNSPECIFIED_ERROR"),
];

/// What Apple's service can have answered to FCM.
const OF_APPLE: &[(u16, &str)] = &[
    (410, "Unregistered"),
    (410, "ExpiredToken"),
    (400, "BadDeviceToken"),
    (400, "DeviceTokenNotForTopic"),
    (429, "TooManyRequests"),
    (503, "ServiceUnavailable"),
    (403, "InvalidProviderToken"),
    (400, "TopicDisallowed"),
    (400, "BadTopic"),
    (413, "PayloadTooLarge"),
    (400, "BadCollapseId"),
];

pub async fn section(backend: Shared) -> Section {
    let mut section = Section::new(
        "fcm",
        "FCM (`anypush::fcm`)",
        "FCM's own code counts first, then what APNs answered to FCM, then the fields that are named, then Google's \
         status, and the HTTP status where there is nothing else. An access token that is refused is renewed and the \
         push sent again, once; the table has what comes of the second refusal.",
    );
    let name = json!({"name": "projects/p/messages/1"});
    section.add(
        "200 with the message's name",
        send(&backend, Reply::new(200, name)).await,
    );
    section.add(
        "200 without the message's name",
        send(&backend, Reply::new(200, "{}")).await,
    );
    section.add("any other 2xx", send(&backend, Reply::empty(204)).await);
    codes(&mut section);
    arguments(&mut section);
    of_apple(&mut section);
    statuses(&mut section);
    in_bulk_sends(&backend, &mut section).await;
    section
}

/// FCM's own codes.
fn codes(section: &mut Section) {
    assert_eq!(CODES.len(), Reason::KNOWN.len(), "every code has a status");
    for (status, code) in CODES {
        assert!(Reason::KNOWN.contains(&Reason::from(*code)), "{code}");
        let label = match *code {
            "INVALID_ARGUMENT" => "400 `INVALID_ARGUMENT` that says no more".to_owned(),
            code => format!("{status} `{code}`"),
        };
        add(section, label, &refused(*status, Some(code), "", &[]));
    }
    add(
        section,
        "any other code of FCM's with 400",
        &refused(400, Some("NEW"), "", &[]),
    );
}

/// What `INVALID_ARGUMENT` can be about.
fn arguments(section: &mut Section) {
    let text = "The registration token is not a valid FCM registration token";
    let about_token = refused(400, Some("INVALID_ARGUMENT"), text, &[]);
    add(
        section,
        "400 `INVALID_ARGUMENT` that speaks of the token",
        &about_token,
    );
    let text = "Android message is too big";
    let too_big = refused(400, Some("INVALID_ARGUMENT"), text, &[]);
    add(
        section,
        "400 `INVALID_ARGUMENT` that speaks of the size",
        &too_big,
    );
    let field = field("message.android.ttl");
    let about_field = refused(400, Some("INVALID_ARGUMENT"), "", &[field]);
    add(
        section,
        "400 `INVALID_ARGUMENT` that names a field",
        &about_field,
    );
}

fn of_apple(section: &mut Section) {
    for (status, reason) in OF_APPLE {
        let apns = json!({
            "@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError",
            "statusCode": status,
            "reason": reason,
        });
        let reply = refused(400, Some("INVALID_ARGUMENT"), "", &[apns]);
        add(section, format!("APNs' {status} `{reason}`"), &reply);
    }
    let apns = json!({
        "@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError",
        "statusCode": 410,
        "reason": "Unregistered",
    });
    let reply = refused(404, Some("UNREGISTERED"), "", &[apns]);
    let (read, _) = both(&reply, |rejection| rejection.with_live_activity_token(true));
    section.add(
        "APNs' 410 `Unregistered` where the message has a Live Activity's token",
        read,
    );
}

/// Without a code of FCM's own.
fn statuses(section: &mut Section) {
    for status in Status::KNOWN {
        let status = status.as_str();
        // The HTTP status does not count beside it.
        let body = json!({"error": {"status": status}});
        add(
            section,
            format!("Google's `{status}`"),
            &Reply::new(418, body),
        );
    }
    for status in [
        301, 400, 401, 403, 404, 405, 408, 410, 413, 418, 429, 500, 502, 503,
    ] {
        add(
            section,
            format!("{status} without a code"),
            &Reply::empty(status),
        );
    }
}

async fn in_bulk_sends(backend: &Shared, section: &mut Section) {
    let gone = refused(404, Some("UNREGISTERED"), "", &[]);
    let text = "The registration token is not a valid FCM registration token";
    let suspect = refused(400, Some("INVALID_ARGUMENT"), text, &[]);
    for (answer, what) in [
        (&gone, "404 `UNREGISTERED`"),
        (&suspect, "400 `INVALID_ARGUMENT` that speaks of the token,"),
    ] {
        for (others, had) in [
            (true, "others accepted"),
            (false, "five of it and none accepted"),
        ] {
            let verdict = bulk(backend, answer.clone(), others).await;
            section.add(format!("{what} in a bulk send that had {had}"), verdict);
        }
    }
}

fn field(name: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": name, "description": "wrong"}],
    })
}

fn refused(status: u16, code: Option<&str>, text: &str, details: &[Value]) -> Reply {
    let own = code.map(|code| {
        json!({
            "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
            "errorCode": code,
        })
    });
    let details: Vec<_> = own.into_iter().chain(details.iter().cloned()).collect();
    let error = json!({"error": {"code": status, "message": text, "details": details}});
    Reply::new(status, error)
}

fn add(section: &mut Section, label: impl Into<String>, reply: &Reply) {
    let (without, with) = both(reply, |rejection| rejection);
    section.add_both(label, without, &with);
}

fn both(reply: &Reply, change: impl Fn(Rejection) -> Rejection) -> (Verdict, Verdict) {
    let read = |reply: &Reply| {
        let body = reply.body.as_bytes();
        let now = SystemTime::UNIX_EPOCH;
        let rejection = Rejection::read(reply.status(), &reply.header_map(), body, now);
        change(rejection).verdict()
    };
    (read(reply), read(&reply.clone().waits()))
}

fn client(backend: &Shared, transport: Arc<Canned>) -> Client {
    Client::builder(Session::new(Arc::clone(backend)))
        .credentials(Credentials::access_token("made-by-a-test"))
        .project("p")
        .transport(transport)
        .build()
        .unwrap()
}

async fn send(backend: &Shared, reply: Reply) -> Verdict {
    let client = client(backend, Canned::all(reply));
    client
        .send("token", &Message::with_notification("", "Hello"))
        .await
        .verdict()
}

/// The verdict on one of five such, and among others.
async fn bulk(backend: &Shared, reply: Reply, others: bool) -> Verdict {
    let good = Reply::new(200, json!({"name": "projects/p/messages/1"}));
    let transport =
        Canned::by(
            move |request| match request.body().windows(4).any(|part| part == b"good") {
                true => good.clone(),
                false => reply.clone(),
            },
        );
    let bad = (0..5).map(|number| format!("bad-{number}"));
    let devices = bad.chain(others.then(|| "good".to_owned()));
    let client = client(backend, transport);
    let mut outcomes = client.send_all(devices, &Message::with_notification("", "Hello"));
    let mut verdict = None;
    while let Some((device, outcome)) = outcomes.next().await {
        if device == "bad-0" {
            verdict = Some(outcome.verdict());
        }
    }
    verdict.unwrap()
}
