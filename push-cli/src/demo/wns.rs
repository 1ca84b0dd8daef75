//! WNS in the demo.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::wns::{Client, Credentials, Notification, Toast, TrustedOrigins};
use anypush::{Backend, Roots, Session};
use push_sim::{Action, Answer, Close, Fault, Point, Service, Sim};

use super::scene::Scene;
use super::watch::{Seen, Watch};

const SID: &str = "ms-app://S-1-15-2-2972962901-2322836549-3722629029";
const SECRET: &str = "any-secret";

/// As whoever wants the access token would write it.
const FOREIGN: &str = "https://notify.windows.com.push.example";

pub(super) const NOTES: &str = "\
Expired or unknown channels, those of another app; throttled, failing, dropped. One
renewal of the access token, which no channel at a look-alike host ever saw.";

/// A simulator that lets some fail.
pub(super) fn start(scene: &Scene) -> Result<Sim> {
    let sim = Sim::builder().wns_any().start()?;
    let answer = |status, reason: &str| Answer::new(status).reason(reason);
    let actions = [
        Action::Answer(answer(410, "ChannelExpired")),
        Action::Answer(answer(404, "ChannelNotFound")),
        Action::Answer(answer(406, "Throttled").retry_after("120")),
        Action::Answer(answer(503, "Unavailable")),
        Action::Answer(answer(403, "OtherApp")),
        Action::CloseAt(Close::Fin, Point::BeforeAnswer),
        Action::Answer(answer(200, "dropped")),
    ];
    for block in scene.blocks() {
        for (token, action) in scene.failing(block).zip(&actions) {
            sim.fault(Fault::new(Service::Wns, action.clone()).token(token))?;
        }
    }
    // One that no device notices: it is sent again with a new token.
    let refused = Fault::new(Service::Wns, Action::Answer(answer(401, "Unauthorized")));
    sim.fault(refused.after(scene.devices() / 2).times(1))?;
    Ok(sim)
}

/// Sends to all devices; `None` when it was interrupted.
pub(super) async fn send(
    sim: &Sim,
    scene: &Scene,
    backend: Arc<dyn Backend>,
    watch: Watch<'_>,
) -> Result<Option<Seen>> {
    let url = sim.wns_url().context("the simulator does not run")?;
    let credentials = Credentials::package(SID, SECRET)?;
    let client = Client::builder(Session::new(backend))
        .credentials(credentials.token_url(&format!("{url}/accesstoken.srf"))?)
        .trusted_origins(TrustedOrigins::windows().also(&url)?)
        .roots(Roots::from_pem(sim.files().ca_pem())?)
        .build()?;
    client.ready().await?;

    let hello = Notification::toast(Toast::new("Demo").text("Hello from anypush"));
    let outcomes = client.send_all(channels(url, scene), &hello);
    let seen = watch.all(outcomes, |_| true, Instant::now()).await;
    client.shutdown(Duration::ZERO).await;
    Ok(seen)
}

/// The channel of each device, some of them at another host.
fn channels(url: String, scene: &Scene) -> impl Iterator<Item = String> + Send + 'static + use<> {
    scene.tokens().map(move |token| match token.contains(' ') {
        true => format!("{FOREIGN}/?token={}", token.replace(' ', "-")),
        false => format!("{url}/?token={token}"),
    })
}
