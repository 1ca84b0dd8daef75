//! The other commands.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::{BACKENDS, Running, anypush, json, run, token};

#[test]
fn the_simulator_tells_where_it_listens_and_ends_when_it_is_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    for signal in ["INT", "TERM"] {
        let mut command = anypush(["sim", "--apns", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
        let mut sim = Running::start(command.arg("--dir").arg(dir.path()));
        let lines = [json(&sim.line()), json(&sim.line())];
        let [apns, control] = lines.each_ref().map(|line| line["addr"].as_str().unwrap());
        assert_eq!(lines[0]["service"], "apns");
        assert_eq!(lines[1]["service"], "control");

        let mut send = anypush(["send", "apns", "--topic", "com.example.app", "--body", "x"]);
        send.arg("--ca").arg(dir.path().join("ca.pem"));
        send.arg("--key").arg(dir.path().join("AuthKey.p8"));
        send.args(["--key-id", "ABC123DEFG", "--team-id", "DEF123GHIJ"]);
        let ended = run(send.args(["--endpoint", apns, "--token", &token(1)]));
        assert_eq!(ended.code, Some(0), "{ended:?}");

        let mut tcp = TcpStream::connect(control).unwrap();
        tcp.write_all(b"GET /stats HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut stats = String::new();
        tcp.read_to_string(&mut stats).unwrap();
        assert!(stats.contains("\"accepted\":1"), "{stats}");

        sim.signal(signal);
        let ended = sim.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stdout, "");
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn a_simulator_that_cannot_listen_is_status_2() {
    let taken = support::sim();
    let address = taken.apns_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let ended = run(anypush(["sim", "--apns", &address])
        .arg("--dir")
        .arg(dir.path()));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains(&address), "{ended:?}");
}

/// Its verdicts with so many devices as the demo has, by service: ten of each kind of failure, and of some
/// kinds there are two or three; of the binary gateway ten and ten, and two more.
const DEMO: [(&str, [u64; 7]); 6] = [
    ("apns", [230, 0, 10, 20, 10, 10, 20]),
    ("apns gateway", [278, 0, 11, 1, 0, 0, 10]),
    ("fcm", [230, 0, 30, 20, 10, 10, 0]),
    ("gcm", [240, 10, 20, 10, 0, 10, 10]),
    ("wns", [220, 0, 20, 30, 10, 10, 10]),
    ("web push", [230, 0, 20, 20, 10, 10, 10]),
];

/// The numbers behind a name: the devices, and the verdicts.
fn counts(line: &str, name: &str) -> Option<Vec<u64>> {
    let numbers = line.trim_start().strip_prefix(name)?.strip_prefix(' ')?;
    let numbers = numbers.split_whitespace().take(8);
    numbers.map(|cell| cell.parse().ok()).collect()
}

#[test]
fn the_demo_needs_nothing_and_shows_every_service_and_every_verdict_in_one_table() {
    let ended = run(&mut anypush(["demo", "--count", "300"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
    let table: Vec<&str> = ended.stdout.lines().skip(3).take(2 + DEMO.len()).collect();
    assert!(table[0].contains("replace-"), "{}", ended.stdout);
    assert!(table[1].contains("credentials"), "{}", ended.stdout);
    let mut seen = [0; 7];
    for (line, (service, expected)) in table[2..].iter().zip(DEMO) {
        let counts = counts(line, service).unwrap_or_else(|| panic!("{service}: {line}"));
        assert_eq!(counts[0], 300, "{service}");
        assert_eq!(counts[1..], expected, "{service}");
        for (seen, count) in seen.iter_mut().zip(expected) {
            *seen += count;
        }
    }
    assert!(seen.iter().all(|devices| *devices > 0), "{seen:?}");
    assert!(
        ended.stdout.contains("Feedback told of 10."),
        "{}",
        ended.stdout
    );
    let longest = ended.stdout.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100), "{longest:?}: {}", ended.stdout);
    for verdict in ["replace-token", "fix-credentials", "unknown"] {
        let meaning = format!("\n  {verdict} ");
        assert!(ended.stdout.contains(&meaning), "{}", ended.stdout);
    }
}

#[test]
fn the_demo_can_show_every_backend_and_they_agree() {
    let ended = run(&mut anypush(["demo", "--count", "300", "--by-backend"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
    let mut lines = ended.stdout.lines().skip(5);
    for (service, expected) in DEMO {
        assert_eq!(lines.next().map(str::trim), Some(service));
        for [_, runtime, _, tls] in BACKENDS {
            let (name, line) = (format!("{runtime}, {tls}"), lines.next().unwrap());
            let counts = counts(line, &name).unwrap_or_else(|| panic!("{name}: {line}"));
            assert_eq!(counts[1..], expected, "{service}: {line}");
        }
    }
}

#[test]
fn a_demo_of_one_device_is_a_demo() {
    let ended = run(&mut anypush(["demo", "--count", "1"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn every_shell_has_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = run(&mut anypush(["completions", shell]));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("anypush"), "{shell}");
        assert!(ended.stdout.contains("collapse-id"), "{shell}");
        assert!(ended.stdout.contains("content-state"), "{shell}");
        assert!(ended.stdout.contains("create"), "{shell}");
        assert!(ended.stdout.contains("resend-unknown"), "{shell}");
        assert!(ended.stdout.contains("service-account"), "{shell}");
        assert!(ended.stdout.contains("delay-while-idle"), "{shell}");
        assert!(ended.stdout.contains("allow-private"), "{shell}");
        assert!(ended.stdout.contains("vapid"), "{shell}");
        assert!(ended.stdout.contains("client-secret-env"), "{shell}");
    }
}

#[test]
fn help_is_a_manual() {
    for (args, parts) in [
        (&["--help"][..], &["anypush demo", "Exit status"][..]),
        (
            &["send", "apns", "--help"],
            &["Examples", "--expiration", "default: 30", "retry-after"],
        ),
        (
            &["send", "gateway", "--help"],
            &[
                "2021-03-31",
                "anypush sim",
                "--no-confirm",
                "default: 50000",
                "proof",
            ],
        ),
        (
            &["feedback", "--help"],
            &["2021-03-31", "anypush sim", "{\"device\":", "Exit status"],
        ),
        (
            &["broadcast", "apns", "--help"],
            &["Examples", "--content-state", "8 hours", "Exit status"],
        ),
        (&["channels", "apns", "--help"], &["create", "10,000"]),
        (
            &["channels", "apns", "create", "--help"],
            &["most-recent", "jq", "Exit status", ":2196"],
        ),
        (
            &["channels", "apns", "list", "--help"],
            &["--details", "{\"channel\""],
        ),
        (
            &["channels", "apns", "show", "--help"],
            &["ChannelNotRegistered"],
        ),
        (
            &["channels", "apns", "delete", "--help"],
            &["\"deleted\":true"],
        ),
        (
            &["send", "fcm", "--help"],
            &[
                "anypush sim",
                "--service-account",
                "GOOGLE_APPLICATION_CREDENTIALS",
                "--validate-only",
                "fid:",
                "default: 30",
                "arrive twice",
                "Exit status",
            ],
        ),
        (
            &["send", "gcm", "--help"],
            &[
                "2024",
                "anypush sim",
                "GCM_API_KEY",
                "replace-token",
                "default: 8",
            ],
        ),
        (
            &["send", "web", "--help"],
            &[
                "anypush sim",
                "anypush keys vapid",
                "--allow-private",
                "--subscriptions",
                "--no-vapid",
                "default: 4w",
                "key-mismatch",
                "Exit status",
            ],
        ),
        (
            &["send", "wns", "--help"],
            &[
                "anypush sim",
                "ms-app://S-1-15-2-",
                "--tenant",
                "default: WNS_CLIENT_SECRET",
                "--channels",
                "channelthrottled",
                "they are not trusted",
                "default: 32",
                "Exit status",
            ],
        ),
        (&["keys", "--help"], &["vapid"]),
        (
            &["keys", "vapid", "--help"],
            &["applicationServerKey", "--force", "Exit status"],
        ),
        (&["topics", "fcm", "--help"], &["subscribe", "2027-09-29"]),
        (
            &["topics", "fcm", "subscribe", "--help"],
            &["ALREADY_EXISTS", "--tokens", "Exit status"],
        ),
        (
            &["topics", "fcm", "unsubscribe", "--help"],
            &["--service-account", "Exit status"],
        ),
        (
            &["topics", "fcm", "list", "--help"],
            &["\"topic\":\"news\""],
        ),
        (
            &["sim", "--help"],
            &[
                "AuthKey.p8",
                "POST /faults",
                "POST /channels",
                "DomainBlocked",
            ],
        ),
        (
            &["demo", "--help"],
            &["--count", "15000", "--by-backend", "half a minute"],
        ),
        (&["completions", "--help"], &["bash"]),
    ] {
        let ended = run(&mut anypush(args));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        for part in parts {
            assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
        }
    }
    let nothing = run(&mut anypush([""; 0]));
    assert_eq!(nothing.code, Some(2));
}
