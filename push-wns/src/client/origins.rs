//! The servers of WNS that a client sends to, by their origins.

use std::sync::Arc;

use push_core::Result;
use push_core::http::{BaseUrl, ByOrigin, Http, HttpClient, Limits};

use crate::ChannelUri;

/// All that are known. Those that were forgotten are found again with the connections that they still have.
#[derive(Debug)]
pub(super) struct Origins {
    http: HttpClient,
    limits: Limits,
    known: ByOrigin<Http>,
}

impl Origins {
    pub(super) fn new(http: HttpClient, limits: Limits) -> Self {
        Self {
            http,
            limits,
            known: ByOrigin::default(),
        }
    }

    /// The server of a channel, by HTTP/1.1, which is what WNS documents. Connects to nothing yet.
    pub(super) fn get(&self, channel: &ChannelUri) -> Result<Arc<Http>> {
        self.known.get(channel.origin(), || {
            let url = BaseUrl::try_from(channel.uri())?;
            self.http.http1_service(&url, self.limits)
        })
    }
}
