//! A binary gateway that is slow, deaf, idle or dead on command.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use push_sim::gateway::Config;
use push_sim::{Action, Close, Fault, Service, Sim};
use support::gateway::{Provider, arm, hex, stats, token, until};
use support::raw::PATIENCE;
use support::{Failure, connector, control};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(40);

fn start() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_gateway_any().start()?)
}

/// A simulator that does this once, to the first notification that comes.
fn at_first(action: Action) -> Result<Sim, Failure> {
    let sim = start()?;
    sim.fault(Fault::new(Service::ApnsGateway, action).times(1))?;
    Ok(sim)
}

async fn is_silent(provider: &mut Provider) -> bool {
    timeout(MOMENT, provider.stream.read_u8()).await.is_err()
}

#[tokio::test]
async fn reading_goes_on_so_much_later() -> Result<(), Failure> {
    for action in [Action::Delay(MOMENT), Action::StopReading(Some(MOMENT))] {
        let sim = at_first(action)?;
        let mut provider = Provider::connect(&sim).await?;
        let started = Instant::now();
        provider.push_many(0, 3).await?;
        provider.probe(3).await?;
        assert_eq!(provider.rest().await?, [8, 2, 0, 0, 0, 3]);
        assert!(started.elapsed() >= MOMENT);
        assert_eq!(stats(&sim).accepted, 3);
    }
    Ok(())
}

#[tokio::test]
async fn the_answer_to_what_is_bad_is_late() -> Result<(), Failure> {
    let sim = at_first(Action::Delay(MOMENT))?;
    let mut provider = Provider::connect(&sim).await?;
    let started = Instant::now();
    provider.probe(0).await?;
    provider.push_many(1, 3).await?;
    until(&sim, |stats| stats.discarded == 3).await;
    assert_eq!(provider.rest().await?, [8, 2, 0, 0, 0, 0]);
    assert!(started.elapsed() >= MOMENT);
    Ok(())
}

#[tokio::test]
async fn nothing_is_read_any_more() -> Result<(), Failure> {
    let sim = at_first(Action::StopReading(None))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 3).await?;
    provider.probe(3).await?;
    until(&sim, |stats| stats.accepted == 1).await;
    assert!(is_silent(&mut provider).await);
    drop(provider);
    until(&sim, |stats| stats.open == 0).await;
    assert_eq!(stats(&sim).requests, 1);
    Ok(())
}

#[tokio::test]
async fn so_many_bytes_are_read_in_a_second() -> Result<(), Failure> {
    for bytes_per_s in [900, 20_000] {
        let sim = start()?;
        let fault = format!(
            r#"{{"service":"apns-gateway","times":1,"do":{{"slow":{{"bytes_per_s":{bytes_per_s}}}}}}}"#
        );
        assert_eq!(control(&sim, "POST", "/faults", &fault).await?.0, 200);
        let mut provider = Provider::connect(&sim).await?;
        provider.push_many(0, 1).await?;
        until(&sim, |stats| stats.accepted == 1).await;
        let started = Instant::now();
        let count = bytes_per_s / 900;
        provider.push_many(1, count).await?;
        until(&sim, |stats| stats.accepted == 1 + u64::from(count)).await;
        // A frame has 85 bytes or more.
        let least = Duration::from_secs(84 * u64::from(count)) / bytes_per_s;
        assert!(started.elapsed() >= least, "{:?}", started.elapsed());
    }
    Ok(())
}

#[tokio::test]
async fn a_small_buffer_holds_the_client_back() -> Result<(), Failure> {
    for (config, is_held) in [
        (Config::default(), false),
        (Config::default().receive_buffer_bytes(2048), true),
    ] {
        let sim = Sim::builder()
            .apns_gateway_any()
            .apns_gateway_config(config)
            .start()?;
        arm(&sim, Action::StopReading(None))?;
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(4096)?;
        let tcp = socket.connect(sim.apns_gateway_addr().unwrap()).await?;
        let tls = connector(&sim, &[], None)?;
        let stream = tls.connect("localhost".try_into()?, tcp).await?;
        let mut provider = Provider { stream };
        provider.push_many(0, 1).await?;
        until(&sim, |stats| stats.accepted == 1).await;
        let patience = if is_held { MOMENT } else { PATIENCE };
        let written = timeout(patience, provider.push_many(1, 600)).await;
        assert_eq!(written.is_err(), is_held, "{written:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_when_nothing_comes() -> Result<(), Failure> {
    let sim = start()?;
    let idle = Fault::new(Service::ApnsGateway, Action::Idle(MOMENT, Close::Tls));
    sim.fault(idle.on_connections().times(1))?;
    let started = Instant::now();
    let mut provider = Provider::connect(&sim).await?;
    assert!(provider.rest().await?.is_empty());
    assert!(started.elapsed() >= MOMENT);

    let sim = at_first(Action::Idle(MOMENT, Close::Tls))?;
    let mut provider = Provider::connect(&sim).await?;
    assert!(is_silent(&mut provider).await, "nothing has struck yet");
    provider.push_many(0, 1).await?;
    assert!(provider.rest().await?.is_empty());
    assert_eq!(stats(&sim).accepted, 1);
    Ok(())
}

#[tokio::test]
async fn a_connection_that_stalls_can_still_be_closed() -> Result<(), Failure> {
    let sim = start()?;
    let stall = Fault::new(Service::ApnsGateway, Action::Stall);
    sim.fault(stall.token(hex(&token(1))))?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 5).await?;
    until(&sim, |stats| stats.unprocessed == 1).await;
    assert!(is_silent(&mut provider).await);
    let counted = stats(&sim);
    assert_eq!((counted.accepted, counted.unprocessed), (1, 1));
    assert_eq!(counted.discarded, 0);
    assert_eq!(
        sim.apply(Service::ApnsGateway, &Action::Close(Close::Tls))?,
        1
    );
    assert!(provider.rest().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_connection_is_read_and_not_looked_at() -> Result<(), Failure> {
    let sim = at_first(Action::Wedge)?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 5).await?;
    provider.probe(5).await?;
    until(&sim, |stats| stats.discarded == 5).await;
    assert!(is_silent(&mut provider).await);
    assert_eq!(stats(&sim).unprocessed, 1);
    Ok(())
}

#[tokio::test]
async fn connections_that_are_open_are_slowed_down_or_ended() -> Result<(), Failure> {
    let sim = start()?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 1).await?;
    until(&sim, |stats| stats.accepted == 1).await;
    let deaf = Action::StopReading(Some(MOMENT));
    assert_eq!(sim.apply(Service::ApnsGateway, &deaf)?, 1);
    assert_eq!(sim.apply(Service::ApnsGateway, &Action::Wedge)?, 1);
    let delay = sim.apply(Service::ApnsGateway, &Action::Delay(MOMENT));
    assert!(delay.unwrap_err().to_string().contains("needs a request"));
    provider.push_many(1, 3).await?;
    until(&sim, |stats| stats.discarded == 3).await;
    sim.apply(Service::ApnsGateway, &Action::Close(Close::Tls))?;
    assert!(provider.rest().await?.is_empty());
    Ok(())
}

/// A provider that closes without a word of TLS has said what it has said.
#[tokio::test]
async fn what_came_before_an_abrupt_end_is_taken() -> Result<(), Failure> {
    let sim = start()?;
    let mut provider = Provider::connect(&sim).await?;
    provider.push_many(0, 100).await?;
    provider.stream.get_mut().0.shutdown().await?;
    until(&sim, |stats| stats.open == 0 && stats.accepted == 100).await;
    Ok(())
}
