//! `send wns`: wrong use, credentials that are none, secrets, servers that are not there, and ends on the
//! way.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use push_sim::{Action, Answer, Fault, Service};
use support::google::taken;
use support::wns::{
    APP, SECRET, SID, TENANT, channel, channels, listed, send_wns, wns_answer, wns_at, wns_fault,
    wns_sim, wns_to,
};
use support::{BACKENDS, Running, complains, json, run, run_with, until};

#[test]
fn wrong_use_is_status_2_and_one_line_that_says_what_to_change() {
    let sim = wns_sim();
    let device = ["--channel", &channel(&sim, "one")];
    for (args, words) in [
        (&["--ttl", "soon"][..], &["soon", "3.5s"][..]),
        (&["--priority", "10"], &["10", "very-low"]),
        (&["--cache-policy", "yes"], &["yes", "no-cache"]),
        (&["--tag", "a b"], &["tag", "16"]),
        (&["--group", "12345678901234567"], &["group", "16"]),
        (&["--badge", "5"], &["--badge", "--toast"]),
        (&["--payload", "-"], &["--payload", "--toast"]),
        (&["--toast", "a", "b", "c"], &["toast", "3"]),
        (
            &["--template", "ToastText09"],
            &["--template", "ToastText01"],
        ),
        (
            &["--template", "ToastText04"],
            &["texts", "3", "ToastText04"],
        ),
        (
            &["--template", "ToastText01", "--logo", "ms-appx:///a.png"],
            &["--logo", "--template"],
        ),
        (&["--image", "a.png", "--image", ""], &["body[1].src"]),
        (&["--tokens", "/nowhere/a.txt"], &["/nowhere/a.txt"]),
        (&["--timeout", "0"], &["seconds"]),
        (&["--scope", " "], &["--scope"]),
    ] {
        complains(send_wns(&sim).args(device).args(args), 2, words);
    }
    complains(&mut send_wns(&sim), 2, &["--token"]);
    complains(
        wns_to(&sim).args(device),
        2,
        &["--toast", "--badge", "--raw"],
    );
    for (args, words) in [
        (&["--badge", "bell"][..], &["bell", "newMessage"][..]),
        (&["--badge", "5", "--launch", "x"], &["--launch", "--badge"]),
        (&["--tile", "x", "--hero", "x"], &["--hero", "--tile"]),
        (&["--badge", "5", "--image", "x"], &["--image", "--badge"]),
        (&["--badge", "5", "--group", "x"], &["group", "toast"]),
        (&["--raw", "/nowhere/raw"], &["/nowhere/raw"]),
        // Nothing is on standard input.
        (&["--raw", "-"], &["raw", "empty"]),
        (&["--payload", "-"], &["no XML"]),
    ] {
        complains(wns_to(&sim).args(device).args(args), 2, words);
    }
    complains(
        wns_to(&sim).args(["--raw", "-", "--tokens", "-"]),
        2,
        &["standard input"],
    );
    let broken = sim.dir().join("broken.xml");
    for (xml, word) in [
        ("<toast><visual></toast>", "payload"),
        ("<html></html>", "html"),
        ("<!DOCTYPE toast [<!ENTITY a \"b\">]><toast/>", "DTD"),
    ] {
        fs::write(&broken, xml).unwrap();
        let mut command = wns_to(&sim);
        command.args(device).arg("--payload").arg(&broken);
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(2), "{xml}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{word}: {ended:?}");
    }
    assert_eq!(sim.stats()[&Service::Wns].connections, 0);
}

#[test]
fn urls_that_are_none_are_status_2_and_not_shown() {
    let sim = wns_sim();
    for (option, url) in [
        ("--endpoint", "localhost:1"),
        ("--endpoint", "https://localhost:1/path"),
        ("--endpoint", "https://user:hunter2@localhost:1"),
        ("--auth-url", "localhost:1"),
        ("--auth-url", "https://user:hunter2@localhost:1/"),
    ] {
        let mut command = support::anypush(["send", "wns", "--toast", "x", "--client-id", SID]);
        command.env("WNS_CLIENT_SECRET", SECRET);
        command.args(["--channel", &channel(&sim, "one"), option, url]);
        complains(&mut command, 2, &[option]);
        assert!(!run(&mut command).stderr.contains("hunter2"), "{url}");
    }
}

#[test]
fn credentials_that_are_none_are_status_2_before_anything_is_connected_and_not_shown() {
    let sim = wns_sim();
    let with = |id: &str, tenant: &[&str], secret: &str, words: &[&str]| {
        let mut command = wns_at(&sim);
        command.args(["--toast", "x", "--channel", &channel(&sim, "one")]);
        command.args(["--client-id", id]).args(tenant);
        command.env("WNS_CLIENT_SECRET", secret);
        complains(&mut command, 2, words);
        assert!(!run(&mut command).stderr.contains("hunter2"), "{id}");
    };
    with("", &[], SECRET, &["--client-id", "Package SID"]);
    with(APP, &[], SECRET, &["--client-id", "--tenant", "ms-app://"]);
    with(
        SID,
        &["--tenant", TENANT],
        SECRET,
        &["--client-id", "Entra"],
    );
    with(APP, &["--tenant", "a/b"], SECRET, &["tenant"]);
    with(APP, &["--tenant", ""], SECRET, &["tenant"]);
    with(SID, &[], "hunter2 hunter2", &["secret", "white space"]);
    with(SID, &[], "", &["secret"]);
    let mut unset = wns_to(&sim);
    unset.args(["--toast", "x", "--channel", &channel(&sim, "one")]);
    unset.env_remove("WNS_CLIENT_SECRET");
    complains(&mut unset, 2, &["WNS_CLIENT_SECRET", "no such variable"]);
    assert_eq!(sim.stats()[&Service::Wns].connections, 0);
}

#[test]
fn refused_credentials_are_status_2_and_say_whose_and_what_to_do() {
    for backend in BACKENDS {
        let sim = wns_sim();
        let mut command = send_wns(&sim);
        command.env("WNS_CLIENT_SECRET", "not-the-one-that-it-is");
        command
            .args(["--channel", &channel(&sim, "one")])
            .args(backend);
        complains(&mut command, 2, &[SID, "secret"]);
        assert!(!run(&mut command).stderr.contains("not-the-one"));

        let path = format!("/{TENANT}/oauth2/v2.0/token");
        let refusal = Answer::new(401).reason("AADSTS7000222");
        wns_fault(&sim, &path, Action::Answer(refusal));
        let mut command = wns_at(&sim);
        command.args(["--tenant", TENANT, "--client-id", APP, "--toast", "x"]);
        command
            .args(["--channel", &channel(&sim, "one")])
            .args(backend);
        complains(&mut command, 2, &[APP, TENANT, "expired"]);
        assert_eq!(taken(&sim, Service::Wns), 0);
    }
}

#[test]
fn a_token_server_that_is_not_there_or_fails_is_status_3() {
    let sim = wns_sim();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    for backend in BACKENDS {
        let mut command = support::anypush(["send", "wns", "--toast", "x", "--client-id", SID]);
        command.args(["--auth-url", &format!("https://{nobody}")]);
        command.env("WNS_CLIENT_SECRET", SECRET);
        command.args(["--channel", &channel(&sim, "one")]);
        command.args(["--timeout", "0.5"]).args(backend);
        complains(
            &mut command,
            3,
            &["can't reach", "--auth-url", "within 0.5 s"],
        );
    }
    let later = Answer::new(503).retry_after("60");
    wns_fault(&sim, "/accesstoken.srf", Action::Answer(later));
    let mut command = send_wns(&sim);
    complains(
        command.args(["--channel", &channel(&sim, "one")]),
        3,
        &["can't reach", "503"],
    );
    assert_eq!(taken(&sim, Service::Wns), 0);
}

#[test]
fn a_server_of_channels_that_is_not_there_is_status_3() {
    let sim = wns_sim();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("https://localhost:{}", closed.local_addr().unwrap().port());
    drop(closed);
    for backend in BACKENDS {
        let mut command = support::anypush(["send", "wns", "--toast", "x", "--client-id", SID]);
        command.args(["--auth-url", &sim.wns_url().unwrap(), "--endpoint", &nobody]);
        command.arg("--ca").arg(sim.dir().join("ca.pem"));
        command.env("WNS_CLIENT_SECRET", SECRET).args(backend);
        let gone = format!("{nobody}/?token=a");
        let ended = run(command.args(["--channel", &gone]));
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert_eq!(ended.outcome(&gone)["verdict"], "retry-after");
        assert!(ended.stderr.contains("could not be reached"), "{ended:?}");
    }
}

#[test]
fn a_service_that_knows_no_channel_is_at_fault_and_none_is_to_be_removed() {
    let sim = wns_sim();
    let made = channels(&sim, 7);
    for one in &made[..6] {
        wns_answer(&sim, &one.id, 404, "ChannelNotFound");
    }
    let ended = run_with(send_wns(&sim).args(["--tokens", "-"]), &listed(&made[..6]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for outcome in ended.outcomes().0 {
        assert_eq!(outcome["verdict"], "retry-after", "{outcome}");
        assert_eq!(outcome["retry_after_s"], 3600, "{outcome}");
        assert_eq!(outcome["reason"], "channel-not-found", "{outcome}");
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("remove none"), "{ended:?}");

    // Once it takes another, they are known to be gone.
    let ended = run_with(send_wns(&sim).args(["--tokens", "-"]), &listed(&made));
    assert_eq!(ended.outcomes().1["remove-token"], 6);
    assert_eq!(ended.stderr, "");
}

#[test]
fn no_secret_is_logged() {
    for backend in BACKENDS {
        let sim = wns_sim();
        let made = channels(&sim, 5);
        wns_answer(&sim, &made[2].id, 410, "ChannelRevoked");
        // The token endpoint makes another token for it.
        let once = Action::Answer(Answer::new(401).reason("Unauthorized"));
        sim.fault(Fault::new(Service::Wns, once).after(1).times(1))
            .unwrap();
        let input = format!("{}\nhttps://push.example/?token=capability", listed(&made));
        let mut command = wns_to(&sim);
        command.args(["--toast", "a very private text", "--tokens", "-"]);
        command.args(["-vv", "--in-flight", "1"]).args(backend);
        let ended = run_with(command.env("RUST_LOG", "trace"), &input);
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        let token = sim.received(Service::Wns, 1).unwrap().remove(0);
        let token = token.headers["authorization"]
            .strip_prefix("Bearer ")
            .unwrap()
            .to_owned();
        let logs = &ended.stderr;
        assert!(logs.contains(SID), "{logs}");
        for secret in [
            &token[..16],
            &token[token.len() - 16..],
            SECRET,
            &made[0].id,
            &made[2].id,
            "capability",
            "private text",
        ] {
            assert!(!logs.contains(secret), "{secret}: {logs}");
            let outcomes = ended.stdout.replace(&listed(&made), "");
            let is_device = made.iter().any(|one| one.id == secret) || secret == "capability";
            assert!(is_device || !outcomes.contains(secret), "{secret}");
        }
    }
}

#[test]
fn an_interrupt_waits_for_what_is_under_way_and_tells_the_truth() {
    for (backend, signal) in BACKENDS
        .into_iter()
        .zip(["INT", "TERM"].into_iter().cycle())
    {
        let sim = wns_sim();
        let made = channels(&sim, 2);
        wns_fault(&sim, &made[1].id, Action::Delay(Duration::from_millis(700)));
        let mut running = Running::start(send_wns(&sim).args(["--tokens", "-"]).args(backend));
        running.write(&format!("{}\n", made[0].uri));
        assert_eq!(json(&running.line())["verdict"], "accepted");
        running.write(&format!("{}\n", made[1].uri));
        until(|| taken(&sim, Service::Wns) == 2);
        running.signal(signal);
        // Standard input stays open, and what it would still give is not waited for.
        let stdin = running.stdin.take();
        let ended = running.end();
        drop(stdin);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert_eq!(ended.outcome(&made[1].uri)["verdict"], "accepted");
        assert_eq!(ended.outcomes().1["devices"], 2);
        assert!(ended.stderr.contains("interrupted"), "{ended:?}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for backend in [BACKENDS[0], BACKENDS[5]] {
        let sim = wns_sim();
        let path = sim.dir().join("channels.txt");
        fs::write(&path, vec![listed(&channels(&sim, 1000)); 10].join("\n")).unwrap();
        let mut command = send_wns(&sim);
        let mut running = Running::start(command.arg("--tokens").arg(&path).args(backend));
        assert_eq!(json(&running.line())["verdict"], "accepted");
        drop(running.stdout.take());
        let ended = running.end();
        assert_eq!(ended.stderr, "");
        assert_eq!(ended.code, Some(1));
    }
}
