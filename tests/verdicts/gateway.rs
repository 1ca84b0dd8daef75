//! The binary gateway: by its client, whatever the simulator is told to say.

use std::sync::Arc;

use anypush::apns::gateway::{Client, Status};
use anypush::apns::{Endpoint, Notification};
use anypush::prelude::*;
use push_sim::{Action, Close, Fault, Refusal, Service, Sim};

use crate::common::{self, Shared, token};
use crate::page::Section;

pub async fn section(backend: Shared) -> Section {
    let mut section = Section::new(
        "gateway",
        "The binary gateway of APNs (`anypush::apns::gateway`)",
        "Of a notification that was sent by itself. Nothing is answered to what is taken; how it is proven all the \
         same, the module says.",
    );
    let sim = Sim::builder().apns_gateway_any().start().unwrap();
    section.add(
        "taken, as what came later proved",
        send(&backend, &sim, None).await,
    );
    let unknown = Status::from(99);
    for status in Status::KNOWN.into_iter().chain([unknown]) {
        let label = match status {
            Status::Unknown(_) => "any other status".to_owned(),
            Status::Shutdown => "10 `Shutdown`, which names the last one taken".to_owned(),
            known => format!("{} `{}`", known.code(), known.name()),
        };
        let refusal = Action::Code(Refusal::new(status.code()));
        let verdict = send(&backend, &sim, Some(refusal)).await;
        assert_eq!(status.verdict(), verdict, "{status:?}");
        section.add(label, verdict);
    }
    let ended = send(&backend, &sim, Some(Action::Close(Close::Fin))).await;
    section.add("the connection ends without a word", ended);
    for (label, others) in [
        (
            "8 `InvalidToken` in a bulk send that had others taken",
            true,
        ),
        ("8 `InvalidToken` in a bulk send that had none taken", false),
    ] {
        section.add(label, in_a_bulk_send(&backend, &sim, others).await);
    }
    section
}

fn client(backend: &Shared, sim: &Sim) -> Client {
    let port = sim.apns_gateway_addr().unwrap().port();
    Client::builder(Session::new(Arc::clone(backend)))
        .endpoint(Endpoint::new("localhost", port))
        .roots(common::roots(sim))
        .build()
        .unwrap()
}

async fn send(backend: &Shared, sim: &Sim, action: Option<Action>) -> Verdict {
    sim.clear_faults();
    if let Some(action) = action {
        let fault = Fault::new(Service::ApnsGateway, action).token(token(1));
        sim.fault(fault.times(1)).unwrap();
    }
    let client = client(backend, sim);
    client
        .send(token(1), &Notification::alert("Hello"))
        .await
        .verdict()
}

async fn in_a_bulk_send(backend: &Shared, sim: &Sim, others: bool) -> Verdict {
    sim.clear_faults();
    let refusal = Action::Code(Refusal::new(8));
    let fault = Fault::new(Service::ApnsGateway, refusal).token(token(1));
    sim.fault(fault).unwrap();
    let good = others.then(|| token(9));
    let devices = [token(1)].into_iter().chain(good);
    let mut outcomes = client(backend, sim).send_all(devices, &Notification::alert("Hello"));
    let mut verdict = None;
    while let Some((device, outcome)) = outcomes.next().await {
        if device == token(1) {
            verdict = Some(outcome.verdict());
        }
    }
    verdict.unwrap()
}
