use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::{InvalidVapid, Vapid, VapidToken};

/// How far the clock may go back, or differ between threads, before tokens count as made in the future.
const JITTER: Duration = Duration::from_secs(60);

/// No more than this is left of a token that is renewed.
const LATEST_RENEWAL: Duration = Duration::from_secs(60 * 60);

/// The tokens of one sender: one signature per push service, until shortly before the token ends.
///
/// A token is renewed when less than a quarter of its lifetime is left, and no more than an hour. Those of
/// up to 10,000 origins are kept; with more, the tenth that was not used for longest is forgotten. Clones share
/// them.
#[derive(Clone)]
pub struct VapidTokens(Arc<Inner>);

struct Inner {
    vapid: Vapid,
    origins: Mutex<Origins>,
}

#[derive(Default)]
struct Origins {
    slots: HashMap<Box<str>, Slot>,
    /// Counts the uses.
    uses: u64,
}

struct Slot {
    signed: Arc<Mutex<Option<Signed>>>,
    /// The number of its last use.
    used: u64,
}

struct Signed {
    token: Arc<VapidToken>,
    at: SystemTime,
}

impl VapidTokens {
    /// How many origins' tokens are kept.
    pub const MAX_ORIGINS: usize = 10_000;

    /// No tokens yet; they are signed when they are asked for.
    pub fn new(vapid: Vapid) -> Self {
        Self(Arc::new(Inner {
            vapid,
            origins: Mutex::default(),
        }))
    }

    /// What the tokens say, and the key that signs them.
    pub fn vapid(&self) -> &Vapid {
        &self.0.vapid
    }

    /// The token for a push service, by the origin of its endpoints; signed where there is none that lasts.
    ///
    /// Whoever asks for the same origin meanwhile waits for that signature; others don't.
    ///
    /// # Errors
    /// As [`Vapid::sign`]; the next one who asks tries again.
    pub fn get(&self, origin: &str, now: SystemTime) -> Result<Arc<VapidToken>, InvalidVapid> {
        let slot = lock(&self.0.origins).slot(origin);
        let mut signed = lock(&slot);
        if let Some(signed) = &*signed
            && self.lasts(signed, now)
        {
            return Ok(signed.token.clone());
        }
        let token = Arc::new(self.0.vapid.sign(origin, now)?);
        *signed = Some(Signed {
            token: token.clone(),
            at: now,
        });
        Ok(token)
    }

    fn lasts(&self, signed: &Signed, now: SystemTime) -> bool {
        let margin = (self.0.vapid.lifetime / 4).min(LATEST_RENEWAL);
        let left = signed.token.expires_at().duration_since(now);
        let early = signed.at.duration_since(now).unwrap_or_default();
        early <= JITTER && left.is_ok_and(|left| left >= margin && !left.is_zero())
    }
}

impl Origins {
    /// The place of an origin's token; makes room where there is none.
    fn slot(&mut self, origin: &str) -> Arc<Mutex<Option<Signed>>> {
        self.uses += 1;
        if let Some(slot) = self.slots.get_mut(origin) {
            slot.used = self.uses;
            return slot.signed.clone();
        }
        if self.slots.len() >= VapidTokens::MAX_ORIGINS {
            self.forget_some();
        }
        let signed = Arc::default();
        let slot = Slot {
            signed: Arc::clone(&signed),
            used: self.uses,
        };
        self.slots.insert(origin.into(), slot);
        signed
    }

    /// Forgets the tenth that was not used for longest: many at once, so that looking for them costs little
    /// for each.
    fn forget_some(&mut self) {
        let mut uses: Vec<u64> = self.slots.values().map(|slot| slot.used).collect();
        let some = uses.len() / 10;
        let (_, &mut oldest_kept, _) = uses.select_nth_unstable(some);
        self.slots.retain(|_, slot| slot.used >= oldest_kept);
    }
}

/// What is kept is whole at all times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for VapidTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidTokens")
            .field("vapid", &self.0.vapid)
            .field("origins", &lock(&self.0.origins).slots.len())
            .finish()
    }
}
