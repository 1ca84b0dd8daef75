//! Google's credentials against scripted servers, in simulated time.

#![allow(clippy::unwrap_used)]

mod default;
mod external;
mod metadata;
mod refusals;
mod retries;
mod server;
mod service_account;
mod users;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backend_simulated::Simulation;
use push_core::bearer::{Bearer, Token};
use push_core::http::HttpClient;
use push_core::{Error, Session};
use push_gcm::v1::oauth::{Credentials, Environment};

pub(crate) use server::{Reply, Seen, Server};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Made for these tests, and of no use elsewhere.
pub(crate) const KEY: &str = include_str!("key.pem");

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
        assert_no_secret(&format!("{error:?} {error} {}", error.report()));
        error
    }

    pub(crate) fn project(&self, credentials: &Credentials) -> Result<String, Error> {
        let deadline = self.sim.now() + MINUTE;
        self.sim
            .block_on(credentials.find_project(&self.http, deadline))
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Seen> {
        self.server.take()
    }
}

/// The secrets of these tests all have this in them; and a key has its own text.
pub(crate) fn assert_no_secret(text: &str) {
    let key = KEY.lines().nth(3).unwrap();
    for secret in ["s3cret", "eyJ", key] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

/// An environment of the test's own.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) variables: HashMap<&'static str, String>,
    pub(crate) files: std::sync::Mutex<HashMap<String, Vec<u8>>>,
}

impl Fake {
    pub(crate) fn variables<const N: usize>(variables: [(&'static str, &str); N]) -> Self {
        let owned = |(name, value): (&'static str, &str)| (name, value.to_owned());
        Self {
            variables: variables.into_iter().map(owned).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn file(self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.put(path, text);
        self
    }

    pub(crate) fn put(&self, path: &str, text: impl Into<Vec<u8>>) {
        let mut files = self.files.lock().unwrap();
        files.insert(path.to_owned(), text.into());
    }
}

impl Environment for Fake {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let files = self.files.lock().unwrap();
        match files.get(path.to_str().unwrap()) {
            Some(text) if text == b"forbidden" => Err(io::ErrorKind::PermissionDenied.into()),
            Some(text) => Ok(text.clone()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}
