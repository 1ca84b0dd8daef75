//! The feedback service in simulated time.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, UNIX_EPOCH};

use backend_simulated::{Conditions, Simulation};
use futures_util::{AsyncWriteExt, StreamExt};
use push_apns::gateway::{Client, Error, Inactive};
use push_apns::{DeviceToken, Endpoint};
use push_core::{Backend, ErrorKind, Outcome, Session, Verdict};

const HOST: &str = "feedback.push.example";
const PORT: u16 = 2196;

#[derive(Clone, Copy)]
enum End {
    Close,
    Reset,
    Never,
}

/// A service that writes these bytes to each who connects, and ends so.
fn serve(sim: &Simulation, bytes: Vec<u8>, end: End) {
    let listener = sim.listen(HOST, PORT);
    let backend = sim.backend();
    sim.spawn(async move {
        loop {
            let mut stream = listener.accept().await;
            stream.write_all(&bytes).await.unwrap();
            match end {
                End::Close => stream.close().await.unwrap(),
                End::Reset => {
                    backend.sleep(Duration::from_secs(1)).await;
                    stream.cable().reset();
                }
                End::Never => backend.spawn(Box::pin(async move {
                    let _kept = stream;
                    futures_util::future::pending().await
                })),
            }
        }
    });
}

fn client(sim: &Simulation) -> Client {
    Client::builder(Session::new(sim.backend()))
        .endpoint(Endpoint::new("gateway.push.example", 2195))
        .feedback_endpoint(Endpoint::new(HOST, PORT))
        .build()
        .unwrap()
}

/// Entries of tokens of different lengths.
fn entries(count: u32) -> (Vec<u8>, Vec<(DeviceToken, u32)>) {
    let mut bytes = Vec::new();
    let mut expected = Vec::new();
    for number in 0..count {
        let token = vec![number as u8; 1 + number as usize % 100];
        let since = 1_400_000_000 + number;
        bytes.extend_from_slice(&since.to_be_bytes());
        bytes.extend_from_slice(&(token.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&token);
        expected.push((DeviceToken::from_bytes(&token).unwrap(), since));
    }
    (bytes, expected)
}

/// All that is read, and the error in the end, if there is one.
async fn read(client: &Client) -> (Vec<(DeviceToken, u32)>, Option<Error>) {
    let mut feedback = client.feedback().await.unwrap();
    let mut inactive = Vec::new();
    let mut error = None;
    while let Some(next) = feedback.next().await {
        assert!(error.is_none(), "something came after the error");
        match next {
            Ok(Inactive { token, since, .. }) => {
                let since = since.duration_since(UNIX_EPOCH).unwrap().as_secs();
                inactive.push((token, since as u32));
            }
            Err(last) => error = Some(last),
        }
    }
    assert!(feedback.next().await.is_none());
    (inactive, error)
}

#[test]
fn every_entry_is_told_until_the_end_of_file() {
    Simulation::for_seeds(0..30, |sim| {
        sim.network()
            .set_conditions(Conditions::new().fragmentation(0.9));
        let (bytes, expected) = entries(500);
        serve(sim, bytes, End::Close);
        let (inactive, error) = sim.block_on(read(&client(sim)));
        assert_eq!(inactive, expected);
        assert!(error.is_none(), "{error:?}");
    });
}

#[test]
fn no_entry_is_no_error() {
    let sim = Simulation::new(7);
    serve(&sim, Vec::new(), End::Close);
    let (inactive, error) = sim.block_on(read(&client(&sim)));
    assert!(inactive.is_empty() && error.is_none());
}

#[test]
fn what_was_read_is_told_before_what_went_wrong() {
    Simulation::for_seeds(0..30, |sim| {
        let (bytes, expected) = entries(3);
        for (cut, end, kind, words) in [
            (1, End::Close, ErrorKind::Lost, "in the middle of an entry"),
            (1, End::Reset, ErrorKind::Lost, "was lost"),
            (0, End::Reset, ErrorKind::Lost, "was lost"),
            (0, End::Never, ErrorKind::Lost, "said nothing for 30 s"),
        ] {
            let sim = Simulation::new(sim.seed());
            serve(&sim, bytes[..bytes.len() - cut].to_vec(), end);
            let (inactive, error) = sim.block_on(read(&client(&sim)));
            assert_eq!(inactive, expected[..expected.len() - cut]);
            let error = error.unwrap();
            assert_eq!(error.kind(), kind);
            assert!(error.report().contains(words), "{}", error.report());
        }
    });
}

#[test]
fn what_is_no_entry_is_told_as_such() {
    let sim = Simulation::new(3);
    serve(&sim, vec![0; 6], End::Close);
    let (inactive, error) = sim.block_on(read(&client(&sim)));
    assert!(inactive.is_empty());
    assert_eq!(error.unwrap().kind(), ErrorKind::Protocol);
}

#[test]
fn what_can_be_no_token_costs_no_other() {
    let sim = Simulation::new(3);
    let (mut bytes, mut expected) = entries(2);
    bytes.extend_from_slice(&[0, 0, 0, 1, 0, 0]);
    bytes.extend_from_slice(&[0, 0, 0, 1, 2, 0]);
    bytes.extend_from_slice(&[7; 512]);
    let (more, _) = entries(3);
    bytes.extend_from_slice(&more);
    serve(&sim, bytes, End::Close);
    let (inactive, error) = sim.block_on(read(&client(&sim)));
    expected.extend(entries(3).1);
    assert_eq!(inactive, expected);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(
        error.report().contains("2 tokens that are none"),
        "{}",
        error.report()
    );
}

#[test]
fn a_service_that_is_not_there_is_an_error_at_once() {
    let sim = Simulation::new(3);
    let error = sim.block_on(client(&sim).feedback()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resolve);
}

#[test]
fn each_look_has_a_connection_of_its_own() {
    let sim = Simulation::new(3);
    let (bytes, expected) = entries(2);
    serve(&sim, bytes, End::Close);
    let client = client(&sim);
    for _ in 0..3 {
        assert_eq!(sim.block_on(read(&client)).0, expected);
    }
    assert_eq!(sim.network().dials(HOST, PORT).len(), 3);
}

#[test]
fn a_device_that_registered_again_stays() {
    let sim = Simulation::new(3);
    let (bytes, _) = entries(1);
    serve(&sim, bytes, End::Close);
    let inactive = sim.block_on(async {
        let mut feedback = client(&sim).feedback().await.unwrap();
        feedback.next().await.unwrap().unwrap()
    });
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    assert!(inactive.outdates(at(1_399_999_999)));
    assert!(!inactive.outdates(at(1_400_000_000)));
    assert!(!inactive.outdates(at(1_400_000_001)));
    assert_eq!(
        inactive.verdict(),
        Verdict::remove_token(Some(at(1_400_000_000)))
    );
}
