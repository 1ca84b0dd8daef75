use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use push_core::http::{Authorize, ConnectionCredential, Rejected};
use push_core::sign::Es256Key;
use push_core::{Error, ErrorKind, Result};

/// Apple's limit: a token is renewed no more often than this on one connection.
const MIN_AGE: Duration = Duration::from_secs(20 * 60);

/// Apple's limit: a token is refused once it is older than this.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// Apple's limit leaves room for a clock that is off by a few minutes.
const DEFAULT_AGE: Duration = Duration::from_secs(50 * 60);

/// After a token was refused as expired and renewed, another refusal within this time shows that
/// renewing does not help: the clock is wrong.
const FORCED_AGAIN: Duration = Duration::from_secs(60);

/// A signing key with which provider tokens are made (JWT with ES256).
///
/// Every connection has a token of its own, since Apple counts their renewals by connection.
#[derive(Clone)]
pub struct ProviderToken {
    key: Es256Key,
    key_id: Arc<str>,
    team_id: Arc<str>,
    max_age: Duration,
    renewals: Arc<Mutex<Renewals>>,
}

/// Renewals that the service forced, which all connections of this key share.
#[derive(Debug, Default)]
struct Renewals {
    generation: u64,
    last: Option<SystemTime>,
}

impl ProviderToken {
    /// Of a signing key in PEM, as Apple's `AuthKey_….p8` files hold it, its key id and the team's
    /// id, each of ten letters and digits.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the key can't be read, [`ErrorKind::Config`] when an id is
    /// empty or has other characters than letters and digits.
    pub fn from_p8(pem: impl AsRef<[u8]>, key_id: &str, team_id: &str) -> Result<Self> {
        check_id("key id", key_id)?;
        check_id("team id", team_id)?;
        Ok(Self {
            key: Es256Key::from_pem(pem)?,
            key_id: key_id.into(),
            team_id: team_id.into(),
            max_age: DEFAULT_AGE,
            renewals: Arc::default(),
        })
    }

    /// How old a token may get before another one takes its place. Default: 50 minutes; brought
    /// into the 20 to 60 minutes that Apple allows.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age.clamp(MIN_AGE, MAX_AGE);
        self
    }

    /// What connections are shared by: key and team.
    pub(crate) fn scope(&self) -> String {
        let key = self.key.fingerprint();
        let key = key.iter().take(8).fold(String::new(), |mut text, byte| {
            text.push_str(&format!("{byte:02x}"));
            text
        });
        format!("{}/{}/{key}", self.team_id, self.key_id)
    }

    fn sign(&self, issued: SystemTime) -> Result<HeaderValue> {
        let seconds = issued
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, self.key_id);
        let claims = format!(r#"{{"iss":"{}","iat":{seconds}}}"#, self.team_id);
        let token = self.key.sign_jwt(header.as_bytes(), claims.as_bytes())?;
        let mut value = HeaderValue::try_from(format!("bearer {token}")).map_err(|error| {
            Error::new(ErrorKind::Identity, "the provider token is no header value")
                .with_source(error)
        })?;
        // Kept out of logs, and out of the compression table, as Apple asks.
        value.set_sensitive(true);
        Ok(value)
    }

    fn renewals(&self) -> std::sync::MutexGuard<'_, Renewals> {
        self.renewals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_id(name: &str, id: &str) -> Result<()> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let message = format!("the {name} is {id:?}; expected ten letters and digits");
    Err(Error::new(ErrorKind::Config, message))
}

impl fmt::Debug for ProviderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderToken")
            .field("key_id", &self.key_id)
            .field("team_id", &self.team_id)
            .finish_non_exhaustive()
    }
}

impl Authorize for ProviderToken {
    fn attach(&self) -> Box<dyn ConnectionCredential> {
        Box::new(ConnectionToken {
            generation: self.renewals().generation,
            provider: self.clone(),
            current: None,
        })
    }
}

/// The token of one connection.
struct ConnectionToken {
    provider: ProviderToken,
    generation: u64,
    current: Option<(HeaderValue, SystemTime)>,
}

impl ConnectionCredential for ConnectionToken {
    fn header(&mut self, now: SystemTime) -> Result<HeaderValue> {
        if let Some((value, issued)) = &self.current {
            let age = match now.duration_since(*issued) {
                Ok(age) => age,
                // The clock was set back. A little leaves the token good; more makes it one of the
                // future, which the service refuses.
                Err(back) if back.duration() < MIN_AGE => Duration::ZERO,
                Err(_) => MAX_AGE,
            };
            if age < self.provider.max_age {
                return Ok(value.clone());
            }
        }
        let value = self.provider.sign(now)?;
        self.current = Some((value.clone(), now));
        Ok(value)
    }

    fn rejected(&mut self, reason: &str, now: SystemTime) -> Rejected {
        if reason != "ExpiredProviderToken" {
            return Rejected::Keep;
        }
        let mut renewals = self.provider.renewals();
        // Another connection's refusal has forced the renewal already: this one is just older.
        if self.generation < renewals.generation {
            return Rejected::Retire;
        }
        let forced_lately = renewals
            .last
            .is_some_and(|last| now.duration_since(last).is_ok_and(|ago| ago < FORCED_AGAIN));
        if forced_lately {
            return Rejected::Keep;
        }
        renewals.generation += 1;
        renewals.last = Some(now);
        // The connection that answered so can stay wedged: a new one gets the new token.
        Rejected::Retire
    }
}

impl fmt::Debug for ConnectionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionToken")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA2XkODLfe/Rnumm2Tp
LGSVoiyZR0eKiSsqk4yGzgYyeg==
-----END PRIVATE KEY-----
";

    fn token() -> ProviderToken {
        ProviderToken::from_p8(KEY, "ABC123DEFG", "DEF123GHIJ").unwrap()
    }

    fn start() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    #[test]
    fn a_connection_keeps_its_token_until_it_is_old() {
        let mut connection = token().attach();
        let first = connection.header(start()).unwrap();
        assert_eq!(connection.header(start() + 49 * MINUTE).unwrap(), first);
        let second = connection.header(start() + 50 * MINUTE).unwrap();
        assert_ne!(second, first);
        assert_eq!(connection.header(start() + 99 * MINUTE).unwrap(), second);
    }

    #[test]
    fn a_clock_set_back_a_little_renews_nothing() {
        let mut connection = token().attach();
        let first = connection.header(start()).unwrap();
        assert_eq!(connection.header(start() - MINUTE).unwrap(), first);
        assert_ne!(connection.header(start() - 21 * MINUTE).unwrap(), first);
    }

    #[test]
    fn each_connection_has_a_token_of_its_own() {
        let token = token();
        let one = token.attach().header(start()).unwrap();
        let other = token.attach().header(start() + MINUTE).unwrap();
        assert_ne!(one, other);
    }

    #[test]
    fn an_expired_token_leaves_its_connection_once_and_not_for_ever() {
        let provider = token();
        let (mut one, mut other) = (provider.attach(), provider.attach());
        assert_eq!(
            one.rejected("ExpiredProviderToken", start()),
            Rejected::Retire
        );
        assert_eq!(
            other.rejected("ExpiredProviderToken", start()),
            Rejected::Retire
        );
        let mut fresh = provider.attach();
        let soon = start() + Duration::from_secs(5);
        assert_eq!(fresh.rejected("ExpiredProviderToken", soon), Rejected::Keep);
        let later = start() + 61 * MINUTE;
        assert_eq!(
            fresh.rejected("ExpiredProviderToken", later),
            Rejected::Retire
        );
    }

    #[test]
    fn too_many_updates_keep_the_token() {
        let mut connection = token().attach();
        let kept = connection.rejected("TooManyProviderTokenUpdates", start());
        assert_eq!(kept, Rejected::Keep);
    }

    #[test]
    fn neither_key_nor_token_is_shown() {
        let provider = token();
        let mut connection = provider.attach();
        let value = connection.header(start()).unwrap();
        let shown = format!("{provider:?} {connection:?} {value:?}");
        assert!(
            !shown.contains("bearer") && !shown.contains("eyJ"),
            "{shown}"
        );
    }

    #[test]
    fn the_age_stays_within_apples_limits() {
        let age = |minutes: u32| token().max_age(MINUTE * minutes).max_age;
        assert_eq!(
            [age(1), age(30), age(90)],
            [20 * MINUTE, 30 * MINUTE, 60 * MINUTE]
        );
    }

    #[test]
    fn ids_that_are_none_are_refused() {
        for id in ["", "with space", "quote\"", "ümlaut"] {
            assert!(
                ProviderToken::from_p8(KEY, id, "DEF123GHIJ").is_err(),
                "{id}"
            );
        }
    }
}
