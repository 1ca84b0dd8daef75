//! One request to a token server, made again where that may help.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use super::answer::TokenAnswer;
use super::error::OAuthError;
use super::form::{form, percent_encode};
use super::url::{is_near, server};
use crate::bearer::AccessToken;
use crate::clock::later;
use crate::http::{Answer, HttpClient, USER_AGENT};
use crate::{Error, ErrorKind, Result, Verdict, answer_date, retry_after};

/// How often a request is made at most. Source: Google's own authentication libraries.
const ATTEMPTS: u32 = 3;

/// The wait after the first attempt, doubled with each further one, a tenth more or less.
const WAIT: Duration = Duration::from_secs(1);

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Who is asked to wait for longer gives up for now, and says so.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A request to a token server, or one that leads to a token. `Debug` shows its server only.
pub struct TokenRequest {
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
pub enum TokenFailure {
    /// It did not come, or the server is not able to answer now.
    Failed(Error),
    /// The server said no, for good.
    Refused(Refusal),
}

/// What a token server says when it says no for good.
#[derive(Debug)]
pub struct Refusal {
    /// What it said.
    pub error: OAuthError,
    /// When it was answered, by the server's clock.
    pub date: Option<SystemTime>,
    server: String,
}

impl TokenRequest {
    /// A form by POST. None of the `secrets`, which stand among its values, comes back in an error.
    pub fn form(uri: Uri, fields: &[(&str, &str)], secrets: &[&str]) -> Self {
        let mut request = Self::post(uri, form(fields), secrets);
        // As they stand in the form, too.
        for secret in secrets {
            let mut encoded = String::new();
            percent_encode(secret, &mut encoded);
            request.secrets.push(encoded);
        }
        request.header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")
    }

    /// JSON by POST; with `secrets` as in [`form`](Self::form).
    pub fn json(uri: Uri, body: impl Into<Bytes>, secrets: &[&str]) -> Self {
        let request = Self::post(uri, body.into(), secrets);
        request.header(CONTENT_TYPE.as_str(), "application/json; charset=UTF-8")
    }

    /// A GET.
    pub fn get(uri: Uri) -> Self {
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
        .header(http::header::USER_AGENT.as_str(), USER_AGENT)
    }

    fn post(uri: Uri, body: Bytes, secrets: &[&str]) -> Self {
        let request = Self::new(Method::POST, uri, body, secrets);
        request.header(ACCEPT.as_str(), "application/json")
    }

    /// Adds a header, or changes nothing where it is none: those that files name are checked as they
    /// are read.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value) = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(mut value)) = (name, value) {
            value.set_sensitive(name == AUTHORIZATION);
            self.request.headers_mut().insert(name, value);
        }
        self
    }

    /// Adds a header whose value is a secret, or may be one.
    #[must_use]
    pub fn secret_header(mut self, name: &str, value: &str) -> Self {
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

    /// How often it is made at most, and how long each answer is waited for. Default: three times, 15
    /// seconds.
    #[must_use]
    pub fn attempts(mut self, attempts: u32, timeout: Duration) -> Self {
        self.attempts = attempts;
        self.timeout = timeout;
        self
    }

    /// Goes past the client's proxy, which would find its own server there. What leads to this machine
    /// or right beside it goes past it anyhow.
    #[must_use]
    pub fn direct(mut self) -> Self {
        self.direct = true;
        self
    }

    /// The server, for errors.
    pub fn server(&self) -> &str {
        server(self.request.uri())
    }

    /// Asks for a token, and explains by `advice` why it is refused: [`TokenFailure::explain`].
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] where the credentials are at fault, [`ErrorKind::Config`] where the server
    /// seems to be the wrong one, and why no answer came.
    pub async fn token(
        &self,
        http: &HttpClient,
        deadline: Instant,
        advice: impl FnOnce(&OAuthError) -> Option<String>,
    ) -> Result<AccessToken> {
        let sent = self.send(http, deadline).await;
        let answer = sent.map_err(|failure| failure.explain(advice))?;
        TokenAnswer::read(&answer.body, self.server())?.token()
    }

    /// Makes the request, again where that may help, until the deadline.
    ///
    /// # Errors
    /// Why there is no answer that could hold a token.
    pub async fn send(&self, http: &HttpClient, deadline: Instant) -> Result<Answer, TokenFailure> {
        let backend = http.session().backend();
        let mut made = 0;
        loop {
            let failed = match self.attempt(http, deadline).await {
                Err(TokenFailure::Failed(error)) => error,
                other => return other,
            };
            made += 1;
            let asked = failed.retry_after().unwrap_or_default();
            let doubled = WAIT.saturating_mul(2_u32.saturating_pow(made - 1));
            let wait = spread(doubled, backend.jitter()).max(asked);
            let now = backend.now();
            let left = deadline.saturating_duration_since(now);
            if !may_pass(&failed) || made >= self.attempts || asked > LONGEST_WAIT || wait >= left {
                return Err(TokenFailure::Failed(failed));
            }
            tracing::debug!(error = %failed.report(), ?wait, "asked again");
            backend.sleep_until(later(now, wait)).await;
        }
    }

    async fn attempt(&self, http: &HttpClient, deadline: Instant) -> Result<Answer, TokenFailure> {
        let backend = http.session().backend();
        let until = later(backend.now(), self.timeout).min(deadline);
        let http = match self.direct || is_near(self.request.uri()) {
            true => &http.direct(),
            false => http,
        };
        let sent = http.send(self.request.clone(), until).await;
        let answer = sent.map_err(|error| TokenFailure::Failed(self.unanswered(error)))?;
        if !answer.complete {
            let message = format!("the answer of {} broke off", self.server());
            return Err(TokenFailure::Failed(Error::new(ErrorKind::Lost, message)));
        }
        if answer.status.is_success() {
            return Ok(answer);
        }
        let error = OAuthError::read(answer.status, &answer.body, &self.secrets);
        if !error.is_temporary() {
            return Err(TokenFailure::Refused(Refusal {
                error,
                date: answer_date(&answer.headers),
                server: self.server().to_owned(),
            }));
        }
        let message = format!("{} can't answer now", self.server());
        let mut failed = Error::new(ErrorKind::Refused, message);
        if let Some(wait) = retry_after(&answer.headers, backend.system_time()) {
            failed = failed.with_retry_after(wait);
        }
        Err(TokenFailure::Failed(failed.with_source(error)))
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

impl TokenFailure {
    /// The error for who wanted the token; `advice` says what to do about a refusal, and where it says
    /// nothing the text is a general one.
    pub fn explain(self, advice: impl FnOnce(&OAuthError) -> Option<String>) -> Error {
        match self {
            Self::Failed(error) => error,
            Self::Refused(refusal) => {
                let advice = advice(&refusal.error);
                refusal.into_error(advice)
            }
        }
    }
}

impl Refusal {
    /// The error for who wanted the token, with what to do about it.
    pub fn into_error(self, advice: Option<String>) -> Error {
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

/// A tenth more or less.
fn spread(wait: Duration, jitter: u64) -> Duration {
    let fraction = (jitter >> 11) as f64 / (1_u64 << 53) as f64;
    wait.mul_f64(0.9 + 0.2 * fraction)
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("server", &self.server())
            .finish_non_exhaustive()
    }
}
