//! `send web`: what becomes of subscriptions, told line by line.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use push_sim::webpush::{Flavour, Wish};
use push_sim::{Action, Answer, Point, Received, Service};
use serde_json::Value;
use support::google::taken;
use support::web::{listed, send_web, subscribed, web_answer, web_as, web_fault, web_sim, web_to};
use support::{BACKENDS, complains, run, run_with};

/// What was decrypted.
fn said(received: &Received) -> Value {
    serde_json::from_str(received.payload.get()).unwrap()
}

fn header<'r>(received: &'r Received, name: &str) -> Option<&'r str> {
    received.headers.get(name).map(String::as_str)
}

#[test]
fn every_subscription_has_one_line_with_its_verdict_and_the_service_agrees() {
    for backend in BACKENDS {
        let sim = web_sim();
        let all = subscribed(&sim, Flavour::Mozilla, 300);
        let id = |number: usize| all[number].id.as_str();
        web_answer(&sim, id(1), Answer::new(410).reason("106"));
        web_answer(&sim, id(2), Answer::new(404).reason("102"));
        web_answer(&sim, id(3), Answer::new(429).retry_after("120"));
        web_answer(&sim, id(4), Answer::new(503).reason("201"));
        web_answer(&sim, id(5), Answer::new(401).reason("109"));
        web_answer(&sim, id(6), Answer::new(413).reason("104"));
        // An internal error of HTTP/2, once it is taken.
        web_fault(&sim, id(7), Action::ResetAt(2, Point::BeforeAnswer));
        let page = Answer::new(502).body("text/html", "<html><title>Bad Gateway</title>");
        web_answer(&sim, id(8), page);
        let apple = subscribed(&sim, Flavour::Apple, 2);
        web_answer(
            &sim,
            &apple[1].id,
            Answer::new(400).reason("VapidPkHashMismatch"),
        );
        let edge = subscribed(&sim, Flavour::Edge, 2);
        let fcm = subscribed(&sim, Flavour::Fcm, 1);
        let no_keys = format!(r#"{{"endpoint":"{}","keys":{{}}}}"#, fcm[0].endpoint);
        let input = [
            &listed(&all),
            &listed(&apple),
            &listed(&edge),
            "",
            "hello",
            &no_keys,
            r#"{"endpoint":"http://user:hunter2@a/","keys":{}}"#,
        ];
        let ended = run_with(
            send_web(&sim).args(backend).args(["--tokens", "-"]),
            &input.join("\n"),
        );
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(outcomes.len(), 307);
        let endpoint = |number: usize| all[number].endpoint.as_str();
        for (device, verdict, status, reason) in [
            (endpoint(0), "accepted", 201, None),
            (endpoint(1), "remove-token", 410, Some("gone, errno 106")),
            (
                endpoint(2),
                "remove-token",
                404,
                Some("not-found, errno 102"),
            ),
            (endpoint(3), "retry-after", 429, Some("too-many")),
            (endpoint(4), "retry-after", 503, Some("failing, errno 201")),
            (
                endpoint(5),
                "fix-credentials",
                401,
                Some("unauthorized, errno 109"),
            ),
            (
                endpoint(6),
                "fix-message",
                413,
                Some("too-large, errno 104"),
            ),
            (endpoint(8), "retry-after", 502, Some("failing")),
            (&apple[0].endpoint, "accepted", 201, None),
            (
                &apple[1].endpoint,
                "fix-credentials",
                400,
                Some("VapidPkHashMismatch"),
            ),
            (&edge[1].endpoint, "accepted", 201, None),
        ] {
            let told = ended.outcome(device);
            assert_eq!(told["verdict"], verdict, "{told}");
            assert_eq!(told["status"], status, "{told}");
            match reason {
                None => assert!(told["reason"].is_null() && told["id"].is_string(), "{told}"),
                Some(reason) => assert!(
                    told["reason"].as_str().unwrap().starts_with(reason),
                    "{told}"
                ),
            }
            assert_eq!(told["attempts"], 1, "{told}");
        }
        assert_eq!(ended.outcome(endpoint(3))["retry_after_s"], 120);
        assert_eq!(ended.outcome(endpoint(7))["verdict"], "unknown");
        for (device, word) in [
            ("line 306", "JSON"),
            (&fcm[0].endpoint, "no keys"),
            ("http://user:hunter2@a/", "user"),
        ] {
            let told = ended.outcome(device);
            assert_eq!(told["verdict"], "fix-message", "{told}");
            assert!(told["status"].is_null(), "{told}");
            assert!(told["reason"].as_str().unwrap().contains(word), "{told}");
        }
        assert_eq!(summary["devices"], 307);
        assert_eq!(summary["accepted"], 295);
        // What was taken before its answer was dropped counts there.
        assert_eq!(taken(&sim, Service::Web), 296);
        for received in sim.received(Service::Web, 10).unwrap() {
            assert_eq!(said(&received), "Hello", "it is decrypted");
        }
    }
}

#[test]
fn ten_thousand_subscriptions_pass_through_and_each_is_told_once() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 2000);
    let list = listed(&all);
    // Five times over: duplicates are kept apart.
    let input = vec![list; 5].join("\n");
    let ended = run_with(send_web(&sim).args(["--subscriptions", "-"]), &input);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (outcomes, summary) = ended.outcomes();
    assert_eq!(outcomes.len(), 10_000);
    assert_eq!(summary["accepted"], 10_000);
    let told: BTreeSet<&str> = outcomes
        .iter()
        .map(|outcome| outcome["device"].as_str().unwrap())
        .collect();
    let given: BTreeSet<&str> = all.iter().map(|it| it.endpoint.as_str()).collect();
    assert_eq!(told, given);
    let counts = sim.tokens(Service::Web).unwrap();
    assert!(counts.values().all(|count| *count == 5), "each five times");
}

#[test]
fn subscriptions_are_taken_as_other_programs_print_them() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 5);
    let value = |number: usize| -> Value { serde_json::to_value(&all[number]).unwrap() };
    // As pages of npm's web-push store them: more members, over many lines.
    let mut rich = value(0);
    rich["user"] = "ada".into();
    rich["keys"]["extra"] = 1.into();
    rich["options"] = serde_json::json!({"userVisibleOnly": true});
    let rich = serde_json::to_string_pretty(&rich).unwrap();
    // As pywebpush's users do: padding, in the other alphabet.
    let mut padded = value(1);
    for name in ["p256dh", "auth"] {
        let text = padded["keys"][name].as_str().unwrap();
        let text = text.replace('-', "+").replace('_', "/");
        let equals = "=".repeat((4 - text.len() % 4) % 4);
        padded["keys"][name] = format!("{text}{equals}").into();
    }
    // Slashes as PHP writes them, and no expirationTime.
    let mut bare = value(2);
    bare.as_object_mut().unwrap().remove("expirationTime");
    let bare = bare.to_string().replace('/', "\\/");
    let array = serde_json::to_string(&all[3..]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("subscriptions.json");
    fs::write(&path, format!("{rich}\n{padded}\r\n{bare}\n{array}\n")).unwrap();
    let ended = run(send_web(&sim).arg("--subscriptions").arg(&path));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.outcomes().1["accepted"], 5);
    for one in &all {
        assert_eq!(ended.outcome(&one.endpoint)["verdict"], "accepted");
    }

    let pretty = rich.as_str();
    let given = run(send_web(&sim).args(["--subscription", pretty, "--token", &array]));
    assert_eq!(given.code, Some(0), "{given:?}");
    assert_eq!(given.outcomes().1["accepted"], 3);
}

#[test]
fn every_option_of_the_message_arrives() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 1);
    let id = &all[0].id;
    let last = |args: &[&str]| {
        let mut command = web_to(&sim);
        command.args(["--subscription", &all[0].json()]).args(args);
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        let received = sim.received(Service::Web, 1).unwrap().pop().unwrap();
        assert_eq!(received.token, *id);
        received
    };
    let nothing = last(&[]);
    assert_eq!(said(&nothing), "");
    assert_eq!(header(&nothing, "ttl"), Some("2419200"));
    assert_eq!(header(&nothing, "content-encoding"), None);

    let full = last(&[
        "--body",
        "1:0",
        "--ttl",
        "90m",
        "--urgency",
        "high",
        "--topic",
        "match-4711",
        "--padding",
        "multiple:128",
        "--content-type",
        "text/plain",
    ]);
    assert_eq!(said(&full), "1:0");
    for (name, value) in [
        ("ttl", "5400"),
        ("urgency", "high"),
        ("topic", "match-4711"),
        ("content-encoding", "aes128gcm"),
        ("content-type", "text/plain"),
    ] {
        assert_eq!(header(&full, name), Some(value), "{name}");
    }

    let old = last(&["--body", "1:0", "--encoding", "aesgcm"]);
    assert_eq!(said(&old), "1:0");
    assert_eq!(header(&old, "content-encoding"), Some("aesgcm"));

    let shown = last(&[
        "--title",
        "Goal",
        "--body",
        "1:0",
        "--navigate",
        "https://example.org/m",
        "--tag",
        "m",
        "--app-badge",
        "3",
        "--mutable",
        "--icon",
        "/icon.png",
    ]);
    assert_eq!(
        said(&shown),
        serde_json::json!({
            "web_push": 8030,
            "notification": {
                "title": "Goal", "navigate": "https://example.org/m", "body": "1:0", "tag": "m",
                "icon": "/icon.png",
            },
            "app_badge": 3,
            "mutable": true,
        })
    );

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("payload");
    let largest = "x".repeat(3993);
    fs::write(&path, &largest).unwrap();
    assert_eq!(said(&last(&["--payload", path.to_str().unwrap()])), largest);
    fs::write(&path, "x".repeat(3994)).unwrap();
    let mut too_large = web_to(&sim);
    too_large
        .args(["--subscription", &all[0].json(), "--payload"])
        .arg(&path);
    complains(&mut too_large, 2, &["3994", "3993"]);
}

#[test]
fn a_bare_endpoint_serves_a_push_without_payload() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 2);
    let input = format!("{}\n{}\n", all[0].endpoint, all[1].endpoint);
    let ended = run_with(web_to(&sim).args(["--tokens", "-"]), &input);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn endpoints_are_not_trusted_unless_that_is_asked_for() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 1);
    let port = sim.web_addr().unwrap().port().to_string();
    let keys = serde_json::to_string(&all[0].keys).unwrap();
    let at = |url: &str| format!(r#"{{"endpoint":"{url}","keys":{keys}}}"#);
    let send = |args: &[&str], subscription: &str| {
        let mut command = support::anypush(["send", "web", "--body", "x"]);
        command.arg("--ca").arg(sim.dir().join("ca.pem"));
        command.arg("--vapid").arg(sim.dir().join("vapid.pem"));
        command.args(args).args(["--subscription", subscription]);
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.outcomes().0.remove(0)
    };
    for (args, url, word) in [
        (&[][..], "https://localhost/push/a", "inner networks"),
        (&[], "https://127.0.0.1/push/a", "address"),
        (&[], "https://[::1]/push/a", "address"),
        (&[], "https://2130706433/push/a", "address"),
        (&[], "https://push.example.org:8443/a", "port 8443"),
        (
            &["--port", "9443"],
            "https://push.example.org:8443/a",
            "port 8443",
        ),
        (&[], "http://push.example.org/a", "https"),
        (&["--known-services"], "https://push.example.org/a", "lists"),
        (&["--port", &port], &all[0].endpoint, "inner networks"),
    ] {
        let told = send(args, &at(url));
        assert_eq!(told["verdict"], "fix-message", "{told}");
        assert_eq!(told["device"], url);
        assert!(
            told["reason"].as_str().unwrap().contains(word),
            "{word}: {told}"
        );
    }
    assert_eq!(sim.stats()[&Service::Web].connections, 0);
}

#[test]
fn a_service_that_knows_no_subscription_is_at_fault_and_none_is_to_be_removed() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Rfc8030, 7);
    for one in &all[..6] {
        web_answer(&sim, &one.id, Answer::new(404));
    }
    let ended = run_with(send_web(&sim).args(["--tokens", "-"]), &listed(&all[..6]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for outcome in ended.outcomes().0 {
        assert_eq!(outcome["verdict"], "retry-after", "{outcome}");
        assert_eq!(outcome["retry_after_s"], 3600, "{outcome}");
        assert_eq!(outcome["reason"], "not-found", "{outcome}");
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("remove none"), "{ended:?}");

    // Once it takes another, they are known to be gone.
    let ended = run_with(send_web(&sim).args(["--tokens", "-"]), &listed(&all));
    assert_eq!(ended.outcomes().1["remove-token"], 6);
    assert_eq!(ended.stderr, "");
}

#[test]
fn another_key_is_told_as_such() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Apple, 1);
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other.pem");
    run(support::anypush(["keys", "vapid", "--out"]).arg(&other));
    let mut command = web_as(&sim);
    command.arg("--vapid").arg(&other);
    command.args(["--subject", "mailto:ops@example.org", "--body", "x"]);
    let ended = run(command.args(["--subscription", &all[0].json()]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = &ended.outcomes().0[0];
    assert_eq!(told["verdict"], "fix-credentials", "{told}");
    assert_eq!(told["reason"], "VapidPkHashMismatch", "{told}");

    // Who made it without a key can be pushed to by nobody in particular.
    let open = sim.subscribe(&Wish::new(Flavour::Rfc8030)).unwrap();
    let mut nobody = web_as(&sim);
    nobody.args([
        "--no-vapid",
        "--body",
        "x",
        "--subscription",
        &open[0].json(),
    ]);
    assert_eq!(run(&mut nobody).code, Some(0));
}

#[test]
fn people_get_lines_for_a_few_and_a_table_for_many() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 100);
    web_answer(&sim, &all[7].id, Answer::new(410).reason("106"));
    web_answer(&sim, &all[8].id, Answer::new(401).reason("109"));
    let human = ["--output", "human", "--tokens", "-"];
    let few = run_with(send_web(&sim).args(human), &listed(&all[6..8]));
    for part in [
        "410 gone, errno 106",
        "localhost:",
        "2 devices in",
        "delete it",
    ] {
        assert!(few.stdout.contains(part), "{part}: {}", few.stdout);
    }
    let many = run_with(send_web(&sim).args(human), &listed(&all));
    for part in ["Web Push", "98.00%", "VAPID key or subject", "100 devices"] {
        assert!(many.stdout.contains(part), "{part}: {}", many.stdout);
    }
    assert!(many.stderr.contains("VAPID token was refused"), "{many:?}");
}
