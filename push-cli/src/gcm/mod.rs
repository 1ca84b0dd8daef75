//! What there is to the legacy protocol of GCM and FCM: who it is, and the way to the service.

mod device;
mod outcome;

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use anypush::Backend;
use anypush::gcm::{Client, Error, FCM};

pub(crate) use outcome::entry;

use crate::args::{ApiKey, Gcm, ServiceUrl};
use crate::exit::{Unreachable, complain};
use crate::files::{read, secret_of};
use crate::interrupts::Interrupts;
use crate::route::{Route, reach, session};

/// Where the service is at a server that was named without a path.
const PATH: &str = "/gcm/send";

/// What was read from files and from the environment.
pub(crate) struct Prepared {
    api_key: String,
    route: Route,
}

impl Prepared {
    /// Reads API key and roots, before anything is connected.
    pub(crate) fn new(args: &Gcm) -> Result<Self> {
        Ok(Self {
            api_key: api_key(&args.api_key)?,
            route: Route::new(&args.common)?,
        })
    }

    /// A client on a session of its own.
    pub(crate) fn client(self, backend: Arc<dyn Backend>, args: &Gcm) -> Result<Client> {
        let session = session(backend, &args.common, args.limits.connections.get());
        let builder = Client::builder(session)
            .api_key(self.api_key)
            .endpoint(url(&args.endpoint))
            .in_flight(args.limits.in_flight.get() as usize);
        let client = self.route.lay(builder, &args.common).build();
        client.map_err(|error| report(&error))
    }
}

fn api_key(given: &ApiKey) -> Result<String> {
    let what = "the API key, or give --api-key-file FILE";
    let Some(path) = &given.api_key_file else {
        return secret_of("--api-key-env", &given.api_key_env, what);
    };
    let content = read(&path.as_path().into(), "--api-key-file")?;
    String::from_utf8(content)
        .ok()
        .with_context(|| format!("--api-key-file {}: it is not UTF-8", path.display()))
}

/// Waits until there is a connection; `false` where an interrupt came first.
pub(crate) async fn ready(client: &Client, interrupts: &Interrupts, args: &Gcm) -> Result<bool> {
    let server = url(&args.endpoint);
    let reached = reach(client.ready(), interrupts, server, &args.common).await;
    let reached = reached.map_err(|error| match error.downcast::<Unreachable>() {
        Ok(Unreachable(why)) if args.endpoint == ServiceUrl::Production => {
            Unreachable(format!("{why}; {GONE}")).into()
        }
        Ok(unreachable) => unreachable.into(),
        Err(error) => error,
    })?;
    if reached.is_none() {
        complain(format_args!("interrupted: nothing was sent"));
    }
    Ok(reached.is_some())
}

/// What is said of Google's own servers.
pub(crate) const GONE: &str =
    "Google shut this service down in 2024: `send fcm` is what serves now";

/// Where to post to.
pub(crate) fn url(endpoint: &ServiceUrl) -> Cow<'_, str> {
    let Some(url) = endpoint.given() else {
        return FCM.into();
    };
    let bare = url.trim_end_matches('/');
    match bare.split_once("://") {
        Some((_, server)) if !server.contains(['/', '?', '#']) => format!("{bare}{PATH}").into(),
        _ => url.into(),
    }
}

/// An error that is not the service's, and its causes.
pub(crate) fn report(error: &Error) -> anyhow::Error {
    anyhow!("{}", error.report())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_path_gets_the_protocols_own() {
        for (given, expected) in [
            ("production", FCM),
            ("https://localhost:1", "https://localhost:1/gcm/send"),
            ("http://[::1]:1/", "http://[::1]:1/gcm/send"),
            ("https://a.example/fcm/send", "https://a.example/fcm/send"),
            ("https://a.example/push/", "https://a.example/push/"),
            ("https://a.example?x=1", "https://a.example?x=1"),
            ("localhost:1", "localhost:1"),
        ] {
            assert_eq!(url(&ServiceUrl::from(given)), expected);
        }
    }
}
