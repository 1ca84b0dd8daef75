//! What is kept for each server of many.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Result;

/// What is kept for each server, by its origin: made when it is first asked for. With more than a few
/// thousand, those that nobody uses and that were not used for the longest are forgotten.
pub struct ByOrigin<T>(Mutex<Known<T>>);

struct Known<T> {
    entries: HashMap<Box<str>, Entry<T>>,
    uses: u64,
}

struct Entry<T> {
    kept: Arc<T>,
    last_use: u64,
}

/// How many are remembered.
const MOST: usize = 4096;

impl<T> ByOrigin<T> {
    /// What is kept for this origin, or what `make` gives for it.
    ///
    /// # Errors
    /// What kept `make` from it.
    pub fn get(&self, origin: &str, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.uses += 1;
        let last_use = known.uses;
        if let Some(entry) = known.entries.get_mut(origin) {
            entry.last_use = last_use;
            return Ok(entry.kept.clone());
        }
        known.make_room();
        let kept = Arc::new(make()?);
        let entry = Entry {
            kept: kept.clone(),
            last_use,
        };
        known.entries.insert(origin.into(), entry);
        Ok(kept)
    }
}

impl<T> Known<T> {
    /// Forgets half of those that nobody uses, at once: seldom enough to cost little for each.
    fn make_room(&mut self) {
        if self.entries.len() < MOST {
            return;
        }
        let is_free = |entry: &Entry<T>| Arc::strong_count(&entry.kept) == 1;
        let mut free: Vec<u64> = self
            .entries
            .values()
            .filter(|entry| is_free(entry))
            .map(|entry| entry.last_use)
            .collect();
        free.sort_unstable();
        if let Some(&middle) = free.get(free.len() / 2) {
            self.entries
                .retain(|_, entry| !is_free(entry) || entry.last_use > middle);
        }
    }
}

impl<T> Default for ByOrigin<T> {
    fn default() -> Self {
        Self(Mutex::new(Known {
            entries: HashMap::new(),
            uses: 0,
        }))
    }
}

impl<T> fmt::Debug for ByOrigin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByOrigin").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_in_use_and_those_used_last_are_remembered() {
        let kept = ByOrigin::default();
        let get = |number: usize| kept.get(&number.to_string(), || Ok(number)).unwrap();
        let used = get(0);
        for number in 1..MOST {
            get(number);
        }
        get(1);
        get(MOST);
        assert!(Arc::ptr_eq(&used, &get(0)), "in use");
        let of_another_make = |number: usize| *kept.get(&number.to_string(), || Ok(7)).unwrap();
        assert_eq!(of_another_make(1), 1, "used a moment ago");
        assert_eq!(of_another_make(2), 7, "forgotten");
        assert!(kept.0.lock().unwrap().entries.len() < MOST);
    }

    #[test]
    fn what_can_t_be_made_is_asked_for_again() {
        let kept = ByOrigin::default();
        let error = crate::Error::new(crate::ErrorKind::Config, "no");
        assert!(kept.get("a", || Err(error)).is_err());
        assert_eq!(*kept.get("a", || Ok(1)).unwrap(), 1);
    }
}
