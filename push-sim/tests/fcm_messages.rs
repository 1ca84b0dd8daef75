//! Messages to FCM and its answers, on every way to reach it.
#![allow(clippy::unwrap_used)]

mod support;

use push_sim::{Action, Answer, Service};
use serde_json::{Value, json};
use support::Failure;
use support::web::{Client, Over, SEND, WAYS, fcm, start};

const PREFIX: &str = "type.googleapis.com/google.";

fn detail(kind: &str, mut fields: Value) -> Value {
    fields["@type"] = format!("{PREFIX}{kind}").into();
    fields
}

fn verdict(code: &str) -> Value {
    detail("firebase.fcm.v1.FcmError", json!({"errorCode": code}))
}

#[tokio::test]
async fn every_error_can_be_ordered_for_a_token() -> Result<(), Failure> {
    let apns = |status: u16, reason: &str| {
        let fields = json!({"statusCode": status, "reason": reason});
        detail("firebase.fcm.v1.ApnsError", fields)
    };
    let violation = json!({"field": "message.data[0].value", "description": "no text"});
    let rows = [
        (
            Answer::new(404).reason("UNREGISTERED"),
            "NOT_FOUND",
            vec![verdict("UNREGISTERED")],
        ),
        (Answer::new(404).reason("NOT_FOUND"), "NOT_FOUND", vec![]),
        (
            Answer::new(403).reason("SENDER_ID_MISMATCH"),
            "PERMISSION_DENIED",
            vec![verdict("SENDER_ID_MISMATCH")],
        ),
        (
            Answer::new(403).reason("PERMISSION_DENIED"),
            "PERMISSION_DENIED",
            vec![],
        ),
        (
            Answer::new(401).reason("THIRD_PARTY_AUTH_ERROR"),
            "UNAUTHENTICATED",
            vec![verdict("THIRD_PARTY_AUTH_ERROR")],
        ),
        (
            Answer::new(401).reason("UNAUTHENTICATED"),
            "UNAUTHENTICATED",
            vec![],
        ),
        (
            Answer::new(400).reason("INVALID_ARGUMENT"),
            "INVALID_ARGUMENT",
            vec![verdict("INVALID_ARGUMENT")],
        ),
        (
            Answer::new(400).violation("message.data[0].value", "no text"),
            "INVALID_ARGUMENT",
            vec![detail(
                "rpc.BadRequest",
                json!({"fieldViolations": [violation]}),
            )],
        ),
        (
            Answer::new(400)
                .reason("INVALID_ARGUMENT")
                .apns(410, "Unregistered"),
            "INVALID_ARGUMENT",
            vec![verdict("INVALID_ARGUMENT"), apns(410, "Unregistered")],
        ),
        (
            Answer::new(503).reason("UNAVAILABLE"),
            "UNAVAILABLE",
            vec![verdict("UNAVAILABLE")],
        ),
        (
            Answer::new(500).reason("INTERNAL"),
            "INTERNAL",
            vec![verdict("INTERNAL")],
        ),
    ];
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        for (answer, status, details) in &rows {
            let fault = fcm(Action::Answer(answer.clone())).token("a:b").times(1);
            sim.fault(fault)?;
            assert_eq!(client.push("other").await?.status, 200);
            let reply = client.push("a:b").await?;
            assert_eq!(reply.status, answer.status, "{over:?}");
            let error = reply.json()["error"].clone();
            assert_eq!(error["code"], answer.status);
            assert_eq!(error["status"], *status);
            let found = error.get("details").map_or(json!([]), Clone::clone);
            assert_eq!(found, json!(details), "{answer:?}");
            assert_eq!(client.push("a:b").await?.status, 200);
        }
        let stats = &sim.stats()[&Service::Fcm];
        assert_eq!(stats.accepted, 2 * rows.len() as u64);
        assert_eq!(stats.rejected["UNREGISTERED"], 1, "{stats:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_the_service_refuses_by_itself_is_counted_by_its_reason() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let bad = client
            .post(SEND, r#"{"message":{"token":"a","data":{"k":1}}}"#)
            .await?;
        assert_eq!(bad.status, 400);
        let text = "Invalid value at 'message.data[0].value' (TYPE_STRING), 1";
        assert_eq!(bad.json()["error"]["message"], text);
        let validated = r#"{"validate_only":true,"message":{"token":"a"}}"#;
        assert_eq!(client.post(SEND, validated).await?.status, 200);
        assert!(sim.received(Service::Fcm, 10)?.is_empty());
        let stats = &sim.stats()[&Service::Fcm];
        assert_eq!((stats.accepted, stats.rejected["INVALID_ARGUMENT"]), (0, 1));

        let topic = r#"{"message":{"topic":"news","data":{"k":"v"}}}"#;
        assert_eq!(client.post(SEND, topic).await?.status, 200);
        let received = sim.received(Service::Fcm, 10)?;
        assert_eq!(
            (&*received[0].token, received[0].payload.get()),
            ("/topics/news", topic)
        );
    }
    Ok(())
}

#[tokio::test]
async fn topics_are_kept_until_the_reset() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let list = "/v1/projects/anypush-sim/registrations/a%3Ab/topicSubscriptions";
        let create = format!("{list}?topic_name=news");
        assert_eq!(client.post(&create, "{}").await?.status, 200);
        assert_eq!(client.post(&create, "{}").await?.status, 409);
        assert_eq!(sim.topics("a:b")?, ["news"]);
        let reply = client.send("GET", list, b"").await?;
        assert_eq!(reply.json()["topicSubscriptions"][0]["topicName"], "news");

        let gone = Action::Answer(Answer::new(404).reason("UNREGISTERED"));
        sim.fault(fcm(gone).token("a:b").times(1))?;
        let delete = format!("{list}/news?allow_missing=true");
        let reply = client.send("DELETE", &delete, b"").await?;
        assert_eq!(
            reply.json()["error"]["details"],
            json!([verdict("UNREGISTERED")])
        );
        assert_eq!(sim.topics("a:b")?, ["news"]);
        assert_eq!(client.send("DELETE", &delete, b"").await?.status, 200);
        assert!(sim.topics("a:b")?.is_empty());
        assert_eq!(
            client
                .send("DELETE", &format!("{list}/news"), b"")
                .await?
                .status,
            404
        );

        assert_eq!(client.post(&create, "").await?.status, 200);
        sim.reset();
        assert!(sim.topics("a:b")?.is_empty());
        assert_eq!(sim.stats()[&Service::Fcm].accepted, 0);
    }
    Ok(())
}

#[tokio::test]
async fn an_odd_request_is_answered_and_the_connection_goes_on() -> Result<(), Failure> {
    let sim = start(Over::Http1)?;
    let mut client = Client::connect(&sim, Over::Http1).await?;
    for body in [
        "",
        "[",
        "\u{0}",
        "[[[[",
        r#"{"message":[]}"#,
        r#"{"message":{"token":{}}}"#,
    ] {
        assert_eq!(client.post(SEND, body).await?.status, 400, "{body}");
    }
    assert_eq!(client.post("/batch", "--batch").await?.status, 404);
    assert_eq!(client.push("a").await?.status, 200);
    Ok(())
}
