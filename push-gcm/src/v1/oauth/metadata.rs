//! The metadata server of Google's machines: tokens of the service account that is attached to the
//! machine.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use push_core::bearer::AccessToken;
use push_core::bearer::oauth::{OAuthError, TokenAnswer, TokenRequest, percent_encode};
use push_core::http::Answer;
use push_core::{Error, ErrorKind, Result};

use super::environment::{Environment, first_variable, variable};
use super::grant::{Asking, Grant};
use super::url::{Allowed, check, server};

const HOST: &str = "metadata.google.internal";

/// The header by which metadata servers are known, in requests and in answers.
const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");

/// How long, and how often, an answer is waited for until there was one. Source: Google's own
/// authentication libraries.
const DETECTION: Duration = Duration::from_secs(3);
const DETECTIONS: u32 = 3;

/// The metadata server.
#[derive(Debug)]
pub(super) struct Metadata {
    /// Where credentials were looked for in vain, and what was found there; empty where the metadata
    /// server is what the caller wants.
    looked: Vec<String>,
    /// Where it has answered: its failures pass by themselves.
    found: Mutex<Option<Uri>>,
}

impl Metadata {
    pub(super) fn new(looked: Vec<String>) -> Self {
        Self {
            looked,
            found: Mutex::default(),
        }
    }

    async fn ask(
        &self,
        asking: &Asking<'_>,
        path: &str,
        advice: impl FnOnce(&OAuthError) -> Option<String>,
    ) -> Result<(Answer, String)> {
        let base = base(asking)?;
        if self.found().as_ref() != Some(&base) {
            let environment = asking.environment();
            let request = TokenRequest::get(base.clone())
                .direct()
                .header(FLAVOR.0, FLAVOR.1)
                .attempts(detections(environment), detection(environment));
            let pinged = asking.send(&request, |_| None).await;
            pinged
                .and_then(|answer| is_metadata(&answer, &base))
                .map_err(|error| self.not_there(error, &base))?;
            *self.found() = Some(base.clone());
        }
        let uri = format!("{}{path}", base.to_string().trim_end_matches('/'));
        let uri = check("the metadata server's URL", &uri, Allowed::Any)?;
        let request = TokenRequest::get(uri).direct().header(FLAVOR.0, FLAVOR.1);
        let answer = asking.send(&request, advice).await?;
        is_metadata(&answer, &base)?;
        Ok((answer, server(&base).to_owned()))
    }

    fn found(&self) -> MutexGuard<'_, Option<Uri>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error where no metadata server is to be found.
    fn not_there(&self, error: Error, base: &Uri) -> Error {
        let server = server(base);
        if matches!(error.kind(), ErrorKind::Closed | ErrorKind::RuntimeGone) {
            return error;
        }
        if self.looked.is_empty() {
            let message = format!(
                "{server} is not to be reached: the metadata server is there on Google's machines only"
            );
            return Error::new(error.kind(), message).with_source(error);
        }
        let looked = self.looked.join("; ");
        let message = format!(
            "no credentials found: {looked}; the metadata server {server}: {}",
            error.report()
        );
        Error::new(ErrorKind::Identity, message).with_source(error)
    }
}

#[async_trait]
impl Grant for Metadata {
    async fn fetch(&self, asking: &Asking<'_>) -> Result<AccessToken> {
        let mut path =
            "/computeMetadata/v1/instance/service-accounts/default/token?scopes=".to_owned();
        percent_encode(asking.scope, &mut path);
        let advice = |error: &OAuthError| match error.status {
            404 => Some("no service account is attached to this machine: attach one".to_owned()),
            _ => None,
        };
        let (answer, server) = self.ask(asking, &path, advice).await?;
        TokenAnswer::read(&answer.body, &server)?.token()
    }

    fn describe(&self) -> String {
        match self.looked.is_empty() {
            true => "the service account of this machine".to_owned(),
            false => "the application default credentials".to_owned(),
        }
    }

    async fn find_project(&self, asking: &Asking<'_>) -> Result<Option<String>> {
        let path = "/computeMetadata/v1/project/project-id";
        let (answer, server) = self.ask(asking, path, |_| None).await?;
        let id = str::from_utf8(&answer.body).unwrap_or_default().trim();
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:_".contains(&byte);
        if id.is_empty() || id.len() > 100 || !id.bytes().all(is_id) {
            let message = format!("{server} answered with no project id");
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Some(id.to_owned()))
    }
}

/// Where the metadata server is: the caller's word, the environment's, or the usual place.
fn base(asking: &Asking<'_>) -> Result<Uri> {
    if let Some(url) = &asking.settings.metadata_url {
        return Ok(url.clone());
    }
    let names = ["GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"];
    let host = first_variable(asking.environment(), &names);
    url(host.as_deref().unwrap_or(HOST))
}

/// The URL of a metadata server by its host, with a port or not; or by its URL.
pub(super) fn url(host: &str) -> Result<Uri> {
    let url = match host.contains("://") {
        true => host.trim_end_matches('/').to_owned(),
        false => format!("http://{}/", host.trim_end_matches('/')),
    };
    check("the metadata server's host", &url, Allowed::Any)
}

/// Whether Google's metadata server was it that answered.
fn is_metadata(answer: &Answer, base: &Uri) -> Result<()> {
    let flavor = answer.headers.get(FLAVOR.0);
    if flavor.is_some_and(|value| value == FLAVOR.1) {
        return Ok(());
    }
    let message = format!(
        "{} answers, and is no metadata server: its answer lacks `Metadata-Flavor: Google`",
        server(base)
    );
    Err(Error::new(ErrorKind::Config, message))
}

fn detection(environment: &dyn Environment) -> Duration {
    let seconds = variable(environment, "GCE_METADATA_TIMEOUT");
    let seconds: Option<f64> = seconds.and_then(|text| text.trim().parse().ok());
    let seconds = seconds.map(|seconds| seconds.clamp(0.1, 15.0));
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.unwrap_or(DETECTION)
}

fn detections(environment: &dyn Environment) -> u32 {
    let times = variable(environment, "GCE_METADATA_DETECT_RETRIES");
    let times: Option<u32> = times.and_then(|text| text.trim().parse().ok());
    times.map_or(DETECTIONS, |times| times.clamp(1, 5))
}
