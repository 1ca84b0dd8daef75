//! A client certificate instead of a provider token, and the session's own limits.
//!
//! `cargo run --example certificate`
//!
//! The simulator stands in for Apple here. For the real service use your own certificate, and
//! leave out `endpoint` and `roots`.

#![allow(clippy::print_stdout)]

use std::time::Duration;

use anypush::CertificateInfo;
use anypush::apns::{Client, Endpoint, Notification};
use anypush::prelude::*;
use push_sim::Sim;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().apns_any().start()?;
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();

    // Certificate and key from one PEM file; `from_pem_files` reads them from two.
    let identity = Identity::from_pem_file(sim.dir().join("client.pem"))?;

    let session = Session::builder(anypush::TokioBackend::new()?)
        .max_connections_per_destination(2)
        .ping_interval(Duration::from_secs(15 * 60))
        .build();
    let info = CertificateInfo::of(session.backend().load_certificate(&identity)?.as_ref())?;
    println!(
        "certificate {} for {}",
        info.fingerprint,
        info.topics.join(", ")
    );

    // The topic is the certificate's own.
    let client = Client::builder(session)
        .certificate(identity)
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .build()?;
    client.ready().await?;

    let ring = Notification::voip().custom("caller", "Ada");
    let outcome = client
        .send(
            "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0",
            &ring,
        )
        .await;
    println!("{}", outcome.verdict().name());

    let shutdown = client.shutdown(Duration::from_secs(5)).await;
    println!(
        "{} not sent, {} unanswered",
        shutdown.not_sent, shutdown.unanswered
    );
    Ok(())
}
