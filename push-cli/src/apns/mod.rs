//! What all commands for Apple's service share: who it is, and the way to the service.

mod credentials;
mod files;
mod outcome;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use anypush::apns::{Client, ClientBuilder, Endpoint, Error};
use anypush::session::SessionBuilder;
use anypush::{Backend, ErrorKind, Proxy, Roots, Session};
use futures_util::future::{Either, select};

pub(crate) use credentials::Identify;
pub(crate) use files::{read, read_json};
pub(crate) use outcome::{entry, is_unreached};

use crate::args::{Common, Credentials};
use crate::devices::Steering;
use crate::exit::{Unreachable, complain};
use crate::interrupts::Interrupts;
use crate::output::{Noun, Output};

/// The longest that one connection may take to come about. A little less than what is left for the
/// push, so that what is told is why there is no connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What was read from files.
pub(crate) struct Prepared {
    pub(crate) identity: Identify,
    roots: Roots,
    proxy: Option<Proxy>,
}

impl Prepared {
    /// Reads credentials and roots, before anything is connected.
    pub(crate) fn new(credentials: &Credentials, common: &Common) -> Result<Self> {
        let roots = match &common.ca {
            None => Roots::system(),
            Some(path) => Roots::from_pem_file(path).context("--ca")?,
        };
        let proxy = common.proxy.as_ref();
        Ok(Self {
            identity: Identify::read(credentials)?,
            roots,
            proxy: proxy
                .map(|url| Proxy::from_url(&url.0).context("--proxy"))
                .transpose()?,
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
        let connect_timeout = common.timeout.mul_f64(0.9).min(CONNECT_TIMEOUT);
        let session = session(Session::builder(backend)).connect_timeout(connect_timeout);
        let mut builder = Client::builder(session.build())
            .roots(self.roots)
            .timeout(common.timeout);
        if let Some(proxy) = self.proxy {
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
    let ready = std::pin::pin!(client.ready());
    match select(ready, std::pin::pin!(interrupts.wait())).await {
        Either::Left((Ok(()), _)) => {
            tracing::info!(%endpoint, "ready");
            Ok(true)
        }
        Either::Left((Err(error), _)) => {
            let server = format!("{}:{}", endpoint.host(), endpoint.port());
            Err(unreachable(&server, common, &error))
        }
        Either::Right(_) => {
            complain(format_args!("interrupted: nothing was sent"));
            Ok(false)
        }
    }
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

/// Why there is no connection to a server, `HOST:PORT`.
pub(crate) fn unreachable(server: &str, common: &Common, error: &Error) -> anyhow::Error {
    let reason = match error.kind() {
        ErrorKind::Timeout => format!("no answer within {} s", common.timeout.as_secs_f64()),
        _ => error.report(),
    };
    Unreachable(format!("can't reach {server}: {reason}")).into()
}
