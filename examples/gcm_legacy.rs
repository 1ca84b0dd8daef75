//! The legacy protocol of GCM and FCM, on smol: a report, what to send again, a stream of outcomes.
//!
//! `cargo run --example gcm_legacy --features smol,gcm`
//!
//! Google shut its servers down in 2024; this is for others that still speak the protocol. The
//! simulator stands in for one here. Against one in a process of its own:
//!
//! ```text
//! anypush sim --dir /tmp/sim --gcm 127.0.0.1:8445 --control 127.0.0.1:8080
//! cargo run --example gcm_legacy --features smol,gcm -- https://localhost:8445 /tmp/sim
//! ```

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anypush::gcm::{Client, Message, Multicast, Notification, RegistrationId};
use anypush::prelude::*;
use push_sim::{Action, Answer, Fault, Service, Sim};

/// The device is known by another id now, is gone, and is busy.
fn strike(sim: &Sim) -> push_sim::Result<()> {
    let answers = [
        ("id-2", Answer::new(200).canonical("id-2-new")),
        ("id-3", Answer::new(200).reason("NotRegistered")),
        ("id-4", Answer::new(200).reason("Unavailable")),
    ];
    for (id, answer) in answers {
        sim.fault(Fault::new(Service::Gcm, Action::Answer(answer)).token(id))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().gcm_any().start()?;
    strike(&sim)?;
    let mut given = std::env::args().skip(1);
    let url = given.next().or_else(|| sim.gcm_url());
    let url = url.ok_or("no GCM simulator")?;
    let dir = given
        .next()
        .map_or_else(|| sim.dir().to_owned(), PathBuf::from);

    smol::block_on(async {
        let client = Client::builder(Session::new(anypush::SmolBackend::new()))
            .endpoint(format!("{url}/gcm/send"))
            .api_key("sim-api-key")
            .roots(Roots::from_pem_file(dir.join("ca.pem"))?)
            .build()?;
        let hello = Message::text("Hello")
            .notification(Notification::new().title("anypush").body("Hello"))
            .collapse_key("greetings")
            .high_priority();

        // A report, for those who come from pushjack or gcm-client.
        let ids = (1..=5).map(|number| RegistrationId::new(format!("id-{number}")));
        let ids: Vec<_> = ids.collect::<Result<_, _>>()?;
        let report = client
            .send_multicast(&Multicast::new(hello.clone(), ids))
            .await;
        println!("{} taken", report.success().count());
        for (old, new) in report.canonical() {
            println!("store {new} in place of {old}");
        }
        for id in report.not_registered() {
            println!("remove {id}");
        }
        if let Some(retry) = report.retry() {
            println!(
                "in {:?}: {}",
                report.delay(0),
                serde_json::to_string(&retry)?
            );
        }

        // Any number of devices: a stream of outcomes, 1000 devices to a request.
        let ids = (100..5100).map(|number| format!("id-{number}"));
        let outcomes = client.send_all(ids, &hello);
        let taken = outcomes.filter(|(_, outcome)| std::future::ready(outcome.is_ok()));
        println!("{} taken", taken.count().await);
        Ok(())
    })
}
