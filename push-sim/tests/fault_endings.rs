//! Connections and streams that end on command, at a given point.

mod support;

use std::io::ErrorKind;
use std::time::Duration;

use push_sim::http2::{Frame, HEAD_LEN, Head};
use push_sim::{Action, Close, Fault, GoAway, Notice, Point, Service, Sim};
use support::raw::Raw;
use support::{Client, DEVICE, Failure, arm, stats, until};

fn start() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_any().start()?)
}

const WAYS: [(Close, Option<ErrorKind>); 3] = [
    (Close::Tls, None),
    (Close::Fin, Some(ErrorKind::UnexpectedEof)),
    (Close::Rst, Some(ErrorKind::ConnectionReset)),
];

#[tokio::test]
async fn a_connection_ends_between_fields_and_body() -> Result<(), Failure> {
    for (close, expected) in WAYS {
        let sim = start()?;
        arm(&sim, Action::CloseAt(close, Point::Headers))?;
        let mut raw = Raw::connect(&sim).await?;
        raw.push_open(1).await?;
        assert_eq!(raw.end().await?, expected, "{close:?}");
        let stats = stats(&sim);
        assert_eq!(
            (stats.requests, stats.accepted, stats.unprocessed),
            (0, 0, 1)
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_strikes_at_the_fields_waits_for_its_token_and_turn() -> Result<(), Failure> {
    let sim = start()?;
    let fault = Fault::new(Service::Apns, Action::ResetAt(7, Point::Headers));
    sim.fault(fault.token(DEVICE).after(1).times(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.until("Headers { stream: 1").await?;
    raw.push_open(3).await?;
    let reset = raw.until("Reset").await?;
    assert_eq!(reset, "Reset { stream: 3, code: REFUSED_STREAM }");
    raw.push(5).await?;
    raw.until("Headers { stream: 5").await?;
    assert_eq!(stats(&sim).accepted, 2);
    Ok(())
}

#[tokio::test]
async fn a_request_without_a_body_is_struck_at_its_fields_too() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::ResetAt(8, Point::Headers))?;
    let client = Client::connect(&sim, None).await?;
    let push = support::Push::to(DEVICE).body("");
    let error = client.send(push).await.expect_err("a reset");
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
    let stats = stats(&sim);
    assert_eq!((stats.requests, stats.unprocessed), (1, 1));
    Ok(())
}

#[tokio::test]
async fn an_answer_is_lost_by_a_close_before_it() -> Result<(), Failure> {
    for (close, expected) in WAYS {
        let sim = start()?;
        arm(&sim, Action::CloseAt(close, Point::BeforeAnswer))?;
        let mut raw = Raw::connect(&sim).await?;
        raw.push(1).await?;
        let error = raw.until("Headers").await.expect_err("no answer");
        let kind = error
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        assert_eq!(kind, expected, "{close:?}");
        let stats = stats(&sim);
        assert_eq!(
            (stats.accepted, stats.unanswered, stats.unprocessed),
            (1, 1, 0)
        );
        assert_eq!(sim.received(Service::Apns, 9)?.len(), 1);
    }
    Ok(())
}

/// What is left of the last frame: its head, and how much of its payload has come.
fn broken_frame(octets: &[u8]) -> Option<(Head, usize)> {
    let mut rest = octets;
    while let Some(head) = Head::decode(rest) {
        let end = HEAD_LEN + head.length as usize;
        match rest.get(end..) {
            Some(after) => rest = after,
            None => return Some((head, rest.len() - HEAD_LEN)),
        }
    }
    None
}

#[tokio::test]
async fn an_answer_breaks_off_in_its_middle() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::CloseAt(Close::Tls, Point::MidAnswer))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    let (head, came) = broken_frame(&raw.rest().await).expect("a broken frame");
    assert_eq!((head.kind, head.stream), (0x1, 1), "HEADERS");
    assert_eq!(came, head.length as usize / 2);
    let counted = stats(&sim);
    assert_eq!((counted.accepted, counted.unanswered), (1, 1));

    // A refusal has a body, and that is what breaks.
    let mut raw = Raw::connect(&sim).await?;
    raw.authorization = "bearer nonsense".to_owned();
    raw.push(1).await?;
    let (head, came) = broken_frame(&raw.rest().await).expect("a broken frame");
    assert_eq!((head.kind, head.stream), (0x0, 1), "DATA");
    assert_eq!(came, head.length as usize / 2);
    assert_eq!(stats(&sim).unanswered, 1);
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_behind_an_answer() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::CloseAt(Close::Fin, Point::AfterAnswer))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.until("Headers").await?;
    assert_eq!(raw.end().await?, Some(ErrorKind::UnexpectedEof));
    assert_eq!(stats(&sim).unanswered, 0);
    Ok(())
}

#[tokio::test]
async fn a_stream_is_reset_after_its_request_was_taken() -> Result<(), Failure> {
    let sim = start()?;
    let reset = |code, at| Fault::new(Service::Apns, Action::ResetAt(code, at)).times(1);
    sim.fault(reset(2, Point::BeforeAnswer))?;
    sim.fault(reset(8, Point::MidAnswer))?;
    sim.fault(reset(0, Point::AfterAnswer))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    let reset = raw.until("Reset").await?;
    assert_eq!(reset, "Reset { stream: 1, code: INTERNAL_ERROR }");

    raw.push(3).await?;
    let headers = raw.until("Headers").await?;
    assert!(headers.contains("end_stream: false"), "{headers}");
    let reset = raw.frame().await?;
    assert_eq!(reset, "Reset { stream: 3, code: CANCEL }");

    raw.push(5).await?;
    let headers = raw.until("Headers").await?;
    assert!(headers.contains("end_stream: true"), "{headers}");
    let reset = raw.frame().await?;
    assert_eq!(reset, "Reset { stream: 5, code: NO_ERROR }");

    raw.push(7).await?;
    raw.until("Headers { stream: 7").await?;
    let stats = stats(&sim);
    assert_eq!(
        (stats.accepted, stats.unanswered, stats.unprocessed),
        (4, 2, 0)
    );
    Ok(())
}

#[tokio::test]
async fn half_of_a_refusal_comes_before_a_reset() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::ResetAt(2, Point::MidAnswer))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.authorization = "bearer nonsense".to_owned();
    raw.push(1).await?;
    raw.until("Headers").await?;
    let (head, payload) = raw.next().await?;
    assert_eq!((head.kind, head.flags), (0x0, 0), "DATA without an end");
    let whole = br#"{"reason":"InvalidProviderToken"}"#;
    assert_eq!(payload, whole[..whole.len() / 2]);
    raw.until("Reset { stream: 1").await?;
    Ok(())
}

#[tokio::test]
async fn a_goaway_carries_a_text_that_is_no_json() -> Result<(), Failure> {
    let sim = start()?;
    let text = "Maximum active streams violated: 1001 > 1000";
    arm(
        &sim,
        Action::GoAway(GoAway::new().last(0).code(7).text(text)),
    )?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    let goaway = raw.until("GoAway").await?;
    let expected = Frame::GoAway {
        last: 0,
        code: push_sim::http2::ErrorCode::REFUSED_STREAM,
        debug: text.as_bytes(),
    };
    assert_eq!(goaway, format!("{expected:?}"));
    Ok(())
}

#[tokio::test]
async fn a_graceful_goaway_comes_in_two_steps_with_a_round_trip_between() -> Result<(), Failure> {
    let sim = start()?;
    let goaway = GoAway::new().reason("Shutdown").graceful(Notice::RoundTrip);
    sim.fault(Fault::new(Service::Apns, Action::GoAway(goaway)).times(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    let first = raw.until("GoAway").await?;
    assert!(
        first.contains("last: 2147483647, code: NO_ERROR"),
        "{first}"
    );
    let (head, payload) = raw.next().await?;
    assert_eq!((head.kind, head.flags), (0x6, 0), "a PING");
    raw.until("Headers { stream: 1").await?;
    // The notice was given, and what comes now is served.
    raw.push(3).await?;
    raw.until("Headers { stream: 3").await?;
    raw.push_open(5).await?;
    raw.write(Frame::Ping {
        ack: true,
        payload: payload.as_slice().try_into()?,
    })
    .await?;
    let second = raw.until("GoAway").await?;
    assert!(second.contains("last: 5, code: NO_ERROR"), "{second}");
    raw.push_open(7).await?;
    let body = Frame::Data {
        stream: 5,
        end_stream: true,
        data: b"{}",
    };
    raw.write(body).await?;
    raw.until("Headers { stream: 5").await?;
    assert_eq!(raw.end().await?, None);
    assert_eq!(stats(&sim).accepted, 3);
    Ok(())
}

#[tokio::test]
async fn the_second_step_of_a_goaway_comes_after_a_time() -> Result<(), Failure> {
    let sim = start()?;
    let notice = Notice::After(Duration::from_millis(20));
    let goaway = GoAway::new().code(11).graceful(notice).close(Close::Rst);
    arm(&sim, Action::GoAway(goaway))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.until("GoAway { last: 2147483647").await?;
    raw.until("Headers { stream: 1").await?;
    let second = raw.until("GoAway").await?;
    assert!(
        second.contains("last: 1, code: ENHANCE_YOUR_CALM"),
        "{second}"
    );
    assert_eq!(raw.end().await?, Some(ErrorKind::ConnectionReset));
    Ok(())
}

#[tokio::test]
async fn an_abrupt_goaway_takes_back_what_was_put_off() -> Result<(), Failure> {
    let sim = start()?;
    let delay = Action::Delay(Duration::from_secs(600));
    sim.fault(Fault::new(Service::Apns, delay).times(1))?;
    let goaway = GoAway::new().reason("Shutdown").close(Close::Fin);
    arm(&sim, Action::GoAway(goaway))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.push(3).await?;
    let goaway = raw.until("GoAway").await?;
    assert!(goaway.contains("last: 1,"), "{goaway}");
    assert_eq!(raw.end().await?, Some(ErrorKind::UnexpectedEof));
    drop(raw);
    until(&sim, |stats| stats.open == 0).await;
    let stats = stats(&sim);
    assert_eq!(
        (stats.accepted, stats.unanswered, stats.unprocessed),
        (1, 1, 1)
    );
    Ok(())
}

#[tokio::test]
async fn the_environment_of_a_certificate_can_be_wrong() -> Result<(), Failure> {
    let sim = start()?;
    let goaway = GoAway::new().reason("BadCertificateEnvironment");
    let fault = Fault::new(Service::Apns, Action::GoAway(goaway.last(0)));
    sim.fault(fault.on_connections().times(1))?;
    let certified = support::tls(&sim, &["h2"], Some(sim.files().client())).await?;
    let mut raw = Raw::start(&sim, certified).await?;
    raw.until("Settings(").await?;
    let goaway = raw.until("GoAway").await?;
    let text = format!("{:?}", br#"{"reason":"BadCertificateEnvironment"}"#);
    assert!(goaway.contains(&text), "{goaway}");

    let refusal = push_sim::Answer::new(403).reason("BadCertificateEnvironment");
    arm(&sim, Action::Answer(refusal))?;
    let client = Client::connect(&sim, Some(sim.files().client())).await?;
    let answered = client.send(support::Push::to(DEVICE)).await?;
    assert_eq!(answered.status, 403);
    assert_eq!(answered.reason(), "BadCertificateEnvironment");
    Ok(())
}
