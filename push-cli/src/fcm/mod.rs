//! What all commands for FCM share: who it is, and the way to the service.

mod device;
mod outcome;

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use anypush::fcm::{Client, ClientBuilder, Credentials, Error};
use anypush::http::BaseUrl;
use anypush::{Backend, ErrorKind};

pub(crate) use device::FID;
pub(crate) use outcome::{entry, failed};

use crate::args::{Common, FcmAccount, FcmDevices, Limits};
use crate::devices::Intake;
use crate::exit::complain;
use crate::interrupts::Interrupts;
use crate::route::{Route, reach, session};

/// What was read from files and from the environment.
pub(crate) struct Prepared {
    credentials: Credentials,
    route: Route,
}

impl Prepared {
    /// Reads credentials and roots, before anything is connected.
    pub(crate) fn new(account: &FcmAccount, common: &Common) -> Result<Self> {
        if let Some(url) = account.endpoint.given() {
            url.parse::<BaseUrl>().context("--endpoint")?;
        }
        Ok(Self {
            credentials: credentials(account)?,
            route: Route::new(common)?,
        })
    }

    /// A client on a session of its own; what else there is to say of it is the command's.
    pub(crate) fn client(
        self,
        backend: Arc<dyn Backend>,
        account: &FcmAccount,
        common: &Common,
        limits: &Limits,
        client: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Client> {
        let session = session(backend, common, limits.connections.get());
        let mut builder = Client::builder(session)
            .credentials(self.credentials)
            .in_flight(limits.in_flight.get() as usize);
        if let Some(url) = account.endpoint.given() {
            builder = builder.endpoint(url);
        }
        if let Some(project) = &account.project {
            builder = builder.project(project);
        }
        let builder = client(self.route.lay(builder, common));
        builder.build().map_err(|error| report(&error))
    }
}

fn credentials(account: &FcmAccount) -> Result<Credentials> {
    let mut credentials = match &account.service_account {
        Some(path) => Credentials::from_file(path)
            .with_context(|| format!("--service-account {}", path.display()))?,
        None => Credentials::application_default()
            .context("application default credentials (there is no --service-account)")?,
    };
    if let Some(url) = &account.token_url {
        credentials = credentials.token_url(url).context("--token-url")?;
    }
    tracing::info!(
        given = account.service_account.is_some(),
        ?credentials,
        "credentials"
    );
    Ok(credentials)
}

/// Waits until there are an access token and a connection; `false` where an interrupt came first.
pub(crate) async fn ready(
    client: &Client,
    interrupts: &Interrupts,
    account: &FcmAccount,
    common: &Common,
) -> Result<bool> {
    let connect = async {
        match client.ready().await {
            Err(error) if is_misconfigured(&error) => Ok(Err(report(&error))),
            connected => connected.map(Ok),
        }
    };
    let server = format!("FCM ({})", place(account));
    let reached = reach(connect, interrupts, server, common).await?;
    match reached {
        Some(connected) => connected.map(|()| true),
        None => {
            complain(format_args!("interrupted: nothing was sent"));
            Ok(false)
        }
    }
}

/// Where FCM is.
pub(crate) fn place(account: &FcmAccount) -> &str {
    account.endpoint.given().unwrap_or("production")
}

/// The devices that were given, an installation id as it can stand in a list.
pub(crate) fn intake(devices: &FcmDevices) -> Result<Intake> {
    let fids = devices.fid.iter();
    let fids = fids.map(|fid| format!("{FID}{}", fid.strip_prefix(FID).unwrap_or(fid)));
    let given: Vec<String> = devices.listed.token.iter().cloned().chain(fids).collect();
    Intake::of(&given, devices.listed.tokens.as_ref())
}

/// Whether it is for the user to put right, and no server was out of reach.
pub(crate) fn is_misconfigured(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Identity | ErrorKind::Config)
}

/// An error that is not the service's, and its causes.
pub(crate) fn report(error: &Error) -> anyhow::Error {
    anyhow!("{}", error.report())
}
