//! The legacy protocol of GCM and FCM in the demo.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::gcm::{Client, Message};
use anypush::{Backend, Roots, Session};
use push_sim::gcm::Config;
use push_sim::{Action, Answer, Fault, Service, Sim};

use super::scene::Scene;
use super::watch::{Seen, Watch};

const API_KEY: &str = "AIzaSy-demo";

pub(super) const NOTES: &str = "\
Shut down by Google in 2024. Up to 1000 devices go out with one request, and each
has its outcome. Those to replace are known by another id now.";

/// A simulator that lets some fail.
pub(super) fn start(scene: &Scene) -> Result<Sim> {
    let config = Config::default().api_key(API_KEY);
    let sim = Sim::builder().gcm_any().gcm_config(config).start()?;
    let one_of_many = |reason: &str| Answer::new(200).reason(reason);
    for block in scene.blocks() {
        let answers = [
            one_of_many("NotRegistered"),
            Answer::new(200).canonical(format!("moved-{block}")),
            one_of_many("Unavailable"),
            one_of_many("MismatchSenderId"),
            one_of_many("InvalidPackageName"),
        ];
        for (token, answer) in scene.failing(block).zip(answers) {
            sim.fault(Fault::new(Service::Gcm, Action::Answer(answer)).token(token))?;
        }
    }
    Ok(sim)
}

/// Sends to all devices; `None` when it was interrupted.
pub(super) async fn send(
    sim: &Sim,
    scene: &Scene,
    backend: Arc<dyn Backend>,
    watch: Watch<'_>,
) -> Result<Option<Seen>> {
    let url = sim.gcm_url().context("the simulator does not run")?;
    let client = Client::builder(Session::new(backend))
        .endpoint(format!("{url}/gcm/send"))
        .roots(Roots::from_pem(sim.files().ca_pem())?)
        .api_key(API_KEY)
        .build()?;
    client.ready().await?;

    let hello = Message::text("Hello from anypush");
    let outcomes = client.send_all(scene.tokens(), &hello);
    let seen = watch.all(outcomes, |_| true, Instant::now()).await;
    client.shutdown(Duration::ZERO).await;
    Ok(seen)
}
