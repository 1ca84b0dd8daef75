//! APNs: by its client, whatever the simulator is told to answer, and by what reads the same answers without one.

use std::time::{Duration, SystemTime};

use anypush::apns::{Client, Notification, Reason, Rejection};
use anypush::prelude::*;
use push_sim::{Action, Answer, Fault, GoAway, Service, Sim};

use crate::canned::Reply;
use crate::common::{self, Shared, token};
use crate::page::{Section, WAIT_SECS, name};

/// The status of each reason. Source: Apple, "Handling notification responses from APNs" and "Handling error
/// responses from Apple Push Notification service".
const REASONS: &[(u16, &[&str])] = &[
    (410, &["Unregistered", "ExpiredToken"]),
    (429, &["TooManyRequests", "TooManyProviderTokenUpdates"]),
    (500, &["InternalServerError"]),
    (503, &["ServiceUnavailable", "Shutdown"]),
    (
        403,
        &[
            "BadCertificate",
            "BadCertificateEnvironment",
            "BadEnvironmentKeyIdInToken",
            "ExpiredProviderToken",
            "Forbidden",
            "InvalidProviderToken",
            "MissingProviderToken",
            "TopicMismatch",
            "UnrelatedKeyIdInToken",
        ],
    ),
    (
        400,
        &[
            "BadChannelId",
            "BadCollapseId",
            "BadDeviceToken",
            "BadExpirationDate",
            "BadMessageId",
            "BadPriority",
            "BadRequestParams",
            "BadRequestPayload",
            "BadTopic",
            "CannotCreateChannelConfig",
            "ChannelNotRegistered",
            "DeviceTokenNotForTopic",
            "DuplicateHeaders",
            "FeatureNotEnabled",
            "IdleTimeout",
            "InvalidPushType",
            "MissingChannelId",
            "MissingDeviceToken",
            "MissingPushType",
            "MissingTopic",
            "PayloadEmpty",
            "TopicDisallowed",
        ],
    ),
    (404, &["BadPath"]),
    (405, &["MethodNotAllowed"]),
    (413, &["PayloadTooLarge"]),
];

/// Statuses with a reason that is not known.
const STATUSES: &[u16] = &[
    204, 301, 400, 401, 403, 404, 405, 408, 410, 413, 429, 500, 502, 503,
];

pub async fn section(backend: Shared) -> Section {
    let mut section = Section::new(
        "apns",
        "APNs (`anypush::apns`)",
        "The reason counts, and the status where the reason is not known. `RemoveToken` has the time that the answer \
         names. A provider token that has expired is renewed and the push sent again, once; the table has what comes \
         of a second `ExpiredProviderToken`.",
    );
    let sim = common::sim();
    let client = common::client(backend, &sim);
    let hello = Notification::alert("Hello");
    let accepted = client.send(token(0), &hello).await.verdict();
    section.add("200", accepted);

    let mut all: Vec<Case> = Vec::new();
    for (status, reasons) in REASONS {
        for reason in *reasons {
            assert!(Reason::KNOWN.contains(&Reason::from(*reason)), "{reason}");
            let label = format!("{status} `{reason}`");
            all.push((label, Answer::new(*status).reason(*reason)));
        }
    }
    assert_eq!(all.len(), Reason::KNOWN.len(), "every reason has a status");
    for status in STATUSES {
        let answer = Answer::new(*status).reason("ToBeInvented");
        let label = match status {
            204 => "any other 2xx".to_owned(),
            301 => "3xx".to_owned(),
            status => format!("{status} with any other reason"),
        };
        all.push((label, answer));
    }
    for (number, (label, answer)) in all.into_iter().enumerate() {
        let tokens = [token(2 * number + 1), token(2 * number + 2)];
        let without = send(&sim, &client, &tokens[0], answer.clone()).await;
        let with = send(&sim, &client, &tokens[1], answer.retry_after(WAIT_SECS)).await;
        section.add_both(label, without, &with);
    }
    drop(client);
    let refused = goaway(&sim).await;
    section.add(
        "a connection closed with a GOAWAY that has a reason of 403",
        refused,
    );
    for (label, others) in [
        (
            "`BadDeviceToken` in a bulk send that had others accepted",
            true,
        ),
        (
            "`BadDeviceToken` in a bulk send that had none accepted",
            false,
        ),
    ] {
        section.add(label, in_a_bulk_send(&sim, others).await);
    }
    section
}

type Case = (String, Answer);

/// The verdict that a client comes to, which is that of the answer; but of a success nobody knows.
async fn send(sim: &Sim, client: &Client, token: &str, answer: Answer) -> Verdict {
    common::answer(sim, token, answer.clone());
    let outcome = client.send(token, &Notification::alert("Hello")).await;
    let verdict = outcome.verdict();
    if answer.status >= 300 {
        let body = serde_json::json!({"reason": answer.reason}).to_string();
        let mut reply = Reply::new(answer.status, body);
        if let Some(wait) = answer.retry_after {
            reply = reply.header("retry-after", wait);
        }
        let (status, headers) = (reply.status(), reply.header_map());
        let now = SystemTime::UNIX_EPOCH;
        let read = Rejection::read(status, &headers, reply.body.as_bytes(), now).verdict();
        assert_eq!(name(&read), name(&verdict), "{reply:?}");
    }
    verdict
}

/// Each with connections of its own.
fn fresh(sim: &Sim) -> Client {
    let session = Session::new(anypush::TokioBackend::new().unwrap());
    // Connections that are all closed are tried until then.
    let builder = common::builder(session, sim).timeout(Duration::from_secs(5));
    builder.build().unwrap()
}

async fn goaway(sim: &Sim) -> Verdict {
    sim.clear_faults();
    let goaway = GoAway::new().last(0).reason("InvalidProviderToken");
    sim.fault(Fault::new(Service::Apns, Action::GoAway(goaway)))
        .unwrap();
    let outcome = fresh(sim)
        .send(token(1), &Notification::alert("Hello"))
        .await;
    outcome.verdict()
}

/// The verdict on a bad token among five, and among others.
async fn in_a_bulk_send(sim: &Sim, others: bool) -> Verdict {
    sim.clear_faults();
    let bad: Vec<_> = (0..5).map(token).collect();
    for token in &bad {
        common::answer(sim, token, Answer::new(400).reason("BadDeviceToken"));
    }
    let good = others.then(|| token(9));
    let devices = bad.iter().cloned().chain(good);
    let mut outcomes = fresh(sim).send_all(devices, &Notification::alert("Hello"));
    let mut verdict = None;
    while let Some((token, outcome)) = outcomes.next().await {
        if token == bad[0] {
            verdict = Some(outcome.verdict());
        }
    }
    verdict.unwrap()
}
