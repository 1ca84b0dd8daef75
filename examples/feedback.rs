//! The feedback service of the binary gateway, which Apple switched off on 2021-03-31: which devices
//! lack the app, to be asked once a day.
//!
//! `cargo run --example feedback`, or
//! `cargo run --example feedback -- HOST:PORT CERTIFICATE.pem CA.pem`
//!
//! Without arguments the simulator stands in for the service.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anypush::apns::gateway::{Client, Feedback};
use anypush::apns::{DeviceToken, Endpoint};
use anypush::prelude::*;
use push_sim::Sim;
use push_sim::feedback::Entry;

/// Which devices there are, and when the app on each last told its token.
type Registry = HashMap<DeviceToken, SystemTime>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Runs until it is dropped.
    let sim;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (endpoint, certificate, ca) = match &arguments[..] {
        [] => {
            sim = simulator()?;
            let port = sim.apns_feedback_addr().ok_or("no feedback")?.port();
            let files = sim.dir();
            let endpoint = Endpoint::new("localhost", port);
            (endpoint, files.join("client.pem"), files.join("ca.pem"))
        }
        [endpoint, certificate, ca] => (
            endpoint.parse()?,
            PathBuf::from(certificate),
            PathBuf::from(ca),
        ),
        _ => return Err("give nothing, or HOST:PORT CERTIFICATE.pem CA.pem".into()),
    };
    let client = Client::builder(Session::new(anypush::TokioBackend::new()?))
        .certificate(Identity::from_pem_file(certificate)?)
        .feedback_endpoint(endpoint)
        .roots(Roots::from_pem_file(ca)?)
        .build()?;

    let mut registry = Registry::from([
        (device(1), at(1_600_000_000)),
        (device(2), at(1_600_000_000)),
        (device(3), at(1_600_000_000)),
    ]);
    // Where there is no connection, nothing was forgotten: try again later.
    let feedback = client.feedback().await?;
    clean(&mut registry, feedback).await;
    println!("{} devices are left", registry.len());
    Ok(())
}

/// Takes out who lacks the app. The service forgets as it tells, so each is dealt with at once, whatever
/// comes after it.
async fn clean(registry: &mut Registry, mut feedback: Feedback) {
    while let Some(next) = feedback.next().await {
        let inactive = match next {
            Ok(inactive) => inactive,
            Err(error) => {
                // What was told before stands; the rest is likely lost. A device that is left in is
                // told again when it was sent to again.
                println!("the list broke off: {}", error.report());
                return;
            }
        };
        let token = &inactive.token;
        let said = match registry.get(token) {
            None => "is unknown here",
            Some(last) if inactive.outdates(*last) => {
                registry.remove(token);
                "is removed"
            }
            // It has come back since.
            Some(_) => "stays, for it registered again",
        };
        println!("{} {said}", token.shortened());
    }
}

/// A device of its own for each number.
fn device(number: u8) -> DeviceToken {
    DeviceToken::from_bytes(&[number; 32]).expect("32 bytes")
}

/// So many seconds after 1970.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A service with some devices to tell.
fn simulator() -> Result<Sim, push_sim::Error> {
    let sim = Sim::builder().apns_feedback_any().start()?;
    sim.feedback(&[
        // The app was removed after it had registered.
        Entry::new(device(1).as_str(), 1_600_000_100),
        // This one was removed, and is there again.
        Entry::new(device(2).as_str(), 1_500_000_000),
        Entry::new(device(9).as_str(), 1_600_000_100),
    ])?;
    Ok(sim)
}
