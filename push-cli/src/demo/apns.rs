//! The provider API in the demo.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::apns::{Client, Endpoint, Notification, Outcome, ProviderToken};
use anypush::{Backend, Roots, Session};
use push_sim::{Action, Answer, Fault, GoAway, Service, Sim};

use super::scene::{Scene, yesterday};
use super::watch::{Seen, Watch};

/// Short, since the lost answers are waited for.
const TIMEOUT: Duration = Duration::from_millis(1500);

pub(super) const NOTES: &str = "\
Gone, of another topic, malformed; throttled, failing; answers kept back. A provider
token was refused as expired, a connection ended: sent again, and nothing shows.";

/// A simulator that lets some fail.
pub(super) fn start(scene: &Scene) -> Result<Sim> {
    let sim = Sim::builder().apns_any().start()?;
    let answer = |status, reason: &str| Answer::new(status).reason(reason);
    let since_ms = u64::try_from(yesterday().as_millis()).unwrap_or(0);
    let actions = [
        Action::Answer(answer(410, "Unregistered").timestamp_ms(since_ms)),
        Action::Answer(answer(400, "DeviceTokenNotForTopic")),
        Action::Answer(answer(403, "Forbidden")),
        Action::Answer(answer(429, "TooManyRequests").retry_after("120")),
        Action::Answer(answer(500, "InternalServerError")),
        Action::DropAnswer,
    ];
    for block in scene.blocks() {
        for (token, action) in scene.failing(block).zip(&actions) {
            sim.fault(Fault::new(Service::Apns, action.clone()).token(token))?;
        }
    }
    // Two that no device notices: it is sent again where that is surely right.
    let expired = Action::Answer(answer(403, "ExpiredProviderToken"));
    let goodbye = Action::GoAway(GoAway::new());
    for (part, action) in [(3, expired), (2, goodbye)] {
        let fault = Fault::new(Service::Apns, action);
        sim.fault(fault.after(scene.devices() / part).times(1))?;
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
    let address = sim.apns_addr().context("the simulator does not run")?;
    let key = sim.files().provider_key();
    let client = Client::builder(Session::new(backend))
        .endpoint(Endpoint::new("localhost", address.port()))
        .roots(Roots::from_pem(sim.files().ca_pem())?)
        .provider_token(ProviderToken::from_p8(
            key.p8_pem(),
            key.key_id(),
            key.team_id(),
        )?)
        .topic("com.example.app")
        .timeout(TIMEOUT)
        .build()?;
    client.ready().await?;

    let hello = Notification::alert("Hello from anypush")
        .title("Demo")
        .badge(1);
    let outcomes = client.send_all(scene.tokens(), &hello);
    // The wait for answers that never come says nothing about the speed.
    let is_answer =
        |outcome: &Outcome| !matches!(outcome, Err(error) if error.rejection().is_none());
    let seen = watch.all(outcomes, is_answer, Instant::now()).await;
    client.shutdown(Duration::ZERO).await;
    Ok(seen)
}
