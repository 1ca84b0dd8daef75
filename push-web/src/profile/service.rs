use std::fmt;

use push_core::hosts::matches;

use crate::hosts::KNOWN;

/// Whose push service an endpoint belongs to, by its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PushService {
    /// Mozilla's autopush: Firefox.
    Mozilla,
    /// Google's FCM: Chrome and most of its relatives.
    Fcm,
    /// Apple's: Safari, and web apps on the home screen.
    Apple,
    /// Microsoft's WNS: Edge.
    Wns,
    /// Any other, such as a push service of one's own.
    #[default]
    Other,
}

impl PushService {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Mozilla,
        Self::Fcm,
        Self::Apple,
        Self::Wns,
        Self::Other,
    ];

    /// The push service at a host, in either case; [`PushService::Other`] where it is none that is
    /// known. Names are compared label by label, so `evilfcm.googleapis.com` is not FCM.
    pub fn of(host: &str) -> Self {
        let known = KNOWN.iter().find(|(pattern, _)| matches(pattern, host));
        known.map_or(Self::Other, |(_, service)| *service)
    }

    /// Its name: `mozilla`, `fcm`, `apple`, `wns`, `other`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mozilla => "mozilla",
            Self::Fcm => "fcm",
            Self::Apple => "apple",
            Self::Wns => "wns",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for PushService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
