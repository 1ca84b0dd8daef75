//! What there is to WNS: which app sends, which channels are trusted, and the way there.

mod device;
mod outcome;

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use anypush::wns::{Client, Credentials, Error, TrustedOrigins};
use anypush::{Backend, ErrorKind};

pub(crate) use outcome::entry;

use crate::args::{ServiceUrl, Wns, WnsApp};
use crate::exit::complain;
use crate::files::secret_of;
use crate::interrupts::Interrupts;
use crate::route::{Route, reach, session};

/// What was read from files and from the environment.
pub(crate) struct Prepared {
    credentials: Credentials,
    trusted: TrustedOrigins,
    route: Route,
}

impl Prepared {
    /// Reads the secret and the roots, before anything is connected.
    pub(crate) fn new(args: &Wns) -> Result<Self> {
        Ok(Self {
            credentials: credentials(&args.app, args.auth_url.as_deref())?,
            trusted: trusted(&args.endpoint)?,
            route: Route::new(&args.common)?,
        })
    }

    /// A client on a session of its own.
    pub(crate) fn client(self, backend: Arc<dyn Backend>, args: &Wns) -> Result<Client> {
        let connections = args.limits.connections.get();
        let session = session(backend, &args.common, connections);
        let builder = Client::builder(session)
            .credentials(self.credentials)
            .trusted_origins(self.trusted)
            .max_connections_per_origin(connections)
            .in_flight(args.limits.in_flight.get() as usize);
        let client = self.route.lay(builder, &args.common).build();
        client.map_err(|error| report(&error))
    }
}

fn credentials(app: &WnsApp, auth_url: Option<&str>) -> Result<Credentials> {
    let what = match app.tenant {
        None => "the app's secret, as the Partner Center shows it",
        Some(_) => "the value of a client secret of the registration in Entra ID",
    };
    let secret = secret_of("--client-secret-env", &app.client_secret_env, what)?;
    let mut credentials = match &app.tenant {
        None => Credentials::package(&app.client_id, secret)
            .context("--client-id (a Package SID, without --tenant) and its secret")?,
        Some(tenant) => Credentials::entra(tenant, &app.client_id, secret)
            .context("--client-id (an application of Entra ID, with --tenant) and its secret")?,
    };
    if let Some(scope) = &app.scope {
        ensure!(
            !scope.trim().is_empty(),
            "--scope is blank: leave it out, or name one"
        );
        credentials = credentials.scope(scope.as_str());
    }
    if let Some(url) = auth_url {
        let url = token_url(url, app.tenant.as_deref());
        credentials = credentials.token_url(&url).context("--auth-url")?;
    }
    tracing::info!(app = credentials.describe(), "credentials");
    Ok(credentials)
}

/// A server that was named without a path gets the one that Microsoft's has.
fn token_url(url: &str, tenant: Option<&str>) -> String {
    let bare = url.trim_end_matches('/');
    let is_bare = bare
        .split_once("://")
        .is_some_and(|(_, server)| !server.contains(['/', '?', '#']));
    match tenant {
        _ if !is_bare => url.to_owned(),
        None => format!("{bare}/accesstoken.srf"),
        Some(tenant) => format!("{bare}/{tenant}/oauth2/v2.0/token"),
    }
}

/// Where the access token may go.
fn trusted(endpoint: &ServiceUrl) -> Result<TrustedOrigins> {
    let trusted = TrustedOrigins::windows();
    match endpoint.given() {
        None => Ok(trusted),
        Some(url) => trusted.also(url).context("--endpoint"),
    }
}

/// Waits until there is an access token; `false` where an interrupt came first.
pub(crate) async fn ready(client: &Client, interrupts: &Interrupts, args: &Wns) -> Result<bool> {
    let connect = async {
        match client.ready().await {
            Err(error) if is_misconfigured(&error) => Ok(Err(report(&error))),
            connected => connected.map(Ok),
        }
    };
    let server = match (&args.auth_url, &args.app.tenant) {
        (Some(_), _) => "the token server that --auth-url names",
        (None, None) => "login.live.com, for an access token",
        (None, Some(_)) => "login.microsoftonline.com, for an access token",
    };
    match reach(connect, interrupts, server, &args.common).await? {
        Some(connected) => connected.map(|()| true),
        None => {
            complain(format_args!("interrupted: nothing was sent"));
            Ok(false)
        }
    }
}

/// Whether it is for the user to put right, and no server was out of reach.
fn is_misconfigured(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Identity | ErrorKind::Config)
}

/// An error that is not the service's, and its causes.
fn report(error: &Error) -> anyhow::Error {
    anyhow!("{}", error.report())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_server_without_a_path_gets_that_of_microsofts() {
        for (url, tenant, expected) in [
            ("https://a:1", None, "https://a:1/accesstoken.srf"),
            ("https://a:1/", Some("t"), "https://a:1/t/oauth2/v2.0/token"),
            ("https://a/x", None, "https://a/x"),
            ("https://a/x/", Some("t"), "https://a/x/"),
            ("https://a?x=/", None, "https://a?x=/"),
            ("a:1", None, "a:1"),
        ] {
            assert_eq!(token_url(url, tenant), expected);
        }
    }
}
