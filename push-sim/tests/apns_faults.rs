//! Faults on command, seen by a client.

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use push_sim::http2::Frame;
use push_sim::{Action, Answer, Close, Fault, GoAway, Service, Sim};
use support::raw::Raw;
use support::{Client, DEVICE, Failure, Push, arm, bearer, stats, tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const OTHER: &str = "aabbccddeeff00112233445566778899";

fn start() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_any().start()?)
}

#[tokio::test]
async fn an_answer_is_given_as_commanded() -> Result<(), Failure> {
    let sim = start()?;
    let gone = Answer::new(410)
        .reason("Unregistered")
        .timestamp_ms(1_700_000_000_123);
    let busy = Answer::new(429)
        .reason("TooManyRequests")
        .retry_after("120");
    let fault = |answer| Fault::new(Service::Apns, Action::Answer(answer));
    sim.fault(fault(gone).token(DEVICE.to_uppercase()))?;
    sim.fault(fault(busy).token(OTHER).times(1))?;

    let client = Client::connect(&sim, None).await?;
    let answered = client.push(&sim, DEVICE).await?;
    assert_eq!(answered.status, 410);
    assert_eq!(
        answered.body.to_string(),
        r#"{"reason":"Unregistered","timestamp":1700000000123}"#
    );
    let answered = client.push(&sim, OTHER).await?;
    assert_eq!(
        (answered.status, answered.reason()),
        (429, "TooManyRequests")
    );
    assert_eq!(answered.header("retry-after"), Some("120"));
    assert_eq!(
        client.push(&sim, OTHER).await?.status,
        200,
        "once was asked for"
    );

    let stats = stats(&sim);
    assert_eq!((stats.requests, stats.accepted), (3, 1));
    assert_eq!(
        (
            stats.rejected["Unregistered"],
            stats.rejected["TooManyRequests"]
        ),
        (1, 1)
    );
    Ok(())
}

#[tokio::test]
async fn a_fault_waits_until_enough_requests_were_seen() -> Result<(), Failure> {
    let sim = start()?;
    let action = Action::Answer(Answer::new(503));
    sim.fault(Fault::new(Service::Apns, action).after(2))?;
    let client = Client::connect(&sim, None).await?;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.push(&sim, DEVICE).await?.status);
    }
    assert_eq!(statuses, [200, 200, 503, 503]);
    sim.clear_faults();
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_goaway_leaves_its_request_unprocessed() -> Result<(), Failure> {
    let sim = start()?;
    let client = Client::connect(&sim, None).await?;
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    arm(&sim, Action::GoAway(GoAway::new().reason("Shutdown")))?;
    let error = client.push(&sim, DEVICE).await.expect_err("gone");
    assert!(error.is_go_away() && error.is_remote(), "{error:?}");
    let _ = client.ended().await;
    let stats = stats(&sim);
    assert_eq!((stats.accepted, stats.unprocessed), (1, 1));
    Ok(())
}

#[tokio::test]
async fn a_goaway_above_its_request_lets_it_be_answered() -> Result<(), Failure> {
    let sim = start()?;
    let client = Client::connect(&sim, None).await?;
    let goaway = GoAway::new().last(0x7fff_ffff);
    sim.fault(Fault::new(Service::Apns, Action::GoAway(goaway)).times(1))?;
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    assert_eq!(stats(&sim).accepted, 1);
    Ok(())
}

#[tokio::test]
async fn a_goaway_carries_its_numbers_and_text() -> Result<(), Failure> {
    let sim = start()?;
    let goaway = GoAway::new().last(0).code(7).reason("Too \"many\"");
    arm(&sim, Action::GoAway(goaway))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    let goaway = raw.until("GoAway").await?;
    assert!(goaway.contains("last: 0, code: REFUSED_STREAM"), "{goaway}");
    let text = format!("{:?}", br#"{"reason":"Too \"many\""}"#);
    assert!(goaway.contains(&text), "{goaway}");
    assert_eq!(raw.end().await?, None, "an orderly end follows");
    Ok(())
}

#[tokio::test]
async fn a_connection_is_closed_in_the_way_that_was_asked_for() -> Result<(), Failure> {
    for (close, expected) in [
        (Close::Tls, None),
        (Close::Fin, Some(ErrorKind::UnexpectedEof)),
        (Close::Rst, Some(ErrorKind::ConnectionReset)),
    ] {
        let sim = start()?;
        let mut raw = Raw::connect(&sim).await?;
        raw.push(1).await?;
        raw.until("Headers").await?;
        arm(&sim, Action::Close(close))?;
        raw.push(3).await?;
        assert_eq!(raw.end().await?, expected, "{close:?}");
        assert_eq!(stats(&sim).accepted, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_delayed_answer_comes_later_and_is_overtaken() -> Result<(), Failure> {
    let sim = start()?;
    let delay = Duration::from_millis(60);
    sim.fault(Fault::new(Service::Apns, Action::Delay(delay)).token(DEVICE))?;
    let client = Client::connect(&sim, None).await?;
    let started = Instant::now();
    let slow = async {
        let status = client
            .push(&sim, DEVICE)
            .await
            .map(|answered| answered.status);
        (status, started.elapsed())
    };
    let fast = async {
        let status = client
            .push(&sim, OTHER)
            .await
            .map(|answered| answered.status);
        (status, started.elapsed())
    };
    let ((slow, slow_after), (fast, fast_after)) = tokio::join!(slow, fast);
    assert_eq!((slow?, fast?), (200, 200));
    assert!(slow_after >= delay && fast_after < slow_after);
    Ok(())
}

#[tokio::test]
async fn a_dropped_answer_is_counted_and_never_comes() -> Result<(), Failure> {
    let sim = start()?;
    sim.fault(Fault::new(Service::Apns, Action::DropAnswer).token(DEVICE))?;
    let client = Client::connect(&sim, None).await?;
    let lost = client.push(&sim, DEVICE);
    let later = async {
        // The connection goes on: what came after is answered.
        while stats(&sim).accepted == 0 {
            tokio::task::yield_now().await;
        }
        client.push(&sim, OTHER).await
    };
    tokio::select! {
        answered = lost => panic!("answered: {answered:?}"),
        answered = later => assert_eq!(answered?.status, 200),
    }
    assert_eq!(stats(&sim).accepted, 2);
    assert_eq!(sim.received(Service::Apns, 9)?[0].token, DEVICE);
    Ok(())
}

#[tokio::test]
async fn a_stalled_connection_answers_not_even_a_ping() -> Result<(), Failure> {
    let sim = start()?;
    sim.fault(Fault::new(Service::Apns, Action::Stall).times(1))?;
    let mut stalled = Raw::connect(&sim).await?;
    stalled.push(1).await?;
    while stats(&sim).requests == 0 {
        tokio::task::yield_now().await;
    }
    let ping = Frame::Ping {
        ack: false,
        payload: *b"anypush!",
    };
    stalled.write(ping).await?;
    let other = async {
        let client = Client::connect(&sim, None).await?;
        Ok::<_, Failure>(client.push(&sim, DEVICE).await?.status)
    };
    tokio::select! {
        frame = stalled.until("Ping") => panic!("it answered: {frame:?}"),
        status = other => assert_eq!(status?, 200, "other connections are served"),
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_is_reset_with_the_code() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Reset(7))?;
    let client = Client::connect(&sim, None).await?;
    let error = client.push(&sim, DEVICE).await.expect_err("a reset");
    assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM));
    assert_eq!(stats(&sim).unprocessed, 1);
    Ok(())
}

#[tokio::test]
async fn the_limit_of_streams_is_one_until_a_token_is_valid() -> Result<(), Failure> {
    let sim = start()?;
    let mut raw = Raw::connect(&sim).await?;
    assert!(raw.until("Settings(").await?.contains("max_streams=1 "));
    raw.push(1).await?;
    assert!(raw.until("Settings(").await?.contains("max_streams=1000 "));

    let certified = tls(&sim, &["h2"], Some(sim.files().client())).await?;
    let mut raw = Raw::start(&sim, certified).await?;
    assert!(raw.until("Settings(").await?.contains("max_streams=1000 "));
    Ok(())
}

#[tokio::test]
async fn requests_beyond_the_first_limit_are_served_all_the_same() -> Result<(), Failure> {
    let sim = start()?;
    let mut raw = Raw::connect(&sim).await?;
    raw.write(Frame::SettingsAck).await?;
    for stream in 0..50 {
        raw.push(stream * 2 + 1).await?;
    }
    for _ in 0..50 {
        raw.until("Headers").await?;
    }
    assert_eq!(stats(&sim).accepted, 50);
    Ok(())
}

#[tokio::test]
async fn a_commanded_limit_of_streams_is_kept_to() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Streams(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.until("Settings(").await?;
    raw.push(1).await?;
    assert!(raw.until("Settings(").await?.contains("max_streams=1 "));
    let mut both = Vec::new();
    for _ in 0..2 {
        // One for the first SETTINGS, one for the fault's.
        Frame::SettingsAck.encode(&mut both);
    }
    raw.stream.write_all(&both).await?;
    raw.push_open(3).await?;
    raw.push_open(5).await?;
    let reset = raw.until("Reset").await?;
    assert_eq!(reset, "Reset { stream: 5, code: REFUSED_STREAM }");
    Ok(())
}

#[tokio::test]
async fn the_shared_client_is_served_under_every_limit() -> Result<(), Failure> {
    let sim = start()?;
    let client = Client::connect(&sim, None).await?;
    let pushes = (0..200).map(|_| client.push(&sim, DEVICE));
    for answered in futures_util::future::join_all(pushes).await {
        // Refused streams are the client's to repeat; here none may be refused.
        assert_eq!(answered?.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn http_1_is_refused_cleanly() -> Result<(), Failure> {
    let sim = start()?;
    assert!(tls(&sim, &["http/1.1"], None).await.is_err(), "by ALPN");
    let mut stream = tls(&sim, &[], None).await?;
    stream
        .write_all(b"POST /3/device/ab HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 505 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nthis service speaks HTTP/2 only.\n"));
    Ok(())
}

#[tokio::test]
async fn a_client_without_alpn_is_served() -> Result<(), Failure> {
    let sim = start()?;
    let client = Client::over(tls(&sim, &[], None).await?).await?;
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_host_header_replaces_the_authority() -> Result<(), Failure> {
    let sim = start()?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    assert!(raw.until("Headers").await?.contains("block: [136,"), "200");
    let client = Client::connect(&sim, None).await?;
    let push = Push::to(DEVICE)
        .header("authorization", bearer(&sim))
        .header("host", "api.push.apple.com");
    assert_eq!(client.send(push).await?.status, 200);
    Ok(())
}
