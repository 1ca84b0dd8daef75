//! Asking a token server for an access token (RFC 6749): what the credentials of several services have in
//! common. Which request is made, and what its refusal means, each service knows.
//!
//! A [`TokenRequest`] is made up to three times, a second and then two apart, where that may help, and never
//! past its deadline. What was sent in secret does not come back in an error. What the server says is kept
//! as an [`OAuthError`] among the causes of the error, whose own text says what to do.

mod answer;
mod error;
mod form;
mod provider;
mod request;
mod url;

pub use answer::TokenAnswer;
pub use error::{OAuthCode, OAuthError};
pub use form::percent_encode;
pub use provider::{FixedToken, ProvidedTokens, TokenProvider};
pub use request::{Refusal, TokenFailure, TokenRequest};
pub use url::{is_metadata_server, is_this_machine, url, url_where};
