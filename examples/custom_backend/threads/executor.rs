//! An executor of a few threads, and `block_on` for the thread that has nothing else to do.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use super::lock;

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a future on this thread, which sleeps while there is nothing to do.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Threads that run tasks. Dropping it drops all its tasks, and ends the threads.
pub(crate) struct Executor {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// Gives tasks to an [`Executor`], and does not keep it alive.
#[derive(Clone)]
pub(crate) struct Spawner(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    /// What is to be polled.
    ready: VecDeque<Arc<Task>>,
    /// What has not ended yet, so that it can be dropped with the executor.
    tasks: HashMap<u64, Arc<Task>>,
    started: u64,
    closed: bool,
}

struct Task {
    number: u64,
    /// Locked while it is polled; `None` once it has ended.
    future: Mutex<Option<BoxFuture>>,
    /// Whether it stands in the queue already.
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Executor {
    /// Starts so many threads.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
        });
        let mut executor = Self {
            shared,
            workers: Vec::new(),
        };
        for number in 0..threads {
            let shared = Arc::clone(&executor.shared);
            let worker = thread::Builder::new().name(format!("worker-{number}"));
            executor.workers.push(worker.spawn(move || shared.work())?);
        }
        Ok(executor)
    }

    pub(crate) fn spawner(&self) -> Spawner {
        Spawner(Arc::clone(&self.shared))
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let tasks = {
            let mut state = lock(&self.shared.state);
            state.closed = true;
            state.ready.clear();
            std::mem::take(&mut state.tasks)
        };
        self.shared.work.notify_all();
        for task in tasks.into_values() {
            // A task that is being polled is dropped by its worker, right after that.
            let future = task.future.try_lock().ok().and_then(|mut slot| slot.take());
            drop(future);
        }
        for worker in self.workers.drain(..) {
            // A task may hold the executor: a thread can't wait for itself.
            if worker.thread().id() != thread::current().id() {
                let _ = worker.join();
            }
        }
    }
}

impl Spawner {
    /// Runs a task to its end; drops it at once when the executor is gone.
    pub(crate) fn spawn(&self, future: BoxFuture) {
        let task = {
            let mut state = lock(&self.0.state);
            if state.closed {
                drop(state);
                return drop(future);
            }
            state.started += 1;
            let task = Arc::new(Task {
                number: state.started,
                future: Mutex::new(Some(future)),
                queued: AtomicBool::new(false),
                shared: Arc::clone(&self.0),
            });
            state.tasks.insert(task.number, Arc::clone(&task));
            task
        };
        task.wake();
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let mut state = lock(&shared.state);
        if !state.closed {
            state.ready.push_back(self);
            drop(state);
            shared.work.notify_one();
        }
    }
}

impl Shared {
    fn work(&self) {
        while let Some(task) = self.next() {
            // Before the poll: a wake from now on asks for another one.
            task.queued.store(false, Ordering::Release);
            let mut slot = task.future.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(future) = slot.as_mut() else {
                continue;
            };
            let waker = Waker::from(Arc::clone(&task));
            let mut context = Context::from_waker(&waker);
            // A task that panics ends, and takes no other one with it.
            let poll = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
            let ended = if matches!(poll, Ok(Poll::Pending)) {
                drop(slot);
                // Unlocked first, and looked at then: the executor closes first, and tries the
                // lock then. One of both drops the task.
                if !lock(&self.state).closed {
                    continue;
                }
                lock(&task.future).take()
            } else {
                slot.take()
            };
            lock(&self.state).tasks.remove(&task.number);
            drop(ended);
        }
    }

    fn next(&self) -> Option<Arc<Task>> {
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return None;
            }
            if let Some(task) = state.ready.pop_front() {
                return Some(task);
            }
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = self.workers.len();
        f.debug_struct("Executor")
            .field("threads", &threads)
            .finish()
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spawner")
    }
}
