//! The bare loop, over TLS as tokio-rustls makes it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use harness::{Sample, Stopwatch};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use yardstick::{BareGateway, devices};

use crate::load::Load;
use crate::server::Place;

/// Longer than any round takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// Practises, and sends while the clock runs; each over a connection of its own, which is made while
/// the clock runs, too.
pub(crate) async fn run(place: &Place, load: &Load) -> Result<Sample> {
    let connector = connector(place)?;
    let bare = BareGateway::new(load.payload_bytes)?;
    let [before, timed] = load.devices();
    let tokens = |numbers: Range<u64>| numbers.map(devices::token).collect::<Vec<_>>();
    send(&bare, &connector, place, &tokens(before)).await?;
    let tokens = tokens(timed);
    let watch = Stopwatch::start();
    send(&bare, &connector, place, &tokens).await?;
    Ok(watch.stop(load.notifications()))
}

async fn send(
    bare: &BareGateway,
    connector: &TlsConnector,
    place: &Place,
    tokens: &[[u8; 32]],
) -> Result<()> {
    let tcp = TcpStream::connect(("127.0.0.1", place.port)).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    let stream = connector.connect(name, tcp).await?;
    let sent = tokio::time::timeout(PATIENCE, bare.send(stream, tokens)).await;
    sent.context("the server never ends")?
}

fn connector(place: &Place) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&place.ca_pem()?)?)?;
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
