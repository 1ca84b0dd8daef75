//! Who takes part. Each sends the same message to as many registrations, with an access token, from
//! one thread; and takes the time from when the warm-up is over.

pub(crate) mod anypush;
mod bare;
mod peers;

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use backends::{Runtime, Stack, on_tokio};
use clap::ValueEnum;
use harness::{Child, Sample};
use yardstick::devices;

use crate::load::Load;
use crate::place::Place;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// A bare loop on the `h2` crate: the yardstick.
    H2,
    /// The same with its writes gathered: the yardstick for larger bodies.
    H2Gathered,
    // This client, on each of its backends.
    AnypushTokioRustls,
    AnypushTokioOpenssl,
    AnypushSmolRustls,
    AnypushSmolOpenssl,
    AnypushAsyncStdRustls,
    AnypushAsyncStdOpenssl,
    FirebaeCm,
    FcmService,
}

impl Contestant {
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The backend, where it is this client.
    pub(crate) fn backend(self) -> Option<(Runtime, Stack)> {
        match self {
            Self::AnypushTokioRustls => Some((Runtime::Tokio, Stack::Rustls)),
            Self::AnypushTokioOpenssl => Some((Runtime::Tokio, Stack::Openssl)),
            Self::AnypushSmolRustls => Some((Runtime::Smol, Stack::Rustls)),
            Self::AnypushSmolOpenssl => Some((Runtime::Smol, Stack::Openssl)),
            Self::AnypushAsyncStdRustls => Some((Runtime::AsyncStd, Stack::Rustls)),
            Self::AnypushAsyncStdOpenssl => Some((Runtime::AsyncStd, Stack::Openssl)),
            Self::H2 | Self::H2Gathered | Self::FirebaeCm | Self::FcmService => None,
        }
    }

    /// How many connections it uses of so many; `None` when that is not in its hand: fcm-service
    /// makes two for each message.
    pub(crate) fn connections(self, load: &Load) -> Option<u64> {
        (self != Self::FcmService).then_some(load.connections as u64)
    }

    /// Whether it can use so many connections. reqwest has one for each server.
    pub(crate) fn connects_to(self, connections: usize) -> bool {
        connections == 1 || !matches!(self, Self::FirebaeCm | Self::FcmService)
    }

    /// Whether the simulator gives it an access token: it pads the Base64 of its assertions, which
    /// RFC 7515 forbids.
    pub(crate) fn suits_the_simulator(self) -> bool {
        self != Self::FcmService
    }

    /// What it sends of this.
    pub(crate) fn load(self, load: &Load) -> Load {
        match self {
            Self::FcmService => load.part(500),
            _ => load.clone(),
        }
    }

    /// Starts it in a process of its own, which answers in this role.
    pub(crate) fn start(self, role: &str, place: &Place, load: &Load) -> Result<Child> {
        let arguments = [role.to_owned(), self.name()]
            .into_iter()
            .chain(place.arguments())
            .chain(load.arguments());
        Child::start(arguments, place.environment())
    }

    /// Takes part, in this process.
    pub(crate) fn run(self, place: &Place, load: &Load) -> Result<Sample> {
        match self {
            Self::H2 => on_tokio(bare::run(place, load, false)),
            Self::H2Gathered => on_tokio(bare::run(place, load, true)),
            Self::FirebaeCm => on_tokio(peers::firebae_cm(load)),
            Self::FcmService => on_tokio(peers::fcm_service(place, load)),
            _ => {
                let (runtime, stack) = self.backend().context("it has no backend")?;
                anypush::race(runtime, stack, place, load)
            }
        }
    }
}

fn registrations(numbers: Range<u64>) -> Vec<String> {
    numbers.map(devices::registration).collect()
}

/// What was refused has to be known to the sender.
fn check_refused(load: &Load, refused: u64) -> Result<()> {
    ensure!(
        refused == load.refused(),
        "{} were to be refused, not {refused}",
        load.refused()
    );
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use push_sim::Service;

    use crate::server::{Manner, Server};
    use crate::simulator;

    use super::*;

    fn load() -> Load {
        Load {
            messages: Some(1),
            in_flight: Some(2),
            connections: 1,
            body_bytes: 400,
            warm_up: Some(1),
            refuse: None,
        }
    }

    /// What arrives of two messages of this contestant, without what differs by right.
    fn received(who: Contestant) -> (Vec<String>, Vec<(String, String)>, String) {
        let sim = simulator::start().unwrap();
        let place = simulator::place(&sim).unwrap();
        assert_eq!(who.run(&place, &load()).unwrap().count, 1);
        let received = sim.received(Service::Fcm, 3).unwrap();
        let tokens = received.iter().map(|push| push.token.clone()).collect();
        let last = &received[1];
        let mut headers: Vec<_> = last.headers.clone().into_iter().collect();
        for (name, value) in &mut headers {
            if matches!(name.as_str(), "host" | ":authority") {
                *value = value.split(':').next().unwrap().to_owned();
            }
        }
        (tokens, headers, last.payload.get().to_owned())
    }

    #[test]
    fn the_bare_loop_sends_what_this_client_sends() {
        let bare = received(Contestant::H2);
        assert_eq!(bare.2.len(), 400);
        assert_eq!(received(Contestant::H2Gathered), bare);
        let ours = Contestant::value_variants().iter();
        for who in ours.filter(|who| who.backend().is_some()) {
            assert_eq!(received(*who), bare, "{who:?}");
        }
    }

    #[test]
    fn the_server_refuses_every_so_many_th_message_and_counts_all() {
        let server = Server::start(&Manner { refuse: Some(3) }).unwrap();
        let load = Load {
            messages: Some(400),
            refuse: Some(3),
            ..load()
        };
        for who in [Contestant::H2, Contestant::AnypushTokioRustls] {
            who.run(&server.place, &load).unwrap();
            let counts = server.counts().unwrap();
            assert_eq!(counts.trouble, None, "{who:?}");
            assert_eq!((counts.messages, counts.refused), (401, 133), "{who:?}");
            assert_eq!((counts.body_bytes, counts.connections), (401 * 400, 1));
        }
    }
}
