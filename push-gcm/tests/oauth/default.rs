use std::sync::Arc;

use push_core::{ErrorKind, Verdict};
use push_gcm::v1::oauth::Credentials;

use crate::service_account::{assertion, key_file};
use crate::users::user_file;
use crate::{Fake, Reply, World};

const GCLOUD: &str = "/home/me/.config/gcloud/application_default_credentials.json";

fn found(environment: Fake) -> push_core::Result<Credentials> {
    Credentials::application_default_in(Arc::new(environment))
}

#[test]
fn the_variable_goes_first() {
    let environment = Fake::variables([
        ("GOOGLE_APPLICATION_CREDENTIALS", "/key.json"),
        ("HOME", "/home/me"),
    ]);
    let environment = environment
        .file("/key.json", key_file().to_string())
        .file(GCLOUD, user_file().to_string());
    let credentials = found(environment).unwrap();
    let world = World::replying([Reply::token("t")]);
    world.fetch(&credentials).unwrap();
    assertion(&world.asked()[0]);
    assert_eq!(credentials.project_id(), Some("my-project"));
}

#[test]
fn a_file_that_the_variable_names_must_be_of_use() {
    for (file, words) in [
        (None, "can't be read"),
        (Some("forbidden"), "can't be read"),
        (Some("{}"), "have no \"type\""),
        (
            Some(r#"{"type":"gdch_service_account"}"#),
            "gdch_service_account",
        ),
    ] {
        let mut environment = Fake::variables([
            ("GOOGLE_APPLICATION_CREDENTIALS", "/key.json"),
            ("HOME", "/home/me"),
        ])
        .file(GCLOUD, user_file().to_string());
        if let Some(file) = file {
            environment = environment.file("/key.json", file);
        }
        let error = found(environment).unwrap_err();
        let report = error.report();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(
            report.contains("GOOGLE_APPLICATION_CREDENTIALS") && report.contains("/key.json"),
            "{report}"
        );
        assert!(report.contains(words), "{report}");
    }
}

// The usual place is another one on Windows.
#[cfg(not(windows))]
#[test]
fn gclouds_file_goes_second_with_gclouds_project() {
    let configuration = "/home/me/.config/gcloud/configurations";
    let environment =
        Fake::variables([("HOME", "/home/me"), ("GOOGLE_APPLICATION_CREDENTIALS", "")])
            .file(GCLOUD, user_file().to_string())
            .file("/home/me/.config/gcloud/active_config", "work\n")
            .file(
                &format!("{configuration}/config_work"),
                "[core]\nproject = mine\n",
            )
            .file(
                &format!("{configuration}/config_default"),
                "[core]\nproject = no\n",
            );
    let credentials = found(environment).unwrap();
    let world = World::replying([Reply::token("t")]);
    world.fetch(&credentials).unwrap();
    assert_eq!(world.asked()[0].form()["grant_type"], "refresh_token");
    assert_eq!(credentials.project_id(), Some("mine"));
    assert_eq!(credentials.quota_project(), Some("pays"));
}

#[test]
fn gclouds_folder_may_be_elsewhere() {
    let environment = Fake::variables([("CLOUDSDK_CONFIG", "/sdk"), ("HOME", "/home/me")]).file(
        "/sdk/application_default_credentials.json",
        user_file().to_string(),
    );
    assert!(format!("{:?}", found(environment).unwrap()).contains("AuthorizedUser"));
    let unreadable = Fake::variables([("CLOUDSDK_CONFIG", "/sdk")])
        .file("/sdk/application_default_credentials.json", "forbidden");
    assert!(found(unreadable).unwrap_err().report().contains("/sdk/"));
}

#[test]
fn the_project_of_the_environment_goes_before_that_of_the_file() {
    for (variables, project) in [
        (vec![], "my-project"),
        (vec![("GCLOUD_PROJECT", "b")], "b"),
        (
            vec![("GCLOUD_PROJECT", "b"), ("GOOGLE_CLOUD_PROJECT", "c")],
            "c",
        ),
        (
            vec![
                ("GOOGLE_CLOUD_PROJECT", "c"),
                ("FIREBASE_CONFIG", r#"{"projectId":"d"}"#),
            ],
            "d",
        ),
        (vec![("FIREBASE_CONFIG", "/firebase.json")], "e"),
        (vec![("FIREBASE_CONFIG", "/nowhere.json")], "my-project"),
    ] {
        let mut environment = Fake::variables([("GOOGLE_APPLICATION_CREDENTIALS", "/key.json")])
            .file("/key.json", key_file().to_string())
            .file("/firebase.json", r#"{"projectId":"e"}"#);
        for (name, value) in variables {
            environment.variables.insert(name, value.to_owned());
        }
        assert_eq!(found(environment).unwrap().project_id(), Some(project));
    }
}

#[test]
fn where_there_is_nothing_the_error_says_where_it_was_looked_for() {
    let credentials = found(Fake::variables([("CLOUDSDK_CONFIG", "/sdk")])).unwrap();
    for (reply, words) in [
        (Reply::Fail(ErrorKind::Resolve), "the network has failed"),
        (Reply::Hang, "the deadline passed"),
        (Reply::text(200, "<html>"), "no metadata server"),
        (Reply::text(404, "").flavored(), "404"),
    ] {
        let world = World::replying([reply]);
        let error = world.failure(&credentials);
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        let report = error.report();
        for words in [
            "no credentials found: GOOGLE_APPLICATION_CREDENTIALS is not set",
            "/sdk/application_default_credentials.json is not there",
            "the metadata server metadata.google.internal: ",
            words,
        ] {
            assert!(report.contains(words), "{words} in {report}");
        }
        assert!(
            world.sim.elapsed().as_secs() < 15,
            "{:?}",
            world.sim.elapsed()
        );
    }
}

#[test]
fn the_metadata_server_is_not_asked_where_that_is_forbidden() {
    let error = found(Fake::variables([
        ("NO_GCE_CHECK", "True"),
        ("HOME", "/home/me"),
    ]));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("NO_GCE_CHECK is set"), "{text}");
}

#[test]
fn the_metadata_server_comes_last() {
    let credentials = found(Fake::default()).unwrap();
    let world = World::new(|seen| match seen.url.ends_with("project-id") {
        true => Reply::text(200, "my-machine\n").flavored(),
        false => Reply::token("t").flavored(),
    });
    assert_eq!(world.fetch(&credentials).unwrap(), "Bearer t");
    assert_eq!(world.project(&credentials).unwrap(), "my-machine");
}
