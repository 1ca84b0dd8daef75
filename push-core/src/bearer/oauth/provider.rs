//! Tokens that the caller brings.

use std::error::Error as StdError;
use std::fmt;
use std::time::Instant;

use async_trait::async_trait;

use crate::bearer::{AccessToken, TokenSource};
use crate::{Error, ErrorKind, Result};

/// Gives access tokens: for programs that have an authentication library already, or need one of
/// the ways that are not known here.
///
/// Functions are providers too:
///
/// ```
/// use std::time::Duration;
///
/// use push_core::bearer::AccessToken;
/// use push_core::bearer::oauth::ProvidedTokens;
///
/// # async fn ask_elsewhere() -> Result<String, std::io::Error> { Ok("ya29.…".to_owned()) }
/// let tokens = ProvidedTokens::new(|| async {
///     let token = ask_elsewhere().await?;
///     Ok(AccessToken::new(token, Some(Duration::from_secs(3600))))
/// });
/// ```
///
/// # Contract
/// - Each call gives a token that is as good as can be: it is called once for all who wait, again
///   before the token ends, and when the service has refused it.
/// - The future ends within a minute; later it is dropped.
/// - An error that is a [`push_core::Error`](Error) keeps its kind: one of
///   [`ErrorKind::Identity`] says that the credentials are at fault. Every other error is taken as
///   one that passes. Neither shows secrets.
#[async_trait]
pub trait TokenProvider: Send + Sync + 'static {
    /// Gives a token.
    ///
    /// # Errors
    /// Why there is none.
    async fn token(&self) -> Result<AccessToken, Box<dyn StdError + Send + Sync>>;
}

#[async_trait]
impl<F, Fut> TokenProvider for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken, Box<dyn StdError + Send + Sync>>> + Send,
{
    async fn token(&self) -> Result<AccessToken, Box<dyn StdError + Send + Sync>> {
        self().await
    }
}

/// The tokens of a provider.
pub struct ProvidedTokens<P>(P);

impl<P: TokenProvider> ProvidedTokens<P> {
    /// The provider is asked when a token is needed.
    pub fn new(provider: P) -> Self {
        Self(provider)
    }
}

#[async_trait]
impl<P: TokenProvider> TokenSource for ProvidedTokens<P> {
    async fn fetch(&self, _: Instant) -> Result<AccessToken> {
        self.0.token().await.map_err(|error| {
            let (kind, wait) = match error.downcast_ref::<Error>() {
                Some(error) => (error.kind(), error.retry_after()),
                None => (ErrorKind::Refused, None),
            };
            let told = Error::new(kind, "the token provider has failed");
            let told = match wait {
                Some(wait) => told.with_retry_after(wait),
                None => told,
            };
            told.with_source(error)
        })
    }

    fn describe(&self) -> String {
        "the token provider".to_owned()
    }
}

impl<P> fmt::Debug for ProvidedTokens<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProvidedTokens(…)")
    }
}

/// One access token, which is used until the service refuses it, and after that too.
#[derive(Debug)]
pub struct FixedToken(AccessToken);

impl FixedToken {
    /// This one.
    pub fn new(token: impl Into<String>) -> Self {
        Self(AccessToken::new(token, None))
    }
}

#[async_trait]
impl TokenSource for FixedToken {
    async fn fetch(&self, _: Instant) -> Result<AccessToken> {
        Ok(self.0.clone())
    }

    fn describe(&self) -> String {
        "the access token that was given".to_owned()
    }
}
