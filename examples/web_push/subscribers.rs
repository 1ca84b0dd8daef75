//! The browsers that have subscribed, and what is sent to them. In memory: a real server has a database, and
//! knows which user each subscription is of.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anypush::prelude::*;
use anypush::web::{Client, EndpointPolicy, Message, Notification, Subscription};

/// Whoever finds the page can subscribe: there has to be an end.
const MOST: usize = 10_000;

pub(crate) struct Subscribers {
    client: Client,
    policy: EndpointPolicy,
    /// The public key, as browsers want it.
    pub(crate) key: String,
    /// What a click on a notification opens.
    page: String,
    /// By endpoint.
    kept: Mutex<HashMap<String, Subscription>>,
}

impl Subscribers {
    pub(crate) fn new(client: Client, policy: EndpointPolicy, key: String, page: String) -> Self {
        Self {
            client,
            policy,
            key,
            page,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Subscription>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a subscription, as a browser wrote it; or says why not.
    pub(crate) fn add(&self, json: &[u8]) -> Result<(), String> {
        let subscription = read(json)?;
        // Said to the browser at once, rather than at the first push.
        subscription
            .check(&self.policy)
            .map_err(|error| error.to_string())?;
        let mut kept = self.kept();
        let endpoint = subscription.endpoint().url();
        if kept.len() >= MOST && !kept.contains_key(endpoint) {
            return Err("there is no room for more subscriptions".to_owned());
        }
        // An endpoint in full is a secret: shown, it is shortened.
        println!("subscribed: {}", subscription.endpoint());
        kept.insert(endpoint.to_owned(), subscription);
        Ok(())
    }

    /// Forgets a subscription.
    pub(crate) fn remove(&self, json: &[u8]) -> Result<(), String> {
        let subscription = read(json)?;
        if self.kept().remove(subscription.endpoint().url()).is_some() {
            println!("unsubscribed: {}", subscription.endpoint());
        }
        Ok(())
    }

    /// Sends a text to all, and says what came of it: a line for each kind of outcome.
    pub(crate) async fn send(&self, text: &str) -> String {
        // Where the browser knows declarative messages, it shows them by itself; elsewhere the worker reads
        // the same JSON.
        let notification = Notification::new("anypush", &self.page).body(text);
        let message = Message::declarative(notification).ttl(Duration::from_secs(3600));
        let all: Vec<_> = self.kept().values().cloned().collect();
        let mut counted = BTreeMap::new();
        let mut outcomes = self.client.send_all(all, &message);
        while let Some((subscription, outcome)) = outcomes.next().await {
            let verdict = outcome.verdict();
            *counted.entry(verdict.name()).or_insert(0) += 1;
            if let Err(error) = &outcome {
                println!("{}: {}", subscription.endpoint(), error.report());
            }
            // The one verdict after which a subscription must go.
            if let Verdict::RemoveToken { .. } = verdict {
                self.kept().remove(subscription.endpoint().url());
            }
        }
        if counted.is_empty() {
            return "Nobody has subscribed.".to_owned();
        }
        let lines = counted
            .iter()
            .map(|(name, count)| format!("{count} {name}"));
        lines.collect::<Vec<_>>().join(", ")
    }
}

fn read(json: &[u8]) -> Result<Subscription, String> {
    serde_json::from_slice(json).map_err(|error| error.to_string())
}
