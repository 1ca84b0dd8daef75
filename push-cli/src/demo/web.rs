//! Web Push in the demo.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::web::{Client, EndpointPolicy, Message, Receiver, Subscription, Vapid, VapidKey};
use anypush::{Backend, Roots, Session};
use push_sim::{Action, Answer, Fault, Point, Service, Sim};

use super::scene::Scene;
use super::watch::{Seen, Watch};

/// Of HTTP/2 (RFC 9113, section 7).
const INTERNAL_ERROR: u32 = 2;

pub(super) const NOTES: &str = "\
Encrypted for each browser apart. Gone, or unknown to a service that took others;
made with another VAPID key, or without the keys to encrypt with.";

/// A simulator that lets some fail.
pub(super) fn start(scene: &Scene) -> Result<Sim> {
    let sim = Sim::builder().web_any().start()?;
    let answer = |status| Answer::new(status);
    let actions = [
        Action::Answer(answer(410)),
        Action::Answer(answer(404)),
        Action::Answer(answer(429).retry_after("120")),
        Action::Answer(answer(503)),
        Action::Answer(answer(403)),
        Action::ResetAt(INTERNAL_ERROR, Point::BeforeAnswer),
    ];
    for block in scene.blocks() {
        for (token, action) in scene.failing(block).zip(&actions) {
            sim.fault(Fault::new(Service::Web, action.clone()).token(token))?;
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
    let url = sim.web_url().context("the simulator does not run")?;
    let key = VapidKey::from_pem(sim.files().vapid_key().pem())?;
    let client = Client::builder(Session::new(backend))
        .vapid(Vapid::new(key).subject("mailto:demo@example.org"))
        .roots(Roots::from_pem(sim.files().ca_pem())?)
        // The simulator is on this machine.
        .endpoints(EndpointPolicy::private())
        .encrypt_in_parallel(true)
        .build()?;
    client.ready(Subscription::without_keys(&url)?).await?;

    let hello = Message::text("Hello from anypush");
    let subscriptions = subscriptions(&url, scene)?;
    let outcomes = client.send_all(subscriptions, &hello);
    let seen = watch.all(outcomes, |_| true, Instant::now()).await;
    client.shutdown(Duration::ZERO).await;
    Ok(seen)
}

/// Of all the services that are played.
fn subscriptions(
    url: &str,
    scene: &Scene,
) -> Result<impl Iterator<Item = Subscription> + Send + 'static + use<>> {
    const PATHS: [&str; 4] = ["wpush/v2/", "fcm/send/", "apple/", "w/?token="];
    let keys = Receiver::generate()?.keys();
    let url = url.to_owned();
    let endpoints = scene.tokens().zip(PATHS.iter().cycle());
    Ok(endpoints.filter_map(move |(token, path)| {
        let is_whole = !token.contains(' ');
        let endpoint = format!("{url}/{path}{}", token.replace(' ', "-"));
        let subscription = match is_whole {
            true => Subscription::with_keys(&endpoint, keys),
            false => Subscription::without_keys(&endpoint),
        };
        subscription.ok()
    }))
}
