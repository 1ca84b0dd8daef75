//! The bare loops on the `h2` crate, over TLS as tokio-rustls makes it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use harness::{Memory, Sample, Stopwatch};
use http::HeaderValue;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use yardstick::{Bare, Pushing, devices};

use crate::latency::{self, Latency};
use crate::load::Load;
use crate::simulator::{KEY_ID, Place, TEAM_ID};
use crate::waiting::Held;

/// Connects, practises, and sends while the clock runs.
pub(crate) async fn run(place: &Place, load: &Load, gathered: bool) -> Result<Sample> {
    let mut bare = connected(place, load, gathered).await?;
    let sample = sprint(&mut bare, load).await?;
    bare.finish().await?;
    Ok(sample)
}

/// Sends at half of the speed of a sprint.
pub(crate) async fn pace(place: &Place, load: &Load, gathered: bool) -> Result<Latency> {
    let mut bare = connected(place, load, gathered).await?;
    let full = sprint(&mut bare, &latency::sprint(load)).await?;
    let [_, timed] = load.devices();
    let tokens: Vec<_> = timed.clone().map(devices::token_text).collect();
    let latency = latency::at_half_of(full, load, |number| {
        let token = &tokens[usize::try_from(number)?];
        bare.one(token, timed.start + number)
    })
    .await?;
    bare.finish().await?;
    Ok(latency)
}

/// Makes connections at once, each up to the server's SETTINGS.
pub(crate) async fn storm(place: &Place, load: &Load) -> Result<Sample> {
    let connector = connector(place)?;
    let watch = Stopwatch::start();
    let connections = (0..load.connections).map(|_| async {
        let stream = connect(&connector, place).await?;
        let (sender, mut connection) = h2::client::Builder::new()
            .enable_push(false)
            .initial_max_send_streams(0)
            .handshake::<_, bytes::Bytes>(stream)
            .await?;
        std::future::poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ if connection.max_concurrent_send_streams() > 0 => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        })
        .await?;
        Ok::<_, anyhow::Error>((sender, connection))
    });
    let connections = try_join_all(connections).await?;
    Ok(watch.stop(connections.len() as u64))
}

/// Sends to a server that does not answer.
pub(crate) async fn wait(place: &Place, load: &Load) -> Result<Held> {
    let mut bare = connected(place, load, false).await?;
    let [_, timed] = load.devices();
    let tokens: Vec<_> = timed.map(devices::token_text).collect();
    let start = Memory::now()?;
    let pushes = (0..)
        .zip(&tokens)
        .map(|(number, token)| bare.one(token, number));
    let pushes = super::poll_each(pushes).await?;
    let end = Memory::now()?;
    Ok(Held {
        start,
        end,
        pushes: pushes.len() as u64,
    })
}

async fn connected(place: &Place, load: &Load, gathered: bool) -> Result<Bare> {
    let connector = connector(place)?;
    let mut bare = Bare::new(Pushing {
        authority: format!("localhost:{}", place.port).parse()?,
        authorization: authorization(place)?,
        payload_bytes: load.payload_bytes,
        in_flight: load.in_flight,
    });
    for _ in 0..load.connections {
        let stream = connect(&connector, place).await?;
        match gathered {
            true => bare.add_gathered(stream).await?,
            false => bare.add(stream).await?,
        }
    }
    let [before, _] = load.devices();
    let tokens: Vec<_> = before.map(devices::token_text).collect();
    bare.send(&tokens, 0).await?;
    Ok(bare)
}

async fn sprint(bare: &mut Bare, load: &Load) -> Result<Sample> {
    let [before, timed] = load.devices();
    let tokens: Vec<_> = timed.map(devices::token_text).collect();
    let watch = Stopwatch::start();
    bare.send(&tokens, before.end).await?;
    Ok(watch.stop(tokens.len() as u64))
}

fn connector(place: &Place) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&place.ca_pem()?) {
        roots.add(certificate.context("ca.pem is not readable")?)?;
    }
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(tls)))
}

async fn connect(connector: &TlsConnector, place: &Place) -> Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(("localhost", place.port)).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    Ok(connector.connect(name, tcp).await?)
}

fn authorization(place: &Place) -> Result<HeaderValue> {
    // The signing itself is no part of what is compared: this borrows the client's.
    use anypush::http::Authorize;
    let token = anypush::apns::ProviderToken::from_p8(place.provider_key()?, KEY_ID, TEAM_ID)?;
    Ok(token.attach().header(SystemTime::now())?)
}
