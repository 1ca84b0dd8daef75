//! Puts aside what is no subscription, and tells it beside the outcomes of those that are.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use anypush::web::{Endpoint, Outcome, Subscription};
use futures_util::stream::{self, Stream, StreamExt};

use super::{Broken, Given};
use crate::devices::Intake;

/// So many may lie aside until they are told.
const MOST_ASIDE: usize = 256;

/// The subscriptions of an intake.
pub(crate) struct Sieve {
    intake: Intake<Given>,
    aside: Aside,
}

#[derive(Clone, Default)]
struct Aside(Arc<Mutex<VecDeque<Broken>>>);

impl Aside {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Broken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who was sent to.
pub(crate) enum Device {
    At(Endpoint),
    /// Nobody: it was no subscription.
    Named(String),
}

impl Device {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::At(endpoint) => endpoint.url(),
            Self::Named(name) => name,
        }
    }
}

/// What came of it.
pub(crate) enum Told {
    Sent(Outcome),
    /// Nothing was sent, for this reason.
    Unreadable(String),
}

/// Sends to the subscriptions of an intake; the others are told in between.
pub(crate) fn sift<S>(
    intake: Intake<Given>,
    send: impl FnOnce(Sieve) -> S,
) -> impl Stream<Item = io::Result<(Device, Told)>>
where
    S: Stream<Item = io::Result<(Subscription, Outcome)>>,
{
    let aside = Aside::default();
    let sieve = Sieve {
        intake,
        aside: aside.clone(),
    };
    let mut outcomes = Box::pin(send(sieve).fuse());
    stream::poll_fn(move |cx| {
        loop {
            if let Some(broken) = aside.lock().pop_front() {
                let told = (Device::Named(broken.device), Told::Unreadable(broken.why));
                return Poll::Ready(Some(Ok(told)));
            }
            let polled = outcomes.poll_next_unpin(cx);
            if let Poll::Ready(Some(outcome)) = polled {
                let told = |(to, outcome): (Subscription, Outcome)| {
                    (Device::At(to.endpoint().clone()), Told::Sent(outcome))
                };
                return Poll::Ready(Some(outcome.map(told)));
            }
            if aside.lock().is_empty() {
                return polled.map(|_| None);
            }
        }
    })
}

impl Stream for Sieve {
    type Item = io::Result<Subscription>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.aside.lock().len() >= MOST_ASIDE {
                // They are told next, and then there is room again.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match ready!(self.intake.poll_next_unpin(cx)).transpose()? {
                None => return Poll::Ready(None),
                Some(Given::Subscription(to)) => return Poll::Ready(Some(Ok(to))),
                Some(Given::Broken(broken)) => self.aside.lock().push_back(broken),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::web::objects::Objects;

    #[test]
    fn many_that_are_none_are_told_one_by_one_and_few_lie_aside() {
        let given = (0..2000).map(|number| match number % 1000 {
            999 => format!("https://a.example/{number}"),
            _ => format!("none {number}"),
        });
        let given: Vec<String> = given.collect();
        let given = Objects::of_argument(1, &given.join("\n"));
        let intake = Intake::begin(given, None, Objects::of_list()).unwrap();
        let (mut seen, mut most) = (0, 0);
        let aside = std::cell::RefCell::new(None);
        let outcomes = sift(intake, |sieve| {
            *aside.borrow_mut() = Some(sieve.aside.clone());
            sieve.map(|to| {
                let error = anypush::Error::new(anypush::ErrorKind::Closed, "not sent");
                to.map(|to| (to, Err(error.into())))
            })
        });
        let mut outcomes = Box::pin(outcomes);
        while let Some(outcome) = outcomes.next().now_or_never().unwrap() {
            let (device, told) = outcome.unwrap();
            let is_sent = matches!(told, Told::Sent(_));
            assert_eq!(is_sent, device.as_str().starts_with("https://"));
            most = most.max(aside.borrow().as_ref().unwrap().lock().len());
            seen += 1;
        }
        assert_eq!(seen, 2000);
        assert!(most <= MOST_ASIDE, "{most}");
    }
}
