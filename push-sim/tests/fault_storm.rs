//! Random faults from a seed, and the counts that show what they did.

mod support;

use std::time::Duration;

use push_sim::{Action, Close, Fault, Kind, Point, Service, ServiceStats, Sim, Storm};
use support::raw::Raw;
use support::{Client, DEVICE, Failure, Push, arm, bearer, control, stats, until};

fn start() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_any().start()?)
}

/// What is counted after fifty requests one after the other, of kinds that don't race.
async fn storm(seed: u64) -> Result<ServiceStats, Failure> {
    let sim = start()?;
    let random = format!(
        r#"{{"seed":{seed},"one_in":3,"kinds":["answer","close","streams","reset","delay"]}}"#
    );
    let json = format!(r#"{{"service":"apns","do":{{"random":{random}}}}}"#);
    assert_eq!(control(&sim, "POST", "/faults", &json).await?.0, 200);
    // What is written to a connection that has just ended may never come: so those that came are counted.
    while stats(&sim).requests < 50 {
        let mut raw = Raw::connect(&sim).await?;
        for stream in (1..).step_by(2) {
            let written = raw.push(stream).await;
            let goes_on = written.is_ok() && is_answered(&mut raw, stream).await;
            if !goes_on || stats(&sim).requests >= 50 {
                break;
            }
        }
    }
    until(&sim, |stats| stats.open == 0).await;
    Ok(stats(&sim))
}

/// Whether the stream ends before the connection does.
async fn is_answered(raw: &mut Raw, stream: u32) -> bool {
    while let Ok((head, _)) = raw.next().await {
        if head.stream == stream && (head.flags & 1 != 0 || head.kind == 0x3) {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn the_same_seed_does_the_same_to_the_same_requests() -> Result<(), Failure> {
    let first = storm(17).await?;
    assert_eq!(first, storm(17).await?);
    assert!(first.faults.len() > 3, "{:?}", first.faults);
    assert_ne!(first, storm(18).await?);
    Ok(())
}

#[tokio::test]
async fn a_storm_does_what_it_foretells() -> Result<(), Failure> {
    let sim = start()?;
    let storm = Storm::new(5).one_in(3).kinds([Kind::Answer, Kind::Delay]);
    arm(&sim, Action::Random(storm.clone()))?;
    let client = Client::connect(&sim, None).await?;
    let mut struck = 0;
    for number in 0..30 {
        let expected = match storm.at(Service::Apns, number) {
            Some(Action::Answer(answer)) => answer.status,
            _ => 200,
        };
        struck += u64::from(storm.at(Service::Apns, number).is_some());
        assert_eq!(
            client.push(&sim, DEVICE).await?.status,
            expected,
            "{number}"
        );
    }
    let faults = stats(&sim).faults;
    assert!(struck > 0);
    assert_eq!(faults.values().sum::<u64>(), struck, "{faults:?}");
    Ok(())
}

#[tokio::test]
async fn a_notification_that_is_taken_twice_is_counted() -> Result<(), Failure> {
    let sim = start()?;
    let client = Client::connect(&sim, None).await?;
    let authorization = bearer(&sim);
    let push = |id: &str| {
        let push = Push::to(DEVICE).header("authorization", authorization.as_str());
        client.send(push.header("apns-id", id))
    };
    let one = "123e4567-e89b-12d3-a456-42665544000f";
    let two = "123e4567-e89b-12d3-a456-426655440001";
    assert_eq!(push(one).await?.status, 200);
    assert_eq!(push(two).await?.status, 200);
    assert_eq!(stats(&sim).taken_twice, 0);
    assert_eq!(push(&one.to_uppercase()).await?.status, 200);
    assert_eq!(stats(&sim).taken_twice, 1);
    // A refused one is not taken, nor is one that has no name of its client's.
    sim.fault(Fault::new(Service::Apns, Action::Answer(push_sim::Answer::new(503))).times(1))?;
    assert_eq!(push(two).await?.status, 503);
    for _ in 0..2 {
        let push = Push::to(DEVICE).header("authorization", authorization.as_str());
        assert_eq!(client.send(push).await?.status, 200);
    }
    assert_eq!(stats(&sim).taken_twice, 1);
    let (_, json) = control(&sim, "GET", "/stats", "").await?;
    assert!(json.contains(r#""taken_twice":1"#), "{json}");
    sim.reset();
    assert_eq!(push(one).await?.status, 200);
    assert_eq!(stats(&sim).taken_twice, 0);
    Ok(())
}

#[tokio::test]
async fn what_was_accepted_is_either_answered_or_counted_as_unanswered() -> Result<(), Failure> {
    let sim = start()?;
    let fault = |action| Fault::new(Service::Apns, action).times(1);
    sim.fault(fault(Action::DropAnswer))?;
    sim.fault(fault(Action::Delay(Duration::from_secs(600))))?;
    sim.fault(fault(Action::Delay(Duration::from_secs(600))))?;
    sim.fault(fault(Action::CloseAt(Close::Fin, Point::BeforeAnswer)).after(4))?;
    let mut raw = Raw::connect(&sim).await?;
    for stream in [1, 3, 5, 7] {
        raw.push(stream).await?;
    }
    raw.until("Headers { stream: 7").await?;
    assert_eq!((stats(&sim).accepted, stats(&sim).unanswered), (4, 1));
    // The client gives one up,
    let reset = push_sim::http2::Frame::Reset {
        stream: 3,
        code: push_sim::http2::ErrorCode::CANCEL,
    };
    raw.write(reset).await?;
    until(&sim, |stats| stats.unanswered == 2).await;
    // and the other ends with its connection.
    raw.push(9).await?;
    raw.end().await?;
    drop(raw);
    until(&sim, |stats| stats.open == 0).await;
    assert_eq!((stats(&sim).accepted, stats(&sim).unanswered), (5, 4));
    Ok(())
}

#[tokio::test]
async fn nothing_is_counted_wrongly_in_a_storm_of_every_kind() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Random(Storm::new(23).one_in(4)))?;
    let authorization = bearer(&sim);
    let mut answered = 0;
    let mut client = None;
    for number in 0..300 {
        let pushed = async {
            if client.is_none() {
                client = Some(Client::connect(&sim, None).await?);
            }
            let id = format!("123e4567-e89b-12d3-a456-{number:012}");
            let push = Push::to(DEVICE)
                .header("authorization", authorization.as_str())
                .header("apns-id", id);
            let client = client.as_ref().ok_or("no connection")?;
            Ok::<_, Failure>(client.send(push).await?.status)
        };
        match tokio::time::timeout(Duration::from_millis(250), pushed).await {
            Ok(Ok(status)) => answered += u64::from(status == 200),
            Ok(Err(_)) | Err(_) => client = None,
        }
    }
    drop(client);
    until(&sim, |stats| stats.open == 0).await;
    let stats = stats(&sim);
    let served = stats.accepted + stats.rejected.values().sum::<u64>();
    assert!(stats.requests >= served, "{stats:?}");
    assert!(stats.requests <= served + stats.unprocessed, "{stats:?}");
    // What this client lost by its impatience, or by a reset, may be more.
    assert!(answered <= stats.accepted - stats.unanswered, "{stats:?}");
    assert!(stats.faults.len() > 10, "{stats:?}");
    assert_eq!(stats.taken_twice, 0);
    Ok(())
}
