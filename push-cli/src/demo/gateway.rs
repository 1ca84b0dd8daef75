//! The binary gateway in the demo, and its feedback service.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::apns::gateway::Client;
use anypush::apns::{Endpoint, Notification};
use anypush::{Backend, Identity, Roots, Session};
use futures_util::stream::TryStreamExt;
use push_sim::feedback::Entry;
use push_sim::{Action, Fault, Refusal, Service, Sim};

use super::scene::{Scene, yesterday};
use super::watch::{Seen, Watch};

/// How late one refusal comes. What came behind the refused one meanwhile is thrown away.
const LATE: Duration = Duration::from_millis(100);

const PROCESSING_ERROR: u8 = 1;
const INVALID_TOKEN: u8 = 8;
const SHUTDOWN: u8 = 10;

pub(super) const NOTES: &str = "\
Switched off by Apple in 2021. A refusal throws away what came behind: sent again.
One gateway shut down on the way.";

/// A simulator that lets some fail.
pub(super) fn start(scene: &Scene) -> Result<Sim> {
    let builder = Sim::builder().apns_gateway_any().apns_feedback_any();
    let sim = builder.start()?;
    let since = u32::try_from(yesterday().as_secs()).unwrap_or(u32::MAX);
    for token in scene
        .blocks()
        .filter_map(|block| scene.failing(block).next())
    {
        let refuse = Action::Code(Refusal::new(INVALID_TOKEN));
        sim.fault(Fault::new(Service::ApnsGateway, refuse).token(&token))?;
        sim.feedback(&[Entry::new(token, since)])?;
    }
    if scene.is_complete() {
        let late = Refusal::new(INVALID_TOKEN).delay(LATE);
        let refusals = [
            (4, Refusal::new(PROCESSING_ERROR)),
            (3, late),
            (2, Refusal::new(SHUTDOWN)),
        ];
        for (part, refusal) in refusals {
            let fault = Fault::new(Service::ApnsGateway, Action::Code(refusal));
            sim.fault(fault.after(scene.devices() / part).times(1))?;
        }
    }
    Ok(sim)
}

/// Sends to all devices, and asks for feedback; `None` when it was interrupted.
pub(super) async fn send(
    sim: &Sim,
    scene: &Scene,
    backend: Arc<dyn Backend>,
    watch: Watch<'_>,
) -> Result<Option<(Seen, u64)>> {
    let gateway = sim.apns_gateway_addr();
    let feedback = sim.apns_feedback_addr();
    let addresses = gateway.zip(feedback);
    let (gateway, feedback) = addresses.context("the simulator does not run")?;
    let client = Client::builder(Session::new(backend))
        .endpoint(Endpoint::new("localhost", gateway.port()))
        .feedback_endpoint(Endpoint::new("localhost", feedback.port()))
        .roots(Roots::from_pem(sim.files().ca_pem())?)
        .certificate(Identity::from_pem(sim.files().client_pem())?)
        .build()?;
    client.ready().await?;

    let hello = Notification::alert("Hello from anypush").badge(1);
    let outcomes = client.send_all(scene.tokens(), &hello);
    let Some(seen) = watch.all(outcomes, |_| true, Instant::now()).await else {
        return Ok(None);
    };
    let told: Vec<_> = client.feedback().await?.try_collect().await?;
    client.shutdown(Duration::ZERO).await;
    Ok(Some((seen, told.len() as u64)))
}
