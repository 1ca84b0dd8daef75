//! Which checks a request has to pass, and what it gets then.

use super::broadcast;
use super::check::{self, Case};
use super::ids::{Id, Ids};
use super::management;
use super::reply::Reply;
use super::route::Route;
use super::{Environment, Reason};

/// Answers a request by what its path is about.
pub(super) fn answer(case: &mut Case<'_>, id: Id, ids: &mut Ids) -> Reply {
    let answered = match case.headers.route {
        Some(Route::Device(device)) => check::check(case, device).map(|()| None),
        Some(Route::Broadcast(bundle_id)) => broadcast::check(case, bundle_id).map(|()| None),
        Some(Route::Channels(bundle_id)) => management::manage(case, bundle_id).map(Some),
        Some(Route::AllChannels(bundle_id)) => management::list(case, bundle_id).map(Some),
        None if case.request.too_many_fields() => Err(Reason::HeaderListTooLarge),
        None => Err(Reason::BadPath),
    };
    match answered {
        Ok(None) => {
            let is_development = case.shared.config.environment == Environment::Development;
            Reply::accepted(id, is_development.then(|| ids.next()))
        }
        Ok(Some(managed)) => Reply::managed(id, managed),
        Err(reason) => Reply::refused(id, reason),
    }
}
