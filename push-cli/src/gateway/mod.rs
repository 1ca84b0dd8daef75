//! What the commands for the binary gateway and its feedback service share: who it is, and the way.

mod outcome;

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use anypush::apns::Endpoint;
use anypush::apns::gateway::{Client, ClientBuilder, Error};
use anypush::{Backend, Identity};

pub(crate) use outcome::{entry, loss};

use crate::apns::certificate_of;
use crate::args::{Certificate, Common};
use crate::exit::Unreachable;
use crate::interrupts::Interrupts;
use crate::route::{Route, reach, session};

/// What was read from files.
pub(crate) struct Prepared {
    identity: Option<Identity>,
    route: Route,
}

impl Prepared {
    /// Reads certificate and roots, before anything is connected.
    pub(crate) fn new(
        certificate: &Certificate,
        endpoint: &Endpoint,
        common: &Common,
    ) -> Result<Self> {
        let identity = certificate_of(certificate)?;
        if identity.is_none() && is_apples(endpoint) {
            bail!(
                "no certificate: give --cert; only a server of your own, --endpoint HOST:PORT, may \
                 do without"
            );
        }
        Ok(Self {
            identity,
            route: Route::new(common)?,
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
        let mut builder = self.route.lay(Client::builder(session), common);
        if let Some(identity) = self.identity {
            builder = builder.certificate(identity);
        }
        client(builder)
            .build()
            .map_err(|error| anyhow!("{}", error.report()))
    }
}

/// As [`reach`], for a server, `HOST:PORT`, that may be one that Apple switched off.
pub(crate) async fn reach_legacy<T>(
    connect: impl Future<Output = Result<T, Error>>,
    interrupts: &Interrupts,
    (endpoint, server): (&Endpoint, String),
    common: &Common,
) -> Result<Option<T>> {
    let reached = reach(connect, interrupts, server, common).await;
    reached.map_err(|error| match error.downcast::<Unreachable>() {
        Ok(Unreachable(why)) if is_apples(endpoint) => Unreachable(format!(
            "{why}; Apple switched this service off on 2021-03-31: `send apns` is what serves now"
        ))
        .into(),
        Ok(unreachable) => unreachable.into(),
        Err(error) => error,
    })
}

/// Whether it is one of Apple's own servers.
fn is_apples(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Production | Endpoint::Sandbox)
}
