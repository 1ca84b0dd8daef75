//! The push services that a client sends to, by their origins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use push_core::http::{BaseUrl, Http, HttpClient, Limits};

use super::silence::Silence;
use crate::Endpoint;

/// One push service.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) way: Http,
    pub(super) silence: Silence,
    /// How many connections there may be, by one version of HTTP.
    pub(super) most_connections: usize,
}

/// All that are known.
#[derive(Debug)]
pub(super) struct Origins {
    http: HttpClient,
    limits: Limits,
    most_connections: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    origins: HashMap<Box<str>, Entry>,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    origin: Arc<Origin>,
    last_use: u64,
}

/// How many are remembered; with more, those that were not used for the longest are forgotten, and found
/// again with the connections that they still have.
const MOST: usize = 4096;

impl Origins {
    pub(super) fn new(http: HttpClient, limits: Limits, most_connections: usize) -> Self {
        Self {
            http,
            limits: limits.max_connections(most_connections),
            most_connections,
            known: Mutex::default(),
        }
    }

    /// The push service of an endpoint. Connects to nothing yet.
    pub(super) fn get(&self, endpoint: &Endpoint) -> push_core::Result<Arc<Origin>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.uses += 1;
        let last_use = known.uses;
        if let Some(entry) = known.origins.get_mut(endpoint.origin()) {
            entry.last_use = last_use;
            return Ok(entry.origin.clone());
        }
        known.make_room();
        let url = BaseUrl::try_from(endpoint.uri())?;
        let origin = Arc::new(Origin {
            way: self.http.service(&url, self.limits)?,
            silence: Silence::default(),
            most_connections: self.most_connections,
        });
        let entry = Entry {
            origin: origin.clone(),
            last_use,
        };
        known.origins.insert(endpoint.origin().into(), entry);
        Ok(origin)
    }
}

impl Known {
    /// Forgets half of those that nothing is sent to, at once: seldom enough to cost little for each.
    fn make_room(&mut self) {
        if self.origins.len() < MOST {
            return;
        }
        let is_free = |entry: &Entry| Arc::strong_count(&entry.origin) == 1;
        let mut free: Vec<u64> = self
            .origins
            .values()
            .filter(|entry| is_free(entry))
            .map(|entry| entry.last_use)
            .collect();
        free.sort_unstable();
        if let Some(&middle) = free.get(free.len() / 2) {
            self.origins
                .retain(|_, entry| !is_free(entry) || entry.last_use > middle);
        }
    }
}
