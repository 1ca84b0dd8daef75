use std::fmt;

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

/// The hosts of the known push services: a name, or with a full stop before it all names below it.
const HOSTS: &[(&str, PushService)] = &[
    ("fcm.googleapis.com", PushService::Fcm),
    ("android.googleapis.com", PushService::Fcm),
    ("jmt17.google.com", PushService::Fcm),
    (".push.services.mozilla.com", PushService::Mozilla),
    (".push.apple.com", PushService::Apple),
    (".notify.windows.com", PushService::Wns),
];

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
        let known = HOSTS.iter().find(|(name, _)| match name.starts_with('.') {
            true => is_below(host, name),
            false => host.eq_ignore_ascii_case(name),
        });
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

/// Whether the host ends in this, with at least one label before it.
fn is_below(host: &str, domain: &str) -> bool {
    let Some(at) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    match (host.get(..at), host.get(at..)) {
        (Some(label), Some(end)) => {
            !label.is_empty() && !label.ends_with('.') && end.eq_ignore_ascii_case(domain)
        }
        _ => false,
    }
}

impl fmt::Display for PushService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
