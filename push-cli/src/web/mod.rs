//! What there is to Web Push: who sends, which endpoints are taken, and to whom.

mod given;
mod key;
mod objects;
mod outcome;
mod sieve;

use std::sync::Arc;

use anyhow::{Result, anyhow, bail, ensure};
use anypush::Backend;
use anypush::web::{Client, EndpointPolicy, Vapid};

use given::read;
pub(crate) use given::{Broken, Given};
pub(crate) use key::of_file as key_of_file;
use objects::Objects;
pub(crate) use outcome::entry;
pub(crate) use sieve::sift;

use crate::args::{Devices, Endpoints, Web, WebSender};
use crate::devices::Intake;
use crate::route::{Route, session};

/// What was read from files and from the environment.
pub(crate) struct Prepared {
    /// `None`: without VAPID.
    vapid: Option<Vapid>,
    policy: EndpointPolicy,
    route: Route,
}

impl Prepared {
    /// Reads the key and the roots, before anything is connected.
    pub(crate) fn new(args: &Web) -> Result<Self> {
        Ok(Self {
            vapid: vapid(&args.sender)?,
            policy: policy(&args.endpoints),
            route: Route::new(&args.common)?,
        })
    }

    /// A client on a session of its own.
    pub(crate) fn client(self, backend: Arc<dyn Backend>, args: &Web) -> Result<Client> {
        let connections = args.limits.connections.get();
        let session = session(backend, &args.common, connections);
        let builder = Client::builder(session)
            .endpoints(self.policy)
            .max_connections_per_origin(connections)
            .in_flight(args.limits.in_flight.get() as usize)
            .encrypt_in_parallel(true);
        let builder = match self.vapid {
            Some(vapid) => builder.vapid(vapid),
            None => builder.without_vapid(),
        };
        let client = self.route.lay(builder, &args.common).build();
        client.map_err(|error| anyhow!("{}", error.report()))
    }
}

/// Who sends; `None` where nobody is told.
fn vapid(sender: &WebSender) -> Result<Option<Vapid>> {
    let key = match (&sender.vapid, &sender.vapid_env) {
        (Some(path), _) => key::of_file("--vapid", path)?,
        (None, Some(variable)) => key::of_variable("--vapid-env", variable)?,
        (None, None) if sender.no_vapid => return Ok(None),
        (None, None) => bail!(
            "no VAPID key: give --vapid FILE, the key that the pages subscribe with; `anypush keys \
             vapid --out vapid.pem` makes one (or say --no-vapid, which few push services take)"
        ),
    };
    tracing::info!(
        application_server_key = key.application_server_key(),
        "VAPID"
    );
    let mut vapid = Vapid::new(key);
    if let Some(subject) = &sender.subject {
        vapid = vapid.subject(subject);
    }
    vapid
        .check()
        .map_err(|error| anyhow!("--subject: {error}"))?;
    Ok(Some(vapid))
}

/// Which endpoints are taken.
fn policy(endpoints: &Endpoints) -> EndpointPolicy {
    if endpoints.allow_private {
        return EndpointPolicy::private();
    }
    let policy = match endpoints.known_services {
        true => EndpointPolicy::known_services(),
        false => EndpointPolicy::public(),
    };
    match endpoints.port.is_empty() {
        true => policy,
        false => policy.ports(endpoints.port.iter().copied().chain([443])),
    }
}

/// The subscriptions that were given.
pub(crate) fn intake(devices: &Devices) -> Result<Intake<Given>> {
    ensure!(
        !devices.token.is_empty() || devices.tokens.is_some(),
        "no subscriptions: give --subscriptions FILE, --subscriptions - for standard input, or \
         --subscription JSON"
    );
    let given = devices.token.iter().enumerate();
    let given = given.flat_map(|(at, text)| Objects::of_argument(at + 1, text));
    Intake::begin(given.collect(), devices.tokens.as_ref(), Objects::of_list())
}
