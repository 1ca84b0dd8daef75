//! The feedback service: what it tells, what it forgets, and what goes wrong.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use push_sim::feedback::{Config, Entry};
use push_sim::{Action, Close, Fault, Handshake, Issued, Point, Service, ServiceStats, Sim};
use support::gateway::records;
use support::raw::PATIENCE;
use support::{Failure, control, tls_to};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(40);

fn start() -> Result<Sim, Failure> {
    let config = Config::default()
        .entry(Entry::new("00aa", 7))
        .entry(Entry::new("11bb", 8))
        .entry(Entry::new("22CC", 9));
    Ok(Sim::builder()
        .apns_feedback_any()
        .apns_feedback_config(config)
        .start()?)
}

/// The three entries, as they are told.
const ALL: [u8; 24] = [
    0, 0, 0, 7, 0, 2, 0x00, 0xaa, //
    0, 0, 0, 8, 0, 2, 0x11, 0xbb, //
    0, 0, 0, 9, 0, 2, 0x22, 0xcc,
];

fn arm(sim: &Sim, action: Action) -> Result<(), Failure> {
    let fault = Fault::new(Service::ApnsFeedback, action);
    Ok(sim.fault(fault.times(1))?)
}

fn stats(sim: &Sim) -> ServiceStats {
    sim.stats()[&Service::ApnsFeedback].clone()
}

/// What is told to a client, and the error with which the connection ends.
async fn read(sim: &Sim) -> Result<(Vec<u8>, Option<ErrorKind>), Failure> {
    read_with(sim, None).await
}

async fn read_with(
    sim: &Sim,
    identity: Option<&Issued>,
) -> Result<(Vec<u8>, Option<ErrorKind>), Failure> {
    let address = sim.apns_feedback_addr().unwrap();
    let mut stream = tls_to(sim, address, &[], identity).await?;
    let mut octets = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut octets)).await?;
    Ok((octets, ended.err().map(|error| error.kind())))
}

#[tokio::test]
async fn all_is_told_once_and_then_forgotten() -> Result<(), Failure> {
    let sim = start()?;
    assert_eq!(read(&sim).await?, (ALL.to_vec(), None));
    assert_eq!(read(&sim).await?, (vec![], None));
    sim.feedback(&[Entry::new("33dd", 1)])?;
    let entries = r#"[{"token":"44ee","since":2}]"#;
    let (status, body) = control(&sim, "POST", "/feedback", entries).await?;
    assert_eq!((status, body.as_str()), (200, r#"{"entries":2}"#));
    let both = [0, 0, 0, 1, 0, 2, 0x33, 0xdd, 0, 0, 0, 2, 0, 2, 0x44, 0xee];
    assert_eq!(read(&sim).await?, (both.to_vec(), None));
    let stats = stats(&sim);
    assert_eq!((stats.connections, stats.requests), (3, 3));
    assert_eq!((stats.accepted, stats.bytes), (5, 40));
    Ok(())
}

#[tokio::test]
async fn a_wrong_entry_is_refused_and_a_reset_forgets_them_all() -> Result<(), Failure> {
    let sim = start()?;
    for wrong in [r#"[{"token":"xy","since":1}]"#, "[1]", r#"{"token":"00"}"#] {
        let (status, body) = control(&sim, "POST", "/feedback", wrong).await?;
        assert_eq!(status, 400, "{body}");
    }
    sim.reset();
    assert_eq!(read(&sim).await?, (vec![], None));
    let none = Sim::builder().start()?;
    assert!(none.feedback(&[]).is_err());
    assert_eq!(control(&none, "POST", "/feedback", "[]").await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn the_longest_tuple_that_can_be_is_told() -> Result<(), Failure> {
    let sim = Sim::builder().apns_feedback_any().start()?;
    sim.feedback(&[Entry::new("ab".repeat(65_535), u32::MAX)])?;
    let (octets, _) = read(&sim).await?;
    assert_eq!(octets.len(), 6 + 65_535);
    assert_eq!(
        octets[..8],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xab, 0xab]
    );
    Ok(())
}

#[tokio::test]
async fn what_was_not_told_whole_is_told_again() -> Result<(), Failure> {
    for (close, expected) in [
        (Close::Tls, None),
        (Close::Fin, Some(ErrorKind::UnexpectedEof)),
        (Close::Rst, Some(ErrorKind::ConnectionReset)),
    ] {
        let sim = start()?;
        arm(&sim, Action::CloseAt(close, Point::MidAnswer))?;
        let (octets, ended) = read(&sim).await?;
        assert_eq!(ended, expected);
        // In the middle of the second tuple; a reset may take it back.
        if close != Close::Rst {
            assert_eq!(octets, ALL[..12]);
        }
        arm(&sim, Action::Close(close))?;
        assert_eq!(read(&sim).await?, (vec![], expected));
        assert_eq!(read(&sim).await?, (ALL.to_vec(), None));
        let stats = stats(&sim);
        assert_eq!((stats.unprocessed, stats.accepted), (2, 3));
    }
    Ok(())
}

#[tokio::test]
async fn the_connection_ends_otherwise_when_all_is_told() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::CloseAt(Close::Fin, Point::AfterAnswer))?;
    let ended = Some(ErrorKind::UnexpectedEof);
    assert_eq!(read(&sim).await?, (ALL.to_vec(), ended));
    assert_eq!(read(&sim).await?, (vec![], None));
    Ok(())
}

#[tokio::test]
async fn the_list_comes_late_or_byte_by_byte() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Delay(MOMENT))?;
    let started = Instant::now();
    assert_eq!(read(&sim).await?.0, ALL);
    assert!(started.elapsed() >= MOMENT);

    let sim = start()?;
    let slow = r#"{"service":"apns-feedback","do":{"slow":{"bytes_per_s":500}}}"#;
    assert_eq!(control(&sim, "POST", "/faults", slow).await?.0, 200);
    let address = sim.apns_feedback_addr().unwrap();
    let mut stream = tls_to(&sim, address, &[], None).await?;
    let mut expected = vec![1; ALL.len()];
    // close_notify
    expected.push(2);
    assert_eq!(records(&mut stream).await?, expected);
    Ok(())
}

#[tokio::test]
async fn a_reading_stalls_and_can_be_ended() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Stall)?;
    let address = sim.apns_feedback_addr().unwrap();
    let mut stream = tls_to(&sim, address, &[], None).await?;
    assert!(timeout(MOMENT, stream.read_u8()).await.is_err());
    assert_eq!(
        sim.apply(Service::ApnsFeedback, &Action::Close(Close::Tls))?,
        1
    );
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await??;
    assert!(rest.is_empty());
    let slow = Action::Slow(std::num::NonZeroU32::MIN);
    let error = sim.apply(Service::ApnsFeedback, &slow).unwrap_err();
    assert!(error.to_string().contains("close and stall"), "{error}");
    assert_eq!(read(&sim).await?.0, ALL);
    Ok(())
}

#[tokio::test]
async fn a_handshake_fails_on_command_and_nothing_is_lost() -> Result<(), Failure> {
    let sim = start()?;
    arm(&sim, Action::Handshake(Handshake::Close(Close::Rst)))?;
    assert!(read(&sim).await.is_err());
    arm(&sim, Action::CloseAt(Close::Fin, Point::Accept))?;
    let ended = Some(ErrorKind::UnexpectedEof);
    assert_eq!(read(&sim).await?, (vec![], ended));
    assert_eq!(read(&sim).await?.0, ALL);
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_demanded_on_demand_only() -> Result<(), Failure> {
    let config = Config::default()
        .require_certificate()
        .entry(Entry::new("00aa", 7));
    let sim = Sim::builder()
        .apns_feedback_any()
        .apns_feedback_config(config)
        .start()?;
    let refused = read(&sim).await?;
    assert_eq!(refused, (vec![], Some(ErrorKind::InvalidData)));
    let told = read_with(&sim, Some(sim.files().client())).await?;
    assert_eq!(told, (ALL[..8].to_vec(), None));
    Ok(())
}
