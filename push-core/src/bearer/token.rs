use std::fmt;
use std::time::Duration;

use http::HeaderValue;

use crate::{Error, ErrorKind, Result};

/// An access token as its source gave it. `Debug` does not show it.
#[derive(Clone)]
pub struct AccessToken {
    text: String,
    lifetime: Option<Duration>,
}

impl AccessToken {
    /// A token, and for how long it is good from the time when it was asked for; `None` when its
    /// source doesn't say: such a token is kept until the service refuses it.
    pub fn new(text: impl Into<String>, lifetime: Option<Duration>) -> Self {
        Self {
            text: text.into(),
            lifetime,
        }
    }

    /// The token itself: a secret.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For how long it is good.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// The `authorization` header with this token.
    pub(super) fn header(&self) -> Result<HeaderValue> {
        let is_of_a_token = |byte: u8| byte.is_ascii_graphic();
        if self.text.is_empty() || !self.text.bytes().all(is_of_a_token) {
            let message = match self.text.len() {
                0 => "the access token is empty".to_owned(),
                length => format!(
                    "the access token of {length} bytes can't be sent: expected visible ASCII \
                     characters and no spaces"
                ),
            };
            return Err(Error::new(ErrorKind::Identity, message));
        }
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", self.text)).map_err(|error| {
                Error::new(ErrorKind::Identity, "the access token is no header value")
                    .with_source(error)
            })?;
        // Kept out of logs, and out of the compression table.
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// A token that [`Bearer`](super::Bearer) keeps, ready for requests. `Debug` does not show it.
#[derive(Clone)]
pub struct Token {
    header: HeaderValue,
    generation: u64,
}

impl Token {
    pub(super) fn new(header: HeaderValue, generation: u64) -> Self {
        Self { header, generation }
    }

    /// The value of the `authorization` header: `Bearer …`, marked as sensitive.
    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Counts the tokens of one [`Bearer`](super::Bearer), from 1: tells an old one from a new one.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_becomes_a_header_that_is_not_shown() {
        let access = AccessToken::new("ya29.secret", None);
        let token = Token::new(access.header().unwrap(), 1);
        assert_eq!(token.header(), "Bearer ya29.secret");
        assert!(token.header().is_sensitive());
        let shown = format!("{access:?} {token:?} {:?}", token.header());
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn what_can_t_be_a_token_is_refused_and_not_shown() {
        for text in ["", "two words", "line\nX-Other: 1", "sécret"] {
            let error = AccessToken::new(text, None).header().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Identity, "{text:?}");
            assert!(text.is_empty() || !error.report().contains(text));
        }
    }
}
