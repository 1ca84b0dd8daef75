use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use crate::failure::{Checked, Failure, ensure};
use crate::subject::Subject;
use crate::{Capability, Environment};

/// A case takes at most so many times the patience for one step.
const STEPS: u32 = 8;

/// Cases that count what the whole process has (threads, files) run while no other does.
static ALONE: RwLock<()> = RwLock::new(());

/// One item of the contract, and how it is checked.
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) contract: &'static str,
    pub(crate) needs: &'static [Capability],
    pub(crate) run: fn(&mut Subject) -> Checked,
}

/// How a case ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The backend does as the contract says.
    Passed,
    /// Nothing was checked: this is absent.
    Skipped(Capability),
}

impl Case {
    /// The name of the case, and of its test.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the case belongs to: `stream`, `tasks`, `time`, …
    pub fn group(&self) -> &'static str {
        self.group
    }

    /// What every backend promises, in one sentence.
    pub fn contract(&self) -> &'static str {
        self.contract
    }

    /// Without one of these the case is skipped.
    pub fn needs(&self) -> &'static [Capability] {
        self.needs
    }

    /// Checks one backend, in an environment of its own. A panic of the backend is a failure, and
    /// so is whatever does not end in time.
    ///
    /// # Errors
    /// What the backend did, and what it should have done.
    pub fn run(&self, make: &dyn Fn() -> Environment) -> Result<Outcome, Failure> {
        let alone = self.needs.contains(&Capability::ThreadCount) || self.group == "many";
        let (_shared, _alone) = if alone {
            let alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
            (None, Some(alone))
        } else {
            let shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
            (Some(shared), None)
        };
        self.run_here(make)
            .map_err(|failure| failure.of(self.name, self.contract))
    }

    fn run_here(&self, make: &dyn Fn() -> Environment) -> Checked<Outcome> {
        let environment = made(make)?;
        let declared = |need: &Capability| environment.absent.contains(need);
        if let Some(absent) = self.needs.iter().find(|need| declared(need)) {
            return Ok(Outcome::Skipped(*absent));
        }
        let missing = |need: &Capability| is_missing(*need, &environment);
        if let Some(absent) = self.needs.iter().find(|need| missing(need)) {
            ensure!(
                !environment.strict,
                "expected no case to be skipped unawares, {absent:?} is absent here: provide it, or \
                 name it by `without(Capability::{absent:?})`"
            );
            return Ok(Outcome::Skipped(*absent));
        }
        self.on_a_thread(environment, make)?;
        Ok(Outcome::Passed)
    }

    /// A thread of its own, so that a call that never returns can be told, and left.
    fn on_a_thread(&self, environment: Environment, make: &dyn Fn() -> Environment) -> Checked {
        let limit = environment.patience * STEPS;
        let (sender, words) = sync_channel(2);
        let run = self.run;
        let body = move || {
            let asks = sender.clone();
            let another = Arc::new(move || another(&asks));
            let mut subject = Subject::new(environment, another);
            let checked = catch_unwind(AssertUnwindSafe(|| run(&mut subject)))
                .unwrap_or_else(|panic| Err(panicked("the case", &*panic)));
            let passed = checked.is_ok();
            let _ = sender.send(Word::Ended(checked));
            // Its end is part of the case, but doesn't hide why the case failed.
            let ending = catch_unwind(AssertUnwindSafe(|| drop(subject)))
                .map_err(|panic| panicked("ending the environment", &*panic));
            if passed {
                let _ = sender.send(Word::Ended(ending));
            }
        };
        thread::Builder::new()
            .name(self.name.to_owned())
            .spawn(body)
            .map_err(|error| Failure::new(format!("can't start a thread: {error}")))?;
        for what in ["a call to the backend", "ending the environment"] {
            loop {
                match words.recv_timeout(limit) {
                    // Where that is gone by now, nobody needs it any more.
                    Ok(Word::Another(reply)) => drop(reply.send(made(make))),
                    Ok(Word::Ended(checked)) => break checked?,
                    Err(RecvTimeoutError::Timeout) => return Err(Failure::hang(what, limit)),
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(Failure::new(format!("{what} ended the thread")));
                    }
                }
            }
        }
        Ok(())
    }
}

/// What the thread of a case says to the one that started it, which alone can make environments.
enum Word {
    /// The case needs one more.
    Another(SyncSender<Checked<Environment>>),
    /// The case has ended so, or its environment.
    Ended(Checked),
}

fn another(asks: &SyncSender<Word>) -> Checked<Environment> {
    let (reply, made) = sync_channel(1);
    // A case that nobody waits for any more gets none.
    let gone = || Failure::new("the case was given up");
    asks.send(Word::Another(reply)).map_err(|_| gone())?;
    made.recv().map_err(|_| gone())?
}

fn made(make: &dyn Fn() -> Environment) -> Checked<Environment> {
    catch_unwind(AssertUnwindSafe(make))
        .map_err(|panic| panicked("making the environment", &*panic))
}

/// Whether something is absent by itself.
fn is_missing(need: Capability, environment: &Environment) -> bool {
    match need {
        Capability::Ending => environment.runtime.is_none(),
        Capability::Ipv6 => std::net::TcpListener::bind("[::1]:0").is_err(),
        Capability::TwoLoopbacks => !has_two_loopbacks(),
        Capability::ThreadCount => threads().is_none(),
        _ => false,
    }
}

/// Whether `localhost` is resolved to both 127.0.0.1 and ::1.
fn has_two_loopbacks() -> bool {
    let found = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", 0));
    let found: Vec<_> = found.map(Iterator::collect).unwrap_or_default();
    let has = |address: std::net::IpAddr| found.iter().any(|known| known.ip() == address);
    has(std::net::Ipv4Addr::LOCALHOST.into()) && has(std::net::Ipv6Addr::LOCALHOST.into())
}

/// How many threads the process has; `None` where that can't be told.
pub(crate) fn threads() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

fn panicked(what: &str, panic: &(dyn Any + Send)) -> Failure {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    Failure::new(format!("{what} panicked: {said}"))
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("contract", &self.contract)
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

/// Runs the case of this name as a test does: a failure panics, a skipped case says so.
#[doc(hidden)]
#[track_caller]
pub fn check(name: &str, make: &dyn Fn() -> Environment) {
    let Some(case) = crate::cases().iter().find(|case| case.name == name) else {
        panic!("there is no case named {name:?}");
    };
    match case.run(make) {
        Ok(Outcome::Passed) => {}
        Ok(Outcome::Skipped(absent)) => eprintln!("{name}: skipped, without {absent:?}"),
        Err(failure) => panic!("{failure}"),
    }
}
