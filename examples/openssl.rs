//! OpenSSL instead of rustls, with a client certificate from a PKCS#12 file: on tokio, then on
//! smol.
//!
//! `cargo run --example openssl --features openssl,smol`
//!
//! Feature `openssl` links the system's OpenSSL, `openssl-vendored` builds one. The simulator stands
//! in for Apple here.

#![allow(clippy::print_stdout)]

use anypush::apns::{Client, Endpoint, Notification};
use anypush::prelude::*;
use anypush::{Openssl, OpensslBackend, Runtime, SmolRuntime, TokioRuntime};
use push_sim::{PKCS12_PASSWORD, Sim};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;

    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    tokio.block_on(async { push("tokio", TokioRuntime::current()?, &sim).await })?;

    smol::block_on(push("smol", SmolRuntime::new(), &sim))
}

/// The same on any runtime.
async fn push(name: &str, runtime: impl Runtime, sim: &Sim) -> Result<(), Failure> {
    // Read by OpenSSL, so old files can be read too: those that are encrypted by RC2.
    let file = std::fs::read(sim.dir().join("client.p12"))?;
    let identity = Openssl::read_pkcs12(file, PKCS12_PASSWORD)?;

    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();
    let client = Client::builder(Session::new(OpensslBackend::new(runtime)))
        .certificate(identity)
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .build()?;

    let token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    let hello = Notification::alert(format!("Hello from OpenSSL on {name}"));
    let receipt = client.send(token, &hello).await?;
    println!("OpenSSL on {name}: taken as {}", receipt.id);
    Ok(())
}
