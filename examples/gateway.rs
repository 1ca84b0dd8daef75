//! The binary gateway, which Apple switched off on 2021-03-31: a bulk send with a report, its retry by
//! way of a queue, and a sender for as long as a program runs.
//!
//! `cargo run --example gateway`, or
//! `cargo run --example gateway -- HOST:PORT CERTIFICATE.pem CA.pem`
//!
//! Without arguments the simulator stands in for the gateway.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anypush::apns::gateway::{Client, Error, Multicast, Report};
use anypush::apns::{DeviceToken, Endpoint, Notification};
use anypush::prelude::*;
use push_sim::{Action, Fault, Refusal, Service, Sim};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Runs until it is dropped.
    let sim;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (endpoint, certificate, ca) = match &arguments[..] {
        [] => {
            sim = simulator()?;
            let port = sim.apns_gateway_addr().ok_or("no gateway")?.port();
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
        .endpoint(endpoint)
        .roots(Roots::from_pem_file(ca)?)
        .build()?;

    bulk(&client).await?;
    one_by_one(&client).await?;
    Ok(())
}

/// Many devices at once: each is in exactly one list of the report.
async fn bulk(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let hello = Notification::alert("Hello").title("anypush").badge(1);
    let multicast = Multicast::new(hello, (0..1000).map(device));
    let report = client.send_multicast(&multicast).await;
    show("bulk send", &report);

    // What surely was not taken can go on a queue, and be sent elsewhere or later.
    if let Some(retry) = report.retry() {
        let queued = serde_json::to_string(&retry)?;
        println!("on the queue: {queued}");
        let retry: Multicast = serde_json::from_str(&queued)?;
        show("retry", &client.send_multicast(&retry).await);
    }
    Ok(())
}

fn show(what: &str, report: &Report) {
    println!(
        "{what} to {}: {} taken, {} failed, {} not sent, {} unknown",
        report.devices(),
        report.taken.len(),
        report.failed.len(),
        report.not_sent.len(),
        report.unknown.len()
    );
    for (token, error) in &report.failed {
        let verdict = error.verdict();
        println!(
            "  {}: {} ({})",
            token.shortened(),
            error.report(),
            verdict.name()
        );
    }
}

/// As a server does that has something to say now and then.
async fn one_by_one(client: &Client) -> Result<(), Error> {
    // The order's number travels with the token.
    let sender = client.sender(|(token, order): (DeviceToken, u32), error| {
        println!("order {order}, {}: {}", token.shortened(), error.report());
    });
    for order in 0..20 {
        let shipped = Notification::alert(format!("Order {order} is on its way"));
        sender.send((device(order), order), &shipped).await?;
    }
    // Waits until the gateway has spoken of all of them.
    let totals = sender.close().await;
    println!(
        "sender: {} taken, {} failed, {} unknown",
        totals.taken, totals.failed, totals.unknown
    );
    Ok(())
}

/// A device of its own for each number.
fn device(number: u32) -> DeviceToken {
    let token = format!("{number:08x}").repeat(8).parse();
    token.expect("64 hexadecimal digits")
}

/// A gateway with some trouble to show.
fn simulator() -> Result<Sim, push_sim::Error> {
    let sim = Sim::builder().apns_gateway_any().start()?;
    let refuse = |status| Fault::new(Service::ApnsGateway, Action::Code(Refusal::new(status)));
    // Unknown to this app, whenever it is sent to.
    sim.fault(refuse(8).token(device(7).as_str()))?;
    // The gateway fails at this one, once: it can be sent again.
    sim.fault(refuse(1).token(device(500).as_str()).times(1))?;
    // And once it goes away; what comes behind this one is sent again by itself.
    sim.fault(refuse(10).token(device(900).as_str()).times(1))?;
    Ok(sim)
}
