//! One request to a token server, made again where that may help.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, DATE, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri};
use push_core::http::Answer;
use push_core::{Error, ErrorKind, Result, Verdict, retry_after};

use super::error::OAuthError;
use super::form::{form, percent_encode};
use super::grant::Asking;
use super::url::{is_near, server};

const AGENT: &str = concat!("anypush/", env!("CARGO_PKG_VERSION"));

/// How often a request is made at most. Source: Google's own authentication libraries.
const ATTEMPTS: u32 = 3;

/// The wait after the first attempt, doubled with each further one, a tenth more or less.
const WAIT: Duration = Duration::from_secs(1);

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Who is asked to wait for longer gives up for now, and says so.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A request to a token server, or one that leads to a token.
pub(super) struct Call {
    request: Request<Bytes>,
    /// What was sent, and must not come back in an error.
    secrets: Vec<String>,
    attempts: u32,
    timeout: Duration,
    /// Past the client's proxy.
    direct: bool,
}

/// Why there is no answer to use.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It did not come, or the server is not able to answer now.
    Failed(Error),
    /// The server said no, for good.
    Refused(Refusal),
}

#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: OAuthError,
    /// When it was answered, by the server's clock.
    pub(super) date: Option<SystemTime>,
    server: String,
}

impl Call {
    /// A form; none of the values that are secret comes back in an error.
    pub(super) fn form(uri: Uri, fields: &[(&str, &str)], secrets: &[&str]) -> Self {
        let mut call = Self::post(uri, form(fields), secrets);
        // As they stand in the form, too.
        for secret in secrets {
            let mut encoded = String::new();
            percent_encode(secret, &mut encoded);
            call.secrets.push(encoded);
        }
        call.header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")
    }

    pub(super) fn json(uri: Uri, body: &serde_json::Value, secrets: &[&str]) -> Self {
        let call = Self::post(uri, body.to_string().into(), secrets);
        call.header(CONTENT_TYPE.as_str(), "application/json; charset=UTF-8")
    }

    pub(super) fn get(uri: Uri) -> Self {
        Self::new(Method::GET, uri, Bytes::new(), &[])
    }

    fn new(method: Method, uri: Uri, body: Bytes, secrets: &[&str]) -> Self {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        Self {
            request,
            secrets: secrets.iter().map(|&secret| secret.to_owned()).collect(),
            attempts: ATTEMPTS,
            timeout: TIMEOUT,
            direct: false,
        }
        .header(USER_AGENT.as_str(), AGENT)
    }

    fn post(uri: Uri, body: Bytes, secrets: &[&str]) -> Self {
        let call = Self::new(Method::POST, uri, body, secrets);
        call.header(ACCEPT.as_str(), "application/json")
    }

    /// Adds a header, or changes nothing where it is none: those that files name are checked as they
    /// are read.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        let name = http::HeaderName::try_from(name);
        let value = http::HeaderValue::try_from(value);
        if let (Ok(name), Ok(mut value)) = (name, value) {
            value.set_sensitive(name == http::header::AUTHORIZATION);
            self.request.headers_mut().insert(name, value);
        }
        self
    }

    /// Adds a header whose value is a secret, or may be one.
    pub(super) fn secret_header(mut self, name: &str, value: &str) -> Self {
        self.secrets.push(value.to_owned());
        // Without "Bearer" and its like.
        self.secrets
            .extend(value.split_once(' ').map(|(_, secret)| secret.to_owned()));
        self = self.header(name, value);
        if let Some(value) = self.request.headers_mut().get_mut(name) {
            value.set_sensitive(true);
        }
        self
    }

    pub(super) fn attempts(mut self, attempts: u32, timeout: Duration) -> Self {
        self.attempts = attempts;
        self.timeout = timeout;
        self
    }

    /// Goes past the client's proxy, which would find its own server there.
    pub(super) fn direct(mut self) -> Self {
        self.direct = true;
        self
    }

    /// The server, for errors.
    pub(super) fn server(&self) -> &str {
        server(self.request.uri())
    }

    /// Makes the request, again where that may help, until the deadline.
    pub(super) async fn make(&self, asking: &Asking<'_>) -> Result<Answer, Trouble> {
        let mut made = 0;
        loop {
            let failed = match self.attempt(asking).await {
                Err(Trouble::Failed(error)) => error,
                other => return other,
            };
            made += 1;
            let asked = failed.retry_after().unwrap_or_default();
            let wait = spread(WAIT * 2_u32.pow(made - 1), asking.jitter()).max(asked);
            let left = asking.deadline.saturating_duration_since(asking.now());
            if !may_pass(&failed) || made >= self.attempts || asked > LONGEST_WAIT || wait >= left {
                return Err(Trouble::Failed(failed));
            }
            tracing::debug!(error = %failed.report(), ?wait, "asked again");
            asking.sleep(wait).await;
        }
    }

    async fn attempt(&self, asking: &Asking<'_>) -> Result<Answer, Trouble> {
        let timeout = asking.now().checked_add(self.timeout);
        let until = timeout.map_or(asking.deadline, |at| at.min(asking.deadline));
        let http = match self.direct || is_near(self.request.uri()) {
            true => &asking.http.direct(),
            false => asking.http,
        };
        let sent = http.send(self.request.clone(), until).await;
        let answer = sent.map_err(|error| Trouble::Failed(self.unanswered(error)))?;
        if !answer.complete {
            let message = format!("the answer of {} broke off", self.server());
            return Err(Trouble::Failed(Error::new(ErrorKind::Lost, message)));
        }
        if answer.status.is_success() {
            return Ok(answer);
        }
        let error = OAuthError::read(answer.status, &answer.body, &self.secrets);
        let wall_clock = asking.wall_clock();
        if !error.is_temporary() {
            return Err(Trouble::Refused(Refusal {
                error,
                date: date(&answer.headers),
                server: self.server().to_owned(),
            }));
        }
        let message = format!("{} can't answer now", self.server());
        let mut failed = Error::new(ErrorKind::Refused, message);
        if let Some(wait) = retry_after(&answer.headers, wall_clock) {
            failed = failed.with_retry_after(wait);
        }
        Err(Trouble::Failed(failed.with_source(error)))
    }

    /// The same error with the server's name, for what went wrong on the way.
    fn unanswered(&self, error: Error) -> Error {
        let told = Error::new(error.kind(), format!("no answer of {}", self.server()));
        let told = match error.retry_after() {
            Some(wait) => told.with_retry_after(wait),
            None => told,
        };
        told.with_source(error)
    }
}

impl Refusal {
    /// The error for who wanted the token, with what to do about it.
    pub(super) fn into_error(self, advice: Option<String>) -> Error {
        let (kind, usual) = match self.error.status {
            300..=399 => (
                ErrorKind::Config,
                "the answer leads elsewhere, which is not followed: is this the right URL?",
            ),
            404 | 405 | 410 => (
                ErrorKind::Config,
                "nothing answers to this there: is this the right URL?",
            ),
            _ => (ErrorKind::Identity, "the credentials are not accepted"),
        };
        let server = &self.server;
        let message = match advice {
            Some(advice) => format!("{server} refuses: {advice}"),
            None => format!("{server} refuses: {usual}"),
        };
        Error::new(kind, message).with_source(self.error)
    }
}

/// Whether the same request may fare better a little later.
fn may_pass(error: &Error) -> bool {
    let over = matches!(error.kind(), ErrorKind::Closed | ErrorKind::RuntimeGone);
    !over && matches!(error.verdict(), Verdict::RetryAfter(_) | Verdict::Unknown)
}

/// When an answer was made, by the clock of its server.
pub(super) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let value = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(value).ok()
}

/// A tenth more or less.
fn spread(wait: Duration, jitter: u64) -> Duration {
    let fraction = (jitter >> 11) as f64 / (1_u64 << 53) as f64;
    wait.mul_f64(0.9 + 0.2 * fraction)
}
