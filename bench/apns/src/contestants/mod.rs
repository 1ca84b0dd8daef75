//! Who takes part. Each sends the same notification to the same devices, with a provider token
//! and an `apns-id` of its own per push, from one thread; and takes the time from when the warm-up
//! is over.

pub(crate) mod anypush;
mod bare;
mod peers;

use std::pin::Pin;
use std::task::Poll;

use anyhow::{Context, Result, bail};
use backends::{Runtime, Stack, on_tokio};
use clap::ValueEnum;
use futures_util::stream::{FuturesUnordered, Stream};
use harness::Sample;

use crate::latency::{self, Latency};
use crate::load::Load;
use crate::simulator::Place;
use crate::waiting::Held;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// A bare loop on the `h2` crate: the yardstick.
    H2,
    /// The same with its writes gathered: the yardstick for larger payloads.
    H2Gathered,
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
            Self::H2 | Self::H2Gathered | Self::A2 | Self::ApnsH2 => None,
        }
    }

    /// Whether it can use so many connections. The peers' clients have one each.
    pub(crate) fn connects_to(self, connections: usize) -> bool {
        connections == 1 || !matches!(self, Self::A2 | Self::ApnsH2)
    }

    /// Whether it can connect without a push, which the peers can't. With its writes gathered the
    /// bare loop does the same as without.
    pub(crate) fn storms(self) -> bool {
        self == Self::H2 || self.backend().is_some()
    }

    /// Whether its pushes can be made to wait for an answer.
    pub(crate) fn waits(self) -> bool {
        self == Self::H2 || self.backend().is_some()
    }

    /// Takes part, in this process.
    pub(crate) fn run(self, place: &Place, load: &Load) -> Result<Sample> {
        match self {
            Self::H2 => on_tokio(bare::run(place, load, false)),
            Self::H2Gathered => on_tokio(bare::run(place, load, true)),
            Self::A2 => on_tokio(peers::a2(place, load, peers::Race)),
            Self::ApnsH2 => on_tokio(peers::apns_h2(place, load, peers::Race)),
            _ => {
                let (runtime, stack) = self.own()?;
                anypush::race(runtime, stack, place, load)
            }
        }
    }

    /// Sends at half of its speed.
    pub(crate) fn latency(self, place: &Place, load: &Load) -> Result<Latency> {
        match self {
            Self::H2 => on_tokio(bare::pace(place, load, false)),
            Self::H2Gathered => on_tokio(bare::pace(place, load, true)),
            Self::A2 => on_tokio(peers::a2(place, load, peers::Pace)),
            Self::ApnsH2 => on_tokio(peers::apns_h2(place, load, peers::Pace)),
            _ => {
                let (runtime, stack) = self.own()?;
                anypush::pace(runtime, stack, place, load)
            }
        }
    }

    /// Makes connections at once.
    pub(crate) fn storm(self, place: &Place, load: &Load) -> Result<Sample> {
        if self == Self::H2 {
            return on_tokio(bare::storm(place, load));
        }
        let (runtime, stack) = self.own()?;
        anypush::storm(runtime, stack, place, load)
    }

    /// Sends to a server that does not answer.
    pub(crate) fn wait(self, place: &Place, load: &Load) -> Result<Held> {
        if self == Self::H2 {
            return on_tokio(bare::wait(place, load));
        }
        let (runtime, stack) = self.own()?;
        anypush::wait(runtime, stack, place, load)
    }

    fn own(self) -> Result<(Runtime, Stack)> {
        let name = self.name();
        let own = self.backend();
        own.with_context(|| format!("{name} can't be used for this"))
    }
}

/// Polls each of these once, and lets the connection write in between; gives them back, unless one
/// has failed.
async fn poll_each<F: Future<Output = Result<()>>>(
    pushes: impl Iterator<Item = Result<F>>,
) -> Result<FuturesUnordered<F>> {
    let mut waiting = FuturesUnordered::new();
    for push in pushes {
        waiting.push(push?);
        let outcome = std::future::poll_fn(|cx| {
            let polled = Pin::new(&mut waiting).poll_next(cx);
            Poll::Ready(polled)
        });
        match outcome.await {
            Poll::Ready(Some(Err(error))) => return Err(error),
            Poll::Ready(_) => bail!("a push was answered that was to wait"),
            Poll::Pending => {}
        }
        if waiting.len() % 100 == 0 {
            latency::yield_now().await;
        }
    }
    // What is still to be written has time for that.
    for _ in 0..1000 {
        latency::yield_now().await;
    }
    Ok(waiting)
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
            connections: 1,
            payload_bytes: 300,
            warm_up: Some(1),
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
        assert_eq!(received(Contestant::H2Gathered), bare);
        let ours = Contestant::value_variants().iter();
        for who in ours.filter(|who| who.backend().is_some()) {
            assert_eq!(received(*who), bare, "{who:?}");
        }
    }
}
