//! Who takes part. Each sends the same notification to the same devices, over one connection,
//! with a provider token and an `apns-id` of its own per push, from one thread; and takes the time
//! from when the warm-up is over.

pub(crate) mod anypush;
mod bare;
mod peers;

use anyhow::{Context, Result};
use clap::ValueEnum;
use harness::Sample;

use self::anypush::{Runtime, Stack};
use crate::load::Load;
use crate::simulator::Place;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// A bare loop on the `h2` crate: the yardstick.
    H2,
    // This client, on each of its backends.
    AnypushTokioRustls,
    AnypushTokioOpenssl,
    AnypushSmolRustls,
    AnypushSmolOpenssl,
    AnypushAsyncStdRustls,
    AnypushAsyncStdOpenssl,
    A2,
    ApnsH2,
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
            Self::H2 | Self::A2 | Self::ApnsH2 => None,
        }
    }

    /// Takes part, in this process.
    pub(crate) fn run(self, place: &Place, load: &Load) -> Result<Sample> {
        match self {
            Self::H2 => on_tokio(bare::run(place, load)),
            Self::A2 => on_tokio(peers::a2(place, load)),
            Self::ApnsH2 => on_tokio(peers::apns_h2(place, load)),
            _ => {
                let (runtime, stack) = self.backend().context("a backend")?;
                anypush::race(runtime, stack, place, load)
            }
        }
    }
}

/// Runs it on tokio, on this thread alone.
fn on_tokio<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use push_sim::{Received, Service, Sim};

    use super::*;

    /// What arrives of two pushes of this contestant, without what differs by right.
    fn received(who: Contestant) -> (Vec<String>, Vec<(String, String)>, String) {
        let sim = Sim::builder().apns_any().start().unwrap();
        let place = Place::of(&sim).unwrap();
        let load = Load {
            pushes: Some(1),
            in_flight: 2,
            payload_bytes: 300,
            warm_up: 1,
        };
        assert_eq!(who.run(&place, &load).unwrap().count, 1);
        let received: Vec<Received> = sim.received(Service::Apns, 3).unwrap();
        let tokens = received.iter().map(|push| push.token.clone()).collect();
        let last = &received[1];
        assert_ne!(received[0].headers["apns-id"], last.headers["apns-id"]);
        let mut headers: Vec<_> = last.headers.clone().into_iter().collect();
        for (name, value) in &mut headers {
            match name.as_str() {
                ":path" | "apns-id" => "alike in length".clone_into(value),
                "authorization" => {
                    assert!(value.starts_with("bearer "), "{value}");
                    *value = value.len().to_string();
                }
                "host" | ":authority" => *value = value.split(':').next().unwrap().to_owned(),
                _ => {}
            }
        }
        (tokens, headers, last.payload.get().to_owned())
    }

    #[test]
    fn the_bare_loop_sends_what_this_client_sends() {
        let bare = received(Contestant::H2);
        assert_eq!(bare.2.len(), 300);
        let ours = Contestant::value_variants().iter();
        for who in ours.filter(|who| who.backend().is_some()) {
            assert_eq!(received(*who), bare, "{who:?}");
        }
    }
}
