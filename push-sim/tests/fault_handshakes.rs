//! Connections that do not come about as they should.

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use push_sim::{Action, Close, Fault, Handshake, Point, Rejection, Service, Sim};
use support::raw::{PATIENCE, Raw};
use support::{Client, DEVICE, Failure, arm, stats, tls, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(40);

fn broken(handshake: Handshake) -> Result<Sim, Failure> {
    let sim = Sim::builder().apns_any().start()?;
    arm(&sim, Action::Handshake(handshake))?;
    Ok(sim)
}

fn io_kind(error: &Failure) -> Option<ErrorKind> {
    error
        .downcast_ref::<std::io::Error>()
        .map(std::io::Error::kind)
}

/// What a client's TLS says of its failure.
async fn failure(sim: &Sim) -> String {
    match tls(sim, &["h2"], None).await {
        Ok(_) => panic!("the handshake succeeded"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_handshake_is_late() -> Result<(), Failure> {
    let sim = broken(Handshake::Delay(MOMENT))?;
    let started = Instant::now();
    let client = Client::connect(&sim, None).await?;
    assert!(started.elapsed() >= MOMENT);
    assert_eq!(client.push(&sim, DEVICE).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_handshake_is_refused_by_an_alert() -> Result<(), Failure> {
    let error = failure(&broken(Handshake::Alert(40))?).await;
    assert!(error.contains("HandshakeFailure"), "{error}");
    let error = failure(&broken(Handshake::Alert(80))?).await;
    assert!(error.contains("InternalError"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_connection_is_closed_in_place_of_a_handshake() -> Result<(), Failure> {
    for (close, expected) in [
        (Close::Fin, ErrorKind::UnexpectedEof),
        (Close::Rst, ErrorKind::ConnectionReset),
    ] {
        let sim = broken(Handshake::Close(close))?;
        let error = tls(&sim, &["h2"], None).await.expect_err("no handshake");
        assert_eq!(io_kind(&error), Some(expected), "{close:?}");
        assert_eq!(stats(&sim).connections, 0);
    }
    Ok(())
}

#[tokio::test]
async fn something_else_than_tls_is_spoken() -> Result<(), Failure> {
    let error = failure(&broken(Handshake::Garbage)?).await;
    assert!(error.contains("InvalidContentType"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_connection_is_accepted_and_never_spoken_on() -> Result<(), Failure> {
    let sim = broken(Handshake::Silent)?;
    let handshake = timeout(MOMENT, tls(&sim, &["h2"], None)).await;
    assert!(handshake.is_err(), "it was spoken on");
    let mut tcp = TcpStream::connect(sim.apns_addr().expect("it runs")).await?;
    tcp.write_all(b"hello?").await?;
    assert!(timeout(MOMENT, tcp.read_u8()).await.is_err());
    assert_eq!(stats(&sim).connections, 0);
    Ok(())
}

#[tokio::test]
async fn settings_never_come() -> Result<(), Failure> {
    let sim = broken(Handshake::NoSettings)?;
    let mut raw = Raw::connect(&sim).await?;
    raw.push(1).await?;
    let silence = timeout(MOMENT, raw.stream.read_u8()).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!((stats(&sim).connections, stats(&sim).open), (1, 1));
    drop(raw);
    until(&sim, |stats| stats.open == 0).await;
    assert_eq!(stats(&sim).requests, 0);
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_refused_after_the_handshake() -> Result<(), Failure> {
    for (rejection, alert) in [
        (Rejection::Bad, "BadCertificate"),
        (Rejection::Revoked, "CertificateRevoked"),
        (Rejection::Expired, "CertificateExpired"),
        (Rejection::Unknown, "CertificateUnknown"),
        (Rejection::UnknownCa, "UnknownCA"),
        (Rejection::Denied, "AccessDenied"),
    ] {
        let sim = broken(Handshake::Certificate(rejection))?;
        // For TLS 1.3 the client's part is done here.
        let mut stream = tls(&sim, &["h2"], Some(sim.files().client())).await?;
        let read = timeout(PATIENCE, stream.read_u8()).await?;
        let error = read.expect_err("an alert").to_string();
        assert!(error.contains(alert), "{rejection:?}: {error}");
        assert_eq!(stats(&sim).connections, 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_demanded_of_who_has_none() -> Result<(), Failure> {
    let sim = broken(Handshake::Certificate(Rejection::Required))?;
    let mut stream = tls(&sim, &["h2"], None).await?;
    let read = timeout(PATIENCE, stream.read_u8()).await?;
    let error = read.expect_err("an alert").to_string();
    assert!(error.contains("CertificateRequired"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_before_its_first_request() -> Result<(), Failure> {
    for (point, settings) in [(Point::Accept, false), (Point::Settings, true)] {
        for (close, expected) in [
            (Close::Tls, None),
            (Close::Fin, Some(ErrorKind::UnexpectedEof)),
        ] {
            let sim = Sim::builder().apns_any().start()?;
            arm(&sim, Action::CloseAt(close, point))?;
            let mut raw = Raw::connect(&sim).await?;
            let said = raw.until("Settings(").await;
            assert_eq!(said.is_ok(), settings, "{point:?}");
            if settings {
                assert_eq!(raw.end().await?, expected);
            }
            assert_eq!(stats(&sim).connections, 1);
        }
        let sim = Sim::builder().apns_any().start()?;
        arm(&sim, Action::CloseAt(Close::Rst, point))?;
        // The reset can meet the client in the middle of its handshake's last words.
        let reset = async { Raw::connect(&sim).await?.until("GoAway").await };
        let kind = io_kind(&reset.await.expect_err("a reset"));
        let expected = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        assert!(
            kind.is_some_and(|kind| expected.contains(&kind)),
            "{kind:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn handshakes_fail_as_often_as_asked_and_after_so_many_connections() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    let fault = Fault::new(Service::Apns, Action::Handshake(Handshake::Alert(40)));
    sim.fault(fault.after(1).times(2))?;
    let mut succeeded = Vec::new();
    for _ in 0..4 {
        succeeded.push(tls(&sim, &["h2"], None).await.is_ok());
    }
    assert_eq!(succeeded, [true, false, false, true]);
    sim.reset();
    let json = r#"{"service":"apns","after":1,"do":{"handshake":{"close":"rst"}}}"#;
    let armed = support::control(&sim, "POST", "/faults", json).await?;
    assert_eq!(armed.0, 200);
    assert!(tls(&sim, &["h2"], None).await.is_ok(), "counted anew");
    assert!(tls(&sim, &["h2"], None).await.is_err());
    Ok(())
}
