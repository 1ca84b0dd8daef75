//! FCM in the demo.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::fcm::{Client, Credentials, Message};
use anypush::{Backend, Roots, Session};
use push_sim::{Action, Answer, Fault, GoAway, Point, Service, Sim};

use super::scene::Scene;
use super::watch::{Seen, Watch};

/// Of HTTP/2 (RFC 9113, section 7).
const INTERNAL_ERROR: u32 = 2;

pub(super) const NOTES: &str = "\
Gone in three ways: from FCM, from APNs behind it, or no token at all. An access
token was refused, a connection ended: sent again, and nothing shows.";

/// A simulator that lets some fail.
pub(super) fn start(scene: &Scene) -> Result<Sim> {
    let sim = Sim::builder().fcm_any().start()?;
    let answer = |status, reason: &str| Answer::new(status).reason(reason);
    let actions = [
        Action::Answer(answer(404, "UNREGISTERED")),
        Action::Answer(answer(403, "SENDER_ID_MISMATCH")),
        Action::Answer(answer(429, "QUOTA_EXCEEDED").retry_after("120")),
        Action::Answer(answer(503, "UNAVAILABLE")),
        Action::Answer(answer(400, "INVALID_ARGUMENT").apns(410, "Unregistered")),
        Action::ResetAt(INTERNAL_ERROR, Point::BeforeAnswer),
    ];
    for block in scene.blocks() {
        for (token, action) in scene.failing(block).zip(&actions) {
            sim.fault(Fault::new(Service::Fcm, action.clone()).token(token))?;
        }
    }
    // Two that no device notices: it is sent again where that is surely right.
    let refused = Action::Answer(answer(401, "UNAUTHENTICATED"));
    let goodbye = Action::GoAway(GoAway::new());
    for (part, action) in [(3, refused), (2, goodbye)] {
        let fault = Fault::new(Service::Fcm, action);
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
    let (url, account) = sim.fcm_url().zip(sim.service_account()).context(ABSENT)?;
    let client = Client::builder(Session::new(backend))
        .endpoint(url)
        .roots(Roots::from_pem(sim.files().ca_pem())?)
        .credentials(Credentials::service_account(account.json())?)
        .build()?;
    client.ready().await?;

    let hello = Message::with_notification("Demo", "Hello from anypush").data("number", "1");
    let outcomes = client.send_all(scene.tokens(), &hello);
    let seen = watch.all(outcomes, |_| true, Instant::now()).await;
    client.shutdown(Duration::ZERO).await;
    Ok(seen)
}

const ABSENT: &str = "the simulator does not run";
