use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::pool::Pool;
use crate::Certificate;
use crate::session::{Key, Shared};

/// So many pools are kept before the first look for those that nobody needs.
const FEW: usize = 16;

/// The exclusive connections of a session, by their keys.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    pools: HashMap<Key, Arc<Pool>>,
    made: u64,
    /// With so many, those are looked for that nobody needs.
    sweep_at: usize,
}

impl Pools {
    /// The pool of a key. The latest certificate serves new connections.
    pub(crate) fn get(
        &mut self,
        key: Key,
        certificate: Option<Arc<dyn Certificate>>,
        shared: &Arc<Shared>,
    ) -> Arc<Pool> {
        if let Some(pool) = self.pools.get(&key) {
            pool.adopt(certificate);
            return pool.clone();
        }
        if self.pools.len() >= self.sweep_at {
            self.sweep(shared.backend.now());
        }
        self.made += 1;
        let pool = Pool::new(self.made, key.clone(), certificate, shared.clone());
        let pool = Arc::new(pool);
        self.pools.insert(key, pool.clone());
        pool
    }

    /// Forgets those that nobody needs: seldom enough to cost little for each.
    fn sweep(&mut self, now: Instant) {
        self.pools
            .retain(|_, pool| Arc::strong_count(pool) > 1 || !pool.is_forgettable(now));
        self.sweep_at = (2 * self.pools.len()).max(FEW);
    }

    /// All of them, in the order of their making and not in that of a hash: runs are to be
    /// repeatable.
    pub(crate) fn all(&self) -> Vec<Arc<Pool>> {
        let mut all: Vec<_> = self.pools.values().cloned().collect();
        all.sort_unstable_by_key(|pool| pool.number);
        all
    }

    pub(crate) fn clear(&mut self) {
        self.pools.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;
    use std::time::Instant;

    use super::*;
    use crate::{
        Backend, BoxFuture, Connection, Error, ErrorKind, Identity, Result, Session, Target,
    };

    /// A backend that leads nowhere, and whose time stands still.
    #[derive(Debug)]
    struct Nowhere(Instant);

    fn nowhere<T>() -> Result<T> {
        Err(Error::new(ErrorKind::Connect, "this leads nowhere"))
    }

    #[crate::async_trait]
    impl Backend for Nowhere {
        fn load_certificate(&self, _: &Identity) -> Result<Arc<dyn Certificate>> {
            nowhere()
        }

        async fn connect(
            &self,
            _: &Target,
            _: Option<&dyn Certificate>,
        ) -> Result<Box<dyn Connection>> {
            nowhere()
        }

        fn spawn(&self, _: BoxFuture<'static, ()>) {}

        fn sleep_until(&self, _: Instant) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }

        fn now(&self) -> Instant {
            self.0
        }
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn places_that_nobody_needs_are_forgotten_and_those_that_failed_are_not() {
        let session = Session::new(Nowhere(Instant::now()));
        let lease = |number: u16| session.connection(Target::plain("localhost", number), None);
        let held = lease(1).unwrap();
        let mut failed = lease(2).unwrap();
        // Here a task is dropped as it is spawned.
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let polled = failed.poll_ready(&mut cx);
        assert!(matches!(polled, Poll::Ready(Err(_))), "{polled:?}");
        drop(failed);
        for number in 3..2000 {
            drop(lease(number).unwrap());
        }
        let pools = session.inner.pools();
        assert!(pools.pools.len() <= FEW, "{}", pools.pools.len());
        let ports: Vec<_> = pools.pools.keys().map(|key| key.target.port).collect();
        assert!(ports.contains(&1) && ports.contains(&2), "{ports:?}");
        drop(pools);
        drop(held);
    }
}
