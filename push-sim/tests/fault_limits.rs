//! Limits, windows and attention that change on command.

mod support;

use std::time::Duration;

use push_sim::http2::{Frame, MAX_31};
use push_sim::{Action, Close, Fault, GoAway, Service, Sim, apns};
use support::raw::{PATIENCE, Raw};
use support::{Client, DEVICE, Failure, arm, control, stats, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(40);

fn start() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_any().start()?)
}

#[tokio::test]
async fn a_limit_of_streams_falls_to_zero_and_rises_again() -> Result<(), Failure> {
    let sim = start()?;
    let action = Action::StreamsFor {
        limit: 0,
        time: MOMENT,
        then: Some(7),
    };
    sim.fault(Fault::new(Service::Apns, action).times(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.until("Settings(").await?;
    raw.push(1).await?;
    assert!(raw.until("Settings(").await?.contains("max_streams=0 "));
    raw.until("Headers { stream: 1").await?;
    raw.acknowledge(2).await?;
    raw.push_open(3).await?;
    let refused = "Reset { stream: 3, code: REFUSED_STREAM }";
    // The limit may rise before the stream has come.
    let (mut was_refused, mut has_risen) = (false, false);
    while !(was_refused && has_risen) {
        let frame = raw.frame().await?;
        was_refused |= frame == refused;
        has_risen |= frame.contains("max_streams=7 ");
    }
    raw.acknowledge(1).await?;
    raw.push(5).await?;
    raw.until("Headers { stream: 5").await?;
    Ok(())
}

#[tokio::test]
async fn without_another_limit_the_configured_one_comes_back() -> Result<(), Failure> {
    let sim = start()?;
    let json = r#"{"service":"apns","on":"connection","do":{"streams":{"limit":0,"for_ms":1}}}"#;
    assert_eq!(control(&sim, "POST", "/faults", json).await?.0, 200);
    let mut raw = Raw::connect(&sim).await?;
    for limit in ["max_streams=1 ", "max_streams=0 ", "max_streams=1000 "] {
        let settings = raw.until("Settings(").await?;
        assert!(settings.contains(limit), "{settings}");
    }
    Ok(())
}

#[tokio::test]
async fn an_action_is_applied_to_all_open_connections_at_once() -> Result<(), Failure> {
    let sim = start()?;
    let mut one = Raw::connect(&sim).await?;
    let mut two = Raw::connect(&sim).await?;
    until(&sim, |stats| stats.open == 2).await;
    assert_eq!(sim.apply(Service::Apns, &Action::Streams(3))?, 2);
    for raw in [&mut one, &mut two] {
        raw.until("Settings(").await?;
        assert!(raw.until("Settings(").await?.contains("max_streams=3 "));
    }
    let goaway = r#"{"service":"apns","do":{"goaway":{"reason":"IdleTimeout"}}}"#;
    let answer = control(&sim, "POST", "/apply", goaway).await?;
    assert_eq!(answer, (200, r#"{"connections":2}"#.to_owned()));
    for raw in [&mut one, &mut two] {
        assert!(raw.until("GoAway").await?.contains("last: 0,"));
        assert_eq!(raw.end().await?, None);
    }
    drop((one, two));
    until(&sim, |stats| stats.open == 0).await;
    assert_eq!(sim.apply(Service::Apns, &Action::Stall)?, 0);

    for wrong in [Action::Reset(7), Action::DropAnswer] {
        assert!(sim.apply(Service::Apns, &wrong).is_err());
    }
    let wrong = r#"{"service":"apns","do":{"delay_ms":1}}"#;
    let (status, line) = control(&sim, "POST", "/apply", wrong).await?;
    assert_eq!(status, 400);
    assert!(line.contains("needs a request"), "{line}");
    Ok(())
}

#[tokio::test]
async fn a_new_connection_is_struck_before_its_first_request() -> Result<(), Failure> {
    let sim = start()?;
    let goaway = Action::GoAway(GoAway::new().last(0));
    let fault = Fault::new(Service::Apns, goaway).on_connections();
    sim.fault(fault.after(1).times(1))?;
    let mut first = Raw::connect(&sim).await?;
    first.ping(*b"the 1st!").await?;
    let mut second = Raw::connect(&sim).await?;
    second.until("GoAway").await?;
    let mut third = Raw::connect(&sim).await?;
    third.ping(*b"the 3rd!").await?;
    Ok(())
}

#[tokio::test]
async fn a_smaller_window_makes_that_of_an_open_stream_negative() -> Result<(), Failure> {
    let sim = start()?;
    let mut raw = Raw::connect(&sim).await?;
    raw.until("Settings(").await?;
    raw.push_open(1).await?;
    let piece = |end_stream, data| Frame::Data {
        stream: 1,
        end_stream,
        data,
    };
    raw.write(piece(false, b"28 bytes of 65535 are spent."))
        .await?;
    raw.push_open(3).await?;
    raw.ping(*b"received").await?;
    sim.apply(
        Service::Apns,
        &Action::Window {
            initial: 5,
            time: None,
            then: None,
        },
    )?;
    assert!(raw.until("Settings(").await?.contains("window=5 "));
    raw.acknowledge(2).await?;
    // 5 - 28 bytes are left: an empty frame may come, and it ends the request.
    raw.write(piece(true, b"")).await?;
    raw.until("Headers { stream: 1").await?;
    assert_eq!(stats(&sim).requests, 1);

    // Of the other open stream five bytes may come, as of a new one, and not one more.
    raw.push_open(5).await?;
    for stream in [3, 5] {
        raw.write(Frame::Data {
            stream,
            end_stream: true,
            data: b"sixsix",
        })
        .await?;
        let reset = raw.until("Reset").await?;
        let refused = format!("Reset {{ stream: {stream}, code: FLOW_CONTROL_ERROR }}");
        assert_eq!(reset, refused);
    }
    Ok(())
}

#[tokio::test]
async fn a_window_is_as_wide_as_before_after_its_time() -> Result<(), Failure> {
    let sim = start()?;
    let action = Action::Window {
        initial: 0,
        time: Some(MOMENT),
        then: None,
    };
    sim.fault(Fault::new(Service::Apns, action).times(1))?;
    let client = Client::connect(&sim, None).await?;
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    // The body of this one waits, if the client has heard of the window by now.
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    let mut raw = Raw::connect(&sim).await?;
    until(&sim, |stats| stats.open == 2).await;
    sim.apply(
        Service::Apns,
        &Action::Window {
            initial: 0,
            time: Some(MOMENT),
            then: Some(100),
        },
    )?;
    raw.until("Settings(").await?;
    assert!(raw.until("Settings(").await?.contains("window=0 "));
    assert!(raw.until("Settings(").await?.contains("window=100 "));
    Ok(())
}

#[tokio::test]
async fn a_starved_connection_gets_its_windows_back_after_a_time() -> Result<(), Failure> {
    let config = apns::Config::default().connection_window(65_535);
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let mut raw = Raw::connect(&sim).await?;
    raw.ping(*b"anything").await?;
    sim.apply(Service::Apns, &Action::Starve(Some(Duration::from_secs(2))))?;
    raw.push_open(1).await?;
    for _ in 0..3 {
        let data = [b' '; 16_000];
        raw.write(Frame::Data {
            stream: 1,
            end_stream: false,
            data: &data,
        })
        .await?;
    }
    raw.write(Frame::Ping {
        ack: false,
        payload: *b"received",
    })
    .await?;
    // More than half of both windows is spent; else updates would come at once.
    let mut frames = vec![raw.frame().await?];
    while frames.last().is_none_or(|frame| !frame.starts_with("Ping")) {
        frames.push(raw.frame().await?);
    }
    assert_eq!(frames.len(), 1, "{frames:?}");
    let mut updates = [raw.frame().await?, raw.frame().await?];
    updates.sort();
    assert_eq!(
        updates,
        [
            "WindowUpdate { stream: 0, increment: 48000 }",
            "WindowUpdate { stream: 1, increment: 48000 }"
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_client_is_served_again_after_hunger() -> Result<(), Failure> {
    let config = apns::Config::default().connection_window(65_535);
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    arm(&sim, Action::Starve(Some(MOMENT)))?;
    let client = Client::connect(&sim, None).await?;
    let authorization = support::bearer(&sim);
    let body = format!(r#"{{"aps":{{"alert":"{}"}}}}"#, "x".repeat(4000));
    // Four times what the windows hold.
    for _ in 0..64 {
        let push = support::Push::to(DEVICE).header("authorization", &authorization);
        assert_eq!(client.send(push.body(body.clone())).await?.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn reading_stops_while_writing_goes_on() -> Result<(), Failure> {
    let sim = start()?;
    let delay = Action::Delay(MOMENT);
    sim.fault(Fault::new(Service::Apns, delay).times(1))?;
    sim.fault(Fault::new(Service::Apns, Action::StopReading(None)).times(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.push(3).await?;
    raw.until("Headers { stream: 3").await?;
    raw.until("Headers { stream: 1").await?;
    // It takes some megabytes until the system's buffers are full.
    let stuck = async {
        loop {
            raw.stream.write_all(&[0; 64 << 10]).await?;
        }
        #[allow(unreachable_code)]
        Ok::<(), Failure>(())
    };
    assert!(timeout(Duration::from_secs(1), stuck).await.is_err());
    // An orderly end would wait behind all that is unread.
    raw.stream.get_ref().0.set_zero_linger()?;
    drop(raw);
    until(&sim, |stats| stats.open == 0).await;
    assert_eq!(stats(&sim).requests, 2);
    Ok(())
}

#[tokio::test]
async fn reading_starts_again_after_a_time() -> Result<(), Failure> {
    let sim = start()?;
    sim.fault(Fault::new(Service::Apns, Action::StopReading(Some(MOMENT))).times(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.until("Headers { stream: 1").await?;
    let stopped = std::time::Instant::now();
    raw.push(3).await?;
    raw.until("Headers { stream: 3").await?;
    assert!(stopped.elapsed() > MOMENT / 2);
    Ok(())
}

#[tokio::test]
async fn a_stalled_connection_is_gone_when_its_client_is() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Stall)?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    until(&sim, |stats| stats.unprocessed == 1).await;
    // Unread, and still the end behind it is seen.
    raw.push(3).await?;
    assert_eq!(stats(&sim).open, 1);
    drop(raw);
    until(&sim, |stats| stats.open == 0).await;
    Ok(())
}

#[tokio::test]
async fn a_stalled_connection_can_still_be_closed() -> Result<(), Failure> {
    for action in [Action::Stall, Action::Wedge] {
        let sim = start()?;
        arm(&sim, action)?;
        let mut raw = Raw::connect(&sim).await?;
        raw.push(1).await?;
        until(&sim, |stats| stats.unprocessed == 1).await;
        assert_eq!(sim.apply(Service::Apns, &Action::Close(Close::Rst))?, 1);
        assert_eq!(raw.end().await?, Some(std::io::ErrorKind::ConnectionReset));
    }
    Ok(())
}

#[tokio::test]
async fn a_wedged_connection_reads_and_says_nothing() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Wedge)?;
    let mut raw = Raw::connect(&sim).await?;
    raw.ping(*b"anything").await?;
    raw.push(1).await?;
    until(&sim, |stats| stats.unprocessed == 1).await;
    // Far more than the system would keep for one who does not read.
    let empty = vec![0; 1 << 20];
    for _ in 0..32 {
        timeout(PATIENCE, raw.stream.write_all(&empty)).await??;
    }
    raw.push(3).await?;
    let silence = timeout(MOMENT, raw.stream.read_u8()).await;
    assert!(silence.is_err(), "{silence:?}");
    drop(raw);
    until(&sim, |stats| stats.open == 0).await;
    assert_eq!(stats(&sim).requests, 1);
    Ok(())
}

#[tokio::test]
async fn pings_are_ignored_and_requests_served() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::IgnorePings)?;
    let mut raw = Raw::connect(&sim).await?;
    raw.ping(*b"anything").await?;
    raw.push(1).await?;
    raw.until("Headers { stream: 1").await?;
    raw.write(Frame::Ping {
        ack: false,
        payload: *b"are you?",
    })
    .await?;
    raw.push(3).await?;
    loop {
        let frame = raw.frame().await?;
        assert!(!frame.starts_with("Ping"), "{frame}");
        if frame.starts_with("Headers { stream: 3") {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_limit_of_windows_is_that_of_the_protocol() -> Result<(), Failure> {
    let sim = start()?;
    let window = |initial| Action::Window {
        initial,
        time: None,
        then: None,
    };
    assert!(sim.apply(Service::Apns, &window(MAX_31)).is_ok());
    assert!(sim.apply(Service::Apns, &window(MAX_31 + 1)).is_err());
    Ok(())
}
