//! Tasks in the background.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::failure::{Checked, ensure};
use crate::subject::Subject;

/// Tells when it is dropped, and whether the task had come to its end by then.
pub(super) struct Witness {
    ended: bool,
    tell: Sender<bool>,
}

impl Witness {
    pub(super) fn new() -> (Self, Receiver<bool>) {
        let (tell, told) = channel();
        (Self { ended: false, tell }, told)
    }

    pub(super) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.tell.send(self.ended);
    }
}

/// Waits to be opened from outside.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    fn open(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = true;
        state.1.drain(..).for_each(Waker::wake);
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 {
            return Poll::Ready(());
        }
        state.1.push(cx.waker().clone());
        Poll::Pending
    }
}

#[track_caller]
fn must_end(subject: &Subject, what: &str, told: &Receiver<bool>) -> Checked {
    match told.recv_timeout(subject.patience()) {
        Ok(ended) => {
            ensure!(ended, "{what} was dropped before it came to its end");
            Ok(())
        }
        Err(_) => Err(crate::Failure::hang(what, subject.patience())),
    }
}

pub(crate) fn a_task_runs_to_its_end_though_nobody_waits(subject: &mut Subject) -> Checked {
    let (witness, told) = Witness::new();
    let gate = Gate::default();
    let waiting = gate.clone();
    let (started, start) = channel();
    subject.backend().spawn(Box::pin(async move {
        let _ = started.send(());
        waiting.await;
        witness.end();
    }));
    ensure!(
        start.recv_timeout(subject.patience()).is_ok(),
        "expected a task to start by itself, it did not"
    );
    gate.open();
    must_end(subject, "a task that waited for something", &told)
}

pub(crate) fn tasks_run_beside_each_other(subject: &mut Subject) -> Checked {
    // Each waits for the one that is spawned after it; the last one waits for nothing.
    const TASKS: usize = 100;
    let gates = (0..=TASKS).map(|_| Gate::default()).collect::<Vec<_>>();
    gates[TASKS].open();
    let (witness, told) = Witness::new();
    let mut witness = Some(witness);
    for index in 0..TASKS {
        let (wait, open) = (gates[index + 1].clone(), gates[index].clone());
        let witness = if index == 0 { witness.take() } else { None };
        subject.backend().spawn(Box::pin(async move {
            wait.await;
            open.open();
            if let Some(witness) = witness {
                witness.end();
            }
        }));
    }
    must_end(subject, "the first of 100 tasks that wait in a row", &told)
}

pub(crate) fn a_task_may_spawn_another(subject: &mut Subject) -> Checked {
    let (witness, told) = Witness::new();
    let backend = subject.backend().clone();
    subject.backend().spawn(Box::pin(async move {
        backend.spawn(Box::pin(async move { witness.end() }));
    }));
    must_end(subject, "a task that a task spawned", &told)
}

pub(crate) fn any_thread_may_spawn(subject: &mut Subject) -> Checked {
    for what in ["a task from one thread", "a task from another thread"] {
        let (witness, told) = Witness::new();
        let backend = subject.backend().clone();
        let spawning = thread::spawn(move || {
            backend.spawn(Box::pin(async move { witness.end() }));
        });
        ensure!(spawning.join().is_ok(), "spawning {what} panicked");
        must_end(subject, what, &told)?;
    }
    Ok(())
}

pub(crate) fn a_task_that_panics_harms_no_other(subject: &mut Subject) -> Checked {
    for _ in 0..3 {
        let (witness, told) = Witness::new();
        subject.backend().spawn(Box::pin(async move {
            let _witness = witness;
            std::panic::resume_unwind(Box::new("a task that panics, on purpose"));
        }));
        ensure!(
            told.recv_timeout(subject.patience()).is_ok(),
            "expected a task that panics to be dropped, it was not"
        );
    }
    for _ in 0..10 {
        let (witness, told) = Witness::new();
        subject
            .backend()
            .spawn(Box::pin(async move { witness.end() }));
        must_end(subject, "a task spawned after others panicked", &told)?;
    }
    Ok(())
}
