//! What every connection of a service has in common, whichever HTTP it speaks: a request is struck,
//! answered and counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::reply::Reply;
use super::site::{Asked, Site, Told};
use crate::armed::Whom;
use crate::fault::{Action, Answer};
use crate::http2::Fields;
use crate::ledger::{Book, Ledger};

/// A longer request is refused.
pub(super) const MOST_BODY_BYTES: usize = 4 << 20;

/// A service, as its connections know it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) site: Arc<dyn Site>,
    pub(crate) ledger: Arc<Ledger>,
    /// Without TLS.
    pub(crate) is_plain: bool,
}

/// A request, and what faults have in mind for it.
pub(super) struct Struck {
    pub(super) asked: Asked,
    pub(super) action: Option<Action>,
    /// What they say of single devices.
    refusals: HashMap<String, Answer>,
}

/// A request that is not even looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooLong {
    Body,
    Fields,
}

impl Shared {
    pub(super) fn scheme(&self) -> &'static str {
        match self.is_plain {
            true => "http",
            false => "https",
        }
    }

    /// What befalls a request of which only the fields have come.
    pub(super) fn strike_head(&self, asked: &Asked, book: &mut Book) -> Option<Action> {
        book.head(Whom {
            names: &[&asked.path],
            by_name_only: self.site.is_aside(asked),
        })
    }

    /// Counts a request, and says what befalls it, unless `early` has.
    pub(super) fn strike(&self, asked: Asked, early: Option<Action>, book: &mut Book) -> Struck {
        let by_name_only = self.site.is_aside(&asked);
        match by_name_only {
            true => book.stats.authorizations += 1,
            false => book.count_request(),
        }
        let mut struck = Struck {
            asked,
            action: early,
            refusals: HashMap::new(),
        };
        if struck.action.is_some() || !book.has_faults() {
            return struck;
        }
        let tokens = self.site.tokens(&struck.asked);
        let for_each = self.site.answers_each() && !tokens.is_empty();
        let mut names = vec![struck.asked.path.as_str()];
        names.extend(tokens.iter().map(String::as_str));
        let whom = Whom {
            names: &names,
            by_name_only,
        };
        struck.action = book.request(whom, |action| !(for_each && is_for_one(action)));
        let is_looked_at = struck.action.as_ref().and_then(Action::answer).is_none();
        if for_each && is_looked_at {
            for token in tokens {
                let action = book.request(Whom::named(&[&token]), is_for_one);
                if let Some(Action::Answer(answer)) = action {
                    struck.refusals.insert(token, answer);
                }
            }
        }
        struck
    }

    /// Answers a request, and counts what becomes of it.
    pub(super) fn serve(
        &self,
        struck: Struck,
        too_long: Option<TooLong>,
        fields: &Fields,
        book: &mut Book,
    ) -> Reply {
        let Struck {
            asked,
            action,
            refusals,
        } = struck;
        let ordered = match &action {
            Some(Action::Body(body)) if self.site.grants(body.status) => {
                Some(Answer::new(body.status))
            }
            action => action.as_ref().and_then(Action::answer),
        };
        let mut told = match (too_long, ordered) {
            (Some(too_long), _) => refuse(too_long),
            (None, None) => self.site.answer(&asked, &refusals),
            (None, Some(answer)) if self.site.grants(answer.status) && answer.reason.is_none() => {
                match self.site.answer(&asked, &refusals) {
                    told if self.site.grants(told.status) => Told {
                        status: answer.status,
                        ..told.ordered(&answer)
                    },
                    told => told,
                }
            }
            (None, Some(answer)) => {
                let told = self.site.refuse(&asked, &answer).ordered(&answer);
                match (told.counted.is_nothing(), answer.reason) {
                    (true, Some(reason)) if !self.site.is_aside(&asked) => told.rejected(reason),
                    _ => told,
                }
            }
        };
        let is_failure = !(200..300).contains(&told.status);
        if is_failure && told.counted.is_nothing() && !self.site.is_aside(&asked) {
            let status = told.status.to_string();
            told = told.rejected(status);
        }
        let accepted = count(&told, fields, book);
        Reply::new(told, accepted, asked.method == "HEAD", SystemTime::now())
    }
}

/// It is about a single device, where one request can be for many.
fn is_for_one(action: &Action) -> bool {
    matches!(action, Action::Answer(answer) if answer.status == 200
        && answer.body.is_none()
        && (answer.reason.is_some() || answer.canonical.is_some()))
}

/// How many notifications were taken.
fn count(told: &Told, fields: &Fields, book: &mut Book) -> u64 {
    let counted = &told.counted;
    for notice in &counted.accepted {
        book.take_notice(notice, fields);
    }
    for reason in &counted.rejected {
        book.stats.reject(reason);
    }
    book.stats.managed += counted.managed;
    book.stats.vapid_tokens += counted.vapid_tokens;
    counted.accepted.len() as u64
}

fn refuse(too_long: TooLong) -> Told {
    let (status, line) = match too_long {
        TooLong::Body => (413, "Your client issued a request that was too large."),
        TooLong::Fields => (
            431,
            "Your client issued a request whose header was too large.",
        ),
    };
    let body = format!(
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error {status}</title>\n  \
         <p><b>{status}.</b> <ins>That\u{2019}s an error.</ins>\n  <p>{line}  \
         <ins>That\u{2019}s all we know.</ins>\n"
    );
    Told::new(status, "text/html; charset=UTF-8", body)
}
