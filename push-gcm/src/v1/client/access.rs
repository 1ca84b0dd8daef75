//! Who the client is to the service: the credentials in force, and the project.

use std::sync::OnceLock;
use std::time::Instant;

use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use push_core::bearer::Bearer;
use push_core::http::{BaseUrl, HttpClient};
use push_core::{Error, ErrorKind, Result};

use crate::v1::Credentials;

/// Who pays for the request, where it is not the project of the credentials.
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

const AGENT: &str = concat!("anypush/", env!("CARGO_PKG_VERSION"));

/// The credentials in force, and what follows from them.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) bearer: Bearer,
    credentials: Credentials,
    /// What every request says, with a place for the token.
    pub(super) headers: HeaderMap,
    project: OnceLock<Project>,
}

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
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
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
        })
    }

    /// The project; asks for it where neither the caller nor the credentials name it.
    pub(super) async fn project(
        &self,
        http: &HttpClient,
        base: &BaseUrl,
        deadline: Instant,
    ) -> Result<&Project> {
        if let Some(project) = self.project.get() {
            return Ok(project);
        }
        let id = self.credentials.find_project(http, deadline).await?;
        let project = Project::new(base, &id)?;
        Ok(self.project.get_or_init(|| project))
    }
}

impl Project {
    fn new(base: &BaseUrl, id: &str) -> Result<Self> {
        // Ids and numbers, and old ids with the domain of their owner: "example.com:name".
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_');
        if id.is_empty() || !id.bytes().all(fits) {
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
