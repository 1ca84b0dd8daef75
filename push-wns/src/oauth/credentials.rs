use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use http::Uri;
use push_core::Result;
use push_core::bearer::oauth::{FixedToken, ProvidedTokens, TokenProvider, url};
use push_core::bearer::{AccessToken, Bearer, TokenSource};
use push_core::http::HttpClient;

use super::app::App;

/// Who sends: an app's credentials, from which access tokens are made.
///
/// Nothing is asked of any server before the first token is needed. Cheap to clone. `Debug` shows no
/// secrets, and no error does.
///
/// ```
/// use push_wns::Credentials;
///
/// # fn main() -> push_core::Result<()> {
/// // A UWP app, with what the Partner Center shows under "WNS/MPNS".
/// let uwp = Credentials::package("ms-app://S-1-15-2-2972962901-2322836549", "Vex8L9WOFZuj95euaLrvSH7XyoDhLJc7")?;
/// // An app of the Windows App SDK, with its registration in Microsoft Entra ID.
/// let sdk = Credentials::entra(
///     "contoso.onmicrosoft.com",
///     "72f988bf-86f1-41af-91ab-2d7cd011db47",
///     "xyz8Q~WlFZuj95euaLrvSH7XyoDhLJc7",
/// )?;
/// assert_eq!(
///     sdk.describe(),
///     "the application 72f988bf-86f1-41af-91ab-2d7cd011db47 of tenant contoso.onmicrosoft.com"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Credentials {
    source: Source,
    scope: Option<Arc<str>>,
    token_url: Option<Uri>,
}

#[derive(Clone, Debug)]
enum Source {
    App(Arc<App>),
    /// Tokens that the caller brings.
    Brought(Arc<dyn TokenSource>),
}

impl Credentials {
    /// A UWP app: its Package SID, `ms-app://S-1-15-2-…` or without the scheme, and its secret, both from
    /// the Partner Center. Tokens come from `https://login.live.com/accesstoken.srf`.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`](push_core::ErrorKind::Identity) when one of them is empty or can't be what it
    /// is said to be.
    pub fn package(sid: impl AsRef<str>, secret: impl Into<String>) -> Result<Self> {
        let app = App::package(sid.as_ref(), secret.into())?;
        Ok(Self::new(Source::App(Arc::new(app))))
    }

    /// An app of the Windows App SDK: the tenant of its registration in Microsoft Entra ID (a GUID or a
    /// domain), its application id, and the value of a client secret. Tokens come from
    /// `https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`.
    ///
    /// # Errors
    /// As [`package`](Self::package).
    pub fn entra(
        tenant: impl AsRef<str>,
        app_id: impl AsRef<str>,
        secret: impl Into<String>,
    ) -> Result<Self> {
        let app = App::entra(tenant.as_ref(), app_id.as_ref(), secret.into())?;
        Ok(Self::new(Source::App(Arc::new(app))))
    }

    /// Tokens that the caller brings.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use push_wns::Credentials;
    /// use push_wns::oauth::AccessToken;
    ///
    /// # async fn ask_elsewhere() -> Result<String, std::io::Error> { Ok("EgAc…".to_owned()) }
    /// let credentials = Credentials::provider(|| async {
    ///     let token = ask_elsewhere().await?;
    ///     Ok(AccessToken::new(token, Some(Duration::from_secs(3600))))
    /// });
    /// ```
    pub fn provider(provider: impl TokenProvider) -> Self {
        Self::new(Source::Brought(Arc::new(ProvidedTokens::new(provider))))
    }

    /// One access token, which is used until WNS refuses it, and after that too.
    pub fn access_token(token: impl Into<String>) -> Self {
        Self::new(Source::Brought(Arc::new(FixedToken::new(token))))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            scope: None,
            token_url: None,
        }
    }

    /// What tokens are asked for. Default: `notify.windows.com` for a UWP app,
    /// `https://wns.windows.com/.default` for one of the Windows App SDK. Changes nothing about tokens
    /// that the caller brings.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Arc<str>>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Where tokens are asked for, instead of at Microsoft: **the secret is sent there**. Over `http://`,
    /// which is for this machine and trusted networks, it can be read on the way. Changes nothing about
    /// tokens that the caller brings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](push_core::ErrorKind::Config) when it is no URL of a server.
    pub fn token_url(mut self, token_url: &str) -> Result<Self> {
        self.token_url = Some(url("the token URL", token_url)?);
        Ok(self)
    }

    /// Whose they are, for errors and logs: `the package ms-app://S-1-15-2-…`, or `the application GUID of
    /// tenant T`.
    pub fn describe(&self) -> String {
        match &self.source {
            Source::App(app) => app.describe(),
            Source::Brought(source) => source.describe(),
        }
    }

    /// One access token for all requests of a client, which is fetched and renewed over its HTTP
    /// client.
    pub fn bearer(&self, http: &HttpClient) -> Bearer {
        let backend = http.session().backend().clone();
        match &self.source {
            Source::App(_) => {
                let source = InUse {
                    credentials: self.clone(),
                    http: http.clone(),
                };
                Bearer::new(backend, Arc::new(source))
            }
            Source::Brought(source) => Bearer::new(backend, source.clone()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("source", &self.source)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Credentials in use.
#[derive(Debug)]
struct InUse {
    credentials: Credentials,
    http: HttpClient,
}

#[async_trait]
impl TokenSource for InUse {
    async fn fetch(&self, deadline: Instant) -> Result<AccessToken> {
        let Credentials {
            source,
            scope,
            token_url,
        } = &self.credentials;
        let app = match source {
            Source::App(app) => app,
            Source::Brought(source) => return source.fetch(deadline).await,
        };
        let token_url = match token_url {
            Some(url) => url.clone(),
            None => app.token_url()?,
        };
        let scope = scope.as_deref().unwrap_or_else(|| app.scope());
        app.fetch(&self.http, token_url, scope, deadline).await
    }

    fn describe(&self) -> String {
        self.credentials.describe()
    }
}
