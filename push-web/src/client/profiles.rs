use std::borrow::Cow;

use push_core::hosts::{is_pattern, matches};

use crate::{Profile, PushService};

/// Which push service behaves how.
#[derive(Clone, Debug, Default)]
pub(super) struct Profiles(Vec<(String, Profile)>);

impl Profiles {
    /// From now on, this one for hosts of this pattern.
    pub(super) fn set(&mut self, pattern: String, profile: Profile) {
        self.0.push((pattern.to_ascii_lowercase(), profile));
    }

    /// A pattern that no host can match.
    pub(super) fn wrong_pattern(&self) -> Option<&str> {
        let patterns = self.0.iter().map(|(pattern, _)| pattern.as_str());
        patterns.into_iter().find(|pattern| !is_pattern(pattern))
    }

    /// The profile for a host, in lower case.
    pub(super) fn of(&self, host: &str) -> Cow<'_, Profile> {
        let own = self.0.iter().rev();
        match own.into_iter().find(|(pattern, _)| matches(pattern, host)) {
            Some((_, profile)) => Cow::Borrowed(profile),
            None => Cow::Owned(Profile::of(PushService::of(host))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_fits_counts_and_hosts_nobody_spoke_of_are_as_they_are_known() {
        let mut profiles = Profiles::default();
        let of = |profiles: &Profiles, host: &str| profiles.of(host).service();
        assert_eq!(of(&profiles, "web.push.apple.com"), PushService::Apple);
        profiles.set("*.Example.org".into(), PushService::Mozilla.into());
        profiles.set("web.push.apple.com".into(), PushService::Other.into());
        assert_eq!(of(&profiles, "a.example.org"), PushService::Mozilla);
        assert_eq!(of(&profiles, "example.org"), PushService::Other);
        assert_eq!(of(&profiles, "web.push.apple.com"), PushService::Other);
        profiles.set("a.example.org".into(), PushService::Fcm.into());
        assert_eq!(of(&profiles, "a.example.org"), PushService::Fcm);
        assert_eq!(of(&profiles, "b.example.org"), PushService::Mozilla);
        assert_eq!(profiles.wrong_pattern(), None);
    }

    #[test]
    fn a_pattern_that_no_host_can_match_is_found() {
        for pattern in [
            "",
            "*",
            "*.",
            ".a.example",
            "https://a.example",
            "a.example:1",
            "a.",
        ] {
            let mut profiles = Profiles::default();
            profiles.set(pattern.into(), Profile::default());
            assert_eq!(profiles.wrong_pattern(), Some(pattern));
        }
        let mut profiles = Profiles::default();
        for pattern in ["a.example", "*.a.example", "127.0.0.1", "::1", "localhost"] {
            profiles.set(pattern.into(), Profile::default());
        }
        assert_eq!(profiles.wrong_pattern(), None);
    }
}
