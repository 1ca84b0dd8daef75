//! The push services that a client sends to, by their origins.

use std::sync::Arc;

use push_core::http::{BaseUrl, ByOrigin, Http, HttpClient, Limits};

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

/// All that are known. Those that were forgotten are found again with the connections that they still have.
#[derive(Debug)]
pub(super) struct Origins {
    http: HttpClient,
    limits: Limits,
    most_connections: usize,
    known: ByOrigin<Origin>,
}

impl Origins {
    pub(super) fn new(http: HttpClient, limits: Limits, most_connections: usize) -> Self {
        Self {
            http,
            limits: limits.max_connections(most_connections),
            most_connections,
            known: ByOrigin::default(),
        }
    }

    /// The push service of an endpoint. Connects to nothing yet.
    pub(super) fn get(&self, endpoint: &Endpoint) -> push_core::Result<Arc<Origin>> {
        self.known.get(endpoint.origin(), || {
            let url = BaseUrl::try_from(endpoint.uri())?;
            Ok(Origin {
                way: self.http.service(&url, self.limits)?,
                silence: Silence::default(),
                most_connections: self.most_connections,
            })
        })
    }
}
