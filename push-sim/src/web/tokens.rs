//! The access tokens that token endpoints have given.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random;

/// What is known of a token; `G` is what it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict<G> {
    Good(G),
    Expired,
    Unknown,
}

/// Expired ones are remembered until there are so many.
const MOST: usize = 100_000;

pub(crate) struct Tokens<G> {
    given: Mutex<HashMap<String, Given<G>>>,
    /// Those that are always good.
    fixed: HashMap<String, G>,
}

/// Without the tokens.
impl<G> fmt::Debug for Tokens<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("given", &self.open().len())
            .field("fixed", &self.fixed.len())
            .finish()
    }
}

#[derive(Debug, Clone)]
struct Given<G> {
    grant: G,
    until: Option<Instant>,
}

impl<G> Tokens<G> {
    pub(crate) fn new(fixed: impl IntoIterator<Item = (String, G)>) -> Self {
        Self {
            given: Mutex::default(),
            fixed: fixed.into_iter().collect(),
        }
    }

    /// A new token, which begins like this.
    pub(crate) fn give(&self, prefix: &str, lifetime: Duration, grant: G) -> String {
        let random = URL_SAFE_NO_PAD.encode(random::octets(24));
        let now = Instant::now();
        let mut given = self.open();
        if given.len() >= MOST {
            given.retain(|_, given| given.is_valid(now));
        }
        // Without randomness their number tells them apart: no secret is kept here.
        let number = given.len();
        let token = format!("{prefix}{random}{number}");
        let until = now.checked_add(lifetime);
        given.insert(token.clone(), Given { grant, until });
        token
    }

    pub(crate) fn look(&self, token: &str) -> Verdict<G>
    where
        G: Clone,
    {
        if let Some(grant) = self.fixed.get(token) {
            return Verdict::Good(grant.clone());
        }
        match self.open().get(token) {
            None => Verdict::Unknown,
            Some(given) if given.is_valid(Instant::now()) => Verdict::Good(given.grant.clone()),
            Some(_) => Verdict::Expired,
        }
    }

    /// Whether there was such a token, which is not good any more.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        self.open().remove(token).is_some()
    }

    /// How many there were, which are not good any more.
    pub(crate) fn revoke_all(&self) -> usize {
        let mut given = self.open();
        let count = given.len();
        given.clear();
        count
    }

    /// A panic elsewhere leaves nothing half done here.
    fn open(&self) -> MutexGuard<'_, HashMap<String, Given<G>>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<G> Given<G> {
    fn is_valid(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_it_expires_or_is_revoked() {
        let tokens = Tokens::new([("fixed".to_owned(), 'a')]);
        let hour = Duration::from_secs(3600);
        let token = tokens.give("x.", hour, 'a');
        let other = tokens.give("x.", hour, 'b');
        assert!(token.starts_with("x.") && token != other);
        assert_eq!(tokens.look(&token), Verdict::Good('a'));
        assert_eq!(tokens.look(&other), Verdict::Good('b'));
        assert!(tokens.revoke(&token) && !tokens.revoke(&token));
        assert_eq!(tokens.look(&token), Verdict::Unknown);
        assert_eq!(tokens.revoke_all(), 1);
        assert_eq!(tokens.look(&other), Verdict::Unknown);

        let short = tokens.give("x.", Duration::ZERO, 'a');
        assert_eq!(tokens.look(&short), Verdict::Expired);
        assert_eq!(tokens.look("fixed"), Verdict::Good('a'));
        let long = tokens.give("x.", Duration::MAX, 'a');
        assert_eq!(tokens.look(&long), Verdict::Good('a'));
    }
}
