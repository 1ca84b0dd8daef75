//! Credentials, and the access tokens that are made from them.
//!
//! There are two kinds, and neither serves the other's channels. A UWP app has a Package SID and a secret
//! from the Partner Center, [`Credentials::package`]; an app of the Windows App SDK has an application in
//! Microsoft Entra ID, [`Credentials::entra`]. A client makes one [`Bearer`](push_core::bearer::Bearer) of
//! them: one token for all its requests, fetched once for all who wait, and renewed in the background before
//! it ends.
//!
//! What a token server says is kept as an [`OAuthError`] among the causes of the error, whose own text
//! says what to do. Requests that may fare better later are made up to three times, a second and
//! then two apart, and at most a minute long. No redirect is followed.

mod advice;
mod app;
mod credentials;

pub use credentials::Credentials;
pub use push_core::bearer::AccessToken;
pub use push_core::bearer::oauth::{OAuthCode, OAuthError, TokenProvider};
