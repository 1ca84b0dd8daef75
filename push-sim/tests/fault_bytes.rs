//! Answers that are too long, and bytes that break the protocol.

mod support;

use push_sim::http2::{Frame, Settings};
use push_sim::{Action, Body, Fault, Malformed, Service, Sim};
use support::raw::Raw;
use support::{Client, DEVICE, Failure, Push, arm, stats, until};

fn start() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_any().start()?)
}

#[tokio::test]
async fn a_body_is_as_long_as_it_was_asked_for() -> Result<(), Failure> {
    let sim = start()?;
    let bytes = 10 << 20;
    sim.fault(Fault::new(Service::Apns, Action::Body(Body::bytes(503, bytes))).times(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    let headers = raw.until("Headers").await?;
    assert!(headers.contains("end_stream: false"), "{headers}");
    let mut body = Vec::new();
    loop {
        let (head, payload) = raw.next().await?;
        body.extend_from_slice(&payload);
        if head.flags & 1 != 0 {
            break;
        }
        for stream in [0, 1] {
            let increment = head.length;
            raw.write(Frame::WindowUpdate { stream, increment }).await?;
        }
    }
    let refusal = br#"{"reason":"ServiceUnavailable"}"#;
    assert_eq!(body.len() as u64, refusal.len() as u64 + bytes);
    assert!(body.starts_with(refusal) && body.ends_with(b"  "));
    assert_eq!(stats(&sim).rejected["ServiceUnavailable"], 1);
    raw.push(3).await?;
    raw.until("Headers { stream: 3").await?;
    Ok(())
}

#[tokio::test]
async fn an_endless_body_keeps_to_the_windows_and_ends_with_its_stream() -> Result<(), Failure> {
    let sim = start()?;
    sim.fault(Fault::new(Service::Apns, Action::Body(Body::endless(200))).times(1))?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.until("Headers { stream: 1").await?;
    let mut came = 0;
    while came < 65_535 {
        let (head, _) = raw.next().await?;
        assert_eq!((head.kind, head.flags), (0x0, 0), "DATA without an end");
        came += head.length;
    }
    assert_eq!(came, 65_535, "as much as the windows allow");
    // Nothing more comes, but the connection is alive.
    raw.ping(*b"hungry??").await?;
    let wider = |stream| Frame::WindowUpdate {
        stream,
        increment: 10,
    };
    raw.write(wider(1)).await?;
    raw.write(wider(0)).await?;
    assert_eq!(raw.next().await?.0.length, 10);
    let reset = Frame::Reset {
        stream: 1,
        code: push_sim::http2::ErrorCode::CANCEL,
    };
    raw.write(reset).await?;
    raw.write(wider(0)).await?;
    raw.ping(*b"no more.").await?;
    raw.push(3).await?;
    assert!(raw.frame().await?.starts_with("Headers { stream: 3"));
    let stats = stats(&sim);
    assert_eq!((stats.accepted, stats.unanswered), (2, 1));
    Ok(())
}

#[tokio::test]
async fn an_endless_body_flows_as_long_as_it_is_read() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Body(Body::endless(503)))?;
    let mut raw = Raw::connect(&sim).await?;
    let wide = Frame::WindowUpdate {
        stream: 0,
        increment: 1 << 30,
    };
    raw.write(wide).await?;
    let mut settings = Vec::new();
    Settings::encode(&[(Settings::INITIAL_WINDOW_SIZE, 1 << 30)], &mut settings);
    tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &settings).await?;
    raw.push(1).await?;
    raw.until("Headers { stream: 1").await?;
    let mut came = 0;
    while came < 32 << 20 {
        came += raw.next().await?.0.length;
    }
    // The client says nothing, and reads no more: so nothing is written either.
    drop(raw);
    until(&sim, |stats| stats.open == 0).await;
    Ok(())
}

#[tokio::test]
async fn a_refused_request_is_answered_as_usual_where_a_success_was_to_be_long()
-> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Body(Body::endless(200)))?;
    let client = Client::connect(&sim, None).await?;
    let push = Push::to(DEVICE).header("authorization", "bearer nonsense");
    let answered = client.send(push).await?;
    assert_eq!(answered.reason(), "InvalidProviderToken");
    Ok(())
}

/// What the `h2` crate says of it: of the connection, or of the stream alone.
async fn verdict(malformed: Malformed) -> Result<(bool, Option<h2::Reason>), Failure> {
    let sim = start()?;
    let client = Client::connect(&sim, None).await?;
    // The limit of one stream is over after the first.
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    sim.fault(Fault::new(Service::Apns, Action::Malformed(malformed)).times(1))?;
    let error = client.push(&sim, DEVICE).await.expect_err("malformed");
    let counted = stats(&sim);
    assert_eq!((counted.accepted, counted.unanswered), (2, 1));
    let goes_on = client.push(&sim, DEVICE).await.is_ok();
    Ok((goes_on, error.reason()))
}

#[tokio::test]
async fn malformed_bytes_are_what_a_client_takes_them_for() -> Result<(), Failure> {
    use h2::Reason;
    // Where RFC 9113 has a finer code, h2 contents itself with PROTOCOL_ERROR.
    let cases = [
        (Malformed::OversizedFrame, Reason::FRAME_SIZE_ERROR),
        (Malformed::DataOnStream0, Reason::PROTOCOL_ERROR),
        (Malformed::HeadersOnIdleStream, Reason::PROTOCOL_ERROR),
        (Malformed::HeadersOnEvenStream, Reason::PROTOCOL_ERROR),
        (Malformed::BadHpack, Reason::PROTOCOL_ERROR),
        (Malformed::SettingsLength, Reason::PROTOCOL_ERROR),
        (Malformed::SettingsValue, Reason::PROTOCOL_ERROR),
        (Malformed::PingLength, Reason::PROTOCOL_ERROR),
        (Malformed::GoawayLength, Reason::PROTOCOL_ERROR),
        (Malformed::WindowUpdate0, Reason::PROTOCOL_ERROR),
        (Malformed::WindowOverflow, Reason::FLOW_CONTROL_ERROR),
        (Malformed::Continuation, Reason::PROTOCOL_ERROR),
        (Malformed::PushPromise, Reason::PROTOCOL_ERROR),
        (Malformed::Garbage, Reason::FRAME_SIZE_ERROR),
        (Malformed::UppercaseHeader, Reason::PROTOCOL_ERROR),
    ];
    let mut wrong = Vec::new();
    for (malformed, expected) in cases {
        let found = verdict(malformed).await?;
        if found != (false, Some(expected)) {
            wrong.push((malformed, found));
        }
    }
    for malformed in [Malformed::MissingStatus, Malformed::ContentLength] {
        let found = verdict(malformed).await?;
        if found != (true, Some(Reason::PROTOCOL_ERROR)) {
            wrong.push((malformed, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}

#[tokio::test]
async fn a_frame_of_an_unknown_type_is_followed_by_the_answer() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Malformed(Malformed::UnknownFrame))?;
    let client = Client::connect(&sim, None).await?;
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    raw.until("Unknown { kind: 190").await?;
    raw.until("Headers { stream: 1").await?;
    assert_eq!(stats(&sim).unanswered, 0);
    Ok(())
}

#[tokio::test]
async fn bytes_come_on_a_connection_without_a_request() -> Result<(), Failure> {
    let sim = start()?;
    let mut raw = Raw::connect(&sim).await?;
    raw.ping(*b"anything").await?;
    sim.apply(Service::Apns, &Action::Malformed(Malformed::PingLength))?;
    let (head, payload) = raw.next().await?;
    assert_eq!((head.kind, payload.len()), (0x6, 7));
    Ok(())
}
