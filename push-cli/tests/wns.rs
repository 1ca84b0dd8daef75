//! `send wns`: what becomes of channels, told line by line.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use push_sim::wns::{Kind, Wish};
use push_sim::{Action, Answer, Close, Fault, Point, Received, Service, Sim};
use support::google::taken;
use support::wns::{
    APP, SID, TENANT, channel, channels, listed, send_wns, wns_answer, wns_at, wns_fault, wns_sim,
    wns_to,
};
use support::{BACKENDS, complains, json, run, run_with};

/// The newest that arrived.
fn last(sim: &Sim) -> Received {
    sim.received(Service::Wns, 1).unwrap().remove(0)
}

fn header<'r>(received: &'r Received, name: &str) -> Option<&'r str> {
    received.headers.get(name).map(String::as_str)
}

/// The payload, as text.
fn said(received: &Received) -> String {
    serde_json::from_str(received.payload.get()).unwrap()
}

#[test]
fn every_channel_has_one_line_with_its_verdict_and_the_service_agrees() {
    for backend in BACKENDS {
        let sim = wns_sim();
        let made = channels(&sim, 300);
        let told: [(&str, u16, &str, &str, &str); 11] = [
            (
                "expired",
                410,
                "ChannelExpired",
                "remove-token",
                "channel-expired",
            ),
            (
                "none",
                404,
                "ChannelNotFound",
                "remove-token",
                "channel-not-found",
            ),
            ("busy", 406, "Throttled", "retry-after", "throttled"),
            ("quota", 429, "Throttled", "retry-after", "throttled"),
            ("down", 503, "Unavailable", "retry-after", "unavailable"),
            ("failing", 500, "ServerError", "retry-after", "server-error"),
            ("dropped", 200, "dropped", "retry-after", "dropped"),
            (
                "often",
                200,
                "channelthrottled",
                "retry-after",
                "channelthrottled",
            ),
            ("another", 403, "OtherApp", "fix-credentials", "other-app"),
            (
                "blocked",
                410,
                "DomainBlocked",
                "fix-credentials",
                "domain-blocked",
            ),
            ("headers", 400, "BadRequest", "fix-message", "bad-request"),
        ];
        for (id, status, reason, ..) in told {
            wns_answer(&sim, id, status, reason);
        }
        let page = Answer::new(502).body("text/html", "<html><title>Bad Gateway</title>");
        wns_fault(&sim, "gateway", Action::Answer(page));
        let later = Answer::new(406).reason("Throttled").retry_after("120");
        wns_fault(&sim, "later", Action::Answer(later));
        wns_fault(
            &sim,
            "lost",
            Action::CloseAt(Close::Fin, Point::BeforeAnswer),
        );
        let foreign = "https://notify.windows.com.push.example/?token=abc";
        let user = "https://ada:hunter2@db5p.notify.windows.com/?token=abc";
        let ids = told.map(|(id, ..)| id).into_iter();
        let ids = ids.chain(["gateway", "later", "lost", "%2bkept%3D"]);
        let mut input: Vec<String> = ids.map(|id| channel(&sim, id)).collect();
        input.extend([foreign, user, "", "hello"].map(str::to_owned));
        input.push(listed(&made));
        let ended = run_with(
            send_wns(&sim).args(backend).args(["--channels", "-"]),
            &input.join("\n"),
        );
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(outcomes.len(), 318);
        for (id, status, _, verdict, reason) in told {
            let line = ended.outcome(&channel(&sim, id));
            assert_eq!(line["verdict"], verdict, "{line}");
            assert_eq!(line["status"], status, "{line}");
            assert_eq!(line["reason"], reason, "{line}");
            assert_eq!(line["attempts"], 1, "{line}");
            assert!(
                line["id"].is_string() && line["detail"].is_string(),
                "{line}"
            );
        }
        for (id, seconds) in [
            ("busy", 60),
            ("down", 10),
            ("dropped", 1800),
            ("later", 120),
        ] {
            let line = ended.outcome(&channel(&sim, id));
            assert_eq!(line["retry_after_s"], seconds, "{line}");
        }
        assert_eq!(ended.outcome(&channel(&sim, "gateway"))["status"], 502);
        assert_eq!(ended.outcome(&channel(&sim, "lost"))["verdict"], "unknown");
        let kept = ended.outcome(&channel(&sim, "%2bkept%3D"));
        assert_eq!(kept["verdict"], "accepted", "{kept}");
        assert!(kept["reason"].is_null() && kept["id"].is_string(), "{kept}");
        for (device, word) in [(foreign, "not trusted"), (user, "user"), ("hello", "URL")] {
            let line = ended.outcome(device);
            assert_eq!(line["verdict"], "fix-message", "{line}");
            assert!(line["status"].is_null() && line["attempts"] == 0, "{line}");
            assert!(line["reason"].as_str().unwrap().contains(word), "{line}");
        }
        assert_eq!(summary["devices"], 318);
        assert_eq!(summary["accepted"], 301);
        // What was taken before its answer was lost counts there.
        assert_eq!(taken(&sim, Service::Wns), 302);
    }
}

#[test]
fn ten_thousand_channels_pass_through_one_renewal_and_each_is_told_once() {
    let sim = wns_sim();
    let made = channels(&sim, 2000);
    let refused = Action::Answer(Answer::new(401).reason("Unauthorized"));
    let once = Fault::new(Service::Wns, refused).after(5000).times(1);
    sim.fault(once).unwrap();
    // Five times over: duplicates are kept apart.
    let input = vec![listed(&made); 5].join("\n");
    let ended = run_with(send_wns(&sim).args(["--tokens", "-"]), &input);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (outcomes, summary) = ended.outcomes();
    assert_eq!(outcomes.len(), 10_000);
    assert_eq!(summary["accepted"], 10_000);
    let told: BTreeSet<&str> = outcomes
        .iter()
        .map(|outcome| outcome["device"].as_str().unwrap())
        .collect();
    let given: BTreeSet<&str> = made.iter().map(|it| it.uri.as_str()).collect();
    assert_eq!(told, given);
    let twice = outcomes.iter().filter(|line| line["attempts"] == 2);
    assert_eq!(twice.count(), 1);
    let counts = sim.tokens(Service::Wns).unwrap();
    assert!(counts.values().all(|count| *count == 5), "each five times");
    assert_eq!(sim.stats()[&Service::Wns].authorizations, 2);
}

#[test]
fn every_option_of_the_message_arrives() {
    let sim = wns_sim();
    let to = channel(&sim, "one");
    let send = |args: &[&str]| {
        let ended = run(wns_to(&sim).args(["--channel", &to]).args(args));
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        last(&sim)
    };
    let toast = |args: &[&str], payload: &str| {
        let received = send(args);
        assert_eq!(said(&received), payload);
        assert_eq!(header(&received, "x-wns-type"), Some("wns/toast"));
        assert_eq!(header(&received, "content-type"), Some("text/xml"));
        received
    };
    let plain = toast(
        &["--toast", "Grüße & <mehr>"],
        "<toast><visual><binding template=\"ToastGeneric\"><text>Grüße &amp; &lt;mehr&gt;</text>\
         </binding></visual></toast>",
    );
    let optional = plain
        .headers
        .keys()
        .filter(|name| name.starts_with("x-wns-"));
    assert_eq!(optional.collect::<Vec<_>>(), ["x-wns-type"]);

    let lines = "<text>Goal</text><text>1:0</text><text>90'</text>";
    let lines_of_three =
        format!("<toast launch=\"match=4711\"><visual><binding template=\"ToastGeneric\">{lines}");
    let full = send(&[
        "--toast",
        "Goal",
        "1:0",
        "--toast",
        "90'",
        "--launch",
        "match=4711",
        "--image",
        "https://a.example/goal.png",
        "--logo",
        "ms-appx:///logo.png",
        "--hero",
        "https://a.example/hero.png",
        "--ttl",
        "90m",
        "--tag",
        "match4711",
        "--group",
        "news",
        "--cache-policy",
        "no-cache",
        "--priority",
        "high",
        "--request-for-status",
    ]);
    let xml = said(&full).replace("&apos;", "'");
    assert!(xml.starts_with(&lines_of_three), "{xml}");
    for image in [
        "<image src=\"https://a.example/goal.png\"/>",
        "placement=\"appLogoOverride\"",
        "placement=\"hero\"",
    ] {
        assert!(xml.contains(image), "{image}: {xml}");
    }
    for (name, value) in [
        ("x-wns-ttl", "5400"),
        ("x-wns-tag", "match4711"),
        ("x-wns-group", "news"),
        ("x-wns-cache-policy", "no-cache"),
        ("x-wns-priority", "1"),
        ("x-wns-requestforstatus", "true"),
    ] {
        assert_eq!(header(&full, name), Some(value), "{name}");
    }
    toast(
        &["--toast", "Goal", "1:0", "--template", "ToastText03"],
        "<toast><visual><binding template=\"ToastText03\"><text id=\"1\">Goal</text>\
         <text id=\"2\">1:0</text></binding></visual></toast>",
    );

    let tile = send(&[
        "--tile",
        "Goal",
        "1:0",
        "--image",
        "https://a.example/goal.png",
    ]);
    assert_eq!(header(&tile, "x-wns-type"), Some("wns/tile"));
    let tile = said(&tile);
    for size in ["TileMedium", "TileWide", "TileLarge"] {
        assert!(
            tile.contains(&format!("<binding template=\"{size}\">")),
            "{tile}"
        );
    }
    assert_eq!(tile.matches(">1:0</text>").count(), 3, "{tile}");
    assert_eq!(tile.matches("goal.png").count(), 3, "{tile}");
    let old = said(&send(&[
        "--tile",
        "Goal",
        "1:0",
        "--template",
        "TileSquare150x150Text02",
    ]));
    assert!(
        old.contains("template=\"TileSquare150x150Text02\""),
        "{old}"
    );

    for (badge, payload) in [
        ("5", "<badge value=\"5\"/>"),
        ("newMessage", "<badge value=\"newMessage\"/>"),
    ] {
        let received = send(&["--badge", badge]);
        assert_eq!(header(&received, "x-wns-type"), Some("wns/badge"));
        assert_eq!(said(&received), payload);
    }
}

#[test]
fn bytes_and_xml_come_from_files_and_from_standard_input() {
    let sim = wns_sim();
    let to = channel(&sim, "one");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("payload");
    let file = path.to_str().unwrap();
    let send = |args: &[&str], input: &str| {
        let ended = run_with(wns_to(&sim).args(["--channel", &to]).args(args), input);
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        last(&sim)
    };
    fs::write(&path, "any {\"bytes\"}").unwrap();
    let raw = send(&["--raw", file], "");
    assert_eq!(header(&raw, "x-wns-type"), Some("wns/raw"));
    let octets = "application/octet-stream";
    assert_eq!(header(&raw, "content-type"), Some(octets));
    assert_eq!(said(&raw), "any {\"bytes\"}");

    let tile =
        "<tile><visual><binding template=\"TileMedium\"><text>1:0</text></binding></visual></tile>";
    let declared = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- 1 -->\n{tile}");
    for xml in [tile, &declared] {
        let received = send(&["--payload", "-"], xml);
        assert_eq!(header(&received, "x-wns-type"), Some("wns/tile"));
        assert_eq!(said(&received), xml);
    }
    let badge = send(&["--payload", "-", "--ttl", "1h"], "<badge value='3'/>");
    assert_eq!(header(&badge, "x-wns-type"), Some("wns/badge"));
    assert_eq!(header(&badge, "x-wns-ttl"), Some("3600"));

    for (size, fits) in [(5000, true), (5001, false)] {
        fs::write(&path, "x".repeat(size)).unwrap();
        let mut command = wns_to(&sim);
        command.args(["--channel", &to, "--raw", file]);
        match fits {
            true => assert_eq!(run(&mut command).code, Some(0)),
            false => complains(&mut command, 2, &["5001", "5000"]),
        }
    }
}

#[test]
fn an_app_of_the_windows_app_sdk_has_a_tenant_and_channels_of_its_own() {
    for backend in BACKENDS {
        let sim = wns_sim();
        let wishes = [Wish::new(Kind::Uwp), Wish::new(Kind::AppSdk).app(APP)];
        let made = sim.open_channels(&wishes).unwrap();
        let mut command = wns_at(&sim);
        command.args(["--tenant", TENANT, "--client-id", APP, "--toast", "Hello"]);
        command.env("WNS_SECRET_OF_ENTRA", "xyz8Q~WlFZuj95euaLrvSH7XyoDhLJc7");
        command.args(["--client-secret-env", "WNS_SECRET_OF_ENTRA"]);
        let ended = run_with(
            command.args(backend).args(["--tokens", "-"]),
            &listed(&made),
        );
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.outcome(&made[1].uri)["verdict"], "accepted");
        let other = ended.outcome(&made[0].uri);
        assert_eq!(other["verdict"], "fix-credentials", "{other}");
        assert_eq!(other["reason"], "other-app", "{other}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("belongs to another app"), "{ended:?}");
    }
}

#[test]
fn the_access_token_goes_to_no_other_host_than_wns_and_the_one_that_is_named() {
    let sim = wns_sim();
    let thief = wns_sim();
    let stolen = channel(&thief, "mine");
    let ended = run(send_wns(&sim).args(["--channel", &stolen]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line = ended.outcome(&stolen);
    assert_eq!(line["verdict"], "fix-message", "{line}");
    let reason = line["reason"].as_str().unwrap();
    assert!(
        reason.contains("access token") && reason.contains("not trusted"),
        "{line}"
    );
    assert_eq!(thief.stats()[&Service::Wns].connections, 0);

    // Without --endpoint it is WNS alone.
    let url = sim.wns_url().unwrap();
    let mut command = support::anypush(["send", "wns", "--auth-url", &url, "--client-id", SID]);
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command.env("WNS_CLIENT_SECRET", support::wns::SECRET);
    command.args(["--toast", "Hello", "--channel", &channel(&sim, "one")]);
    let ended = run(&mut command);
    assert_eq!(ended.outcomes().1["fix-message"], 1, "{ended:?}");
    assert_eq!(taken(&sim, Service::Wns), 0);
}

#[test]
fn a_sender_who_is_blocked_is_told_so_once_and_no_channel_is_removed() {
    let sim = wns_sim();
    let ids = ["a", "b", "c"];
    for id in ids {
        wns_answer(&sim, id, 410, "DomainBlocked");
    }
    let input = ids.map(|id| channel(&sim, id)).join("\n");
    let ended = run_with(send_wns(&sim).args(["--tokens", "-"]), &input);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.outcomes().1["fix-credentials"], 3);
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(
        ended.stderr.contains("has blocked this sender"),
        "{ended:?}"
    );
}

#[test]
fn whether_the_device_is_connected_is_told_on_request() {
    let sim = wns_sim();
    let to = channel(&sim, "one");
    let detail = |args: &[&str]| {
        let ended = run(send_wns(&sim).args(["--channel", &to]).args(args));
        ended.outcome(&to)["detail"].clone()
    };
    assert!(detail(&[]).is_null());
    assert_eq!(detail(&["--request-for-status"]), "the device is connected");
    let dropped = Answer::new(200).reason("dropped");
    let dropped = dropped.header("x-wns-deviceconnectionstatus", "disconnected");
    wns_fault(&sim, "one", Action::Answer(dropped));
    let dropped = detail(&["--request-for-status"]);
    assert!(
        dropped
            .as_str()
            .unwrap()
            .contains("(the device is disconnected)"),
        "{dropped}"
    );
}

#[test]
fn people_get_lines_for_a_few_and_a_table_for_many() {
    let sim = wns_sim();
    let made = channels(&sim, 100);
    wns_answer(&sim, &made[7].id, 410, "ChannelExpired");
    wns_answer(&sim, &made[8].id, 403, "OtherApp");
    let human = ["--output", "human", "--tokens", "-"];
    let few = run_with(send_wns(&sim).args(human), &listed(&made[6..8]));
    for part in [
        "410 channel-expired",
        "localhost:",
        "2 channels in",
        "delete it",
    ] {
        assert!(few.stdout.contains(part), "{part}: {}", few.stdout);
    }
    let many = run_with(send_wns(&sim).args(human), &listed(&made));
    for part in [
        "WNS",
        "98.00%",
        "client id, secret or tenant",
        "100 channels",
    ] {
        assert!(many.stdout.contains(part), "{part}: {}", many.stdout);
    }
    assert!(many.stderr.contains("belongs to another app"), "{many:?}");
}

#[test]
fn the_simulator_listens_for_wns_with_tls_and_without() {
    let dir = tempfile::tempdir().unwrap();
    for (address, plain) in [("127.0.0.1:0", false), ("plain:127.0.0.1:0", true)] {
        let mut command = support::anypush(["sim", "--wns", address]);
        let mut sim = support::Running::start(command.arg("--dir").arg(dir.path()));
        let line = json(&sim.line());
        assert_eq!(line["service"], "wns");
        assert_eq!(
            line["plain"],
            if plain {
                true.into()
            } else {
                serde_json::Value::Null
            }
        );
        let scheme = if plain { "http" } else { "https" };
        let address = line["addr"].as_str().unwrap();
        let url = format!("{scheme}://{address}");
        let mut send = support::anypush(["send", "wns", "--endpoint", &url, "--auth-url", &url]);
        send.arg("--ca").arg(dir.path().join("ca.pem"));
        send.args(["--client-id", SID, "--toast", "Hello"]);
        send.env("WNS_CLIENT_SECRET", "any");
        let ended = run(send.args(["--channel", &format!("{url}/?token=a%2bb")]));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        sim.signal("INT");
        assert_eq!(sim.end().code, Some(0));
    }
}
