//! A small environment of plain threads, without any async runtime: an executor, a timer, and
//! blocking sockets that look asynchronous from outside. It knows nothing of anypush.

mod blocking;
mod executor;
mod inbound;
mod outbound;
mod socket;
mod timer;

pub(crate) use blocking::blocking;
pub(crate) use executor::{Executor, Spawner, block_on};
pub(crate) use socket::Socket;
pub(crate) use timer::Timer;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, whatever became of those who held it before: no lock here is held while foreign code
/// runs.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
