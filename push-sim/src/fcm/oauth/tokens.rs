//! The access tokens that were given.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fcm) enum Grant {
    Messaging,
    /// Other services of Google.
    Other,
}

/// What is known of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fcm) enum Verdict {
    Good(Grant),
    Expired,
    Unknown,
}

/// Expired ones are remembered until there are so many.
const MOST: usize = 100_000;

#[derive(Default)]
pub(in crate::fcm) struct Tokens {
    given: Mutex<HashMap<String, Given>>,
    /// Those that are always good.
    fixed: Vec<String>,
}

/// Without the tokens.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("given", &self.open().len())
            .field("fixed", &self.fixed.len())
            .finish()
    }
}

#[derive(Debug, Clone, Copy)]
struct Given {
    grant: Grant,
    until: Option<Instant>,
}

impl Tokens {
    pub(in crate::fcm) fn new(fixed: Vec<String>) -> Self {
        Self {
            given: Mutex::default(),
            fixed,
        }
    }

    /// A new token.
    pub(super) fn give(&self, lifetime: Duration, grant: Grant) -> String {
        let mut random = [0; 24];
        // Without randomness the number of tokens tells them apart: no secret is kept here.
        let _ = SystemRandom::new().fill(&mut random);
        let now = Instant::now();
        let mut given = self.open();
        if given.len() >= MOST {
            given.retain(|_, given| given.is_valid(now));
        }
        let number = given.len();
        let token = format!("ya29.sim.{}{number}", URL_SAFE_NO_PAD.encode(random));
        let until = now.checked_add(lifetime);
        given.insert(token.clone(), Given { grant, until });
        token
    }

    pub(in crate::fcm) fn look(&self, token: &str) -> Verdict {
        if self.fixed.iter().any(|fixed| fixed == token) {
            return Verdict::Good(Grant::Messaging);
        }
        match self.open().get(token) {
            None => Verdict::Unknown,
            Some(given) if given.is_valid(Instant::now()) => Verdict::Good(given.grant),
            Some(_) => Verdict::Expired,
        }
    }

    /// Whether there was such a token, which is not good any more.
    pub(in crate::fcm) fn revoke(&self, token: &str) -> bool {
        self.open().remove(token).is_some()
    }

    /// How many there were, which are not good any more.
    pub(in crate::fcm) fn revoke_all(&self) -> usize {
        let mut given = self.open();
        let count = given.len();
        given.clear();
        count
    }

    /// A panic elsewhere leaves nothing half done here.
    fn open(&self) -> MutexGuard<'_, HashMap<String, Given>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    fn is_valid(self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_it_expires_or_is_revoked() {
        let tokens = Tokens::new(vec!["fixed".to_owned()]);
        let hour = Duration::from_secs(3600);
        let token = tokens.give(hour, Grant::Messaging);
        let other = tokens.give(hour, Grant::Other);
        assert_ne!(token, other);
        assert_eq!(tokens.look(&token), Verdict::Good(Grant::Messaging));
        assert_eq!(tokens.look(&other), Verdict::Good(Grant::Other));
        assert!(tokens.revoke(&token) && !tokens.revoke(&token));
        assert_eq!(tokens.look(&token), Verdict::Unknown);
        assert_eq!(tokens.revoke_all(), 1);
        assert_eq!(tokens.look(&other), Verdict::Unknown);

        let short = tokens.give(Duration::ZERO, Grant::Messaging);
        assert_eq!(tokens.look(&short), Verdict::Expired);
        assert_eq!(tokens.look("fixed"), Verdict::Good(Grant::Messaging));
        let long = tokens.give(Duration::MAX, Grant::Messaging);
        assert_eq!(tokens.look(&long), Verdict::Good(Grant::Messaging));
    }
}
