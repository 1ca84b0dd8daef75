//! Who is subscribed to what.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::clock::Moment;

/// The topics of each registration, and when each was subscribed to.
pub(super) struct Subscriptions {
    registrations: Mutex<HashMap<String, Topics>>,
    /// Of one registration.
    most: usize,
}

/// Without the registrations, which identify devices.
impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions")
            .field("registrations", &self.open().len())
            .field("most", &self.most)
            .finish()
    }
}

type Topics = BTreeMap<String, Moment>;

/// What became of a wish to subscribe.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Added {
    New(Moment),
    /// Since then.
    Already(Moment),
    TooMany,
}

impl Subscriptions {
    pub(super) fn new(most: usize) -> Self {
        Self {
            registrations: Mutex::default(),
            most,
        }
    }

    pub(super) fn add(&self, registration: &str, topic: &str, now: Moment) -> Added {
        let mut registrations = self.open();
        let topics = registrations.entry(registration.to_owned()).or_default();
        if let Some(since) = topics.get(topic) {
            return Added::Already(*since);
        }
        if topics.len() >= self.most {
            return Added::TooMany;
        }
        topics.insert(topic.to_owned(), now);
        Added::New(now)
    }

    /// Whether it was subscribed.
    pub(super) fn remove(&self, registration: &str, topic: &str) -> bool {
        let mut registrations = self.open();
        let Some(topics) = registrations.get_mut(registration) else {
            return false;
        };
        let was_there = topics.remove(topic).is_some();
        if topics.is_empty() {
            registrations.remove(registration);
        }
        was_there
    }

    pub(super) fn since(&self, registration: &str, topic: &str) -> Option<Moment> {
        self.open().get(registration)?.get(topic).copied()
    }

    /// Those behind this one, by name, and so many at most; whether there are more.
    pub(super) fn page(
        &self,
        registration: &str,
        behind: Option<&str>,
        most: usize,
    ) -> (Vec<(String, Moment)>, bool) {
        let registrations = self.open();
        let Some(topics) = registrations.get(registration) else {
            return (Vec::new(), false);
        };
        let mut rest = topics
            .iter()
            .filter(|(name, _)| behind.is_none_or(|last| name.as_str() > last));
        let page = rest
            .by_ref()
            .take(most)
            .map(|(name, since)| (name.clone(), *since))
            .collect();
        (page, rest.next().is_some())
    }

    pub(super) fn topics(&self, registration: &str) -> Vec<String> {
        let registrations = self.open();
        let topics = registrations.get(registration);
        topics
            .map(|topics| topics.keys().cloned().collect())
            .unwrap_or_default()
    }

    pub(super) fn clear(&self) {
        self.open().clear();
    }

    /// A panic elsewhere leaves nothing half done here.
    fn open(&self) -> MutexGuard<'_, HashMap<String, Topics>> {
        self.registrations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_has_a_topic_from_its_subscription_to_its_end() {
        let subscriptions = Subscriptions::new(2);
        let now = Moment::now(0);
        assert_eq!(subscriptions.add("r", "b", now), Added::New(now));
        assert_eq!(
            subscriptions.add("r", "b", now.later(5)),
            Added::Already(now)
        );
        assert_eq!(subscriptions.add("r", "a", now), Added::New(now));
        assert_eq!(subscriptions.add("r", "c", now), Added::TooMany);
        assert_eq!(subscriptions.add("other", "c", now), Added::New(now));
        assert_eq!(subscriptions.topics("r"), ["a", "b"]);
        assert!(subscriptions.remove("r", "a") && !subscriptions.remove("r", "a"));
        assert_eq!(subscriptions.since("r", "a"), None);
        assert_eq!(subscriptions.since("r", "b"), Some(now));
        subscriptions.clear();
        assert_eq!(subscriptions.topics("r"), [""; 0]);
    }

    #[test]
    fn topics_are_listed_in_pages() {
        let subscriptions = Subscriptions::new(100);
        let now = Moment::now(0);
        for topic in ["c", "a", "e", "b", "d"] {
            subscriptions.add("r", topic, now);
        }
        let names = |behind, most| {
            let (page, more) = subscriptions.page("r", behind, most);
            (
                page.into_iter().map(|(name, _)| name).collect::<String>(),
                more,
            )
        };
        assert_eq!(names(None, 2), ("ab".to_owned(), true));
        assert_eq!(names(Some("b"), 2), ("cd".to_owned(), true));
        assert_eq!(names(Some("d"), 2), ("e".to_owned(), false));
        assert_eq!(names(None, 5), ("abcde".to_owned(), false));
    }
}
