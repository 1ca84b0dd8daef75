//! What all commands for Apple's provider API share: who it is, and the way to the service.

mod credentials;
mod files;
mod outcome;

use std::sync::Arc;

use anyhow::{Result, anyhow};
use anypush::apns::{Client, ClientBuilder, Endpoint, Error};
use anypush::session::SessionBuilder;
use anypush::{Backend, Session};

pub(crate) use credentials::{Identify, certificate_of};
pub(crate) use files::{read, read_json};
pub(crate) use outcome::entry;

use crate::args::{Common, Credentials};
use crate::devices::Steering;
use crate::exit::complain;
use crate::interrupts::Interrupts;
use crate::output::{Noun, Output};
use crate::route::{Route, connect_timeout, reach};

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

    /// A client on a session of its own; what else there is to say of both is the command's.
    pub(crate) fn client(
        self,
        backend: Arc<dyn Backend>,
        common: &Common,
        session: impl FnOnce(SessionBuilder) -> SessionBuilder,
        client: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Client> {
        let connect_timeout = connect_timeout(common);
        let session = session(Session::builder(backend)).connect_timeout(connect_timeout);
        let mut builder = Client::builder(session.build())
            .roots(self.route.roots)
            .timeout(common.timeout);
        if let Some(proxy) = self.route.proxy {
            builder = builder.proxy(proxy);
        }
        builder = match self.identity {
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
    let title = format!("APNs {endpoint}, {}", common.backend());
    // Logs and a bar would overwrite one another.
    let bar = common.verbose == 0;
    Output::new(common.output, title, noun, intake, bar)
}

/// An error that is not the service's, and its causes.
pub(crate) fn report(error: Error) -> anyhow::Error {
    anyhow!("{}", error.report())
}
