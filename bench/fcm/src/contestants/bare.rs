//! The bare loops on the `h2` crate, over TLS as tokio-rustls makes it.

use std::sync::Arc;

use anyhow::{Context, Result};
use harness::{Sample, Stopwatch};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use yardstick::{BareFcm, Messaging};

use crate::load::Load;
use crate::place::{PROJECT, Place};

/// Connects, practises, and sends while the clock runs.
pub(crate) async fn run(place: &Place, load: &Load, gathered: bool) -> Result<Sample> {
    let connector = connector(place)?;
    let mut bare = BareFcm::new(Messaging {
        authority: place.authority().parse()?,
        project: PROJECT,
        agent: super::anypush::agent(),
        body_bytes: load.body_bytes,
        in_flight: load.in_flight(),
    })?;
    for _ in 0..load.connections {
        let stream = connect(&connector, place).await?;
        match gathered {
            true => bare.add_gathered(stream).await?,
            false => bare.add(stream).await?,
        }
    }
    let [before, timed] = load.devices().map(super::registrations);
    let refused = bare.send(&before).await?;
    let watch = Stopwatch::start();
    let refused = refused + bare.send(&timed).await?;
    let sample = watch.stop(load.messages());
    bare.finish().await?;
    super::check_refused(load, refused)?;
    Ok(sample)
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
