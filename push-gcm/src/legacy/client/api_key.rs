use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use push_core::ErrorKind;

use crate::legacy::Error;

/// The server's API key, which nothing shows.
#[derive(Clone)]
pub(super) struct ApiKey {
    text: Arc<str>,
    header: HeaderValue,
}

impl ApiKey {
    /// White space around it is that of the file it comes from.
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let fault = |message: &str| push_core::Error::new(ErrorKind::Config, message);
        if text.is_empty() {
            return Err(fault("the API key is empty").into());
        }
        let fit = text.bytes().all(|byte| byte.is_ascii_graphic());
        let header = HeaderValue::from_str(&format!("key={text}")).ok();
        let Some(mut header) = header.filter(|_| fit) else {
            let message = "the API key has characters that none has: give it without key= and \
                           without anything around it";
            return Err(fault(message).into());
        };
        header.set_sensitive(true);
        Ok(Self {
            text: text.into(),
            header,
        })
    }

    /// The header `authorization`.
    pub(super) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// What must not be repeated.
    pub(super) fn secret(&self) -> Arc<str> {
        self.text.clone()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_as_it_stands_in_a_file_and_never_shown() {
        let key = ApiKey::new(" AIzaSy_s3cret\n").unwrap();
        assert_eq!(key.header(), "key=AIzaSy_s3cret");
        assert!(key.header().is_sensitive());
        assert_eq!(format!("{key:?} {:?}", key.header()), "ApiKey(…) Sensitive");
        for bad in ["", " \n", "s3cret key", "s3cret\nx", "s3crét"] {
            let error = ApiKey::new(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad:?}");
            assert!(!format!("{error:?} {error}").contains("s3c"), "{error:?}");
        }
    }
}
