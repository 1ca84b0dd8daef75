//! The binary gateway: what it takes, what it refuses, and what it says.
#![allow(clippy::unwrap_used)]

mod support;

use push_sim::gateway::Config;
use push_sim::{Action, ClientProfile, Fault, Refusal, Service, Sim};
use serde_json::{Value, json};
use support::gateway::{
    PAYLOAD, Provider, enhanced, frame, hex, items, simple, stats, token, until,
};
use support::raw::PATIENCE;
use support::{Failure, control};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

fn start() -> Result<Sim, Failure> {
    with(Config::default())
}

fn with(config: Config) -> Result<Sim, Failure> {
    Ok(Sim::builder()
        .apns_gateway_any()
        .apns_gateway_config(config)
        .start()?)
}

/// What is answered to these bytes, on a connection of their own.
async fn answer(sim: &Sim, octets: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut provider = Provider::connect(sim).await?;
    provider.write(octets).await?;
    provider.rest().await
}

#[tokio::test]
async fn what_is_good_is_taken_in_silence() -> Result<(), Failure> {
    let sim = start()?;
    let mut provider = Provider::connect(&sim).await?;
    for number in 0..3 {
        provider.push(number, &token(number)).await?;
    }
    provider.probe(3).await?;
    assert_eq!(provider.rest().await?, [8, 2, 0, 0, 0, 3]);
    let stats = stats(&sim);
    assert_eq!((stats.requests, stats.accepted), (4, 3));
    assert_eq!(stats.bytes, 3 * PAYLOAD.len() as u64);
    assert_eq!(stats.rejected["MissingToken"], 1);
    assert_eq!((stats.connections, stats.taken_twice), (1, 0));
    Ok(())
}

#[tokio::test]
async fn every_command_is_kept_with_what_it_says() -> Result<(), Failure> {
    let sim = start()?;
    let octets = [
        simple(&token(1), b"{}"),
        enhanced(7, &token(2), b"no json\0"),
        frame(8, &token(3)),
        items(&[(2, b"[]"), (1, &token(4))]),
        frame(9, b""),
    ];
    answer(&sim, &octets.concat()).await?;
    let path = "/received?service=apns-gateway&limit=10";
    let (status, body) = control(&sim, "GET", path, "").await?;
    assert_eq!(status, 200);
    let received: Value = serde_json::from_str(&body)?;
    assert_eq!(
        received,
        json!([
            {"token": hex(&token(1)), "headers": {"command": "0"}, "payload": {}},
            {
                "token": hex(&token(2)),
                "headers": {"command": "1", "identifier": "7", "expiry": "1700000000"},
                "payload": "no json\0"
            },
            {
                "token": hex(&token(3)),
                "headers": {"command": "2", "identifier": "8", "expiry": "0", "priority": "10"},
                "payload": {"aps": {"alert": "hi"}}
            },
            {"token": hex(&token(4)), "headers": {"command": "2"}, "payload": []},
        ])
    );
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_its_status() -> Result<(), Failure> {
    let id = 0x0102_0304_u32.to_be_bytes();
    let command_2 = |token: &[u8], payload: &[u8]| items(&[(3, &id), (1, token), (2, payload)]);
    for (name, status, octets) in [
        ("MissingToken", 2, command_2(b"", b"{}")),
        ("MissingToken", 2, items(&[(3, &id), (2, b"{}")])),
        ("MissingToken", 2, enhanced(0x0102_0304, b"", b"{}")),
        ("InvalidTokenSize", 5, command_2(&[1; 31], b"{}")),
        ("InvalidTokenSize", 5, command_2(&[1; 33], b"{}")),
        ("MissingPayload", 4, command_2(&token(1), b"")),
        ("MissingPayload", 4, items(&[(3, &id), (1, &token(1))])),
        ("InvalidPayloadSize", 7, command_2(&token(1), &[b' '; 2049])),
        ("ProtocolError", 128, items(&[(3, &id), (6, b"")])),
        ("ProtocolError", 128, items(&[(3, &id), (1, b""), (1, b"")])),
        ("ProtocolError", 128, items(&[(3, &id), (5, &[7])])),
    ] {
        let sim = start()?;
        let expected = [&[8, status][..], &id].concat();
        assert_eq!(answer(&sim, &octets).await?, expected, "{name}");
        let stats = stats(&sim);
        assert_eq!((stats.requests, stats.accepted), (1, 0), "{name}");
        assert_eq!(stats.rejected.len(), 1);
        assert_eq!(stats.rejected[name], 1);
    }
    let sim = start()?;
    let longest = command_2(&token(1), &[b' '; 2048]);
    answer(&sim, &[longest, frame(2, b"")].concat()).await?;
    assert_eq!(stats(&sim).accepted, 1);
    Ok(())
}

#[tokio::test]
async fn what_can_not_be_read_is_answered_without_an_identifier() -> Result<(), Failure> {
    let sim = start()?;
    let endless = [2, 0xff, 0xff, 0xff, 0xff];
    for octets in [&b"\x03"[..], b"GET / HTTP/1.1\r\n\r\n", &endless] {
        assert_eq!(answer(&sim, octets).await?, [8, 128, 0, 0, 0, 0]);
    }
    assert_eq!(stats(&sim).rejected["ProtocolError"], 3);
    let no_identifier = items(&[(1, b"short"), (2, b"{}")]);
    assert_eq!(answer(&sim, &no_identifier).await?, [8, 5, 0, 0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn command_0_has_no_answer_but_the_end() -> Result<(), Failure> {
    let sim = start()?;
    let octets = [simple(&token(1), b"{}"), simple(b"short", b"{}")].concat();
    assert!(answer(&sim, &octets).await?.is_empty());
    let stats = stats(&sim);
    assert_eq!(stats.accepted, 1);
    assert_eq!(stats.rejected["InvalidTokenSize"], 1);
    Ok(())
}

#[tokio::test]
async fn what_is_behind_a_refusal_is_thrown_away() -> Result<(), Failure> {
    let sim = start()?;
    let bad = Fault::new(Service::ApnsGateway, Action::Code(Refusal::new(8)));
    sim.fault(bad.token(hex(&token(2)).to_uppercase()))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 10).await?;
    assert_eq!(provider.rest().await?, [8, 8, 0, 0, 0, 2]);
    // What is written after the answer was read is still thrown away, and nobody is told.
    let _ = provider.push_many(10, 5).await;
    drop(provider);
    until(&sim, |stats| stats.open == 0).await;
    let stats = stats(&sim);
    assert_eq!((stats.accepted, stats.discarded), (2, 12));
    assert_eq!(stats.rejected["InvalidToken"], 1);
    assert_eq!(stats.requests, 3);
    Ok(())
}

#[tokio::test]
async fn a_frame_may_come_in_any_pieces() -> Result<(), Failure> {
    let sim = start()?;
    let mut provider = Provider::connect(&sim).await?;
    let long = enhanced(5, &token(5), &[b' '; 2048]);
    let octets = [simple(&token(1), b"{}"), long, frame(6, b"")].concat();
    for piece in octets.chunks(100) {
        provider.write(piece).await?;
    }
    assert_eq!(provider.rest().await?, [8, 2, 0, 0, 0, 6]);
    assert_eq!(stats(&sim).accepted, 2);
    Ok(())
}

#[tokio::test]
async fn the_longest_frame_that_can_be_is_read() -> Result<(), Failure> {
    let sim = with(
        Config::default()
            .token_bytes(1..=65_535)
            .payload_bytes(65_535),
    )?;
    let id = 3_u32.to_be_bytes();
    let longest = items(&[
        (1, &[1; 65_535]),
        (2, &[b' '; 65_535]),
        (3, &id),
        (4, &id),
        (5, &[5]),
    ]);
    let octets = [longest.clone(), longest, frame(4, b"")].concat();
    assert_eq!(answer(&sim, &octets).await?, [8, 2, 0, 0, 0, 4]);
    assert_eq!(stats(&sim).accepted, 2);
    Ok(())
}

#[tokio::test]
async fn a_certificate_for_voip_allows_longer_payloads() -> Result<(), Failure> {
    let sim = start()?;
    let profile = ClientProfile::new("com.example.app.voip").single_topic();
    let voip = sim.authority().issue_client(&profile)?;
    for (payload, status) in [(4096, 2), (4097, 7)] {
        let mut provider = Provider::with(&sim, Some(&voip)).await?;
        let octets = [
            enhanced(1, &token(1), &vec![b' '; payload]),
            enhanced(1, b"", b"{}"),
        ];
        provider.write(&octets.concat()).await?;
        assert_eq!(provider.rest().await?, [8, status, 0, 0, 0, 1]);
    }
    let mut other = Provider::with(&sim, Some(sim.files().client())).await?;
    other.write(&enhanced(1, &token(1), &[b' '; 2049])).await?;
    assert_eq!(other.rest().await?, [8, 7, 0, 0, 0, 1]);
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_demanded_on_demand_only() -> Result<(), Failure> {
    let sim = with(Config::default().require_certificate())?;
    // Under TLS 1.3 the client learns it when the handshake is over for it.
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 1000).await?;
    let ended = timeout(PATIENCE, provider.stream.read_u8()).await?;
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("CertificateRequired"), "{error}");
    let mut good = Provider::with(&sim, Some(sim.files().client())).await?;
    good.probe(1).await?;
    assert_eq!(good.rest().await?.len(), 6);
    assert_eq!(stats(&sim).connections, 1);
    Ok(())
}

#[tokio::test]
async fn identifiers_are_those_of_their_connection_and_begin_anywhere() -> Result<(), Failure> {
    let sim = start()?;
    for first in [0, 1, u32::MAX - 1] {
        let mut provider = Provider::connect(&sim).await?;
        for step in 0..3_u32 {
            provider
                .push(first.wrapping_add(step), &token(step))
                .await?;
        }
        let last = first.wrapping_add(3);
        provider.probe(last).await?;
        let expected = [&[8, 2][..], &last.to_be_bytes()].concat();
        assert_eq!(provider.rest().await?, expected);
    }
    assert_eq!(stats(&sim).accepted, 9);
    Ok(())
}

#[tokio::test]
async fn tokens_are_counted_for_who_asked_for_it() -> Result<(), Failure> {
    let sim = with(Config::default().count_tokens())?;
    let mut octets = Vec::new();
    for number in [1, 2, 1, 3, 1] {
        octets.extend(frame(number, &token(number)));
    }
    octets.extend(frame(0, b""));
    answer(&sim, &octets).await?;
    let tokens = sim.tokens(Service::ApnsGateway)?;
    let expected = [1, 2, 3].map(|number| (hex(&token(number)), if number == 1 { 3 } else { 1 }));
    assert_eq!(tokens, expected.into());
    assert_eq!(stats(&sim).taken_twice, 2);
    let (status, body) = control(&sim, "GET", "/tokens?service=apns-gateway", "").await?;
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&body)?, json!(tokens));
    sim.reset();
    assert!(sim.tokens(Service::ApnsGateway)?.is_empty());
    assert!(sim.received(Service::ApnsGateway, 10)?.is_empty());

    let sim = start()?;
    let error = sim.tokens(Service::ApnsGateway).unwrap_err().to_string();
    assert!(error.contains("does not count"), "{error}");
    let (status, _) = control(&sim, "GET", "/tokens?service=apns-feedback", "").await?;
    assert_eq!(status, 400);
    Ok(())
}

/// Old clients take what is there to be read for an error response.
#[tokio::test]
async fn session_tickets_come_on_demand_only() -> Result<(), Failure> {
    for (tickets, config) in [
        (0, Config::default()),
        (2, Config::default().session_tickets(2)),
    ] {
        let sim = with(config)?;
        let mut provider = Provider::connect(&sim).await?;
        provider.probe(1).await?;
        provider.rest().await?;
        let session = provider.stream.get_ref().1;
        assert_eq!(session.tls13_tickets_received(), tickets);
    }
    Ok(())
}
