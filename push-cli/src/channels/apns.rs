//! `anypush channels apns`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use anypush::apns::{Channel, ChannelId, Channels, Client, Error, StoragePolicy};
use anypush::{Backend, ErrorKind, Verdict};
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};

use super::output::{Row, Shown, Table};
use crate::apns::{Prepared, report};
use crate::args::{Account, ChannelAction};
use crate::exit::{Exit, complain};
use crate::interrupts::Interrupts;
use crate::output::{Failure, is_for_people, whole_seconds};
use crate::route::{is_unreached, unreachable};
use crate::{logs, runtime};

/// So many channels are asked about at a time. One connection carries them all.
const AT_A_TIME: usize = 32;
const CONNECTIONS: usize = 1;

pub(crate) fn run(action: &ChannelAction) -> Result<Exit> {
    let account = action.account();
    logs::start(account.common.verbose);
    let prepared = Prepared::new(&account.credentials, &account.common)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(account.common.backend(), |backend| async move {
        let client = client(account, backend, prepared)?;
        let mut course = Course::new(account);
        let work = Box::pin(manage(action, &client, &mut course));
        let done = match select(work, std::pin::pin!(interrupts.wait())).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        };
        client.shutdown(Duration::ZERO).await;
        match done {
            Some(done) => done.and_then(|()| course.finish()),
            None => course.interrupted(),
        }
    })
}

fn client(account: &Account, backend: Arc<dyn Backend>, prepared: Prepared) -> Result<Client> {
    prepared.client(backend, &account.common, CONNECTIONS, |client| {
        let client = client.endpoint(account.endpoint.clone());
        let client = match &account.channels_endpoint {
            Some(endpoint) => client.channels_endpoint(endpoint.clone()),
            None => client,
        };
        match &account.topic {
            Some(topic) => client.topic(topic),
            None => client,
        }
    })
}

async fn manage(action: &ChannelAction, client: &Client, course: &mut Course<'_>) -> Result<()> {
    let channels = client.channels();
    match action {
        ChannelAction::List { details, .. } => list(&channels, *details, course).await,
        ChannelAction::Create { storage, .. } => {
            let policy = StoragePolicy::from(*storage);
            let made = channels.create(policy).await;
            course.tell(None, made.map(|id| created(&id, policy)))
        }
        ChannelAction::Show { channels: ids, .. } => {
            let ids: Vec<_> = ids.iter().cloned().collect();
            show(&channels, ids, course).await
        }
        ChannelAction::Delete { channels: ids, .. } => {
            let ids: Vec<_> = ids.iter().cloned().collect();
            let deleted = ids.into_iter().map(|id| async {
                let done = channels.delete(&id).await;
                (id, done)
            });
            let mut done = stream::iter(deleted).buffered(AT_A_TIME);
            while let Some((id, done)) = done.next().await {
                course.tell(Some(&id), done.map(|()| deletion(&id)))?;
            }
            Ok(())
        }
    }
}

async fn list(channels: &Channels, details: bool, course: &mut Course<'_>) -> Result<()> {
    let ids = match channels.list().await {
        Ok(ids) => ids,
        Err(error) => return course.tell(None, Err(error)),
    };
    if details {
        return show(channels, ids, course).await;
    }
    for id in &ids {
        course.tell(Some(id), Ok(named(id)))?;
    }
    Ok(())
}

async fn show(channels: &Channels, ids: Vec<ChannelId>, course: &mut Course<'_>) -> Result<()> {
    let shown = ids.into_iter().map(|id| async {
        let shown = channels.show(&id).await;
        (id, shown)
    });
    let mut shown = stream::iter(shown).buffered(AT_A_TIME);
    while let Some((id, shown)) = shown.next().await {
        course.tell(Some(&id), shown.map(described))?;
    }
    Ok(())
}

fn named(id: &ChannelId) -> Row {
    Row {
        channel: Some(id.to_string()),
        ..Row::default()
    }
}

fn created(id: &ChannelId, policy: StoragePolicy) -> Row {
    Row {
        shown: Some(Shown {
            storage: policy.to_string(),
            push_type: None,
        }),
        ..named(id)
    }
}

fn described(channel: Channel) -> Row {
    Row {
        shown: Some(Shown {
            storage: channel.storage_policy.to_string(),
            push_type: Some(channel.push_type),
        }),
        ..named(&channel.id)
    }
}

fn deletion(id: &ChannelId) -> Row {
    Row {
        deleted: true,
        ..named(id)
    }
}

/// What was done so far.
struct Course<'a> {
    account: &'a Account,
    table: Table,
    answered: bool,
    failed: bool,
    /// Why the service was not reached.
    unreached: Option<Error>,
}

impl<'a> Course<'a> {
    fn new(account: &'a Account) -> Self {
        Self {
            account,
            table: Table::new(is_for_people(account.common.output)),
            answered: false,
            failed: false,
            unreached: None,
        }
    }

    /// Tells what was done; of what was not, a row for programs and a line for people.
    fn tell(&mut self, id: Option<&ChannelId>, done: Result<Row, Error>) -> Result<()> {
        let error = match done {
            Ok(row) => {
                self.answered = true;
                return self.table.row(row).context(UNHEARD);
            }
            // The client's own checks: nothing was asked for.
            Err(error) if error.kind() == ErrorKind::InvalidMessage => return Err(report(error)),
            Err(error) => error,
        };
        self.failed = true;
        let failure = failure(&error);
        if error.rejection().is_none() && is_unreached(error.kind()) {
            self.unreached.get_or_insert(error);
        } else {
            self.answered = true;
            let channel = id.map(|id| format!("{id}: ")).unwrap_or_default();
            let advice = advice(&error);
            complain(format_args!("{channel}{}{advice}", failure.summary()));
        }
        let row = Row {
            channel: id.map(ChannelId::to_string),
            failure: Some(failure),
            ..Row::default()
        };
        self.table.row(row).context(UNHEARD)
    }

    fn finish(self) -> Result<Exit> {
        match self.unreached {
            // Nothing was told, so there is nothing to show.
            Some(error) if !self.answered && error.verdict() != Verdict::Unknown => {
                let server = self.account.server();
                return Err(unreachable(&server, &self.account.common, &error).into());
            }
            Some(error) => complain(format_args!("{}{}", error.report(), advice(&error))),
            None => {}
        }
        self.table.finish().context(UNHEARD)?;
        Ok(match self.failed {
            true => Exit::SomeNotAccepted,
            false => Exit::Success,
        })
    }

    /// Tells what was done before.
    fn interrupted(self) -> Result<Exit> {
        complain(format_args!(
            "interrupted: what is not told may be done or not"
        ));
        self.table.finish().context(UNHEARD)?;
        Ok(Exit::Interrupted)
    }
}

const UNHEARD: &str = "can't write the output";

fn failure(error: &Error) -> Failure {
    let verdict = error.verdict();
    let rejection = error.rejection();
    Failure {
        verdict: verdict.name(),
        status: rejection.map(|rejection| rejection.status),
        reason: match rejection {
            Some(rejection) => rejection.reason.as_str().to_owned(),
            None => error.report(),
        },
        id: error.id().map(|id| id.to_string()),
        attempts: error.attempts(),
        detail: None,
        retry_after_s: match verdict {
            Verdict::RetryAfter(wait) => Some(whole_seconds(wait)),
            _ => None,
        },
    }
}

/// What to do about it.
fn advice(error: &Error) -> &'static str {
    let reason = error.rejection().map(|rejection| rejection.reason.as_str());
    match (reason, error.verdict()) {
        (Some("ChannelNotRegistered"), _) => {
            ": the app has no such channel in this environment: `anypush channels apns list` tells \
             which it has"
        }
        (Some("CannotCreateChannelConfig"), _) => {
            ": the app has as many channels as it may have: delete some that are over"
        }
        (Some("FeatureNotEnabled"), _) => {
            ": enable broadcasts for the app's id in the developer account"
        }
        (Some("TopicMismatch"), _) => {
            ": key or certificate are not for this app: correct --topic or the credentials"
        }
        (_, Verdict::FixCredentials) => ": correct key, certificate or --topic",
        (_, Verdict::RetryAfter(_)) => ": it is surely not done: ask again later",
        (_, Verdict::Unknown) => ": it may be done or not: `anypush channels apns list` tells",
        _ => "",
    }
}
