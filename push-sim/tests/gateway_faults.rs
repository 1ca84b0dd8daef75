//! What the binary gateway does wrong on command: its answers, and how connections end with them.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use push_sim::gateway::Config;
use push_sim::{Action, Close, Farewell, Fault, Malformed, Point, Refusal, Service, Sim};
use support::gateway::{Provider, hex, records, simple, stats, token, until};
use support::raw::PATIENCE;
use support::{Failure, control, tls_to};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(40);

fn start() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_gateway_any().start()?)
}

/// A simulator that does this to the third of the notifications that `push_many` numbers from 0.
fn at_2(action: Action) -> Result<Sim, Failure> {
    let sim = start()?;
    let fault = Fault::new(Service::ApnsGateway, action);
    sim.fault(fault.token(hex(&token(2))))?;
    Ok(sim)
}

fn refuse(refusal: Refusal) -> Result<Sim, Failure> {
    at_2(Action::Code(refusal))
}

#[tokio::test]
async fn any_status_can_be_answered_by_the_control_address() -> Result<(), Failure> {
    for (code, name) in [
        (0, "NoError"),
        (1, "ProcessingError"),
        (3, "MissingTopic"),
        (6, "InvalidTopicSize"),
        (8, "InvalidToken"),
        (128, "ProtocolError"),
        (255, "Unknown"),
        (77, "Status77"),
    ] {
        let sim = start()?;
        let json = format!(r#"{{"service":"apns-gateway","after":2,"do":{{"code":{code}}}}}"#);
        assert_eq!(control(&sim, "POST", "/faults", &json).await?.0, 200);
        let mut provider = Provider::connect(&sim).await?;
        provider.push_many(0, 4).await?;
        assert_eq!(provider.rest().await?, [8, code, 0, 0, 0, 2]);
        drop(provider);
        until(&sim, |stats| stats.open == 0).await;
        let stats = stats(&sim);
        assert_eq!((stats.accepted, stats.discarded), (2, 1), "{name}");
        assert_eq!(stats.rejected[name], 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_shutdown_names_the_last_one_that_was_taken() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(10))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 5).await?;
    assert_eq!(provider.rest().await?, [8, 10, 0, 0, 0, 2]);
    drop(provider);
    until(&sim, |stats| stats.open == 0).await;
    let stats = stats(&sim);
    assert_eq!((stats.accepted, stats.discarded), (3, 2));
    assert!(stats.rejected.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_shutdown_that_strikes_what_is_bad_names_the_one_before() -> Result<(), Failure> {
    let sim = start()?;
    let fault = Fault::new(Service::ApnsGateway, Action::Code(Refusal::new(10)));
    sim.fault(fault.token(""))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(5, 2).await?;
    provider.probe(7).await?;
    assert_eq!(provider.rest().await?, [8, 10, 0, 0, 0, 6]);
    // Nothing was taken that could be named.
    let mut provider = Provider::connect(&sim).await?;
    provider.probe(1).await?;
    assert!(provider.rest().await?.is_empty());
    assert_eq!(stats(&sim).unprocessed, 2);
    Ok(())
}

#[tokio::test]
async fn all_connections_are_shut_down_at_once() -> Result<(), Failure> {
    let sim = start()?;
    let mut used = Provider::connect(&sim).await?;
    let mut unused = Provider::connect(&sim).await?;
    used.push_many(0, 3).await?;
    until(&sim, |stats| stats.accepted == 3 && stats.open == 2).await;
    let shutdown = r#"{"service":"apns-gateway","do":{"code":10}}"#;
    let (status, body) = control(&sim, "POST", "/apply", shutdown).await?;
    assert_eq!((status, body.as_str()), (200, r#"{"connections":2}"#));
    assert_eq!(used.rest().await?, [8, 10, 0, 0, 0, 2]);
    assert!(unused.rest().await?.is_empty());
    let bad = r#"{"service":"apns-gateway","do":{"code":8}}"#;
    assert_eq!(control(&sim, "POST", "/apply", bad).await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn an_answer_is_late_and_what_comes_meanwhile_is_thrown_away() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8).delay(MOMENT))?;
    let mut provider = Provider::connect(&sim).await?;
    let started = Instant::now();
    provider.push_many(0, 10).await?;
    until(&sim, |stats| stats.discarded == 7).await;
    assert_eq!(provider.rest().await?, [8, 8, 0, 0, 0, 2]);
    assert!(started.elapsed() >= MOMENT);
    assert_eq!(stats(&sim).accepted, 2);
    Ok(())
}

#[tokio::test]
async fn an_answer_waits_for_so_many_that_are_thrown_away() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8).discard(100))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 102).await?;
    until(&sim, |stats| stats.discarded == 99).await;
    let silence = timeout(MOMENT, provider.stream.read_u8()).await;
    assert!(silence.is_err(), "{silence:?}");
    provider.push_many(102, 1).await?;
    assert_eq!(provider.rest().await?, [8, 8, 0, 0, 0, 2]);
    assert_eq!(stats(&sim).accepted, 2);
    Ok(())
}

#[tokio::test]
async fn an_answer_that_waits_comes_when_nothing_more_will() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8).discard(100))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 5).await?;
    tokio::io::AsyncWriteExt::shutdown(&mut provider.stream).await?;
    assert_eq!(provider.rest().await?, [8, 8, 0, 0, 0, 2]);
    assert_eq!(stats(&sim).discarded, 2);
    Ok(())
}

#[tokio::test]
async fn an_answer_ends_the_connection_in_every_way() -> Result<(), Failure> {
    for (farewell, expected) in [
        (Farewell::Tls, None),
        (Farewell::Fin, Some(ErrorKind::UnexpectedEof)),
        (Farewell::Rst, Some(ErrorKind::ConnectionReset)),
    ] {
        let sim = refuse(Refusal::new(8).close(farewell))?;
        let mut provider = Provider::connect(&sim).await?;
        provider.push_many(0, 3).await?;
        let (octets, ended) = provider.end().await?;
        assert_eq!(ended, expected, "{farewell:?}");
        // A reset may take the answer with it.
        if farewell != Farewell::Rst || !octets.is_empty() {
            assert_eq!(octets, [8, 8, 0, 0, 0, 2], "{farewell:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_stays_open_behind_an_answer() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8).close(Farewell::None))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 5).await?;
    let mut answer = [0; 6];
    timeout(PATIENCE, provider.stream.read_exact(&mut answer)).await??;
    assert_eq!(answer, [8, 8, 0, 0, 0, 2]);
    until(&sim, |stats| stats.discarded == 2).await;
    provider.push_many(5, 5).await?;
    until(&sim, |stats| stats.discarded == 7).await;
    let silence = timeout(MOMENT, provider.stream.read_u8()).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(stats(&sim).open, 1);
    Ok(())
}

#[tokio::test]
async fn an_answer_comes_in_one_piece_or_byte_by_byte() -> Result<(), Failure> {
    // The last record is close_notify.
    for (refusal, expected) in [
        (Refusal::new(8), &[6, 2][..]),
        (Refusal::new(8).split(), &[1, 1, 1, 1, 1, 1, 2]),
    ] {
        let sim = refuse(refusal)?;
        let mut provider = Provider::connect(&sim).await?;
        provider.push_many(0, 3).await?;
        assert_eq!(records(&mut provider.stream).await?, expected);
    }
    let sim = refuse(Refusal::new(8).split())?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 3).await?;
    assert_eq!(provider.rest().await?, [8, 8, 0, 0, 0, 2]);
    Ok(())
}

#[tokio::test]
async fn an_answer_is_cut_off() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8).bytes(3).close(Farewell::Fin))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 3).await?;
    let (octets, ended) = provider.end().await?;
    assert_eq!(octets, [8, 8, 0]);
    assert_eq!(ended, Some(ErrorKind::UnexpectedEof));
    Ok(())
}

/// Whoever looks as soon as the answer is there finds the end behind it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_answer_and_the_end_come_in_one_segment() -> Result<(), Failure> {
    use std::io::Read;

    for farewell in [Farewell::Tls, Farewell::Fin].repeat(10) {
        let sim = refuse(Refusal::new(8).close(farewell))?;
        let mut provider = Provider::connect(&sim).await?;
        provider.push_many(0, 3).await?;
        let mut tcp = provider.stream.into_inner().0.into_std()?;
        let mut octets = [0; 1000];
        let started = Instant::now();
        let mut read = || loop {
            match tcp.read(&mut octets) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(started.elapsed() < PATIENCE);
                }
                read => return read,
            }
        };
        assert!(read()? > 0);
        assert_eq!(tcp.read(&mut octets)?, 0, "{farewell:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_names_another_identifier() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8).identifier(77))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 3).await?;
    assert_eq!(provider.rest().await?, [8, 8, 0, 0, 0, 77]);
    Ok(())
}

#[tokio::test]
async fn command_0_is_refused_without_an_answer() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.write(&simple(&token(2), b"{}")).await?;
    assert!(provider.rest().await?.is_empty());
    assert_eq!(stats(&sim).rejected["InvalidToken"], 1);
    Ok(())
}

#[tokio::test]
async fn what_is_still_sent_is_read_on_unless_it_is_not_to_be() -> Result<(), Failure> {
    let sim = refuse(Refusal::new(8))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 20_000).await?;
    assert_eq!(provider.end().await?, (vec![8, 8, 0, 0, 0, 2], None));
    drop(provider);
    until(&sim, |stats| stats.open == 0).await;
    assert_eq!(stats(&sim).discarded, 19_997);

    let sim = refuse(Refusal::new(8).without_draining())?;
    let mut provider = Provider::connect(&sim).await?;
    // The connection is reset, now or later, with the answer or after it.
    let _ = provider.push_many(0, 20_000).await;
    let _ = provider.end().await;
    until(&sim, |stats| stats.open == 0).await;
    // Those that were read together with the third one.
    assert!(stats(&sim).discarded < 1_000, "{:?}", stats(&sim));
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_without_an_answer() -> Result<(), Failure> {
    for (close, expected) in [
        (Close::Tls, None),
        (Close::Fin, Some(ErrorKind::UnexpectedEof)),
        (Close::Rst, Some(ErrorKind::ConnectionReset)),
    ] {
        for (action, accepted) in [
            (Action::Close(close), 2),
            (Action::CloseAt(close, Point::Request), 2),
            (Action::CloseAt(close, Point::AfterAnswer), 3),
        ] {
            let sim = at_2(action)?;
            let mut provider = Provider::connect(&sim).await?;
            provider.push_many(0, 5).await?;
            assert_eq!(provider.end().await?, (vec![], expected));
            drop(provider);
            until(&sim, |stats| stats.open == 0).await;
            let stats = stats(&sim);
            assert_eq!(stats.accepted, accepted, "{close:?}");
            assert_eq!(stats.unprocessed, 3 - accepted);
            assert_eq!(stats.discarded, 2);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_before_its_first_frame() -> Result<(), Failure> {
    let sim = start()?;
    let accept = Action::CloseAt(Close::Fin, Point::Accept);
    sim.fault(Fault::new(Service::ApnsGateway, accept).times(1))?;
    let close = Fault::new(Service::ApnsGateway, Action::Close(Close::Tls));
    sim.fault(close.on_connections().times(1))?;
    let mut provider = Provider::connect(&sim).await?;
    let ended = (vec![], Some(ErrorKind::UnexpectedEof));
    assert_eq!(provider.end().await?, ended);
    let mut provider = Provider::connect(&sim).await?;
    assert!(provider.rest().await?.is_empty());
    let mut provider = Provider::connect(&sim).await?;
    provider.probe(1).await?;
    assert_eq!(provider.rest().await?.len(), 6);
    Ok(())
}

#[tokio::test]
async fn something_else_than_an_answer_is_said() -> Result<(), Failure> {
    let sim = at_2(Action::Malformed(Malformed::Garbage))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 3).await?;
    assert!(provider.rest().await?.starts_with(b"HTTP/1.1 400"));
    assert_eq!(stats(&sim).accepted, 3);
    Ok(())
}

#[tokio::test]
async fn a_handshake_fails_on_command() -> Result<(), Failure> {
    let sim = start()?;
    for handshake in [
        r#"{"close":"rst"}"#,
        r#"{"alert":40}"#,
        r#""garbage""#,
        r#""no_settings""#,
    ] {
        let fault =
            format!(r#"{{"service":"apns-gateway","times":1,"do":{{"handshake":{handshake}}}}}"#);
        assert_eq!(control(&sim, "POST", "/faults", &fault).await?.0, 200);
    }
    let address = sim.apns_gateway_addr().unwrap();
    for _ in 0..3 {
        assert!(tls_to(&sim, address, &[], None).await.is_err());
    }
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 3).await?;
    until(&sim, |stats| stats.discarded == 3).await;
    assert_eq!(stats(&sim).accepted, 0);
    Ok(())
}

/// Whatever strikes: what is counted adds up to what was sent.
#[tokio::test]
async fn a_storm_leaves_nothing_uncounted() -> Result<(), Failure> {
    let config = Config::default().count_tokens();
    let sim = Sim::builder()
        .apns_gateway_any()
        .apns_gateway_config(config)
        .start()?;
    let storm = r#"{"service":"apns-gateway","do":{"random":{"seed":5,"one_in":30,
        "kinds":["code","close","malformed"]}}}"#;
    assert_eq!(control(&sim, "POST", "/faults", storm).await?.0, 200);
    let mut sent = 0;
    for _ in 0..20 {
        let mut provider = Provider::connect(&sim).await?;
        provider.push_many(sent, 100).await?;
        sent += 100;
        // It ends what nothing else does, unless something strikes that ends nothing.
        let _ = provider.probe(sent).await;
        let end = provider.end();
        let _ = timeout(4 * MOMENT, end).await;
    }
    until(&sim, |stats| stats.open == 0).await;
    let stats = stats(&sim);
    let refused: u64 = stats.rejected.values().sum();
    assert_eq!(stats.requests, stats.accepted + refused + stats.unprocessed);
    // What was left unread by a reset is lost to the counters, too.
    assert!(stats.requests + stats.discarded <= u64::from(sent) + 20);
    assert!(
        stats.faults.len() == 3 && stats.discarded > 500,
        "{stats:?}"
    );
    assert_eq!(
        sim.tokens(Service::ApnsGateway)?.len() as u64,
        stats.accepted
    );
    Ok(())
}
