//! `anypush topics fcm`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use anypush::fcm::{Error, Subscription, Topic, google_retry};
use anypush::{Backend, Verdict};
use futures_util::stream::{self, Stream, StreamExt};

use super::list;
use crate::args::{Following, TopicAction};
use crate::devices::{Intake, Unread};
use crate::exit::Exit;
use crate::fcm::{Prepared, failed, intake, place, ready};
use crate::interrupts::Interrupts;
use crate::lines::Line;
use crate::output::{Entry, FCM_DEVICES, Output, Reach};
use crate::send::fcm::{note_error, without_waits};
use crate::send::{Course, Remarks, drive, unanswered};
use crate::{logs, runtime};

pub(crate) fn run(action: &TopicAction) -> Result<Exit> {
    let (following, follow) = match action {
        TopicAction::Subscribe(following) => (following, true),
        TopicAction::Unsubscribe(following) => (following, false),
        TopicAction::List(of) => return list::run(of),
    };
    logs::start(following.of.common.verbose);
    let topic = Topic::new(&following.topic)?;
    let prepared = Prepared::new(&following.of.account, &following.of.common)?;
    let intake = intake(&following.of.devices)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(following.of.common.backend(), |backend| {
        change(
            following,
            backend,
            prepared,
            (topic, follow),
            intake,
            interrupts,
        )
    })
}

type Outcome = std::result::Result<Subscription, Error>;

/// Has all devices follow the topic, or no longer.
async fn change(
    following: &Following,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    (topic, follow): (Topic, bool),
    intake: Intake,
    interrupts: Interrupts,
) -> Result<Exit> {
    let of = &following.of;
    let (account, common) = (&of.account, &of.common);
    let client = prepared.client(
        backend,
        account,
        common,
        &of.limits,
        |client| match following.retry {
            true => client.retry(google_retry()),
            false => client,
        },
    )?;
    if !ready(&client, &interrupts, account, common).await? {
        return Ok(Exit::Interrupted);
    }
    let steering = intake.steering();
    let (lines, unread) = intake.whole();
    let topics = client.topics();
    let outcomes = match follow {
        true => topics.subscribe_all(lines, &topic),
        false => topics.unsubscribe_all(lines, &topic),
    };
    let mut remarks = Remarks::new("project");
    let outcomes = outcomes.inspect(|(_, outcome)| match outcome {
        Ok(_) => remarks.accepted(),
        Err(error) => note_error(&mut remarks, error),
    });
    let outcomes = outcomes.map(Ok).chain(error_of(unread));
    let service = format!("topic {} of FCM {}", topic.as_str(), place(account));
    let mut output = Output::new(common, service, FCM_DEVICES, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: Some(common.timeout),
    };
    let connections = || client.session().stats().connected;
    let driven = drive(course, outcomes, entry, connections);
    let done = match following.retry {
        true => without_waits(driven, &client, &interrupts, common.timeout).await,
        false => driven.await,
    };
    remarks.make();
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
}

/// What the devices ended with, if it was an error.
fn error_of<T>(unread: Unread) -> impl Stream<Item = io::Result<T>> {
    stream::once(async move { unread.take() })
        .filter_map(|error| async { error })
        .map(Err)
}

fn entry<'e>(line: &'e Line, outcome: &'e Outcome) -> Entry<'e> {
    match outcome {
        Ok(subscription) => Entry {
            device: line.as_str(),
            verdict: Verdict::Accepted,
            // It was so already, which the service says by an error.
            status: Some(if subscription.already { 409 } else { 200 }),
            reason: subscription.already.then_some("ALREADY_EXISTS".into()),
            detail: None,
            id: None,
            attempts: subscription.attempts,
            reach: Reach::Reached,
        },
        Err(error) => failed(line.as_str(), error, |error| {
            unanswered(line, error.report())
        }),
    }
}
