//! Who may send on a connection: its certificate, or the tokens of its requests.

use std::fmt;
use std::time::Instant;

use super::provider_key::{Claims, verify};
use super::{Config, Environment, ProviderKey, Reason};
use crate::now::Now;
use crate::topics::Provider;

/// How far a token's time may be ahead of ours.
const CLOCK_SKEW_SECS: u64 = 5 * 60;

/// The credentials of one connection.
#[derive(Default)]
pub(super) struct Credentials {
    certificate: Option<Provider>,
    token: Option<Token>,
    /// The last token that was none, so that it is not verified over and over.
    invalid: Vec<u8>,
}

/// Without the token that was none.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("certificate", &self.certificate)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// The token in use.
struct Token {
    octets: Vec<u8>,
    claims: Claims,
    since: Instant,
}

/// Without the token.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// What a request may use.
#[derive(Debug, Clone, Copy)]
pub(super) enum Granted<'a> {
    Certificate(&'a Provider),
    Key(&'a ProviderKey),
}

impl Credentials {
    /// Of a connection with this client certificate, in DER.
    pub(super) fn new(certificate: Option<&[u8]>) -> Self {
        Self {
            certificate: certificate.map(Provider::of),
            ..Self::default()
        }
    }

    /// There is a certificate, or there was a valid token.
    pub(super) fn are_known(&self) -> bool {
        self.certificate.is_some() || self.token.is_some()
    }

    /// Decides by the `authorization` header where there is one, else by the certificate.
    pub(super) fn check<'a>(
        &'a mut self,
        authorization: Option<&[u8]>,
        config: &Config,
        keys: &'a [ProviderKey],
        now: Now,
    ) -> Result<Granted<'a>, Reason> {
        if let Some(authorization) = authorization {
            let claims = self.token(bearer(authorization)?, config, keys, now)?;
            return Ok(Granted::Key(&keys[claims.key]));
        }
        let Some(provider) = &self.certificate else {
            return Err(Reason::MissingProviderToken);
        };
        if provider.topics.is_empty() {
            return Err(Reason::BadCertificate);
        }
        let (other, this) = match config.environment {
            Environment::Development => (provider.production, provider.development),
            Environment::Production => (provider.development, provider.production),
        };
        if other && !this {
            return Err(Reason::BadCertificateEnvironment);
        }
        Ok(Granted::Certificate(provider))
    }

    fn token(
        &mut self,
        octets: &[u8],
        config: &Config,
        keys: &[ProviderKey],
        now: Now,
    ) -> Result<Claims, Reason> {
        let known = self.token.as_ref().filter(|token| token.octets == octets);
        let claims = match known {
            Some(token) => token.claims,
            None if self.invalid == octets => return Err(Reason::InvalidProviderToken),
            None => match verify(keys, octets) {
                Some(claims) => claims,
                None => {
                    self.invalid.clear();
                    self.invalid.extend_from_slice(octets);
                    return Err(Reason::InvalidProviderToken);
                }
            },
        };
        let seconds = now.since_epoch.as_secs();
        if claims.issued_at > seconds + CLOCK_SKEW_SECS {
            return Err(Reason::InvalidProviderToken);
        }
        let limit = config.max_token_age.as_secs();
        let expired = |claims: Claims| seconds.saturating_sub(claims.issued_at) > limit;
        if expired(claims) {
            return Err(Reason::ExpiredProviderToken);
        }
        if known.is_some() {
            return Ok(claims);
        }
        if let Some(token) = &self.token {
            if token.claims.key != claims.key {
                return Err(Reason::UnrelatedKeyIdInToken);
            }
            let used = now.instant.saturating_duration_since(token.since);
            if used < config.min_token_use && !expired(token.claims) {
                return Err(Reason::TooManyProviderTokenUpdates);
            }
        }
        self.token = Some(Token {
            octets: octets.to_vec(),
            claims,
            since: now.instant,
        });
        Ok(claims)
    }
}

/// The token behind the scheme, which is `bearer` in any case.
fn bearer(authorization: &[u8]) -> Result<&[u8], Reason> {
    let (scheme, rest) = authorization
        .split_at_checked(7)
        .ok_or(Reason::MissingProviderToken)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return Err(Reason::InvalidProviderToken);
    }
    match rest.trim_ascii() {
        [] => Err(Reason::MissingProviderToken),
        token => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const AGE: Duration = Duration::from_secs(1_700_000_000);

    fn key(id: &str) -> ProviderKey {
        ProviderKey::generate(id, "DEF123GHIJ").unwrap()
    }

    fn header(key: &ProviderKey, at: Duration) -> Vec<u8> {
        format!("Bearer {}", key.token(UNIX_EPOCH + at).unwrap()).into_bytes()
    }

    #[test]
    fn a_token_is_renewed_after_its_time_or_when_it_expired() {
        let (config, key) = (Config::default(), key("ABC123DEFG"));
        let keys = [key.clone()];
        let mut credentials = Credentials::default();
        let start = Now {
            instant: Instant::now(),
            since_epoch: AGE,
        };
        let later = |seconds| Now {
            instant: start.instant + Duration::from_secs(seconds),
            since_epoch: AGE + Duration::from_secs(seconds),
        };
        let mut reason = |authorization: &[u8], now| {
            credentials
                .check(Some(authorization), &config, &keys, now)
                .err()
        };
        let first = header(&key, AGE - Duration::from_secs(3500));
        let second = header(&key, AGE);
        assert_eq!(reason(&first, start), None);
        assert_eq!(
            reason(&second, later(60)),
            Some(Reason::TooManyProviderTokenUpdates)
        );
        assert_eq!(
            reason(&first, later(101)),
            Some(Reason::ExpiredProviderToken)
        );
        assert_eq!(
            reason(&second, later(102)),
            None,
            "the first one has expired"
        );
        let third = header(&key, AGE + Duration::from_secs(1000));
        assert_eq!(
            reason(&third, later(1301)),
            Some(Reason::TooManyProviderTokenUpdates)
        );
        assert_eq!(reason(&third, later(1302)), None, "after twenty minutes");
    }

    #[test]
    fn a_connection_stays_with_its_first_key() {
        let (config, one, two) = (Config::default(), key("ABC123DEFG"), key("ABC123DEFH"));
        let keys = [one.clone(), two.clone()];
        let mut credentials = Credentials::default();
        let now = Now {
            instant: Instant::now(),
            since_epoch: AGE,
        };
        let mut reason = |authorization: &[u8]| {
            credentials
                .check(Some(authorization), &config, &keys, now)
                .err()
        };
        assert_eq!(reason(&header(&one, AGE)), None);
        assert_eq!(
            reason(&header(&two, AGE)),
            Some(Reason::UnrelatedKeyIdInToken)
        );
        let ahead = header(&one, AGE + Duration::from_secs(301));
        assert_eq!(reason(&ahead), Some(Reason::InvalidProviderToken));
        assert_eq!(reason(b"Basic abc"), Some(Reason::InvalidProviderToken));
        assert_eq!(reason(b"bearer  "), Some(Reason::MissingProviderToken));
    }
}
