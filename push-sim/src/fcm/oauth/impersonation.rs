//! `POST /v1/projects/-/serviceAccounts/EMAIL:generateAccessToken`.

use serde::Serialize;

use super::{are_scopes, grant_of};
use crate::fcm::access::Api;
use crate::fcm::schema::{Json, span};
use crate::fcm::shared::Shared;
use crate::fcm::status::{self, Status};
use crate::web::{Asked, Told, form};

const LONGEST_SECONDS: i64 = 3600;
const API: Api = Api {
    service: "iamcredentials.googleapis.com",
    method: "google.iam.credentials.v1.IAMCredentials.GenerateAccessToken",
    permission: "iam.serviceAccounts.getAccessToken",
};

/// The account that is to be impersonated.
pub(super) fn email(path: &str) -> Option<String> {
    let path = form::percent_decoded(path);
    let rest = path.strip_prefix("/v1/projects/")?;
    let (_, rest) = rest.split_once("/serviceAccounts/")?;
    let email = rest.strip_suffix(":generateAccessToken")?;
    (!email.contains('/')).then(|| email.to_owned())
}

pub(super) fn answer(asked: &Asked, shared: &Shared) -> Told {
    match generate(asked, shared) {
        Ok(told) => told,
        Err(status) => status.told(asked),
    }
}

fn generate(asked: &Asked, shared: &Shared) -> Result<Told, Status> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Generated {
        access_token: String,
        expire_time: String,
    }
    shared.authenticate(asked, &API)?;
    let request = Json::parse(&asked.body).map_err(|text| Status::new("INVALID_ARGUMENT", text))?;
    let email = email(&asked.path).unwrap_or_default();
    if email != shared.account.client_email() {
        let text = format!("Not found; Gaia id not found for email {email}");
        return Err(Status::new("NOT_FOUND", text));
    }
    let scopes = match request.field("scope") {
        Some(Json::List(scopes)) => scopes
            .iter()
            .filter_map(Json::text)
            .collect::<Vec<_>>()
            .join(" "),
        _ => String::new(),
    };
    if !are_scopes(&scopes) {
        let text = "Request contains an invalid argument.";
        return Err(Status::new("INVALID_ARGUMENT", text));
    }
    let lifetime = match request
        .field("lifetime")
        .map(|value| value.text().and_then(span))
    {
        None => LONGEST_SECONDS,
        Some(Some(span)) if (1..=LONGEST_SECONDS).contains(&span.seconds) => span.seconds,
        Some(_) => {
            let text = "The token lifetime must be in the range of 0 to 3600 seconds.";
            return Err(Status::new("INVALID_ARGUMENT", text));
        }
    };
    let configured = i64::try_from(shared.config.token_lifetime.as_secs()).unwrap_or(i64::MAX);
    let lifetime = lifetime.min(configured.saturating_add(1));
    let seconds = std::time::Duration::from_secs(lifetime.unsigned_abs());
    let generated = Generated {
        access_token: shared
            .tokens
            .give(super::PREFIX, seconds, grant_of(&scopes)),
        expire_time: shared.now().later(lifetime).rfc3339_seconds(),
    };
    Ok(status::json(asked, 200, &generated))
}
