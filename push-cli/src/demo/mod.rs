//! `anypush demo`: simulators and clients together.

mod apns;
mod fcm;
mod gateway;
mod gcm;
mod legend;
mod played;
mod scene;
mod table;
mod watch;
mod web;
mod wns;

use std::io::{self, Write};

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use push_sim::Service;

use crate::args::{BackendName, Demo};
use crate::exit::{Exit, complain};
use crate::interrupts::Interrupts;
use crate::runtime;
use played::{Played, Row};
use scene::Scene;
use table::Table;
use watch::Watch;

const BAR: &str = "  {prefix:<36} {bar:32.green/dim} {percent:>3}%";

/// What is shown, one after the other.
#[derive(Clone, Copy, Debug)]
enum Act {
    Apns,
    Gateway,
    Fcm,
    Gcm,
    Wns,
    Web,
}

impl Act {
    const ALL: [Self; 6] = [
        Self::Apns,
        Self::Gateway,
        Self::Fcm,
        Self::Gcm,
        Self::Wns,
        Self::Web,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::Gateway => "apns gateway",
            Self::Fcm => "fcm",
            Self::Gcm => "gcm",
            Self::Wns => "wns",
            Self::Web => "web push",
        }
    }

    const fn notes(self) -> &'static str {
        match self {
            Self::Apns => apns::NOTES,
            Self::Gateway => gateway::NOTES,
            Self::Fcm => fcm::NOTES,
            Self::Gcm => gcm::NOTES,
            Self::Wns => wns::NOTES,
            Self::Web => web::NOTES,
        }
    }

    /// Sends to all devices by one backend; `None` when it was interrupted.
    fn perform(self, name: BackendName, scene: &Scene, watch: Watch<'_>) -> Result<Option<Row>> {
        let (sim, service, seen) = match self {
            Self::Apns => {
                let sim = apns::start(scene)?;
                let seen = runtime::run(name, |backend| apns::send(&sim, scene, backend, watch))?;
                (sim, Service::Apns, seen.map(|seen| (seen, None)))
            }
            Self::Gateway => {
                let sim = gateway::start(scene)?;
                let seen =
                    runtime::run(name, |backend| gateway::send(&sim, scene, backend, watch))?;
                let seen = seen.map(|(seen, feedback)| (seen, Some(feedback)));
                (sim, Service::ApnsGateway, seen)
            }
            Self::Fcm => {
                let sim = fcm::start(scene)?;
                let seen = runtime::run(name, |backend| fcm::send(&sim, scene, backend, watch))?;
                (sim, Service::Fcm, seen.map(|seen| (seen, None)))
            }
            Self::Gcm => {
                let sim = gcm::start(scene)?;
                let seen = runtime::run(name, |backend| gcm::send(&sim, scene, backend, watch))?;
                (sim, Service::Gcm, seen.map(|seen| (seen, None)))
            }
            Self::Wns => {
                let sim = wns::start(scene)?;
                let seen = runtime::run(name, |backend| wns::send(&sim, scene, backend, watch))?;
                (sim, Service::Wns, seen.map(|seen| (seen, None)))
            }
            Self::Web => {
                let sim = web::start(scene)?;
                let seen = runtime::run(name, |backend| web::send(&sim, scene, backend, watch))?;
                (sim, Service::Web, seen.map(|seen| (seen, None)))
            }
        };
        let stats = sim.stats();
        Ok(seen.map(|(seen, feedback)| Row {
            backend: name,
            taken: stats.get(&service).map_or(0, |stats| stats.accepted),
            feedback,
            tally: seen.tally,
            took: seen.took,
        }))
    }
}

pub(crate) fn run(args: &Demo) -> Result<Exit> {
    let interrupts = Interrupts::catch()?;
    let scene = Scene::new(args.count.into());
    let mut played = Vec::new();
    let mut interrupted = false;
    for act in Act::ALL {
        let Some(rows) = rows(act, &scene, &interrupts)? else {
            interrupted = true;
            break;
        };
        played.push(Played {
            title: act.title(),
            notes: act.notes(),
            rows,
        });
    }
    if !played.is_empty() {
        show(&played, args.by_backend, &scene)?;
    }
    let faults: Vec<String> = played.iter().flat_map(Played::faults).collect();
    for fault in &faults {
        complain(format_args!("{fault}"));
    }
    Ok(match (interrupted, faults.is_empty()) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Success,
        (false, false) => Exit::SomeNotAccepted,
    })
}

/// The table, and what there is to say of it.
fn show(played: &[Played], by_backend: bool, scene: &Scene) -> io::Result<()> {
    let mut text = table::title(scene.devices(), BackendName::all().count());
    text.push_str(&Table { played, by_backend }.lines());
    // Of few devices, not everything went wrong that can.
    if scene.is_complete() {
        text.push('\n');
        text.push_str(&legend::legend(played));
    }
    io::stdout().write_all(text.as_bytes())?;
    io::stdout().flush()
}

/// A row for each backend; `None` when it was interrupted.
fn rows(act: Act, scene: &Scene, interrupts: &Interrupts) -> Result<Option<Vec<Row>>> {
    let bars = MultiProgress::new();
    let style = ProgressStyle::with_template(BAR)?.progress_chars("━╸─");
    let runs: Vec<_> = BackendName::all()
        .map(|backend| {
            let bar = ProgressBar::new(scene.devices()).with_style(style.clone());
            let prefix = format!("{}: {backend}", act.title());
            let bar = bars.add(bar.with_prefix(prefix));
            bar.tick();
            (backend, bar)
        })
        .collect();
    let mut rows = Vec::new();
    for (name, bar) in &runs {
        let watch = Watch { bar, interrupts };
        let Some(row) = act.perform(*name, scene, watch)? else {
            return Ok(None);
        };
        bar.finish();
        rows.push(row);
    }
    // The table says it all.
    bars.clear()?;
    Ok(Some(rows))
}
