//! Starting, stopping, files, and the control API.

mod support;

use std::fs;
use std::net::TcpStream;

use push_sim::{ClientProfile, Fault, ServerProfile, Service, Sim, apns};
use serde_json::{Value, json};
use support::{Client, DEVICE, Failure, Push, bearer, control};

#[test]
fn it_runs_without_a_runtime_and_stops_when_dropped() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    let addresses = sim.addresses().to_vec();
    let names: Vec<_> = addresses.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["apns", "control"]);
    let dir = sim.dir().to_owned();
    assert!(dir.join("ca.pem").exists());
    let mut open = TcpStream::connect(sim.apns_addr().expect("it runs"))?;
    sim.shutdown();
    for (name, address) in addresses {
        assert!(TcpStream::connect(address).is_err(), "{name}");
    }
    let ended = std::io::Read::read(&mut open, &mut [0; 16]);
    assert!(matches!(ended, Ok(0) | Err(_)), "connections end too");
    assert!(!dir.exists(), "the temporary folder is gone");
    Ok(())
}

#[test]
fn the_files_are_made_anew_at_each_start() -> Result<(), Failure> {
    let dir = tempfile::tempdir()?;
    let dir = dir.path().join("made");
    let sim = Sim::builder().dir(&dir).start()?;
    let names = [
        "ca.pem",
        "server.pem",
        "server.key",
        "client.pem",
        "client.p12",
        "AuthKey.p8",
        "vapid.pem",
    ];
    let mut found: Vec<_> = fs::read_dir(&dir)?
        .map(|entry| entry.map(|entry| entry.file_name().into_string().expect("a name")))
        .collect::<Result<_, _>>()?;
    found.sort();
    let mut expected = names.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let read = || names.map(|name| fs::read(dir.join(name)).expect("a file"));
    let first = read();
    assert_eq!(first[0], sim.files().ca_pem().as_bytes());
    assert_eq!(first[3], sim.files().client_pem().as_bytes());
    assert_eq!(first[5], sim.files().provider_key().p8_pem().as_bytes());
    assert!(first[5].starts_with(b"-----BEGIN PRIVATE KEY-----"));
    assert_eq!(first[6], sim.files().vapid_key().pem().as_bytes());
    assert!(first[6].starts_with(b"-----BEGIN PRIVATE KEY-----"));
    assert!(
        sim.files()
            .vapid_key()
            .application_server_key()
            .starts_with('B')
    );
    assert_eq!(sim.files().provider_key().key_id(), "ABC123DEFG");
    assert_eq!(sim.files().provider_key().team_id(), "DEF123GHIJ");
    drop(sim);

    let _again = Sim::builder().dir(&dir).start()?;
    for (old, new) in first.iter().zip(read()) {
        assert_ne!(*old, new);
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_only() -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;

    let sim = Sim::builder().start()?;
    for name in ["server.key", "client.pem", "client.p12", "AuthKey.p8"] {
        let mode = fs::metadata(sim.dir().join(name))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    Ok(())
}

#[test]
fn the_pkcs12_file_opens_with_its_password() -> Result<(), Failure> {
    use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

    let sim = Sim::builder().start()?;
    let octets = fs::read(sim.dir().join("client.p12"))?;
    let open = |password| KeyStore::from_pkcs12(&octets, password, Pkcs12ImportPolicy::Strict);
    let store = open(push_sim::PKCS12_PASSWORD)?;
    let (_, chain) = store.private_key_chain().ok_or("no key")?;
    assert_eq!(
        chain.certs()[0].as_der(),
        &sim.files().client().certificate_der()[..]
    );
    assert!(open("wrong").is_err());
    Ok(())
}

#[test]
fn an_address_in_use_is_an_error() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    let address = sim.apns_addr().expect("it runs");
    let error = Sim::builder().apns(address).start().expect_err("in use");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    Ok(())
}

#[tokio::test]
async fn certificates_can_be_wrong_on_purpose() -> Result<(), Failure> {
    for profile in [
        ServerProfile::new(["push.example"]),
        ServerProfile::default().expired(),
    ] {
        let sim = Sim::builder().apns_any().server(profile).start()?;
        assert!(Client::connect(&sim, None).await.is_err());
    }
    let sim = Sim::builder().apns_any().start()?;
    let expired = sim
        .authority()
        .issue_client(&ClientProfile::default().expired())?;
    let stranger = push_sim::Authority::new("stranger")?;
    let untrusted = stranger.issue_client(&ClientProfile::default())?;
    for issued in [expired, untrusted] {
        // TLS 1.3: the client may hear of it only with its first answer.
        let pushed = async {
            let client = Client::connect(&sim, Some(&issued)).await?;
            Ok::<_, Failure>(client.send(Push::to(DEVICE)).await?)
        };
        assert!(pushed.await.is_err());
    }
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);
    Ok(())
}

#[tokio::test]
async fn the_control_api_tells_and_steers() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    let client = Client::connect(&sim, None).await?;
    let list = json!([
        {"service": "apns", "token": DEVICE, "after": 1, "times": 1,
         "do": {"answer": {"status": 410, "reason": "Unregistered", "timestamp_ms": 5}}},
    ]);
    assert_eq!(
        control(&sim, "POST", "/faults", &list.to_string()).await?.0,
        200
    );
    let push = |body: &'static str| {
        Push::to(DEVICE)
            .header("authorization", authorization(&sim))
            .header("apns-collapse-id", "one")
            .body(body)
    };
    let mut statuses = Vec::new();
    for body in [r#"{"aps": {"badge":1}}"#, "{}", r#"{ "last":1.0 }"#] {
        statuses.push(client.send(push(body)).await?.status);
    }
    assert_eq!(statuses, [200, 410, 200]);

    let (status, stats) = control(&sim, "GET", "/stats", "").await?;
    let stats: Value = serde_json::from_str(&stats)?;
    assert_eq!(status, 200);
    let apns = &stats["apns"];
    assert_eq!(apns["connections"], 1);
    assert_eq!(apns["accepted"], 2);
    assert_eq!(apns["rejected"], json!({"Unregistered": 1}));
    assert_eq!(apns["bytes"], 20 + 14);

    let (_, received) = control(&sim, "GET", "/received?service=apns&limit=1", "").await?;
    assert!(
        received.contains(r#""payload":{ "last":1.0 }"#),
        "as sent: {received}"
    );
    let received: Value = serde_json::from_str(&received)?;
    assert_eq!(received.as_array().map(Vec::len), Some(1));
    assert_eq!(received[0]["token"], DEVICE);
    assert_eq!(received[0]["headers"]["apns-collapse-id"], "one");
    let (_, all) = control(&sim, "GET", "/received?service=apns", "").await?;
    assert_eq!(
        serde_json::from_str::<Value>(&all)?
            .as_array()
            .map(Vec::len),
        Some(2)
    );

    let single = r#"{"service":"apns","do":{"answer":{"status":500}}}"#;
    assert_eq!(control(&sim, "POST", "/faults", single).await?.0, 200);
    assert_eq!(client.send(push("{}")).await?.status, 500);
    assert_eq!(control(&sim, "DELETE", "/faults", "").await?.0, 200);
    assert_eq!(client.send(push("{}")).await?.status, 200);
    assert_eq!(control(&sim, "POST", "/reset", "").await?.0, 200);
    let stats = &sim.stats()[&Service::Apns];
    assert_eq!((stats.requests, stats.accepted, stats.open), (0, 0, 1));
    assert!(sim.received(Service::Apns, 9)?.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_control_api_says_what_is_wrong_in_one_line() -> Result<(), Failure> {
    let sim = Sim::builder().start()?;
    let stall = r#"[{"service":"apns","do":{"stall":true}}]"#;
    for (method, path, body, status) in [
        ("GET", "/nothing", "", 404),
        ("POST", "/stats", "", 405),
        ("GET", "/faults", "", 405),
        ("GET", "/reset", "", 405),
        ("POST", "/faults", "{", 400),
        (
            "POST",
            "/faults",
            r#"[{"service":"apns","do":{"jump":1}}]"#,
            400,
        ),
        ("POST", "/faults", stall, 400),
        ("GET", "/received", "", 400),
        ("GET", "/received?service=fcm", "", 400),
        ("GET", "/received?service=apns&limit=many", "", 400),
    ] {
        let (found, line) = control(&sim, method, path, body).await?;
        assert_eq!(found, status, "{method} {path}: {line}");
        assert_eq!(line.trim_end().lines().count(), 1, "{line}");
    }
    let fault = Fault::parse_list(stall.as_bytes())?.remove(0);
    assert!(sim.fault(fault).is_err(), "the service does not run");
    Ok(())
}

#[tokio::test]
async fn only_the_last_notifications_are_kept() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().keep(3).start()?;
    let client = Client::connect(&sim, None).await?;
    for number in 0..10 {
        client.push(&sim, &format!("{number:064x}")).await?;
    }
    let received = sim.received(Service::Apns, 100)?;
    let tokens: Vec<_> = received.iter().map(|one| &one.token[62..]).collect();
    assert_eq!(tokens, ["07", "08", "09"]);
    let shown = format!("{received:?}");
    assert!(
        !shown.contains(&received[0].headers["authorization"]),
        "{shown}"
    );
    Ok(())
}

#[tokio::test]
async fn a_strict_first_limit_refuses_what_is_beyond_it() -> Result<(), Failure> {
    let config = apns::Config::default().strict_first_stream().max_streams(5);
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let client = Client::connect(&sim, None).await?;
    let pushes = (0..20).map(|_| client.push(&sim, DEVICE));
    let mut served = 0;
    for answered in futures_util::future::join_all(pushes).await {
        match answered {
            Ok(answered) => {
                assert_eq!(answered.status, 200);
                served += 1;
            }
            Err(error) => assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM)),
        }
    }
    assert!(served > 0);
    Ok(())
}

/// One token for all requests of a test.
fn authorization(sim: &Sim) -> String {
    use std::sync::OnceLock;
    static ONE: OnceLock<String> = OnceLock::new();
    ONE.get_or_init(|| bearer(sim)).clone()
}

#[test]
fn one_that_can_not_start_leaves_the_files_of_one_that_runs() {
    let running = Sim::builder().apns_any().start().unwrap();
    let before = fs::read(running.dir().join("ca.pem")).unwrap();
    let refused = Sim::builder()
        .dir(running.dir())
        .apns(running.apns_addr().unwrap())
        .start();
    assert!(refused.is_err());
    assert_eq!(fs::read(running.dir().join("ca.pem")).unwrap(), before);
}
