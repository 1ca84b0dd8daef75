use std::sync::Arc;

use push_core::{ErrorKind, Verdict};
use push_gcm::v1::oauth::Credentials;

use crate::{Fake, Reply, SECOND, World};

fn credentials() -> Credentials {
    Credentials::metadata_server().environment(Arc::new(Fake::default()))
}

fn flavored() -> World {
    World::replying([Reply::token("t").flavored()])
}

#[test]
fn a_token_is_asked_for_by_its_scope_after_the_server_was_found() {
    let world = flavored();
    let credentials = credentials();
    assert_eq!(world.fetch(&credentials).unwrap(), "Bearer t");
    let asked = world.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].url, "http://metadata.google.internal/");
    assert_eq!(
        asked[1].url,
        "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/\
         token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Ffirebase.messaging"
    );
    for seen in asked {
        assert_eq!(
            (&*seen.method, seen.header("metadata-flavor")),
            ("GET", "Google")
        );
    }
    world.fetch(&credentials).unwrap();
    assert_eq!(world.asked().len(), 1, "it is known to be there");
}

#[test]
fn the_host_is_the_callers_or_the_environments_choice() {
    let environment = |variables| Arc::new(Fake::variables(variables));
    let of = |credentials: Credentials| {
        let world = flavored();
        world.fetch(&credentials).unwrap();
        world.asked().pop().unwrap().url
    };
    let host = environment([
        ("GCE_METADATA_HOST", "10.0.0.1:81"),
        ("GCE_METADATA_ROOT", "x"),
    ]);
    let of_environment = credentials().environment(host);
    assert!(of(of_environment.clone()).starts_with("http://10.0.0.1:81/computeMetadata/"));
    let old =
        credentials().environment(environment([("GCE_METADATA_ROOT", "a.example"), ("X", "")]));
    assert!(of(old).starts_with("http://a.example/computeMetadata/"));
    let address = environment([("GCE_METADATA_IP", "10.0.0.2"), ("X", "")]);
    assert!(of(credentials().environment(address)).starts_with("http://10.0.0.2/computeMetadata/"));
    for host in [
        "127.0.0.1:8080",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/",
    ] {
        let of_caller = of_environment.clone().metadata_host(host).unwrap();
        assert!(of(of_caller).starts_with("http://127.0.0.1:8080/computeMetadata/"));
    }
    assert!(credentials().metadata_host("a host").is_err());
}

#[test]
fn another_host_is_looked_for_anew() {
    let world = flavored();
    let credentials = credentials();
    world.fetch(&credentials).unwrap();
    world.asked();
    let elsewhere = credentials.metadata_host("127.0.0.1:8080").unwrap();
    world.fetch(&elsewhere).unwrap();
    assert_eq!(world.asked()[0].url, "http://127.0.0.1:8080/");
}

#[test]
fn a_server_without_the_flavor_is_none() {
    let world = World::replying([Reply::token("s3cret")]);
    let error = world.failure(&credentials());
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    assert!(error.report().contains("lacks `Metadata-Flavor: Google`"));
    // Nor is one that loses it later.
    let world = World::replying([Reply::token("t").flavored(), Reply::token("s3cret")]);
    assert_eq!(world.failure(&credentials()).kind(), ErrorKind::Config);
}

#[test]
fn detecting_takes_no_longer_than_it_may() {
    let world = World::replying([Reply::Hang]);
    let error = world.failure(&credentials());
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)));
    assert!(
        error.report().contains("on Google's machines only"),
        "{}",
        error.report()
    );
    let asked = world.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[1].at - asked[0].at < 5 * SECOND);
    let quick = Fake::variables([
        ("GCE_METADATA_TIMEOUT", "0.5"),
        ("GCE_METADATA_DETECT_RETRIES", "1"),
    ]);
    let begun = world.sim.elapsed();
    world.failure(&credentials().environment(Arc::new(quick)));
    assert_eq!(world.asked().len(), 1);
    assert_eq!(world.sim.elapsed() - begun, SECOND / 2);
}

#[test]
fn a_server_that_was_found_may_be_away_for_a_while() {
    let world = World::new({
        let mut calls = 0;
        move |_| {
            calls += 1;
            match calls {
                3..=5 => Reply::text(503, "").flavored(),
                _ => Reply::token("t").flavored(),
            }
        }
    });
    let credentials = credentials();
    let bearer = credentials.bearer(&world.http);
    let first = world.token(&bearer).unwrap();
    assert!(bearer.refused(&first));
    let error = world.token(&bearer).unwrap_err();
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)));
    world.token(&bearer).unwrap();
}

#[test]
fn a_machine_without_an_account_is_told_as_such() {
    let world = World::new(|seen| match seen.url.contains("token") {
        true => Reply::text(404, "not found").flavored(),
        false => Reply::text(200, "").flavored(),
    });
    let error = world.failure(&credentials());
    let report = error.report();
    assert!(
        report.contains("no service account is attached"),
        "{report}"
    );
    assert_eq!(error.verdict(), Verdict::FixCredentials);
}

#[test]
fn the_project_is_asked_for_and_checked() {
    for (body, is_project) in [
        ("my-project", true),
        ("example.com:my-project\n", true),
        ("", false),
        ("<html>", false),
        ("../../x", false),
    ] {
        let world = World::replying([Reply::text(200, body).flavored()]);
        let project = world.project(&credentials());
        match is_project {
            true => assert_eq!(project.unwrap(), body.trim()),
            false => assert_eq!(project.unwrap_err().kind(), ErrorKind::Config),
        }
        assert!(
            world.asked()[1]
                .url
                .ends_with("/computeMetadata/v1/project/project-id")
        );
    }
    let known = Arc::new(Fake::variables([("GOOGLE_CLOUD_PROJECT", "known")]));
    let world = World::replying([Reply::Hang]);
    let credentials = credentials().environment(known);
    assert_eq!(world.project(&credentials).unwrap(), "known");
    assert!(world.asked().is_empty());
}
