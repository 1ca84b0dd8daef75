//! Who takes part. Each sends the same notification to as many devices over one connection, from
//! one thread; and takes the time from when the warm-up is over.

pub(crate) mod anypush;
mod bare;
mod python;

use anyhow::{Result, bail};
use backends::{Runtime, Stack, on_tokio};
use clap::ValueEnum;
use harness::{Child, Sample};

use crate::load::Load;
use crate::server::Place;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// A bare loop that encodes and writes: the yardstick.
    Bare,
    // This client, on each of its backends.
    AnypushTokioRustls,
    AnypushTokioOpenssl,
    AnypushSmolRustls,
    AnypushSmolOpenssl,
    AnypushAsyncStdRustls,
    AnypushAsyncStdOpenssl,
    // Its peers, in Python.
    Pushjack,
    ApnsClient,
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
            Self::Bare | Self::Pushjack | Self::ApnsClient => None,
        }
    }

    /// Its script, where it is in Python.
    fn script(self) -> Option<&'static str> {
        match self {
            Self::Pushjack => Some("with_pushjack.py"),
            Self::ApnsClient => Some("with_apns_client.py"),
            _ => None,
        }
    }

    /// Whether it can run on this machine. The peers need a Python that has them.
    pub(crate) fn is_here(self) -> bool {
        self.script().is_none() || python::interpreter().is_some()
    }

    /// What it sends of this.
    pub(crate) fn load(self, load: &Load) -> Load {
        match self.script() {
            Some(_) => load.eased(),
            None => load.clone(),
        }
    }

    /// Starts it in a process of its own, which answers in this role.
    pub(crate) fn start(self, role: &str, place: &Place, load: &Load) -> Result<Child> {
        if let Some(script) = self.script() {
            return python::start(script, place, load);
        }
        let arguments = [role.to_owned(), self.name()]
            .into_iter()
            .chain(place.arguments())
            .chain(load.arguments());
        let (name, value) = backends::ONE_THREAD;
        Child::start(arguments, [(name, value.to_owned())])
    }

    /// Takes part, in this process.
    pub(crate) fn run(self, place: &Place, load: &Load) -> Result<Sample> {
        match self.backend() {
            Some((runtime, stack)) => anypush::race(runtime, stack, place, load),
            None if self == Self::Bare => on_tokio(bare::run(place, load)),
            None => bail!("{} runs in Python", self.name()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::frames::Frame;
    use crate::server::Server;

    use super::*;

    /// The first frame of two, but for the time that it expires at.
    fn first_frame(who: Contestant) -> Vec<u8> {
        let server = Server::start().unwrap();
        let load = Load {
            notifications: Some(2),
            payload_bytes: 300,
            warm_up: 0,
        };
        assert_eq!(who.run(&server.place, &load).unwrap().count, 2);
        let counts = server.counts().unwrap();
        assert_eq!(counts.trouble, None);
        assert_eq!((counts.notifications, counts.payload_bytes), (2, 600));
        let mut bytes = server.beginning();
        let (frame, length) = Frame::read(&bytes).unwrap().unwrap();
        assert_eq!(frame.identifier, 1);
        bytes.truncate(length);
        // The priority is last, the expiry before it.
        bytes[length - 8..length - 4].fill(0);
        bytes
    }

    #[test]
    fn the_bare_loop_sends_what_this_client_sends() {
        let bare = first_frame(Contestant::Bare);
        let ours = Contestant::value_variants().iter();
        for who in ours.filter(|who| who.backend().is_some()) {
            assert_eq!(first_frame(*who), bare, "{who:?}");
        }
    }
}
