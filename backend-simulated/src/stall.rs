use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::world::{TaskId, World};

/// Why a simulation could not go on, and what everybody waits for.
#[derive(Clone, Debug)]
pub struct Stall {
    kind: StallKind,
    seed: u64,
    at: Duration,
    tasks: Vec<String>,
    recent: Vec<String>,
}

/// The class of a [`Stall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StallKind {
    /// Nothing is ready, and nobody waits for a point in time: nothing would ever happen.
    Deadlock,
    /// More polls than are allowed at one go: something spins.
    Steps,
    /// More simulated time than is allowed.
    Time,
}

/// How many of the latest events are told.
const TOLD: usize = 20;

impl Stall {
    pub(crate) fn new(kind: StallKind, world: &World, main: Option<TaskId>) -> Self {
        let tasks = pending(world, main);
        let state = world.lock();
        let recent = state.recorder.recent();
        Self {
            kind,
            seed: world.seed,
            at: state.now,
            tasks,
            recent: recent[recent.len().saturating_sub(TOLD)..].to_vec(),
        }
    }

    /// The class of this stall.
    pub fn kind(&self) -> StallKind {
        self.kind
    }

    /// The tasks that have not ended, with what each waits for.
    pub fn tasks(&self) -> &[String] {
        &self.tasks
    }
}

/// The tasks that have not ended, with what each waits for.
pub(crate) fn pending(world: &World, main: Option<TaskId>) -> Vec<String> {
    let state = world.lock();
    let mut waits: BTreeMap<Option<TaskId>, Vec<String>> = BTreeMap::new();
    let mut note = |task, what: String| waits.entry(task).or_default().push(what);
    for (id, wire) in &state.net.wires {
        for (what, side, waiter) in wire.waiting() {
            note(
                waiter.task,
                format!("to {what} as the {side} of connection {id}"),
            );
        }
    }
    for (target, waiter) in state.net.held_up.values() {
        note(waiter.task, format!("to connect to {target}"));
    }
    for (host, port, place) in state.net.all_ports() {
        for waiter in &place.acceptors {
            note(waiter.task, format!("for a connection to {host}:{port}"));
        }
    }
    for (lock, waiter) in state.locks.waiting() {
        note(waiter.task, format!("for lock {lock}"));
    }
    for (at, task) in state.timers.waiting() {
        note(task, format!("for the time +{at:?}"));
    }
    let mut describe = |id: TaskId, what: String| {
        let waits = waits.remove(&Some(id)).unwrap_or_default();
        match waits.is_empty() {
            true => format!("{what} waits for something that the simulation does not know"),
            false => format!("{what} waits {}", waits.join(", ")),
        }
    };
    let main = main.map(|id| describe(id, format!("the future of block_on ({id})")));
    let spawned = state.tasks.iter().map(|(id, task)| {
        let by = match task.by {
            Some(by) => format!(" by {by}"),
            None => String::new(),
        };
        describe(*id, format!("{id}, spawned at +{:?}{by},", task.since))
    });
    main.into_iter().chain(spawned).collect()
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            StallKind::Deadlock => "nothing is ready and no timer is armed",
            StallKind::Steps => "too many polls at one go: something spins",
            StallKind::Time => "too much simulated time has passed",
        };
        let (seed, at) = (self.seed, self.at);
        write!(f, "simulation with seed {seed} stalled at +{at:?}: {what}")?;
        for task in &self.tasks {
            write!(f, "\n  {task}")?;
        }
        if !self.recent.is_empty() {
            f.write_str("\nthe latest events:")?;
        }
        for event in &self.recent {
            write!(f, "\n  {event}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Stall {}
