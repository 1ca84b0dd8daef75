use push_core::hosts::matches;
use push_core::{Error, ErrorKind, Result};

use super::fault::Fault;
use super::{ChannelUri, InvalidChannel};

/// Where WNS is. Source: Microsoft, "Windows Push Notification Services (WNS) overview", which asks senders
/// to check this domain, and no more of the name, before they send.
const DOMAIN: &str = "notify.windows.com";
const BELOW_DOMAIN: &str = "*.notify.windows.com";

/// Where the access token may go. Channel URIs come from devices, so whoever wants the token writes one that
/// leads to a host of his own.
///
/// By default that is `https` on port 443 at `notify.windows.com` and at every name below it. A client asks
/// before each push, before it looks at the token.
///
/// ```
/// # use push_wns::{ChannelUri, TrustedOrigins};
/// let trusted = TrustedOrigins::windows();
/// let trusts = |uri: &str| uri.parse().is_ok_and(|uri: ChannelUri| trusted.trusts(&uri));
/// assert!(trusts("https://db5p.notify.windows.com/?token=abc"));
/// assert!(!trusts("https://notify.windows.com.evil.example/?token=abc"));
/// assert!(!trusts("https://evilnotify.windows.com/?token=abc"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedOrigins {
    /// Beside those of Windows.
    others: Vec<Box<str>>,
}

impl TrustedOrigins {
    /// WNS itself, and nobody else. The default.
    pub fn windows() -> Self {
        Self::default()
    }

    /// Trusts this origin too: `https://HOST[:PORT]`, exactly that scheme, host and port. It is for
    /// simulators and tests, and also takes `http`.
    ///
    /// **The access token is sent there**, to whoever answers.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is no origin: it has a path, a query or a user, or can't be dialled.
    pub fn also(mut self, origin: &str) -> Result<Self> {
        let uri = ChannelUri::new(origin)
            .ok()
            .filter(|uri| matches!(uri.uri().path(), "" | "/") && uri.uri().query().is_none());
        let Some(uri) = uri else {
            let message =
                "this is no origin to trust: expected https://HOST[:PORT] (or http), and no path";
            return Err(Error::new(ErrorKind::Config, message));
        };
        if !self.names(&uri) {
            self.others.push(uri.origin().into());
        }
        Ok(self)
    }

    /// Whether the access token may go to this channel.
    pub fn trusts(&self, channel: &ChannelUri) -> bool {
        is_of_windows(channel) || self.names(channel)
    }

    /// Whether the access token may go to this channel.
    ///
    /// # Errors
    /// When it may not; of the channel only the origin is told.
    pub fn check(&self, channel: &ChannelUri) -> Result<(), InvalidChannel> {
        if self.trusts(channel) {
            return Ok(());
        }
        let fault = Fault::Untrusted {
            origin: channel.origin().into(),
            trusted: self.told().into(),
        };
        Err(fault.into())
    }

    fn names(&self, channel: &ChannelUri) -> bool {
        self.others
            .iter()
            .any(|origin| **origin == *channel.origin())
    }

    /// For people: what is trusted.
    fn told(&self) -> String {
        let mut told = format!("https at {DOMAIN} or a name below it");
        for origin in &self.others {
            told.push_str(", or ");
            told.push_str(origin);
        }
        told
    }
}

/// A host with a dot at its end is another name.
fn is_of_windows(channel: &ChannelUri) -> bool {
    let host = channel.host();
    let is_there = host == DOMAIN || matches(BELOW_DOMAIN, host);
    !channel.is_plain() && channel.port() == 443 && is_there
}
