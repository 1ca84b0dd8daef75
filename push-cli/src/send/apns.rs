//! `anypush send apns`.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail};
use anypush::apns::{Client, EncodeContext, Notification, Outcome, ProviderToken};
use anypush::{Backend, CertificateInfo, ErrorKind, Identity, Outcome as _, Proxy, Roots, Session};
use futures_util::future::{Either, select};

use super::notification::notification;
use super::{Course, drive};
use crate::args::{Apns, Credentials};
use crate::devices::Intake;
use crate::exit::{Exit, Unreachable, complain};
use crate::interrupts::Interrupts;
use crate::lines::{Line, MAX_LINE_BYTES};
use crate::output::{Entry, Output};
use crate::{logs, runtime};

/// The longest that one connection may take to come about. A little less than what is left for the
/// push, so that what is told is why there is no connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &Apns) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    let notification = notification(args)?;
    let many = args.devices.tokens.is_some() || args.devices.token.len() > 1;
    if many && args.delivery.apns_id.is_some() {
        bail!("--apns-id names one push: give it with one --token, and not with --tokens");
    }
    let prepared = Prepared::new(args)?;
    check(&prepared.identity, &notification)?;
    let intake = Intake::open(&args.devices)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        send(args, backend, prepared, notification, intake, interrupts)
    })
}

/// What was read from files.
struct Prepared {
    identity: Identify,
    roots: Roots,
    proxy: Option<Proxy>,
}

enum Identify {
    Token(ProviderToken),
    Certificate(Identity),
}

impl Prepared {
    fn new(args: &Apns) -> Result<Self> {
        let roots = match &args.common.ca {
            None => Roots::system(),
            Some(path) => Roots::from_pem_file(path).context("--ca")?,
        };
        let proxy = args.common.proxy.as_ref();
        Ok(Self {
            identity: Identify::read(&args.credentials)?,
            roots,
            proxy: proxy
                .map(|url| Proxy::from_url(&url.0).context("--proxy"))
                .transpose()?,
        })
    }
}

impl Identify {
    fn read(credentials: &Credentials) -> Result<Self> {
        let Credentials {
            key,
            key_id,
            team_id,
            cert,
            cert_key,
            password_env,
        } = credentials;
        if let (Some(path), Some(key_id), Some(team_id)) = (key, key_id, team_id) {
            let pem = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
            let token = ProviderToken::from_p8(pem, key_id, team_id)
                .with_context(|| format!("can't use {}", path.display()))?;
            return Ok(Self::Token(token));
        }
        let path = cert
            .as_ref()
            .context("no credentials: give --key, --key-id and --team-id, or --cert")?;
        let password = password_env.as_deref().map(password).transpose()?;
        certificate(path, cert_key.as_deref(), password.as_deref()).map(Self::Certificate)
    }
}

/// A certificate and its key, from PEM or PKCS#12.
fn certificate(path: &Path, key: Option<&Path>, password: Option<&str>) -> Result<Identity> {
    if let Some(key) = key {
        return Ok(Identity::from_pem_files(path, key)?);
    }
    let content = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    if !is_pkcs12(&content) {
        return Identity::from_pem(&content)
            .map_err(|error| anyhow!("{}: {}", path.display(), error.report()));
    }
    Identity::from_pkcs12(&content, password.unwrap_or_default()).map_err(|error| {
        let hint = match password {
            None => " (its password is read from the variable that --password-env names)",
            Some(_) => "",
        };
        anyhow!("{}: {}{hint}", path.display(), error.report())
    })
}

/// PKCS#12 is DER, a sequence; PEM is text.
fn is_pkcs12(content: &[u8]) -> bool {
    content.first() == Some(&0x30)
}

/// A password, from the environment: arguments are for everybody to see.
fn password(variable: &str) -> Result<String> {
    env::var(variable).map_err(|error| match error {
        env::VarError::NotPresent => {
            anyhow!("--password-env {variable}: no such variable: set it to the password")
        }
        env::VarError::NotUnicode(_) => anyhow!("--password-env {variable}: it is not UTF-8"),
    })
}

async fn send(
    args: &Apns,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    notification: Notification,
    intake: Intake,
    interrupts: Interrupts,
) -> Result<Exit> {
    let client = client(args, backend, prepared)?;
    let steering = intake.steering();

    let ready = std::pin::pin!(client.ready());
    match select(ready, std::pin::pin!(interrupts.wait())).await {
        Either::Left((Ok(()), _)) => tracing::info!(endpoint = %args.endpoint, "ready"),
        Either::Left((Err(error), _)) => return Err(unreachable(args, &error)),
        Either::Right(_) => {
            complain(format_args!("interrupted: nothing was sent"));
            return Ok(Exit::Interrupted);
        }
    }

    let title = format!("APNs {}, {}", args.endpoint, args.common.backend());
    let logging = args.common.verbose > 0;
    let mut output = Output::new(args.common.output, title, steering.clone(), !logging);
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: args.common.timeout,
    };
    let outcomes = client.try_send_all(intake, &notification);
    let connections = || client.session().stats().connected;
    let done = drive(course, outcomes, entry, connections).await;
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
}

fn client(args: &Apns, backend: Arc<dyn Backend>, prepared: Prepared) -> Result<Client> {
    let common = &args.common;
    let session = Session::builder(backend)
        .max_connections_per_destination(common.connections.get())
        .connect_timeout(common.timeout.mul_f64(0.9).min(CONNECT_TIMEOUT))
        .build();
    let mut builder = Client::builder(session)
        .endpoint(args.endpoint.clone())
        .roots(prepared.roots)
        .timeout(common.timeout)
        .in_flight(common.in_flight.get() as usize);
    if let Some(proxy) = prepared.proxy {
        builder = builder.proxy(proxy);
    }
    builder = match prepared.identity {
        Identify::Token(token) => builder.provider_token(token),
        Identify::Certificate(identity) => builder.certificate(identity),
    };
    builder.build().map_err(report)
}

/// All that is wrong with the notification, before any device is told so.
fn check(identity: &Identify, notification: &Notification) -> Result<()> {
    let topics = match identity {
        Identify::Token(_) => None,
        Identify::Certificate(identity) => {
            let leaf = identity.chain_der().first();
            let leaf = leaf.map_or(&[][..], Vec::as_slice);
            Some(CertificateInfo::from_der(leaf)?.topics)
        }
    };
    let topic = topics.as_ref().and_then(|topics| topics.first());
    let context = EncodeContext::new(SystemTime::now())
        .default_topic(topic.map(String::as_str))
        .certificate_auth(topics.is_some());
    notification.encode(&context)?;
    Ok(())
}

/// An error that is not the service's, and its causes.
fn report(error: anypush::apns::Error) -> anyhow::Error {
    anyhow!("{}", error.report())
}

fn unreachable(args: &Apns, error: &anypush::apns::Error) -> anyhow::Error {
    let endpoint = &args.endpoint;
    let server = format!("{}:{}", endpoint.host(), endpoint.port());
    let reason = match error.kind() {
        ErrorKind::Timeout => format!("no answer within {} s", args.common.timeout.as_secs_f64()),
        _ => error.report(),
    };
    Unreachable(format!("can't reach {server}: {reason}")).into()
}

fn entry<'e>(line: &'e Line, outcome: &'e Outcome) -> Entry<'e> {
    let verdict = outcome.verdict();
    let device = line.as_str();
    let error = match outcome {
        Ok(receipt) => {
            return Entry {
                device,
                verdict,
                status: Some(200),
                reason: None,
                id: Some(receipt.id.to_string()),
                attempts: receipt.attempts,
                unreached: false,
            };
        }
        Err(error) => error,
    };
    let reason = match (error.rejection(), line) {
        (Some(rejection), _) => Cow::Borrowed(rejection.reason.as_str()),
        (None, Line::Cut(_)) => Cow::Owned(format!(
            "the line is longer than {MAX_LINE_BYTES} bytes: give one device token per line"
        )),
        (None, Line::Whole(_)) => Cow::Owned(error.report()),
    };
    Entry {
        device,
        verdict,
        status: error.rejection().map(|rejection| rejection.status),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        id: error.id().map(|id| id.to_string()),
        attempts: error.attempts(),
        unreached: is_unreached(error.kind()),
    }
}

fn is_unreached(kind: ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(
        kind,
        Kind::Resolve
            | Kind::Connect
            | Kind::Tls
            | Kind::Protocol
            | Kind::Timeout
            | Kind::Unanswered
            | Kind::Lost
            | Kind::Refused
    )
}
