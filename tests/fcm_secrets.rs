//! No log line has a secret in it, however much is logged; nor has what is shown of errors and clients.

#![allow(clippy::unwrap_used)]

mod common;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anypush::fcm::{Credentials, Topic};
use anypush::gcm::{Message, Multicast, RegistrationId};
use anypush::prelude::*;
use common::fcm::*;
use common::{Shared, standalone, wait_until};
use push_sim::{Action, Answer, Close, Service, Sim};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Takes everything from everybody but the simulators, which are another program in real life.
fn listen() -> Log {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let everybody = Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_target("push_sim", LevelFilter::OFF);
    tracing_subscriber::registry()
        .with(lines)
        .with(everybody)
        .init();
    log
}

/// The lines of a key, and all of what the requests were made with.
fn secrets_of(sim: &Sim) -> Vec<String> {
    let path = sim.dir().join("service-account.json");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let key = file["private_key"].as_str().unwrap();
    let lines = key
        .lines()
        .filter(|line| line.len() > 20 && !line.starts_with('-'));
    let mut secrets: Vec<String> = lines.map(str::to_owned).collect();
    assert!(secrets.len() > 10, "a key has many lines");
    for push in sim.received(Service::Fcm, 10_000).unwrap() {
        let token = push.headers["authorization"]
            .strip_prefix("Bearer ")
            .unwrap();
        secrets.push(token.to_owned());
    }
    secrets.sort();
    secrets.dedup();
    secrets
}

/// All that can be shown of it.
fn shown(error: &(impl std::error::Error + ?Sized)) -> String {
    format!("{error} {error:?} {error:#?}")
}

async fn use_fcm(backend: Shared, sim: &Sim) -> String {
    let mut seen = String::new();
    let gone = Answer::new(404).reason("UNREGISTERED");
    answers(sim, Service::Fcm, &registration(1), gone);
    let echo = format!("the token {} is not valid", registration(2));
    let bad = Answer::new(400).reason("INVALID_ARGUMENT").message(echo);
    answers(sim, Service::Fcm, &registration(2), bad);
    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(2);
    let client = fcm_builder(Session::new(backend), sim).retry(policy);
    seen += &format!("{client:?} {:?}", service_account(sim));
    let client = client.build().unwrap();
    seen += &format!("{client:?}");
    client.ready().await.unwrap();
    let busy = Answer::new(503).reason("UNAVAILABLE").retry_after("0");
    strike(sim, Service::Fcm, Action::Answer(busy), 1);
    client.send(registration(6), &hello()).await.unwrap();
    let outcomes: Vec<_> = client
        .send_all((0..20).map(registration), &hello())
        .collect()
        .await;
    for (_, outcome) in &outcomes {
        seen += &match outcome {
            Ok(receipt) => format!("{receipt:?}"),
            Err(error) => shown(error) + &error.report(),
        };
    }
    // An access token that is refused, and another in its place.
    sim.revoke_access_tokens().unwrap();
    client.send(registration(3), &hello()).await.unwrap();
    let topics = client.topics();
    topics
        .subscribe(registration(3), &Topic::new("news").unwrap())
        .await
        .unwrap();
    topics.list(registration(3)).await.unwrap();
    strike(sim, Service::Fcm, Action::Close(Close::Rst), 1);
    let lost = client.send(registration(4), &hello()).await.unwrap_err();
    seen += &(shown(&lost) + &lost.report());
    // What a token server says can have in it what was sent there.
    let refused = Answer::new(400).reason("invalid_grant");
    answers(sim, Service::Fcm, "/token", refused);
    client.replace_credentials(service_account(sim)).unwrap();
    let refused = client.send(registration(5), &hello()).await.unwrap_err();
    seen += &(shown(&refused) + &refused.report());
    let short = Credentials::access_token("ya29.of-somebody-else");
    seen += &format!("{short:?}");
    client.replace_credentials(short).unwrap();
    let refused = client.send(registration(5), &hello()).await.unwrap_err();
    seen += &(shown(&refused) + &refused.report());
    seen
}

async fn use_gcm(backend: Shared, sim: &Sim) -> String {
    let mut seen = String::new();
    let gone = Answer::new(200).reason("NotRegistered");
    answers(sim, Service::Gcm, &registration(1), gone);
    let moved = Answer::new(200).canonical(registration(102));
    answers(sim, Service::Gcm, &registration(2), moved);
    let client = gcm_client(backend, sim);
    seen += &format!("{client:?}");
    let hello = Message::text("Hello");
    let ids = (0..20).map(|number| RegistrationId::new(registration(number)).unwrap());
    let report = client
        .send_multicast(&Multicast::new(hello.clone(), ids))
        .await;
    seen += &format!("{report:?}");
    let outcomes: Vec<_> = client
        .send_all((3..20).map(registration), &hello)
        .collect()
        .await;
    assert_eq!(outcomes.len(), 17);
    let page = format!("<html>{API_KEY} may not send to {}</html>", registration(7));
    for status in [400, 401, 503] {
        let answer = Answer::new(status).body("text/html", page.clone());
        strike(sim, Service::Gcm, Action::Answer(answer), 1);
        let error = client.send(registration(7), &hello).await.unwrap_err();
        seen += &(shown(&error) + &error.report());
    }
    seen
}

#[test]
fn no_secret_is_logged_or_shown() {
    let log = listen();
    let mut secrets = vec![API_KEY.to_owned(), "ya29.of-somebody-else".to_owned()];
    secrets.extend((0..20).map(registration));
    secrets.push(registration(102));
    // How an assertion begins, whatever is in it.
    secrets.push("eyJhbGciOi".to_owned());
    let mut seen = String::new();
    for (_, backend) in standalone() {
        let (fcm, gcm) = (fcm_sim(), gcm_sim());
        anypush::blocking::block_on(async {
            seen += &use_fcm(backend.clone(), &fcm).await;
            seen += &use_gcm(backend, &gcm).await;
            wait_until(|| stats_of(&fcm, Service::Fcm).requests > 20).await;
        });
        secrets.extend(secrets_of(&fcm));
    }
    let log = log.text();
    // It heard all of them.
    for who in ["push_core::bearer::", "push_core::http::", "h2::"] {
        assert!(log.contains(who), "{who} was not heard");
    }
    assert!(log.contains("TRACE"));
    for secret in secrets {
        for (place, text) in [("log", &log), ("what is shown", &seen)] {
            if let Some(at) = text.find(&secret) {
                let from = text[..at].rfind('\n').unwrap_or(0);
                let line: String = text[from..].chars().take(600).collect();
                panic!("{secret:?} is in the {place}: {line}");
            }
        }
    }
}
