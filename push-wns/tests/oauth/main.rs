//! Credentials of both kinds against scripted token servers, in simulated time.

#![allow(clippy::unwrap_used)]

mod logs;
mod refusals;
mod server;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use backend_simulated::Simulation;
use push_core::bearer::{Bearer, Token};
use push_core::http::HttpClient;
use push_core::{Error, Session};
use push_wns::Credentials;

pub(crate) use server::{Reply, Seen, Server};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) const SID: &str = "ms-app://S-1-15-2-2972962901-2322836549-3722629029";
pub(crate) const TENANT: &str = "contoso.onmicrosoft.com";
pub(crate) const APP_ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// With all that has to be escaped in a form.
pub(crate) const SECRET: &str = "s3cret~/+=&%2b;é";

pub(crate) fn package() -> Credentials {
    Credentials::package(SID, SECRET).unwrap()
}

pub(crate) fn entra() -> Credentials {
    Credentials::entra(TENANT, APP_ID, SECRET).unwrap()
}

/// A simulation with a server that is asked by whatever name.
pub(crate) struct World {
    pub(crate) sim: Simulation,
    pub(crate) server: Arc<Server>,
    pub(crate) http: HttpClient,
}

impl World {
    pub(crate) fn new(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let sim = Simulation::new(7);
        let server = Arc::new(Server::new(sim.backend(), answer));
        let session = Session::new(sim.backend());
        let http = HttpClient::over(session, server.clone());
        Self { sim, server, http }
    }

    /// One that gives each time the next of these replies, and the last one from then on.
    pub(crate) fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        let mut made = 0;
        Self::new(move |_| {
            made += 1;
            replies[made.min(replies.len()) - 1].clone()
        })
    }

    pub(crate) fn token(&self, bearer: &Bearer) -> Result<Token, Error> {
        let deadline = self.sim.now() + 2 * MINUTE;
        self.sim.block_on(bearer.token(deadline))
    }

    /// The token of these credentials, as it stands in the header.
    pub(crate) fn fetch(&self, credentials: &Credentials) -> Result<String, Error> {
        let token = self.token(&credentials.bearer(&self.http))?;
        Ok(token.header().to_str().unwrap().to_owned())
    }

    /// What fetching fails with; nothing secret is in it.
    pub(crate) fn failure(&self, credentials: &Credentials) -> Error {
        let error = self.fetch(credentials).unwrap_err();
        let shown = format!("{error:?} {error} {}", error.report());
        assert!(!shown.contains("s3cret"), "{shown}");
        error
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Seen> {
        self.server.take()
    }
}
