//! What all commands for Apple's provider API share: who it is, and the way to the service.

mod credentials;
mod outcome;

use std::sync::Arc;

use anyhow::{Result, anyhow};
use anypush::Backend;
use anypush::apns::{Client, ClientBuilder, Endpoint, Error};

pub(crate) use credentials::{Identify, certificate_of};
pub(crate) use outcome::entry;

use crate::args::{Common, Credentials};
use crate::devices::Steering;
use crate::exit::complain;
use crate::interrupts::Interrupts;
use crate::output::{Noun, Output};
use crate::route::{Route, reach, session};

/// What was read from files.
pub(crate) struct Prepared {
    pub(crate) identity: Identify,
    route: Route,
}

impl Prepared {
    /// Reads credentials and roots, before anything is connected.
    pub(crate) fn new(credentials: &Credentials, common: &Common) -> Result<Self> {
        let route = Route::new(common)?;
        Ok(Self {
            identity: Identify::read(credentials)?,
            route,
        })
    }

    /// A client on a session of its own, with up to so many connections; what else there is to say of
    /// it is the command's.
    pub(crate) fn client(
        self,
        backend: Arc<dyn Backend>,
        common: &Common,
        connections: usize,
        client: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Client> {
        let session = session(backend, common, connections);
        let builder = self.route.lay(Client::builder(session), common);
        let builder = match self.identity {
            Identify::Token(token) => builder.provider_token(token),
            Identify::Certificate(identity) => builder.certificate(identity),
        };
        client(builder).build().map_err(report)
    }
}

/// Waits until there is a connection to push on; `false` where an interrupt came first.
pub(crate) async fn ready(
    client: &Client,
    interrupts: &Interrupts,
    endpoint: &Endpoint,
    common: &Common,
) -> Result<bool> {
    let server = format!("{}:{}", endpoint.host(), endpoint.port());
    let reached = reach(client.ready(), interrupts, server, common).await?;
    if reached.is_none() {
        complain(format_args!("interrupted: nothing was sent"));
    }
    Ok(reached.is_some())
}

/// Where the outcomes of pushes go.
pub(crate) fn output(endpoint: &Endpoint, common: &Common, noun: Noun, intake: Steering) -> Output {
    Output::new(common, format!("APNs {endpoint}"), noun, intake)
}

/// An error that is not the service's, and its causes.
pub(crate) fn report(error: Error) -> anyhow::Error {
    anyhow!("{}", error.report())
}
