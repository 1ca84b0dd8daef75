use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use push_core::bearer::oauth::{FixedToken, ProvidedTokens, TokenProvider};
use push_core::bearer::{AccessToken, Bearer, TokenSource};
use push_core::http::HttpClient;
use push_core::{Error, ErrorKind, Result};

use super::default;
use super::environment::{Environment, ProcessEnvironment, variable};
use super::file::{AUTHORIZED_USER, EXTERNAL_ACCOUNT, KeyFile, SERVICE_ACCOUNT};
use super::grant::{Asking, Brought, Grant};
use super::metadata::{self, Metadata};
use super::settings::Settings;
use super::url::{Allowed, check};

/// Who sends: Google's credentials, from which access tokens are made.
///
/// Nothing is asked of any server before the first token is needed. Cheap to clone. `Debug` shows no
/// secrets, and no error does.
///
/// # Which project
/// [`project_id`](Self::project_id) is the one that the credentials name, else that of the
/// environment: `projectId` in `FIREBASE_CONFIG`, `GOOGLE_CLOUD_PROJECT`, `GCLOUD_PROJECT`. For
/// [application default credentials](Self::application_default) the environment goes first, and
/// gcloud's configuration comes last, before the metadata server is asked.
#[derive(Clone)]
pub struct Credentials {
    grant: Arc<dyn Grant>,
    settings: Settings,
    origin: Origin,
    project: Option<String>,
    quota_project: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The caller's own choice.
    Given,
    /// Found in the environment.
    Found,
}

impl Credentials {
    /// The key of a service account, which the Firebase console makes under "Service accounts": the
    /// text of the JSON file.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is something else, lacks a field, or its key can't be used;
    /// [`ErrorKind::Config`] when its `token_uri` leads where secrets are not sent to.
    pub fn service_account(json: impl AsRef<[u8]>) -> Result<Self> {
        let file = KeyFile::parse(json.as_ref())?;
        Ok(Self::given(file.grant_of(SERVICE_ACCOUNT)?))
    }

    /// A person's credentials, as `gcloud auth application-default login` leaves them.
    ///
    /// Their tokens are good for what the person has agreed to, whatever the [scope](Self::scope).
    ///
    /// # Errors
    /// As [`service_account`](Self::service_account).
    pub fn authorized_user(json: impl AsRef<[u8]>) -> Result<Self> {
        let file = KeyFile::parse(json.as_ref())?;
        Ok(Self::given(file.grant_of(AUTHORIZED_USER)?))
    }

    /// Workload identity federation: a token of another provider, from a file or a URL, is exchanged
    /// for one of Google's, and that for one of a service account where the configuration says so.
    ///
    /// The configuration is checked: what could be used by whoever gets it is sent to
    /// `googleapis.com` and to this machine only, unless the program itself names another
    /// [server](Self::token_url).
    ///
    /// # Errors
    /// As [`service_account`](Self::service_account); also for sources that are not supported, which
    /// are those of AWS, programs and client certificates.
    pub fn external_account(json: impl AsRef<[u8]>) -> Result<Self> {
        let file = KeyFile::parse(json.as_ref())?;
        Ok(Self::given(file.grant_of(EXTERNAL_ACCOUNT)?))
    }

    /// Credentials of any kind, which their `type` tells: `service_account`, `authorized_user`,
    /// `external_account` or `impersonated_service_account`.
    ///
    /// # Errors
    /// As [`service_account`](Self::service_account).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        Ok(Self::given(KeyFile::parse(json.as_ref())?.grant()?))
    }

    /// Likewise, from a file.
    ///
    /// # Errors
    /// As [`service_account`](Self::service_account); [`ErrorKind::Identity`] when it can't be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let grant = default::read_file(&ProcessEnvironment, path.as_ref())?;
        Ok(Self::given(grant))
    }

    /// Application default credentials: the file that `GOOGLE_APPLICATION_CREDENTIALS` names; else the
    /// one that gcloud leaves in its folder (`CLOUDSDK_CONFIG`, or the usual place); else the
    /// [metadata server](Self::metadata_server), unless `NO_GCE_CHECK` is `true`.
    ///
    /// Files are read now, servers asked when a token is needed. A file that is there and of no use is
    /// an error: nothing else is tried then.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file). Where no metadata server answers either, the first token
    /// fails with [`ErrorKind::Identity`], and the error says where credentials were looked for and
    /// what was found there.
    pub fn application_default() -> Result<Self> {
        Self::application_default_in(Arc::new(ProcessEnvironment))
    }

    /// Likewise, in another environment than the one of this process.
    ///
    /// # Errors
    /// As [`application_default`](Self::application_default).
    pub fn application_default_in(environment: Arc<dyn Environment>) -> Result<Self> {
        let grant = default::find(&*environment)?;
        Ok(Self::new(grant, Origin::Found, environment))
    }

    /// The service account that is attached to the machine, by the metadata server of Google Cloud: at
    /// `metadata.google.internal`, or where `GCE_METADATA_HOST` says.
    ///
    /// It is asked without encryption, as it has none. A client's egress filter must let its
    /// address pass, which is a link-local one.
    pub fn metadata_server() -> Self {
        Self::given(Arc::new(Metadata::new(Vec::new())))
    }

    /// Tokens that the caller brings.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use push_gcm::v1::oauth::{AccessToken, Credentials};
    ///
    /// # async fn ask_elsewhere() -> Result<String, std::io::Error> { Ok("ya29.…".to_owned()) }
    /// let credentials = Credentials::provider(|| async {
    ///     let token = ask_elsewhere().await?;
    ///     Ok(AccessToken::new(token, Some(Duration::from_secs(3600))))
    /// });
    /// ```
    pub fn provider(provider: impl TokenProvider) -> Self {
        Self::given(Arc::new(Brought(ProvidedTokens::new(provider))))
    }

    /// One access token, which is used until the service refuses it, and after that too.
    pub fn access_token(token: impl Into<String>) -> Self {
        Self::given(Arc::new(Brought(FixedToken::new(token))))
    }

    fn given(grant: Arc<dyn Grant>) -> Self {
        Self::new(grant, Origin::Given, Arc::new(ProcessEnvironment))
    }

    fn new(grant: Arc<dyn Grant>, origin: Origin, environment: Arc<dyn Environment>) -> Self {
        let settings = Settings::default();
        let credentials = Self {
            grant,
            settings,
            origin,
            project: None,
            quota_project: None,
        };
        credentials.environment(environment)
    }

    /// Where variables and files are looked up from now on. Default: in this process.
    #[must_use]
    pub fn environment(mut self, environment: Arc<dyn Environment>) -> Self {
        let named = self.grant.project().map(str::to_owned);
        self.project = match self.origin {
            Origin::Given => named.or_else(|| default::project(&*environment)),
            Origin::Found => default::project(&*environment)
                .or(named)
                .or_else(|| default::gcloud_project(&*environment)),
        };
        // The environment speaks for what was found in it only.
        let quota = match self.origin {
            Origin::Given => None,
            Origin::Found => variable(&*environment, "GOOGLE_CLOUD_QUOTA_PROJECT"),
        };
        self.quota_project = quota.or_else(|| self.grant.quota_project().map(str::to_owned));
        self.settings.environment = environment;
        self
    }

    /// What tokens are asked for. Default: `https://www.googleapis.com/auth/firebase.messaging`.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Arc<str>>) -> Self {
        self.settings.scope = scope.into();
        self
    }

    /// Where tokens are asked for, instead of where the credentials say. Assertions are made out to
    /// Google's own endpoint all the same. Over `http://` secrets can be read on the way.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is no URL of a server.
    pub fn token_url(mut self, url: &str) -> Result<Self> {
        self.settings.token_url = Some(check("the token URL", url, Allowed::Any)?);
        Ok(self)
    }

    /// Where tokens of another service account are asked for, instead of where the credentials say.
    ///
    /// # Errors
    /// As [`token_url`](Self::token_url).
    pub fn impersonation_url(mut self, url: &str) -> Result<Self> {
        let url = check("the impersonation URL", url, Allowed::Any)?;
        self.settings.impersonation_url = Some(url);
        Ok(self)
    }

    /// Where the metadata server is: a host with or without a port, or a URL. It goes before
    /// `GCE_METADATA_HOST`.
    ///
    /// # Errors
    /// As [`token_url`](Self::token_url).
    pub fn metadata_host(mut self, host: &str) -> Result<Self> {
        self.settings.metadata_url = Some(metadata::url(host)?);
        Ok(self)
    }

    /// The project, as far as it is known without asking anybody.
    pub fn project_id(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The project whose quota requests are counted against, for the header `x-goog-user-project`:
    /// `GOOGLE_CLOUD_QUOTA_PROJECT`, else what the file names; `None`: that of the credentials.
    pub fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }

    /// The project; asks the metadata server for it where the credentials come from there.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when nobody knows it; else why the metadata server did not tell.
    pub async fn find_project(&self, http: &HttpClient, deadline: Instant) -> Result<String> {
        if let Some(project) = &self.project {
            return Ok(project.clone());
        }
        let asking = self.asking(http, deadline);
        if let Some(project) = self.grant.find_project(&asking).await? {
            return Ok(project);
        }
        let message = format!(
            "{} names no project: give its id to the client, or set GOOGLE_CLOUD_PROJECT",
            self.grant.describe()
        );
        Err(Error::new(ErrorKind::Config, message))
    }

    /// One access token for all requests of a client, which is fetched and renewed over its HTTP
    /// client.
    pub fn bearer(&self, http: &HttpClient) -> Bearer {
        let source = Source {
            credentials: self.clone(),
            http: http.clone(),
        };
        Bearer::new(http.session().backend().clone(), Arc::new(source))
    }

    fn asking<'a>(&'a self, http: &'a HttpClient, deadline: Instant) -> Asking<'a> {
        Asking {
            http,
            settings: &self.settings,
            scope: &self.settings.scope,
            deadline,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("grant", &self.grant)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

/// Credentials in use.
#[derive(Debug)]
struct Source {
    credentials: Credentials,
    http: HttpClient,
}

#[async_trait]
impl TokenSource for Source {
    async fn fetch(&self, deadline: Instant) -> Result<AccessToken> {
        let asking = self.credentials.asking(&self.http, deadline);
        self.credentials.grant.fetch(&asking).await
    }

    fn describe(&self) -> String {
        self.credentials.grant.describe()
    }
}
