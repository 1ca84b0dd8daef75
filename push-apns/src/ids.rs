use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use push_core::Backend;

use crate::ApnsId;

/// Gives every request an identifier of its own, without a system call for each.
///
/// The seed is the backend's, so that in simulated time they are the same in each run. They are no
/// secrets, but should be unique: the time is in the seed too, for environments whose random numbers
/// are poor.
#[derive(Debug)]
pub(crate) struct Ids {
    /// Of the halves of an id; each has taken in the seed.
    halves: [DefaultHasher; 2],
    count: AtomicU64,
}

impl Ids {
    pub(crate) fn new(backend: &dyn Backend) -> Self {
        let random = [backend.jitter(), backend.jitter()];
        Self::seeded(random, backend.system_time())
    }

    fn seeded(random: [u64; 2], now: SystemTime) -> Self {
        let half = |which: u8| {
            let mut hasher = DefaultHasher::new();
            (random, now, which).hash(&mut hasher);
            hasher
        };
        Self {
            halves: [half(0), half(1)],
            count: AtomicU64::new(0),
        }
    }

    pub(crate) fn next(&self) -> ApnsId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let finish = |half: &DefaultHasher| {
            let mut hasher = half.clone();
            hasher.write_u64(count);
            hasher.finish().to_be_bytes()
        };
        let [high, low] = &self.halves;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&finish(high));
        bytes[8..].copy_from_slice(&finish(low));
        ApnsId::from_random_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use backend_simulated::Simulation;

    use super::*;

    fn some(ids: &Ids) -> Vec<ApnsId> {
        (0..1000).map(|_| ids.next()).collect()
    }

    #[test]
    fn a_seed_gives_the_same_ids_in_each_run() {
        let run = |seed| some(&Ids::new(&Simulation::new(seed).backend()));
        assert_eq!(run(17), run(17));
        assert_ne!(run(17)[0], run(18)[0]);
    }

    #[test]
    fn no_id_comes_twice_from_one_client_or_from_two() {
        let sim = Simulation::new(17);
        let (one, other) = (Ids::new(&sim.backend()), Ids::new(&sim.backend()));
        let ids: HashSet<_> = some(&one).into_iter().chain(some(&other)).collect();
        assert_eq!(ids.len(), 2000);
    }

    #[test]
    fn the_time_tells_apart_what_poor_random_numbers_do_not() {
        let first = |nanos| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos);
            Ids::seeded([4, 4], now).next()
        };
        assert_ne!(first(1), first(2));
    }
}
