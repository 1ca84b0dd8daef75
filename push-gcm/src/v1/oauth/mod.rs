//! Google's credentials, and the access tokens that are made from them.
//!
//! [`Credentials`] say who sends: a service account, a person, an account of another provider,
//! whatever the environment gives, or tokens that the caller brings. A client makes one
//! [`Bearer`](push_core::bearer::Bearer) of them: one token for all its requests, fetched once for all who
//! wait, and renewed in the background before it ends.
//!
//! What a token server says is kept as an [`OAuthError`] among the causes of the error, whose own text
//! says what to do. Requests that may fare better later are made up to three times, a second and
//! then two apart, and at most a minute long.

mod advice;
mod authorized_user;
mod credentials;
mod default;
mod environment;
mod external_account;
mod file;
mod grant;
mod impersonation;
mod metadata;
mod service_account;
mod settings;
mod subject;
mod url;

pub use credentials::Credentials;
pub use environment::{Environment, ProcessEnvironment};
pub use push_core::bearer::AccessToken;
pub use push_core::bearer::oauth::{OAuthCode, OAuthError, TokenProvider};
