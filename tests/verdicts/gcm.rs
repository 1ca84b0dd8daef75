//! The legacy protocol: by its client, over answers that stand ready.

use std::sync::Arc;

use anypush::gcm::{Client, Message, Reason};
use anypush::prelude::*;
use serde_json::json;

use crate::canned::{Canned, Reply};
use crate::common::Shared;
use crate::page::Section;

/// Reasons in an order of their own: those that say the same side by side.
const STATUSES: &[u16] = &[
    204, 301, 400, 401, 403, 404, 405, 408, 410, 413, 429, 500, 502, 503,
];

pub async fn section(backend: Shared) -> Section {
    let mut section = Section::new(
        "gcm",
        "GCM and FCM of old (`anypush::gcm`)",
        "A reason is about one device, and comes with 200; a status is about all devices of a request.",
    );
    for (label, item) in [
        ("a message id", json!({"message_id": "1"})),
        (
            "a message id and a new registration id",
            json!({"message_id": "1", "registration_id": "new"}),
        ),
        ("neither a message id nor an error", json!({})),
        (
            "an error of any other name",
            json!({"error": "ToBeInvented"}),
        ),
    ] {
        add(&backend, &mut section, label, one(item)).await;
    }
    for reason in Reason::KNOWN {
        let reply = one(json!({"error": reason.as_str()}));
        add(&backend, &mut section, &format!("`{reason}`"), reply).await;
    }
    add(
        &backend,
        &mut section,
        "200 that can't be read",
        Reply::new(200, "<html>"),
    )
    .await;
    for status in STATUSES {
        let label = match status {
            204 => "any other 2xx".to_owned(),
            status => status.to_string(),
        };
        add(&backend, &mut section, &label, Reply::empty(*status)).await;
    }
    for (others, had) in [
        (true, "others accepted"),
        (false, "five of it and none accepted"),
    ] {
        let verdict = bulk(&backend, others).await;
        section.add(
            format!("`NotRegistered` in a bulk send that had {had}"),
            verdict,
        );
    }
    section
}

/// An answer about one device.
fn one(item: serde_json::Value) -> Reply {
    Reply::new(200, json!({"results": [item]}))
}

async fn add(backend: &Shared, section: &mut Section, label: &str, reply: Reply) {
    let without = send(backend, reply.clone()).await;
    let with = send(backend, reply.waits()).await;
    section.add_both(label, without, &with);
}

fn client(backend: &Shared, transport: Arc<Canned>) -> Client {
    Client::builder(Session::new(Arc::clone(backend)))
        .endpoint("https://push.example/gcm/send")
        .api_key("made-by-a-test")
        .transport(transport)
        .build()
        .unwrap()
}

async fn send(backend: &Shared, reply: Reply) -> Verdict {
    let client = client(backend, Canned::all(reply));
    client.send("id", &Message::text("Hello")).await.verdict()
}

/// The verdict on one of five that are gone, and among others.
async fn bulk(backend: &Shared, others: bool) -> Verdict {
    let gone = json!({"error": "NotRegistered"});
    let mut results = vec![gone; 5];
    results.extend(others.then(|| json!({"message_id": "1"})));
    let devices: Vec<_> = (0..results.len())
        .map(|number| number.to_string())
        .collect();
    let client = client(
        backend,
        Canned::all(Reply::new(200, json!({"results": results}))),
    );
    let mut outcomes = client.send_all(devices, &Message::text("Hello"));
    let mut verdict = None;
    while let Some((device, outcome)) = outcomes.next().await {
        if device == "0" {
            verdict = Some(outcome.verdict());
        }
    }
    verdict.unwrap()
}
