//! Flaws of tasks.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;

use futures_util::FutureExt;
use push_core::BoxFuture;

use crate::flaws;
use crate::harness::{Shared, Twist, twisted};

flaws! {
    a_wake_from_outside_is_lost fails a_task_runs_to_its_end_though_nobody_waits:
        twisted(DeafToOthers);
    tasks_run_one_after_the_other fails tasks_run_beside_each_other:
        twisted(InTurns::default());
    a_task_that_a_task_spawns_is_lost fails a_task_may_spawn_another:
        twisted(SpawnsFromOutside);
    one_thread_alone_may_spawn fails any_thread_may_spawn:
        twisted(SpawnsForOne::default());
    a_panic_ends_the_tasks_that_follow fails a_task_that_panics_harms_no_other:
        twisted(Poisoned::default());
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Has the task know that it is one.
fn marked(mut task: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.set(self.0);
        }
    }
    Box::pin(std::future::poll_fn(move |cx| {
        let _leave = Leave(INSIDE.replace(true));
        task.as_mut().poll(cx)
    }))
}

struct DeafToOthers;

/// Wakes the task when another task asks.
struct FromInside(Waker);

impl Wake for FromInside {
    fn wake(self: Arc<Self>) {
        if INSIDE.get() {
            self.0.wake_by_ref();
        }
    }
}

impl Twist for DeafToOthers {
    fn spawn(&self, inner: &Shared, task: BoxFuture<'static, ()>) {
        let mut task = marked(task);
        inner.spawn(Box::pin(std::future::poll_fn(move |cx| {
            let waker = Arc::new(FromInside(cx.waker().clone())).into();
            task.as_mut().poll(&mut Context::from_waker(&waker))
        })));
    }
}

type Queue = Arc<Mutex<VecDeque<BoxFuture<'static, ()>>>>;

/// One task works through all, each to its end.
#[derive(Default)]
struct InTurns {
    queue: Queue,
    works: Arc<AtomicBool>,
}

struct Worker {
    queue: Queue,
    works: Arc<AtomicBool>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.works.store(false, Ordering::SeqCst);
        let left = std::mem::take(&mut *self.queue.lock().unwrap());
        drop(left);
    }
}

impl Twist for InTurns {
    fn spawn(&self, inner: &Shared, task: BoxFuture<'static, ()>) {
        self.queue.lock().unwrap().push_back(task);
        if self.works.swap(true, Ordering::SeqCst) {
            return;
        }
        let worker = Worker {
            queue: self.queue.clone(),
            works: self.works.clone(),
        };
        inner.spawn(Box::pin(async move {
            let worker = worker;
            loop {
                let next = worker.queue.lock().unwrap().pop_front();
                match next {
                    Some(task) => drop(AssertUnwindSafe(task).catch_unwind().await),
                    None => wait_for_more(&worker.queue).await,
                }
            }
        }));
    }
}

/// Looks again and again.
async fn wait_for_more(queue: &Queue) {
    std::future::poll_fn(|cx| {
        if queue.lock().unwrap().is_empty() {
            cx.waker().wake_by_ref();
            std::thread::yield_now();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

struct SpawnsFromOutside;

impl Twist for SpawnsFromOutside {
    fn spawn(&self, inner: &Shared, task: BoxFuture<'static, ()>) {
        if !INSIDE.get() {
            inner.spawn(marked(task));
        }
    }
}

#[derive(Default)]
struct SpawnsForOne {
    first: Mutex<Option<ThreadId>>,
}

impl Twist for SpawnsForOne {
    fn spawn(&self, inner: &Shared, task: BoxFuture<'static, ()>) {
        let here = std::thread::current().id();
        let first = *self.first.lock().unwrap().get_or_insert(here);
        if INSIDE.get() || here == first {
            inner.spawn(marked(task));
        }
    }
}

#[derive(Default)]
struct Poisoned {
    panicked: Arc<AtomicBool>,
}

impl Twist for Poisoned {
    fn spawn(&self, inner: &Shared, task: BoxFuture<'static, ()>) {
        if self.panicked.load(Ordering::SeqCst) {
            return;
        }
        let panicked = self.panicked.clone();
        inner.spawn(Box::pin(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                panicked.store(true, Ordering::SeqCst);
            }
        }));
    }
}
