//! Who the client is to the service: the credentials in force, and the project.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use push_core::bearer::Bearer;
use push_core::http::{BaseUrl, HttpClient};
use push_core::{Backend, Error, ErrorKind, Lock, Result, Session, Verdict};

use crate::v1::Credentials;

/// Who pays for the request, where it is not the project of the credentials.
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

/// The credentials in force, and what follows from them.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) bearer: Bearer,
    credentials: Credentials,
    /// What every request says, with a place for the token.
    pub(super) headers: HeaderMap,
    project: OnceLock<Project>,
    looked_up: LookUp,
}

/// Who looks up the project, and how that went.
#[derive(Debug)]
struct LookUp {
    backend: Arc<dyn Backend>,
    /// Held by the one who asks.
    asking: Arc<dyn Lock>,
    /// Why the last one did not come to know it, and when.
    failed: Mutex<Option<(Instant, Error)>>,
}

/// For so long, nobody asks again for a project that could not be found.
const PAUSE: Duration = Duration::from_secs(5);

/// A project, and where its messages go.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) messages: Uri,
}

impl Access {
    /// Nothing is asked of anybody yet.
    pub(super) fn new(
        http: &HttpClient,
        base: &BaseUrl,
        credentials: Credentials,
        project: Option<&str>,
    ) -> Result<Self> {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=UTF-8"),
        );
        let agent = HeaderValue::from_static(push_core::http::USER_AGENT);
        headers.insert(USER_AGENT, agent);
        if let Some(quota) = credentials.quota_project() {
            let value = HeaderValue::from_str(quota).map_err(|error| {
                let message = format!("the quota project {quota:?} is none: expected a project id");
                Error::new(ErrorKind::Config, message).with_source(error)
            })?;
            headers.insert(QUOTA_PROJECT, value);
        }
        headers.insert(AUTHORIZATION, HeaderValue::from_static(""));
        let known = project.or_else(|| credentials.project_id());
        let known = known.map(|id| Project::new(base, id)).transpose()?;
        Ok(Self {
            bearer: credentials.bearer(http),
            credentials,
            headers,
            project: known.map_or_else(OnceLock::new, OnceLock::from),
            looked_up: LookUp::new(http),
        })
    }

    /// The project; asks for it where neither the caller nor the credentials name it: one asks for all
    /// who wait.
    pub(super) async fn project(
        &self,
        http: &HttpClient,
        base: &BaseUrl,
        deadline: Instant,
    ) -> Result<&Project> {
        match self.project.get() {
            Some(project) => Ok(project),
            // Boxed, since it hardly ever happens.
            None => Box::pin(self.look_up(http, base, deadline)).await,
        }
    }

    async fn look_up(
        &self,
        http: &HttpClient,
        base: &BaseUrl,
        deadline: Instant,
    ) -> Result<&Project> {
        let LookUp {
            backend, asking, ..
        } = &self.looked_up;
        let session = http.session();
        let limit = select(backend.sleep_until(deadline), session.closed());
        let Either::Left((_turn, _)) = select(asking.lock(), limit).await else {
            return Err(match session.is_closed() {
                true => Error::new(ErrorKind::Closed, "not sent: the session was shut down"),
                false => {
                    let message = "the project was not found before the deadline";
                    Error::new(ErrorKind::Timeout, message)
                }
            });
        };
        if let Some(project) = self.project.get() {
            return Ok(project);
        }
        self.looked_up.pause(session, deadline).await?;
        let found = self.credentials.find_project(http, deadline).await;
        let project = found
            .map_err(|error| self.looked_up.fail(error))
            .and_then(|id| Project::new(base, &id))?;
        Ok(self.project.get_or_init(|| project))
    }
}

impl LookUp {
    fn new(http: &HttpClient) -> Self {
        let backend = http.session().backend().clone();
        Self {
            asking: backend.create_lock(),
            failed: Mutex::default(),
            backend,
        }
    }

    fn failed(&self) -> MutexGuard<'_, Option<(Instant, Error)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it may be asked again after a failure; that failure where it will not pass by itself,
    /// or not before the deadline.
    async fn pause(&self, session: &Session, deadline: Instant) -> Result<()> {
        let failed = self.failed().clone();
        let Some((at, error)) = failed else {
            return Ok(());
        };
        let wait = PAUSE.saturating_sub(self.backend.now().saturating_duration_since(at));
        if wait.is_zero() {
            return Ok(());
        }
        let until = session.deadline(wait);
        if until >= deadline || !matches!(error.verdict(), Verdict::RetryAfter(_)) {
            return Err(error.with_retry_after(wait));
        }
        // A bulk send would else run through all of its devices in that time, in vain.
        select(self.backend.sleep_until(until), session.closed()).await;
        Ok(())
    }

    /// Keeps a failure for those who wait. No push was sent, so none may have been taken.
    fn fail(&self, error: Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::Unanswered => ErrorKind::Timeout,
            ErrorKind::Lost => ErrorKind::Connect,
            ErrorKind::Egress | ErrorKind::InvalidMessage => ErrorKind::Config,
            ErrorKind::Rejected => ErrorKind::Identity,
            kind => kind,
        };
        let message =
            "the project of the credentials was not found: name it by the builder's `project`";
        let wait = error.retry_after().unwrap_or_default().max(PAUSE);
        let told = Error::new(kind, message).with_retry_after(wait);
        let told = told.with_source(error);
        *self.failed() = Some((self.backend.now(), told.clone()));
        told
    }
}

impl Project {
    fn new(base: &BaseUrl, id: &str) -> Result<Self> {
        // Ids and numbers, and old ids with the domain of their owner: "example.com:name".
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_');
        // One of dots alone would lead elsewhere.
        if id.bytes().all(|byte| byte == b'.') || !id.bytes().all(fits) {
            let message = format!(
                "{id:?} is no project: expected its id, such as my-project-1234, or its number"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Self {
            messages: base.join(&format!("/v1/projects/{id}/messages:send"))?,
            id: id.to_owned(),
        })
    }
}
