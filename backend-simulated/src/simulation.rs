use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant, SystemTime};

use push_core::Backend;

use crate::stall::{Stall, StallKind, pending};
use crate::task::Task;
use crate::trace::{Event, Trace};
use crate::world::{TaskId, World};
use crate::{Listener, Network, SimulatedBackend};

/// A world of its own: an executor, a clock and a network, all of which follow one seed.
///
/// It runs on the thread that calls it, and only while it is called. Dropping it drops all tasks.
pub struct Simulation {
    world: Arc<World>,
    max_steps: u64,
    max_time: Duration,
}

/// The seeds of [`Simulation::for_seeds`], from outside.
const SEED_VARIABLE: &str = "SIMULATION_SEED";

impl Simulation {
    /// A simulation in which everything that is random comes from this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            world: Arc::new(World::new(seed)),
            max_steps: 1_000_000,
            max_time: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }

    /// Runs a test in one simulation after the other. A test that panics says its seed. The
    /// environment variable `SIMULATION_SEED` takes the place of the seeds given here: one to be
    /// replayed, `17`, or many to be searched through, `0..5000`.
    ///
    /// # Panics
    /// When the variable is set to neither, and when there is no seed at all: a test that runs
    /// nothing proves nothing.
    pub fn for_seeds(seeds: impl IntoIterator<Item = u64>, test: impl Fn(&Self)) {
        let run = |seed| test(&Self::new(seed));
        let ran = match std::env::var(SEED_VARIABLE) {
            Ok(given) => match read_seeds(&given) {
                Some(seeds) => seeds.map(run).count(),
                None => panic!("{SEED_VARIABLE} is {given:?}: expected a number, or two: 0..5000"),
            },
            Err(_) => seeds.into_iter().map(run).count(),
        };
        assert!(ran > 0, "there is no seed to run the test with");
    }

    /// How many polls one call may take. Default: one million.
    #[must_use]
    pub fn max_steps(mut self, steps: u64) -> Self {
        self.max_steps = steps;
        self
    }

    /// How much simulated time may pass altogether. Default: 30 days.
    #[must_use]
    pub fn max_time(mut self, time: Duration) -> Self {
        self.max_time = time;
        self
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.world.seed
    }

    /// The backend, for a session.
    pub fn backend(&self) -> SimulatedBackend {
        SimulatedBackend::new(self.world.clone())
    }

    /// The network, for listening and for faults.
    pub fn network(&self) -> Network {
        self.backend().network()
    }

    /// Listens in the network: short for [`Network::listen`].
    ///
    /// # Panics
    /// When somebody listens there already.
    pub fn listen(&self, host: &str, port: u16) -> Listener {
        self.network().listen(host, port)
    }

    /// Spawns a task; its output can be waited for, or [taken](Task::take).
    pub fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (handle, task) = Task::new(future);
        self.world.spawn(Box::pin(task));
        handle
    }

    /// Runs everything until this future is done. Whenever nothing is ready, the clock jumps to
    /// the next point in time that somebody waits for.
    ///
    /// # Panics
    /// With a report of all tasks when it can't go on: see [`try_block_on`](Self::try_block_on).
    /// And when it is called from inside of the simulation.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.try_block_on(future) {
            Ok(output) => output,
            Err(stall) => panic!("{stall}"),
        }
    }

    /// As [`block_on`](Self::block_on), with the report as an error.
    ///
    /// # Errors
    /// When nothing is ready and nobody waits for a point in time; and past the bounds of steps and
    /// time.
    ///
    /// # Panics
    /// When it is called from inside of the simulation.
    pub fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, Stall> {
        let mut output = None;
        let driven = {
            let future = pin!(async { output = Some(future.await) });
            let (id, waker) = self.world.enroll(&mut self.world.lock());
            self.drive(Goal::Done, Some(Main { id, waker, future }))
        };
        driven.map(|()| output.expect("a future that was driven to its end has an output"))
    }

    /// Runs what is ready, and what becomes ready by that, at this point in time.
    ///
    /// # Panics
    /// Past the bound of steps, and when it is called from inside of the simulation.
    pub fn run_until_idle(&self) {
        if let Err(stall) = self.drive(Goal::Idle, None) {
            panic!("{stall}");
        }
    }

    /// Moves the clock so much further, from one point in time that somebody waits for to the next,
    /// and runs what is ready at each.
    ///
    /// # Panics
    /// Past the bounds of steps and time, and when it is called from inside of the simulation.
    pub fn advance(&self, time: Duration) {
        let until = self.elapsed().saturating_add(time);
        if let Err(stall) = self.drive(Goal::Time(until), None) {
            panic!("{stall}");
        }
    }

    /// The monotonic clock.
    pub fn now(&self) -> Instant {
        self.backend().now()
    }

    /// The simulated time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.world.lock().now
    }

    /// The wall clock. At the beginning it shows 15 January 2027, 08:00:00 UTC.
    pub fn system_time(&self) -> SystemTime {
        self.backend().system_time()
    }

    /// Sets the wall clock, apart from the monotonic one: no deadline moves. It goes on from there.
    pub fn set_system_time(&self, time: SystemTime) {
        self.backend().set_system_time(time);
    }

    /// How many spawned tasks have not ended.
    pub fn live_tasks(&self) -> usize {
        self.backend().live_tasks()
    }

    /// The spawned tasks that have not ended, in words, with what each waits for: for people.
    pub fn pending_tasks(&self) -> Vec<String> {
        pending(&self.world, None)
    }

    /// How many sleeps somebody waits for. The delays of the network don't count.
    pub fn armed_timers(&self) -> usize {
        self.backend().armed_timers()
    }

    /// How many polls there were.
    pub fn steps(&self) -> u64 {
        self.world.lock().steps
    }

    /// What happened so far, to be compared with another run.
    pub fn trace(&self) -> Trace {
        self.backend().trace()
    }

    /// The latest events in words, for people: at most 256.
    pub fn recent_events(&self) -> Vec<String> {
        self.world.lock().recorder.recent()
    }

    fn drive(&self, goal: Goal, mut main: Option<Main<'_>>) -> Result<(), Stall> {
        let _driving = Driving::begin(&self.world);
        let main_id = main.as_ref().map(|main| main.id);
        let mut steps = 0;
        loop {
            while let Some(id) = self.world.pick() {
                steps += 1;
                if steps > self.max_steps {
                    return Err(Stall::new(StallKind::Steps, &self.world, main_id));
                }
                match &mut main {
                    Some(main) if main.id == id => {
                        if self.poll_main(main) {
                            return Ok(());
                        }
                    }
                    _ => self.poll_task(id),
                }
            }
            let next = self.world.lock().timers.next();
            let next = match (goal, next) {
                (Goal::Idle, _) => return Ok(()),
                (Goal::Time(until), next) if next.is_none_or(|next| next > until) => {
                    self.world.move_to(until);
                    return Ok(());
                }
                (_, Some(next)) => next,
                (_, None) => return Err(Stall::new(StallKind::Deadlock, &self.world, main_id)),
            };
            if next > self.max_time {
                return Err(Stall::new(StallKind::Time, &self.world, main_id));
            }
            self.world.move_to(next);
        }
    }

    fn poll_main(&self, main: &mut Main<'_>) -> bool {
        self.begin_poll(main.id);
        let mut cx = Context::from_waker(&main.waker);
        let done = main.future.as_mut().poll(&mut cx).is_ready();
        self.end_poll(main.id, done);
        done
    }

    fn poll_task(&self, id: TaskId) {
        let mut state = self.world.lock();
        // One that has ended may be woken still.
        let Some(task) = state.tasks.get_mut(&id) else {
            return;
        };
        let waker = task.waker.clone();
        let Some(mut future) = task.future.take() else {
            return;
        };
        drop(state);
        self.begin_poll(id);
        let mut cx = Context::from_waker(&waker);
        let done = future.as_mut().poll(&mut cx).is_ready();
        if done {
            drop(future);
            let task = self.world.lock().tasks.remove(&id);
            drop(task);
        } else if let Some(task) = self.world.lock().tasks.get_mut(&id) {
            task.future = Some(future);
        }
        self.end_poll(id, done);
    }

    fn begin_poll(&self, id: TaskId) {
        let mut state = self.world.lock();
        state.steps += 1;
        state.asked = 0;
        state.running = Some(id);
        state.record(Event::Polled(id));
    }

    fn end_poll(&self, id: TaskId, done: bool) {
        let mut state = self.world.lock();
        state.running = None;
        if done {
            state.record(Event::Ended(id));
        }
    }
}

/// One seed, or many: `17`, `0..5000`.
fn read_seeds(text: &str) -> Option<std::ops::Range<u64>> {
    match text.split_once("..") {
        Some((first, end)) => Some(first.trim().parse().ok()?..end.trim().parse().ok()?),
        None => {
            let seed: u64 = text.trim().parse().ok()?;
            Some(seed..seed.checked_add(1)?)
        }
    }
}

/// Until when to run.
#[derive(Clone, Copy)]
enum Goal {
    /// Until the main future is done.
    Done,
    /// Until nothing is ready.
    Idle,
    /// Until this time, and all that is ready then.
    Time(Duration),
}

/// The future of `block_on`.
struct Main<'a> {
    id: TaskId,
    waker: Waker,
    future: Pin<&'a mut dyn Future<Output = ()>>,
}

/// Held while a simulation runs, which it can't from inside.
struct Driving<'a>(&'a World);

impl<'a> Driving<'a> {
    fn begin(world: &'a World) -> Self {
        let driven = std::mem::replace(&mut world.lock().driven, true);
        assert!(
            !driven,
            "simulation with seed {}: it runs already; inside of it, await instead",
            world.seed
        );
        Self(world)
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.driven = false;
        state.running = None;
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (seed, at) = (self.seed(), self.elapsed());
            eprintln!(
                "the simulation had seed {seed} and was at +{at:?}; where the test goes through \
                 seeds, {SEED_VARIABLE}={seed} runs this one alone"
            );
        }
        self.world.end();
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("world", &self.world)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_one_or_many() {
        assert_eq!(read_seeds("17"), Some(17..18));
        assert_eq!(read_seeds("5..9"), Some(5..9));
        for bad in ["", "x", "1..", "-1", "18446744073709551615"] {
            assert_eq!(read_seeds(bad), None, "{bad}");
        }
    }
}
