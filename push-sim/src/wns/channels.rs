//! The channels that were made here.
//!
//! The control API makes and ends them, and a request finds its own by the token of the URI.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::channel::{Channel, Kind, Known, State, Wish, wrong};
use crate::Result;
use crate::now::Now;
use crate::random;
use crate::web::form::canonical;

/// How old a channel gets.
const LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// Everything that outlasts a request.
pub(crate) struct Channels {
    /// What URIs begin with if nothing else is said, such as `https://localhost:8443`.
    origin: String,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<String, Entry>,
    /// In the order in which they were made.
    ids: Vec<String>,
}

struct Entry {
    uri: String,
    kind: Option<Kind>,
    app: Option<String>,
    secondary_tile: bool,
    phone: bool,
    /// Since the epoch.
    registered_at: Duration,
    ended: Option<State>,
    accepted: u64,
}

/// What a request needs to know of its channel.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) kind: Option<Kind>,
    pub(super) app: Option<String>,
    pub(super) secondary_tile: bool,
    pub(super) phone: bool,
    pub(super) state: State,
    pub(super) accepted: u64,
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels").finish_non_exhaustive()
    }
}

impl Channels {
    /// None yet; their URIs will begin with `origin`.
    pub(crate) fn new(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            inner: Mutex::default(),
        }
    }

    /// Makes as many channels as are wished for.
    ///
    /// # Errors
    /// Something of a wish makes no sense, or an id is there already; none is made then.
    pub(crate) fn open(&self, wishes: &[Wish]) -> Result<Vec<Channel>> {
        let now = Now::read().since_epoch;
        let mut inner = self.inner();
        let mut taken = HashSet::new();
        for wish in wishes {
            wish.check()?;
            if let Some(id) = wish.id.as_deref().map(canonical)
                && (inner.entries.contains_key(&id) || !taken.insert(id.clone()))
            {
                return Err(wrong(format!("the id {id:?} is there already")));
            }
        }
        let made = wishes.iter().flat_map(|wish| {
            let registered_at = match wish.expired {
                true => now.saturating_sub(LIFETIME + Duration::from_secs(86_400)),
                false => now,
            };
            std::iter::repeat_n((wish, registered_at), wish.count)
        });
        let channels = made.map(|(wish, registered_at)| {
            let id = wish.id.as_deref().map_or_else(made_up, canonical);
            let origin = wish.origin.as_deref().unwrap_or(&self.origin);
            let entry = Entry {
                uri: format!("{origin}/?token={id}"),
                kind: wish.kind,
                app: wish.app.clone(),
                secondary_tile: wish.secondary_tile,
                phone: wish.phone,
                registered_at,
                ended: None,
                accepted: 0,
            };
            let channel = entry.channel(&id);
            inner.ids.push(id.clone());
            inner.entries.insert(id, entry);
            channel
        });
        Ok(channels.collect())
    }

    /// Ends a channel; whether there was one that took notifications.
    pub(crate) fn end(&self, id: &str, state: State) -> bool {
        let now = Now::read().since_epoch;
        let mut inner = self.inner();
        let Some(entry) = inner.entries.get_mut(&canonical(id)) else {
            return false;
        };
        let was_open = entry.state(now) == State::Open;
        if was_open {
            entry.ended = Some(state);
        }
        was_open
    }

    /// Those that were made, in order.
    pub(crate) fn known(&self) -> Vec<Known> {
        let now = Now::read().since_epoch;
        let inner = self.inner();
        let show = |id: &String| {
            let entry = inner.entries.get(id)?;
            Some(Known {
                channel: entry.channel(id),
                kind: entry.kind,
                app: entry.app.clone(),
                secondary_tile: entry.secondary_tile,
                phone: entry.phone,
                state: entry.state(now),
                accepted: entry.accepted,
            })
        };
        inner.ids.iter().filter_map(show).collect()
    }

    /// The channel that the URI names, if it was made here.
    pub(super) fn target(&self, id: &str) -> Option<Target> {
        let now = Now::read().since_epoch;
        let inner = self.inner();
        let entry = inner.entries.get(id)?;
        Some(Target {
            kind: entry.kind,
            app: entry.app.clone(),
            secondary_tile: entry.secondary_tile,
            phone: entry.phone,
            state: entry.state(now),
            accepted: entry.accepted,
        })
    }

    /// Counts a notification that the channel took.
    pub(super) fn took(&self, id: &str) {
        if let Some(entry) = self.inner().entries.get_mut(id) {
            entry.accepted += 1;
        }
    }

    /// Forgets all of them.
    pub(crate) fn reset(&self) {
        *self.inner() = Inner::default();
    }

    /// A panic elsewhere leaves nothing half done here.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn channel(&self, id: &str) -> Channel {
        Channel {
            uri: self.uri.clone(),
            id: id.to_owned(),
            registered_at: self.registered_at.as_secs(),
        }
    }

    fn state(&self, now: Duration) -> State {
        match self.ended {
            Some(state) => state,
            None if now >= self.registered_at.saturating_add(LIFETIME) => State::Expired,
            None => State::Open,
        }
    }
}

/// Percent-encoded as Microsoft has it, so that clients show whether they leave it alone.
fn made_up() -> String {
    let text = URL_SAFE_NO_PAD.encode(random::octets(48));
    format!("AwYAAAD%2b{text}%3d%3d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_made_found_and_ended() {
        let channels = Channels::new("https://localhost:9");
        let wishes = [
            Wish::new(Kind::Uwp).app("ms-app://a").id("One%2B"),
            Wish::default().expired().count(2),
        ];
        let made = channels.open(&wishes).unwrap();
        assert_eq!(made.len(), 3);
        assert_eq!(made[0].uri, "https://localhost:9/?token=One%2b");
        assert!(made[1].uri.contains("%2b") && made[1].uri != made[2].uri);
        assert!(made[1].registered_at < made[0].registered_at);

        let target = channels.target("One%2b").unwrap();
        assert_eq!((target.kind, target.state), (Some(Kind::Uwp), State::Open));
        assert_eq!(channels.target(&made[1].id).unwrap().state, State::Expired);
        channels.took("One%2b");
        assert!(channels.end("One%2B", State::Revoked));
        assert!(!channels.end("One%2b", State::Expired), "it has ended");
        assert!(!channels.end("elsewhere", State::Revoked));
        let known = channels.known();
        assert_eq!((known[0].state, known[0].accepted), (State::Revoked, 1));
        channels.reset();
        assert!(channels.known().is_empty());
    }

    #[test]
    fn of_several_wishes_all_are_fulfilled_or_none() {
        let channels = Channels::new("https://localhost:9");
        let twice = [Wish::default().id("a%2b"), Wish::default().id("a%2B")];
        let error = channels.open(&twice).unwrap_err().to_string();
        assert!(error.contains("there already"), "{error}");
        assert!(
            channels
                .open(&[Wish::default(), Wish::default().id("/")])
                .is_err()
        );
        assert!(channels.known().is_empty());
    }
}
