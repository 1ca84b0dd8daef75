//! Who takes part. Each makes the same message for the same number of subscriptions in turn, in one
//! thread, and sends nothing.

mod anypush;
mod bare;
mod foreign;
mod peers;

use std::hint::black_box;

use anyhow::Result;
use clap::ValueEnum;
use harness::{Child, Sample, Stopwatch};

use crate::args::name;
use crate::browsers::{Browser, ORIGIN, browsers};
use crate::load::Load;

/// Whom the push services may write to.
pub(crate) const SUBJECT: &str = "mailto:ops@example.org";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contestant {
    /// The bare operations on aws-lc-rs: the yardstick.
    Bare,
    /// The same with a signature for each message.
    BareSigned,
    /// This client, with the VAPID token that it keeps.
    Anypush,
    /// This client, with a signature for each message.
    AnypushSigned,
    // The peers, without VAPID and with.
    WebPush,
    WebPushSigned,
    WebPushNative,
    WebPushNativeSigned,
    // Peers in other languages, with VAPID.
    Pywebpush,
    NpmWebPush,
}

/// What a contestant has made: as it comes, so that nobody pays for another form.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "only the tests look at it"))]
pub(crate) enum Made {
    Bare(Vec<u8>, Option<[u8; 64]>),
    Anypush(http::Request<bytes::Bytes>),
    WebPush(web_push::WebPushMessage),
    WebPushNative(http::Request<Vec<u8>>),
}

/// Makes a message for the subscription of a number.
type Maker<'a> = Box<dyn FnMut(usize) -> Result<Made> + 'a>;

impl Contestant {
    /// Whether it can run here: some need what `./run` installs.
    pub(crate) fn is_there(self) -> bool {
        foreign::Script::of(self).is_none_or(|script| script.interpreter().is_some())
    }

    /// How many messages it makes of so many: the slow ones a part of them.
    fn load(self, load: &Load) -> Load {
        let part = match self {
            Self::Pywebpush | Self::NpmWebPush => 4,
            _ => 1,
        };
        Load {
            messages: Some((load.messages() / part).max(1)),
            ..load.clone()
        }
    }

    /// Starts it in a process of its own, held to one core.
    pub(crate) fn start(self, load: &Load) -> Result<Child> {
        let load = self.load(load);
        match foreign::Script::of(self) {
            Some(script) => script.start(&load),
            None => {
                let arguments = ["contestant".to_owned(), name(&self)];
                let program = std::env::current_exe()?;
                foreign::pinned(&program, arguments.into_iter().chain(load.arguments()))
            }
        }
    }

    /// Takes part, in this process.
    pub(crate) fn run(self, load: &Load) -> Result<Sample> {
        let (browsers, text) = (browsers(ORIGIN, load.subscriptions)?, load.text());
        let mut make = self.maker(&browsers, &text)?;
        for number in 0..load.warm_up() {
            black_box(make(place(number, &browsers))?);
        }
        let watch = Stopwatch::start();
        for number in 0..load.messages() {
            black_box(make(place(number, &browsers))?);
        }
        Ok(watch.stop(load.messages()))
    }

    fn maker<'a>(self, browsers: &'a [Browser], text: &'a str) -> Result<Maker<'a>> {
        match self {
            Self::Bare => bare::maker(browsers, text, false),
            Self::BareSigned => bare::maker(browsers, text, true),
            Self::Anypush => anypush::maker(browsers, text, false),
            Self::AnypushSigned => anypush::maker(browsers, text, true),
            Self::WebPush => peers::web_push(browsers, text, false),
            Self::WebPushSigned => peers::web_push(browsers, text, true),
            Self::WebPushNative => peers::web_push_native(browsers, text, false),
            Self::WebPushNativeSigned => peers::web_push_native(browsers, text, true),
            Self::Pywebpush | Self::NpmWebPush => anyhow::bail!("it is no Rust"),
        }
    }
}

/// Whose turn it is.
fn place(number: u64, browsers: &[Browser]) -> usize {
    (number % browsers.len() as u64) as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Body, `Authorization` or the bare signature, TTL.
    fn parts(made: Made) -> (Vec<u8>, Option<String>, Option<String>) {
        let header = |headers: &http::HeaderMap, name: &str| {
            let value = headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        match made {
            Made::Bare(body, signature) => {
                let shown = signature.map(|it| format!("{it:?}"));
                (body, shown, None)
            }
            Made::Anypush(request) => {
                let headers = request.headers();
                let (token, ttl) = (header(headers, "authorization"), header(headers, "ttl"));
                (request.body().to_vec(), token, ttl)
            }
            Made::WebPush(message) => {
                let payload = message.payload.unwrap();
                let mut headers = payload.crypto_headers.into_iter();
                let token = headers.find(|(name, _)| *name == "Authorization");
                let ttl = message.ttl.to_string();
                (payload.content, token.map(|(_, token)| token), Some(ttl))
            }
            Made::WebPushNative(request) => {
                let headers = request.headers();
                let (token, ttl) = (header(headers, "authorization"), header(headers, "ttl"));
                (request.into_body(), token, ttl)
            }
        }
    }

    #[test]
    fn each_browser_reads_what_every_contestant_made_for_it() {
        let browsers = browsers(ORIGIN, 3).unwrap();
        for who in Contestant::value_variants() {
            if foreign::Script::of(*who).is_some() {
                continue;
            }
            let mut make = who.maker(&browsers, "hello").unwrap();
            for (number, browser) in browsers.iter().enumerate() {
                let (body, token, ttl) = parts(make(number).unwrap());
                let read = browser.receiver.decrypt_aes128gcm(&body).unwrap();
                assert_eq!(read, b"hello", "{who:?}");
                let is_bare = matches!(who, Contestant::Bare | Contestant::BareSigned);
                assert_eq!(ttl.is_some(), !is_bare, "{who:?}");
                let name = name(who);
                let has_token = name.ends_with("-signed") || name == "anypush";
                assert_eq!(token.is_some(), has_token, "{who:?}");
            }
        }
    }

    #[test]
    fn this_client_signs_once_or_for_each_message_as_it_is_asked_to() {
        let browsers = browsers(ORIGIN, 2).unwrap();
        let tokens = |who: Contestant| {
            let mut make = who.maker(&browsers, "hello").unwrap();
            [0, 1].map(|number| parts(make(number).unwrap()).1.unwrap())
        };
        let [first, second] = tokens(Contestant::Anypush);
        assert_eq!(first, second);
        let [first, second] = tokens(Contestant::AnypushSigned);
        assert_ne!(first, second);
    }
}
