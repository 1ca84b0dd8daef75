//! Access tokens of FCM, from the file to the push, against the simulator, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anypush::ErrorKind;
use anypush::fcm::oauth::Environment;
use anypush::fcm::{AccessToken, Client, Credentials, OAuthCode, OAuthError};
use anypush::prelude::*;
use common::fcm::*;
use common::{Shared, Shifted, wait_until};
use push_sim::fcm::Config;
use push_sim::{Action, Answer, Fault, Service, Sim};
use serde_json::json;

on_every_backend! {
    one_access_token_serves_all_who_wait,
    a_refused_access_token_is_renewed_once_for_200_pushes,
    an_account_that_may_not_send_is_told_after_one_renewal,
    what_the_token_server_says_for_good_is_told_to_each,
    what_is_no_token_is_told_as_such,
    a_token_server_that_recovers_is_asked_again,
    a_token_server_that_asks_for_time_gets_it,
    a_clock_that_is_ahead_is_set_right_by_the_servers,
    a_clock_that_is_behind_is_set_right_where_that_matters,
    a_token_is_renewed_before_it_ends_and_serves_meanwhile,
    every_kind_of_credentials_leads_to_a_push,
    application_default_credentials_are_found,
}

fn asked(sim: &Sim) -> u64 {
    stats_of(sim, Service::Fcm).authorizations
}

async fn all_taken(client: &Client, devices: std::ops::Range<usize>) -> u32 {
    let outcomes: Vec<_> = client
        .send_all(devices.clone().map(registration), &hello())
        .collect()
        .await;
    assert_eq!(outcomes.len(), devices.len());
    let attempts = outcomes
        .into_iter()
        .map(|(_, outcome)| outcome.unwrap().attempts);
    attempts.max().unwrap()
}

async fn one_access_token_serves_all_who_wait(backend: Shared) {
    let sim = fcm_sim();
    let slow = Action::Delay(Duration::from_millis(100));
    sim.fault(Fault::new(Service::Fcm, slow).token("/token"))
        .unwrap();
    let client = fcm_client(backend, &sim);
    assert_eq!(all_taken(&client, 0..200).await, 1);
    assert_eq!(asked(&sim), 1);
}

async fn a_refused_access_token_is_renewed_once_for_200_pushes(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    client.send("a", &hello()).await.unwrap();
    assert_eq!(sim.revoke_access_tokens().unwrap(), 1);
    assert_eq!(all_taken(&client, 0..200).await, 2);
    assert_eq!(asked(&sim), 2);
    assert_eq!(stats_of(&sim, Service::Fcm).accepted, 201);
}

async fn an_account_that_may_not_send_is_told_after_one_renewal(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    let refused = Answer::new(401).reason("UNAUTHENTICATED");
    strike(&sim, Service::Fcm, Action::Answer(refused), u64::MAX);
    let outcomes: Vec<_> = client
        .send_all((0..100).map(registration), &hello())
        .collect()
        .await;
    for (_, outcome) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        assert!(error.rejection().unwrap().is_auth_refusal());
        assert!(error.attempts() <= 2);
    }
    assert_eq!(asked(&sim), 2, "no storm of renewals");
}

async fn what_the_token_server_says_for_good_is_told_to_each(backend: Shared) {
    let grant = |text: &str| Answer::new(400).reason("invalid_grant").message(text);
    let other = |status, reason: &str| Answer::new(status).reason(reason);
    let rows = [
        (
            grant("Invalid JWT Signature."),
            OAuthCode::InvalidGrant,
            "deleted or disabled",
        ),
        (
            grant("Invalid JWT: Failed audience check."),
            OAuthCode::InvalidGrant,
            "token URL",
        ),
        (
            grant("Invalid grant: account not found"),
            OAuthCode::InvalidGrant,
            "there is no account",
        ),
        (
            other(400, "invalid_scope"),
            OAuthCode::InvalidScope,
            "no such scope",
        ),
        (
            other(400, "invalid_request"),
            OAuthCode::InvalidRequest,
            "not understood",
        ),
        (
            other(401, "invalid_client"),
            OAuthCode::InvalidClient,
            "not known",
        ),
        (
            other(401, "unauthorized_client"),
            OAuthCode::UnauthorizedClient,
            "scope",
        ),
        (
            other(403, "access_denied"),
            OAuthCode::AccessDenied,
            "not allowed",
        ),
        (
            other(400, "admin_policy_enforced"),
            OAuthCode::AdminPolicyEnforced,
            "the organisation forbids it",
        ),
        (
            other(400, "to_be_invented"),
            OAuthCode::Other("to_be_invented".to_owned()),
            "not accepted",
        ),
        (
            Answer::new(400).body("text/html", "<html>no</html>"),
            OAuthCode::Untold,
            "not accepted",
        ),
        (
            Answer::new(401).empty_body(),
            OAuthCode::Untold,
            "not accepted",
        ),
    ];
    for (answer, code, words) in rows {
        let sim = fcm_sim();
        answers(&sim, Service::Fcm, "/token", answer.clone());
        let client = fcm_client(backend.clone(), &sim);
        let outcomes: Vec<_> = client
            .send_all((0..20).map(registration), &hello())
            .collect()
            .await;
        assert_eq!(outcomes.len(), 20);
        for (_, outcome) in outcomes {
            let error = outcome.unwrap_err();
            assert_eq!(error.verdict(), Verdict::FixCredentials, "{answer:?}");
            assert_eq!(error.kind(), ErrorKind::Identity, "{answer:?}");
            assert_eq!(error.attempts(), 0);
            let report = error.report();
            assert!(report.contains(words), "{report}");
            assert_eq!(OAuthError::of(&error).unwrap().error, code, "{report}");
        }
        assert_eq!(asked(&sim), 1, "{answer:?}");
        assert_eq!(stats_of(&sim, Service::Fcm).requests, 0);

        // New credentials are tried at once.
        sim.clear_faults();
        client.replace_credentials(service_account(&sim)).unwrap();
        client.send("a", &hello()).await.unwrap();
    }
}

async fn what_is_no_token_is_told_as_such(backend: Shared) {
    let json = |text: &str| Answer::new(200).body("application/json", text);
    let rows = [
        Answer::new(404).body("text/html", "<html>not here</html>"),
        Answer::new(200).body("text/html", "<html>log in first</html>"),
        Answer::new(200).empty_body(),
        json("{}"),
        json("[]"),
        json(r#"{"access_token": ""}"#),
        json(r#"{"access_token": "a", "token_type": "mac"}"#),
        json(r#"{"access_token": "a\nb", "token_type": "Bearer"}"#),
    ];
    for answer in rows {
        let sim = fcm_sim();
        answers(&sim, Service::Fcm, "/token", answer.clone());
        let error = fcm_client(backend.clone(), &sim).ready().await.unwrap_err();
        assert_eq!(
            error.verdict(),
            Verdict::FixCredentials,
            "{answer:?}: {}",
            error.report()
        );
    }
}

async fn a_token_server_that_recovers_is_asked_again(backend: Shared) {
    let sim = fcm_sim();
    let busy = [
        Answer::new(503).reason("temporarily_unavailable"),
        Answer::new(500).empty_body(),
    ];
    for answer in busy {
        let fault = Fault::new(Service::Fcm, Action::Answer(answer)).token("/token");
        sim.fault(fault.times(1)).unwrap();
    }
    let client = fcm_client(backend, &sim);
    assert_eq!(all_taken(&client, 0..50).await, 1);
    assert_eq!(asked(&sim), 3);
}

async fn a_token_server_that_asks_for_time_gets_it(backend: Shared) {
    let sim = fcm_sim();
    let busy = Answer::new(429)
        .reason("rate_limit_exceeded")
        .retry_after("120");
    answers(&sim, Service::Fcm, "/token", busy);
    let client = fcm_client(backend, &sim);
    let error = client.send("a", &hello()).await.unwrap_err();
    let Verdict::RetryAfter(wait) = error.verdict() else {
        panic!("{}", error.report());
    };
    assert!(wait > Duration::from_secs(110), "{wait:?}");
    assert!(!error.may_have_been_taken());
    assert_eq!(asked(&sim), 1);
}

async fn a_clock_that_is_ahead_is_set_right_by_the_servers(backend: Shared) {
    let sim = fcm_sim_with(Config::default().clock_offset_seconds(-600));
    let client = fcm_client(backend, &sim);
    assert_eq!(all_taken(&client, 0..20).await, 1);
    assert_eq!(asked(&sim), 2, "the first assertion was refused");
    // The offset is kept.
    sim.revoke_access_tokens().unwrap();
    client.send("a", &hello()).await.unwrap();
    assert_eq!(asked(&sim), 3);
}

async fn a_clock_that_is_behind_is_set_right_where_that_matters(backend: Shared) {
    // An assertion is good for an hour: of those, ten minutes have passed.
    for (behind, exchanges) in [(600, 1), (2 * 3600, 2)] {
        let sim = fcm_sim();
        let behind = Arc::new(AtomicU64::new(behind));
        let client = fcm_client(Arc::new(Shifted::new(backend.clone(), behind)), &sim);
        assert_eq!(all_taken(&client, 0..20).await, 1);
        assert_eq!(asked(&sim), exchanges);
    }
}

async fn a_token_is_renewed_before_it_ends_and_serves_meanwhile(backend: Shared) {
    let sim = fcm_sim();
    let ahead = Arc::new(AtomicU64::new(0));
    let client = fcm_client(Arc::new(Jumping::new(backend, ahead.clone())), &sim);
    client.send("a", &hello()).await.unwrap();
    client.send("b", &hello()).await.unwrap();
    assert_eq!(asked(&sim), 1);

    // Less than five minutes are left: the old one serves, and another is fetched beside.
    ahead.store(3400, Ordering::SeqCst);
    let slow = Fault::new(Service::Fcm, Action::Delay(Duration::from_millis(200)));
    sim.fault(slow.token("/token").times(1)).unwrap();
    client.send("c", &hello()).await.unwrap();
    wait_until(|| asked(&sim) == 2).await;
    let used = |index: usize| {
        let received = sim.received(Service::Fcm, 10_000).unwrap();
        received[index].headers["authorization"].clone()
    };
    assert_eq!(used(0), used(2));
    // The new one comes into use as soon as it is there.
    let mut pushes = 3;
    while used(pushes - 1) == used(0) {
        assert!(pushes < 2000, "the new token is never used");
        client.send("d", &hello()).await.unwrap();
        pushes += 1;
    }

    // While a renewal fails, what is valid serves.
    answers(
        &sim,
        Service::Fcm,
        "/token",
        Answer::new(400).reason("invalid_grant"),
    );
    ahead.store(6800, Ordering::SeqCst);
    for _ in 0..5 {
        client.send("e", &hello()).await.unwrap();
    }
    wait_until(|| asked(&sim) == 3).await;
    client.send("f", &hello()).await.unwrap();
    // And when it has ended, the failure is told.
    ahead.store(8000, Ordering::SeqCst);
    let error = client.send("g", &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
}

/// Variables and no files of their own; those of the file system are read.
#[derive(Debug, Default)]
struct Variables(HashMap<&'static str, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

fn user(url: &str) -> Credentials {
    let file = json!({
        "type": "authorized_user",
        "client_id": "764086051850.apps.googleusercontent.com",
        "client_secret": "sim-client-secret",
        "refresh_token": "1//sim-refresh-token",
    });
    let user = Credentials::authorized_user(file.to_string()).unwrap();
    user.token_url(&format!("{url}/token")).unwrap()
}

/// An identity of another provider, whose token is in a file.
fn external(sim: &Sim, url: &str, impersonates: bool) -> Credentials {
    let subject = sim.dir().join("subject-token");
    std::fs::write(&subject, "a token of the other provider").unwrap();
    let account = sim.service_account().unwrap();
    let email = account.client_email();
    let mut file = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{url}/v1/token"),
        "credential_source": {"file": subject},
    });
    if impersonates {
        let path = format!("/v1/projects/-/serviceAccounts/{email}:generateAccessToken");
        file["service_account_impersonation_url"] = format!("{url}{path}").into();
    }
    Credentials::external_account(file.to_string()).unwrap()
}

async fn every_kind_of_credentials_leads_to_a_push(backend: Shared) {
    let sim = fcm_sim_with(Config::default().access_token("brought-along"));
    let url = sim.fcm_url().unwrap();
    let provided = Credentials::provider(|| async {
        Ok(AccessToken::new(
            "brought-along",
            Some(Duration::from_secs(3600)),
        ))
    });
    let kinds = [
        ("service account", service_account(&sim)),
        ("user", user(&url)),
        ("external account", external(&sim, &url, false)),
        (
            "external account, impersonating",
            external(&sim, &url, true),
        ),
        (
            "metadata server",
            Credentials::metadata_server().metadata_host(&url).unwrap(),
        ),
        ("provider", provided),
        ("fixed", Credentials::access_token("brought-along")),
    ];
    for (kind, credentials) in kinds {
        let knows_the_project = ["service account", "metadata server"].contains(&kind);
        // What the environment of this process says counts for nothing here.
        let credentials = credentials.environment(Arc::new(Variables::default()));
        let builder = fcm_builder(Session::new(backend.clone()), &sim).credentials(credentials);
        let builder = match knows_the_project {
            true => builder,
            false => builder.project("anypush-sim"),
        };
        let client = builder.build().unwrap();
        let receipt = client.send("a", &hello()).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{kind}: {}", error.report()));
        assert!(receipt.name.starts_with("projects/anypush-sim/"), "{kind}");
    }
    assert_eq!(stats_of(&sim, Service::Fcm).accepted, 7);
}

async fn application_default_credentials_are_found(backend: Shared) {
    let sim = fcm_sim();
    let path = sim.dir().join("service-account.json");
    let by_path = HashMap::from([(
        "GOOGLE_APPLICATION_CREDENTIALS",
        path.to_str().unwrap().to_owned(),
    )]);
    let by_host = HashMap::from([
        ("GCE_METADATA_HOST", sim.fcm_url().unwrap()),
        ("CLOUDSDK_CONFIG", "/nonexistent".to_owned()),
    ]);
    for variables in [by_path, by_host] {
        let environment = Arc::new(Variables(variables));
        let found = Credentials::application_default_in(environment).unwrap();
        let client = fcm_builder(Session::new(backend.clone()), &sim)
            .credentials(found)
            .build()
            .unwrap();
        client.send("a", &hello()).await.unwrap();
    }

    let nowhere = HashMap::from([
        ("NO_GCE_CHECK", "true".to_owned()),
        ("CLOUDSDK_CONFIG", "/nonexistent".to_owned()),
    ]);
    let nothing = Credentials::application_default_in(Arc::new(Variables(nowhere)));
    let error = nothing.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
    let report = error.report();
    for place in ["GOOGLE_APPLICATION_CREDENTIALS", "gcloud", "metadata"] {
        assert!(report.contains(place), "{place}: {report}");
    }
}
