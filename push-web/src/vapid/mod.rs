//! Who sends: tokens by which push services know a sender (RFC 8292).

mod error;
mod key;
mod subject;
mod token;
mod tokens;

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

pub use self::error::InvalidVapid;
pub use self::key::VapidKey;
pub use self::token::{VapidForm, VapidToken};
pub use self::tokens::VapidTokens;

use self::error::Fault;

/// What VAPID tokens say, and the key that signs them. Without any I/O; [`VapidTokens`] keeps those that
/// were signed.
///
/// ```
/// # use std::time::{Duration, UNIX_EPOCH};
/// # use push_web::{Vapid, VapidForm, VapidKey};
/// let vapid = Vapid::new(VapidKey::generate()?).subject("mailto:ops@example.org");
/// let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let token = vapid.sign("https://push.example.net", now)?;
/// assert_eq!(token.expires_at(), now + Duration::from_secs(12 * 60 * 60));
/// let header = token.authorization(VapidForm::Rfc8292);
/// assert!(header.to_str()?.starts_with("vapid t="));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Vapid {
    key: VapidKey,
    subject: Option<String>,
    lifetime: Duration,
    claims: Vec<(String, Value)>,
}

impl Vapid {
    /// How long a token lives where nothing else is said: half of what is allowed, since the clocks of sender
    /// and service differ.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
    /// How long a token may live (RFC 8292, section 2).
    pub const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

    /// Tokens signed by this key.
    pub fn new(key: VapidKey) -> Self {
        Self {
            key,
            subject: None,
            lifetime: Self::DEFAULT_LIFETIME,
            claims: Vec::new(),
        }
    }

    /// Whom a push service may write to when something is wrong: `mailto:ops@example.org`, or an `https`
    /// URL (RFC 8292, section 2.1). Without spaces and angle brackets, and not at `localhost`: Apple answers
    /// such with 403 `BadJwtToken`, so they are refused here, for every push service. Default: none, which
    /// not every service takes.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// How long a token lives: at least a second, and no more than 24 hours (RFC 8292, section 2);
    /// fractions of a second are cut off. Apple asks for no more than one new token in an hour, so less
    /// than 80 minutes is for tests. Default: 12 hours.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Another claim of the tokens; the last one of a name counts.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        self.claims.retain(|(known, _)| *known != name);
        self.claims.push((name, value.into()));
        self
    }

    /// The key that signs.
    pub fn key(&self) -> &VapidKey {
        &self.key
    }

    /// Whether a subject was given.
    pub fn has_subject(&self) -> bool {
        self.subject.is_some()
    }

    /// Whether push services can take these tokens: subject, lifetime, and the names of claims.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), InvalidVapid> {
        if let Some(subject) = &self.subject {
            subject::check(subject)?;
        }
        if self.lifetime < Duration::from_secs(1) || self.lifetime > Self::MAX_LIFETIME {
            let given = self.lifetime;
            return Err(Fault::Lifetime { given }.into());
        }
        match self
            .claims
            .iter()
            .find(|(name, _)| ["aud", "exp", "sub"].contains(&name.as_str()))
        {
            Some((name, _)) => Err(Fault::Claim { name: name.clone() }.into()),
            None => Ok(()),
        }
    }

    /// Signs a token for a push service, by the origin of its endpoints
    /// ([`Endpoint::origin`](crate::Endpoint::origin)).
    ///
    /// # Errors
    /// As [`check`](Self::check), and when the cryptographic library refuses.
    pub fn sign(&self, origin: &str, now: SystemTime) -> Result<VapidToken, InvalidVapid> {
        const HEADER: &[u8] = br#"{"typ":"JWT","alg":"ES256"}"#;
        self.check()?;
        let since = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let expires = since.as_secs().saturating_add(self.lifetime.as_secs());
        let claims = Claims {
            origin,
            expires,
            vapid: self,
        };
        let refused = |error| Fault::Unsigned(error);
        let unusable = |_| {
            refused(push_core::Error::new(
                push_core::ErrorKind::Config,
                "the VAPID token is no header value",
            ))
        };
        let claims = serde_json::to_vec(&claims).map_err(|error| {
            let message = "the claims of the VAPID token are no JSON";
            refused(push_core::Error::new(push_core::ErrorKind::Config, message).with_source(error))
        })?;
        let jwt = self.key.sign_jwt(HEADER, &claims).map_err(refused)?;
        let expires_at = SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(expires))
            .unwrap_or(now);
        Ok(VapidToken::new(&jwt, self.key.public_text(), expires_at).map_err(unusable)?)
    }
}

/// What a token says.
struct Claims<'a> {
    origin: &'a str,
    expires: u64,
    vapid: &'a Vapid,
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("aud", self.origin)?;
        map.serialize_entry("exp", &self.expires)?;
        if let Some(subject) = &self.vapid.subject {
            map.serialize_entry("sub", subject)?;
        }
        for (name, value) in &self.vapid.claims {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Debug for Vapid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vapid")
            .field("key", &self.key)
            .field("subject", &self.subject)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
