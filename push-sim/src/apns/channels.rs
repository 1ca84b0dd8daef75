//! The channels that apps have for their broadcasts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Reason;

/// Those made here have 16; Apple says that there is a limit, and not which.
const MOST_ID_OCTETS: usize = 64;

/// What a channel keeps for devices that are offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoragePolicy {
    /// Nothing: broadcasts have to expire at once. `0` on the wire.
    None,
    /// The most recent broadcast. `1` on the wire.
    MostRecent,
}

impl StoragePolicy {
    pub(super) fn parse(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::MostRecent),
            _ => None,
        }
    }

    /// The number on the wire.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::MostRecent => 1,
        }
    }
}

/// The channels of all apps.
#[derive(Debug, Default)]
pub(crate) struct Channels(Mutex<HashMap<String, App>>);

/// The channels of one app.
#[derive(Debug, Default)]
struct App {
    channels: HashMap<String, Channel>,
    /// How many there ever were.
    created: u64,
}

#[derive(Debug)]
struct Channel {
    number: u64,
    policy: StoragePolicy,
}

impl Channels {
    /// Makes a channel, and tells its identifier.
    pub(crate) fn add(&self, bundle_id: &str, policy: StoragePolicy) -> String {
        self.open()
            .entry(bundle_id.to_owned())
            .or_default()
            .add(policy)
    }

    /// Makes a channel if the app has fewer than `most`.
    pub(super) fn create(
        &self,
        bundle_id: &str,
        policy: StoragePolicy,
        most: usize,
    ) -> Result<String, Reason> {
        let mut apps = self.open();
        let app = apps.entry(bundle_id.to_owned()).or_default();
        if app.channels.len() >= most {
            return Err(Reason::CannotCreateChannelConfig);
        }
        Ok(app.add(policy))
    }

    /// What a channel keeps.
    pub(super) fn policy(&self, bundle_id: &str, id: &str) -> Result<StoragePolicy, Reason> {
        let apps = self.open();
        let channel = apps.get(bundle_id).and_then(|app| app.channels.get(id));
        channel
            .map(|channel| channel.policy)
            .ok_or(Reason::ChannelNotRegistered)
    }

    pub(super) fn delete(&self, bundle_id: &str, id: &str) -> Result<(), Reason> {
        let mut apps = self.open();
        let channel = apps
            .get_mut(bundle_id)
            .and_then(|app| app.channels.remove(id));
        channel.map(|_| ()).ok_or(Reason::ChannelNotRegistered)
    }

    /// All of an app, the oldest first.
    pub(super) fn list(&self, bundle_id: &str) -> Vec<String> {
        let apps = self.open();
        let Some(app) = apps.get(bundle_id) else {
            return Vec::new();
        };
        let mut channels: Vec<_> = app.channels.iter().collect();
        channels.sort_unstable_by_key(|(_, channel)| channel.number);
        channels.into_iter().map(|(id, _)| id.clone()).collect()
    }

    /// A panic elsewhere leaves nothing half done here.
    fn open(&self) -> MutexGuard<'_, HashMap<String, App>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    fn add(&mut self, policy: StoragePolicy) -> String {
        let number = self.created;
        self.created += 1;
        let mut id = u128::from(number).to_be_bytes();
        // Without randomness the number alone tells them apart: no harm here.
        let _ = SystemRandom::new().fill(&mut id);
        let id = BASE64.encode(id);
        self.channels.insert(id.clone(), Channel { number, policy });
        id
    }
}

/// Reads what stands in `apns-channel-id`.
pub(super) fn check_id(header: Option<&[u8]>) -> Result<&str, Reason> {
    let id = match header {
        None | Some([]) => return Err(Reason::MissingChannelId),
        Some(id) => std::str::from_utf8(id).map_err(|_| Reason::BadChannelId)?,
    };
    match BASE64.decode(id) {
        Ok(octets) if octets.len() <= MOST_ID_OCTETS => Ok(id),
        _ => Err(Reason::BadChannelId),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "com.example.app";

    #[test]
    fn a_channel_lives_from_its_creation_to_its_deletion() {
        let channels = Channels::default();
        let none = channels.create(APP, StoragePolicy::None, 2).unwrap();
        let recent = channels.create(APP, StoragePolicy::MostRecent, 2).unwrap();
        assert_ne!(none, recent);
        assert_eq!(channels.policy(APP, &none), Ok(StoragePolicy::None));
        assert_eq!(channels.policy(APP, &recent), Ok(StoragePolicy::MostRecent));
        assert_eq!(channels.list(APP), [none.clone(), recent.clone()]);

        assert_eq!(channels.delete(APP, &none), Ok(()));
        assert_eq!(
            channels.delete(APP, &none),
            Err(Reason::ChannelNotRegistered)
        );
        assert_eq!(
            channels.policy(APP, &none),
            Err(Reason::ChannelNotRegistered)
        );
        assert_eq!(channels.list(APP), [recent]);
    }

    #[test]
    fn apps_have_channels_and_limits_of_their_own() {
        let channels = Channels::default();
        let id = channels.create(APP, StoragePolicy::None, 1).unwrap();
        assert_eq!(
            channels.create(APP, StoragePolicy::None, 1),
            Err(Reason::CannotCreateChannelConfig)
        );
        let other = "com.example.other";
        assert!(channels.create(other, StoragePolicy::None, 1).is_ok());
        assert_eq!(
            channels.policy(other, &id),
            Err(Reason::ChannelNotRegistered)
        );
        assert_eq!(
            channels.delete(other, &id),
            Err(Reason::ChannelNotRegistered)
        );
        assert_eq!(channels.list("com.example.third"), [""; 0]);

        channels.delete(APP, &id).unwrap();
        assert!(channels.create(APP, StoragePolicy::None, 1).is_ok());
    }

    #[test]
    fn channels_are_listed_in_the_order_of_their_creation() {
        let channels = Channels::default();
        let ids: Vec<_> = (0..50)
            .map(|_| channels.create(APP, StoragePolicy::None, 50).unwrap())
            .collect();
        assert_eq!(channels.list(APP), ids);
        assert!(ids.iter().all(|id| check_id(Some(id.as_bytes())).is_ok()));
    }

    #[test]
    fn an_identifier_is_standard_base64_with_padding() {
        assert_eq!(
            check_id(Some(b"dHN0LXNyY2gtY2hubA==")),
            Ok("dHN0LXNyY2gtY2hubA==")
        );
        assert_eq!(check_id(Some(&[b'A'; 84])), Ok("A".repeat(84).as_str()));
        assert_eq!(check_id(None), Err(Reason::MissingChannelId));
        assert_eq!(check_id(Some(b"")), Err(Reason::MissingChannelId));
        for bad in [
            &b"dHN0LXNyY2gtY2hubA"[..],
            b"dHN0LXNyY2gtY2hubA=",
            b"no base64!",
            b"_-_-",
            b"AAAA AAAA",
            b"\xff\xff\xff\xff",
            &[b'A'; 88],
        ] {
            assert_eq!(check_id(Some(bad)), Err(Reason::BadChannelId), "{bad:?}");
        }
    }
}
