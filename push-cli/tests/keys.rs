//! `keys vapid`.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use support::{anypush, complains, json, run};

const PUBLIC_CHARS: usize = 87;

fn keys(args: &[&str]) -> std::process::Command {
    let mut command = anypush(["keys", "vapid"]);
    command.args(args);
    command
}

fn public_of(path: &Path) -> String {
    let ended = run(keys(&["--from"]).arg(path));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    ended.stdout.trim_end().to_owned()
}

#[test]
fn a_key_is_printed_with_its_public_part_on_the_last_line() {
    let dir = tempfile::tempdir().unwrap();
    let ended = run(&mut keys(&[]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
    let public = ended.stdout.lines().last().unwrap();
    assert_eq!(public.len(), PUBLIC_CHARS, "{ended:?}");
    // The output as a whole is a file that can be used.
    let path = dir.path().join("all.pem");
    fs::write(&path, &ended.stdout).unwrap();
    assert_eq!(public_of(&path), public);

    let another = run(&mut keys(&[]));
    assert_ne!(another.stdout, ended.stdout, "each one is new");
}

#[test]
fn a_key_goes_into_a_file_of_its_owner_and_over_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vapid.pem");
    let ended = run(keys(&["--out"]).arg(&path));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let public = ended.stdout.trim_end().to_owned();
    assert_eq!(public.len(), PUBLIC_CHARS, "{ended:?}");
    assert_eq!(public_of(&path), public);
    let pem = fs::read_to_string(&path).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{pem}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    complains(
        keys(&["--out"]).arg(&path),
        2,
        &["vapid.pem", "there is such a file", "--force"],
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), pem);

    let forced = run(keys(&["--force", "--out"]).arg(&path));
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert_eq!(public_of(&path), forced.stdout.trim_end());
    assert_ne!(forced.stdout.trim_end(), public);
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no other file"
    );
}

#[test]
fn keys_of_other_programs_are_shown_and_turned_into_pem() {
    // Of RFC 8291, section 5: in no use anywhere.
    const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const PUBLIC: &str =
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    let dir = tempfile::tempdir().unwrap();
    let (json, pem) = (dir.path().join("keys.json"), dir.path().join("keys.pem"));
    let printed = format!(r#"{{"publicKey":"{PUBLIC}","privateKey":"{PRIVATE}"}}"#);
    fs::write(&json, printed).unwrap();
    assert_eq!(public_of(&json), PUBLIC);
    let ended = run(keys(&["--from"]).arg(&json).arg("--out").arg(&pem));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(public_of(&pem), PUBLIC);
    assert!(!ended.stdout.contains(PRIVATE) && !ended.stdout.contains("BEGIN"));
}

#[test]
fn programs_get_one_object_and_people_get_words() {
    let dir = tempfile::tempdir().unwrap();
    let made = run(&mut keys(&["--output", "json"]));
    let made = json(made.stdout.trim_end());
    assert_eq!(
        made["application_server_key"].as_str().unwrap().len(),
        PUBLIC_CHARS
    );
    assert!(made["private_key_pem"].as_str().unwrap().contains("BEGIN"));

    let path = dir.path().join("vapid.pem");
    let written = run(keys(&["--output", "json", "--out"]).arg(&path));
    let written = json(written.stdout.trim_end());
    assert_eq!(written["file"].as_str(), path.to_str());
    assert!(written.get("private_key_pem").is_none());

    let shown = run(keys(&["--output", "human", "--from"]).arg(&path));
    assert!(shown.stdout.contains("pushManager.subscribe"), "{shown:?}");
    assert!(!shown.stdout.contains("BEGIN"), "{shown:?}");
}

#[test]
fn what_is_no_key_is_status_2_and_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret.txt");
    fs::write(&path, "hunter2 hunter2").unwrap();
    complains(keys(&["--from"]).arg(&path), 2, &["--from", "secret.txt"]);
    let ended = run(keys(&["--from"]).arg(&path));
    assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    complains(
        &mut keys(&["--from", "/nowhere/a.pem"]),
        2,
        &["/nowhere/a.pem"],
    );
    complains(
        &mut keys(&["--out", "/nowhere/a.pem"]),
        2,
        &["/nowhere/a.pem"],
    );
    complains(&mut keys(&["--force"]), 2, &["--out"]);
}
