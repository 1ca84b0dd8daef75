use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderValue;
use http::header::InvalidHeaderValue;

/// How a VAPID token is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VapidForm {
    /// `Authorization: vapid t=…, k=…` (RFC 8292). The default.
    #[default]
    Rfc8292,
    /// `Authorization: WebPush …`, with `p256ecdsa=…` in `Crypto-Key` (draft-ietf-webpush-vapid-01): what
    /// goes with `aesgcm`.
    Draft01,
}

/// A signed token: proves to one push service who sends, until it ends. A secret.
#[derive(Clone)]
pub struct VapidToken {
    rfc8292: HeaderValue,
    draft01: HeaderValue,
    crypto_key: Arc<str>,
    expires_at: SystemTime,
}

impl VapidToken {
    /// What stands in front of the token.
    const WEB_PUSH: &str = "WebPush ";

    pub(super) fn new(
        jwt: &str,
        public_key: &str,
        expires_at: SystemTime,
    ) -> Result<Self, InvalidHeaderValue> {
        // Kept out of logs, and out of compression tables.
        let sensitive = |text: String| {
            let mut value = HeaderValue::try_from(text)?;
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Self {
            rfc8292: sensitive(format!("vapid t={jwt}, k={public_key}"))?,
            draft01: sensitive(format!("{}{jwt}", Self::WEB_PUSH))?,
            crypto_key: format!("p256ecdsa={public_key}").into(),
            expires_at,
        })
    }

    /// The token itself, a JWT.
    pub fn jwt(&self) -> &str {
        let text = self.draft01.to_str().unwrap_or_default();
        text.strip_prefix(Self::WEB_PUSH).unwrap_or_default()
    }

    /// When it ends, to the second.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// The header `Authorization`, marked as sensitive.
    pub fn authorization(&self, form: VapidForm) -> HeaderValue {
        match form {
            VapidForm::Rfc8292 => self.rfc8292.clone(),
            VapidForm::Draft01 => self.draft01.clone(),
        }
    }

    /// What belongs into the header `Crypto-Key` with [`VapidForm::Draft01`]: `p256ecdsa=…`. Where `dh=…`
    /// stands there too, a semicolon goes between them.
    pub fn crypto_key(&self) -> &str {
        &self.crypto_key
    }
}

impl fmt::Debug for VapidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
