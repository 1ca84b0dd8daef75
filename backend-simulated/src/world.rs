use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use push_core::BoxFuture;

use crate::lock::Locks;
use crate::network::Net;
use crate::timers::{Timers, Waiter};
use crate::trace::{Event, Recorder};

/// A task of a simulation, numbered in the order of spawning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TaskId(pub(crate) u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.0)
    }
}

/// All that a simulation is made of. One lock for everything, which is never held while foreign
/// code runs: no poll, no wake, no drop of a future.
pub(crate) struct World {
    pub(crate) seed: u64,
    origin: Instant,
    ready: Arc<Ready>,
    state: Mutex<State>,
}

pub(crate) struct State {
    /// Since the beginning.
    pub(crate) now: Duration,
    /// What the wall clock showed at the beginning.
    pub(crate) wall: SystemTime,
    pub(crate) timers: Timers,
    pub(crate) tasks: BTreeMap<TaskId, Task>,
    pub(crate) running: Option<TaskId>,
    /// Whether the simulation runs: it can't be run from inside.
    pub(crate) driven: bool,
    pub(crate) steps: u64,
    /// What the task that runs has asked for in this poll.
    pub(crate) asked: u64,
    pub(crate) net: Net,
    pub(crate) locks: Locks,
    pub(crate) recorder: Recorder,
    /// The simulation was dropped.
    pub(crate) gone: bool,
    tasks_made: u64,
    order: Rng,
    jitter: Rng,
}

pub(crate) struct Task {
    /// `None` while it is polled.
    pub(crate) future: Option<BoxFuture<'static, ()>>,
    pub(crate) waker: Waker,
    pub(crate) since: Duration,
    pub(crate) by: Option<TaskId>,
}

/// What the wall clock shows at the beginning: 15 January 2027, 08:00:00 UTC.
const WALL: u64 = 1_800_000_000;

/// What may be asked for in one poll: what asks for more goes round in circles, and would never
/// come back.
const ASKED_AT_MOST: u64 = 1_000_000;

/// How many events are kept in words.
const KEEP: usize = 256;

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        // One source each, so that a draw more in one does not change what the others give.
        let mut seeds = Rng::with_seed(seed);
        let mut fork = || Rng::with_seed(seeds.u64(..));
        Self {
            seed,
            origin: Instant::now(),
            ready: Arc::default(),
            state: Mutex::new(State {
                now: Duration::ZERO,
                wall: UNIX_EPOCH + Duration::from_secs(WALL),
                timers: Timers::default(),
                tasks: BTreeMap::new(),
                running: None,
                driven: false,
                steps: 0,
                asked: 0,
                order: fork(),
                jitter: fork(),
                net: Net::new(fork()),
                locks: Locks::default(),
                recorder: Recorder::new(KEEP),
                gone: false,
                tasks_made: 0,
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, for what a task asks for.
    pub(crate) fn ask(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.asked += 1;
        if state.asked > ASKED_AT_MOST
            && let Some(task) = state.running
        {
            state.asked = 0;
            drop(state);
            let seed = self.seed;
            panic!("simulation with seed {seed}: {task} goes round in circles inside of one poll");
        }
        state
    }

    pub(crate) fn instant(&self, at: Duration) -> Instant {
        self.origin + at
    }

    /// A point in time as one since the beginning; what lies before it is the beginning.
    pub(crate) fn since_origin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    pub(crate) fn jitter(&self) -> u64 {
        let mut state = self.lock();
        let value = state.jitter.u64(..);
        state.record(Event::Jitter(value));
        value
    }

    /// A new task's number and waker, which is ready to run.
    pub(crate) fn enroll(&self, state: &mut State) -> (TaskId, Waker) {
        state.tasks_made += 1;
        let id = TaskId(state.tasks_made);
        let waker = Arc::new(TaskWaker {
            id,
            queued: AtomicBool::new(false),
            ready: self.ready.clone(),
        });
        state.record(Event::Spawned(id));
        let waker = Waker::from(waker);
        waker.wake_by_ref();
        (id, waker)
    }

    /// Adds a task; where the simulation is gone, it is dropped at once.
    pub(crate) fn spawn(&self, future: BoxFuture<'static, ()>) {
        let mut state = self.lock();
        if state.gone {
            drop(state);
            drop(future);
            return;
        }
        let (id, waker) = self.enroll(&mut state);
        let task = Task {
            future: Some(future),
            waker,
            since: state.now,
            by: state.running,
        };
        state.tasks.insert(id, task);
    }

    /// The next task to be polled: any one of those that are ready, as the seed has it.
    pub(crate) fn pick(&self) -> Option<TaskId> {
        let mut state = self.lock();
        let mut ready = self.ready.lock();
        if ready.is_empty() {
            return None;
        }
        let index = state.order.usize(..ready.len());
        let next = ready.swap_remove(index);
        next.queued.store(false, Ordering::SeqCst);
        Some(next.id)
    }

    /// Moves the clock, and wakes what is due.
    pub(crate) fn move_to(&self, at: Duration) {
        let mut state = self.lock();
        state.now = state.now.max(at);
        let now = state.now;
        let due = state.timers.due(now);
        drop(state);
        due.into_iter().for_each(|waiter| waiter.waker.wake());
    }

    /// Drops all tasks, and takes no more.
    pub(crate) fn end(&self) {
        loop {
            let mut state = self.lock();
            state.gone = true;
            let Some((_, task)) = state.tasks.pop_first() else {
                break;
            };
            drop(state);
            drop(task);
        }
        let mut state = self.lock();
        let timers = state.timers.clear();
        let waiting = state.net.end();
        drop(state);
        drop(timers);
        waiting.into_iter().for_each(|waiter| waiter.waker.wake());
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("now", &state.now)
            .field("tasks", &state.tasks.len())
            .finish_non_exhaustive()
    }
}

impl State {
    pub(crate) fn waiter(&self, cx: &Context<'_>) -> Waiter {
        Waiter {
            waker: cx.waker().clone(),
            task: self.running,
        }
    }

    pub(crate) fn record(&mut self, event: Event) {
        self.recorder.record(self.now, event);
    }
}

/// The tasks that were woken. Has a lock of its own, so that anybody may wake at any time.
#[derive(Default)]
struct Ready(Mutex<Vec<Arc<TaskWaker>>>);

impl Ready {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<TaskWaker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct TaskWaker {
    id: TaskId,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            let ready = self.ready.clone();
            ready.lock().push(self);
        }
    }
}
