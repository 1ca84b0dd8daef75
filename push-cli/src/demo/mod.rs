//! `anypush demo`: simulators and clients together.

mod scene;
mod table;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::{Backend, Outcome as _, Roots, Session};
use futures_util::stream::StreamExt;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use push_sim::{Service, Sim};

use crate::args::{BackendName, Demo};
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::output::Tally;
use crate::runtime;
use scene::Scene;
use table::Row;

/// Short, since the lost answers are waited for.
const TIMEOUT: Duration = Duration::from_millis(1500);

const BAR: &str = "  {prefix:<20} {bar:32.green/dim} {percent:>3}%";

pub(crate) fn run(args: &Demo) -> Result<Exit> {
    let interrupts = Interrupts::catch()?;
    let scene = Scene::new(args.count.into());
    let bars = MultiProgress::new();
    let style = ProgressStyle::with_template(BAR)?.progress_chars("━╸─");
    let runs: Vec<_> = BackendName::all()
        .map(|backend| {
            let bar = ProgressBar::new(scene.devices()).with_style(style.clone());
            let bar = bars.add(bar.with_prefix(backend.to_string()));
            bar.tick();
            (backend, bar)
        })
        .collect();
    let mut rows = Vec::new();
    for (name, bar) in runs {
        let sim = Sim::builder().apns_any().start()?;
        scene.arrange(&sim)?;
        let sent = runtime::run(name, |backend| {
            send(&sim, &scene, backend, &bar, &interrupts)
        })?;
        bar.finish();
        let Some((tally, took)) = sent else {
            return Ok(Exit::Interrupted);
        };
        let stats = sim.stats();
        rows.push(Row {
            backend: name,
            taken: stats.get(&Service::Apns).map_or(0, |stats| stats.accepted),
            tally,
            took,
        });
    }
    table::print("apns", &rows, scene.is_complete())?;
    Ok(Exit::Success)
}

/// Sends to all devices; `None` when it was interrupted.
async fn send(
    sim: &Sim,
    scene: &Scene,
    backend: Arc<dyn Backend>,
    bar: &ProgressBar,
    interrupts: &Interrupts,
) -> Result<Option<(Tally, Duration)>> {
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
    let mut outcomes = client.send_all(scene.tokens(), &hello);
    let mut tally = Tally::default();
    let started = Instant::now();
    let mut answered = started;
    loop {
        let next = poll_fn(|cx| match interrupts.poll_beyond(0, cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => outcomes.poll_next_unpin(cx).map(Some),
        });
        match next.await {
            None => return Ok(None),
            Some(None) => break,
            Some(Some((_, outcome))) => {
                tally.count(&outcome.verdict());
                bar.inc(1);
                // The wait for answers that never come says nothing about the speed.
                if !matches!(&outcome, Err(error) if error.rejection().is_none()) {
                    answered = Instant::now();
                }
            }
        }
    }
    client.shutdown(Duration::ZERO).await;
    Ok(Some((tally, answered.duration_since(started))))
}
