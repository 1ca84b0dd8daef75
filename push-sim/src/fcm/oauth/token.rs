//! `POST /token`: assertions of service accounts, and refresh tokens of users.

use super::assertion::Judge;
use super::refusal::{BAD_REQUEST, Refusal};
use super::{Given, Grant};
use crate::fcm::shared::Shared;
use crate::web::form::Form;
use crate::web::{Asked, Told};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const REFRESH_TOKEN: &str = "refresh_token";

pub(super) fn answer(asked: &Asked, shared: &Shared) -> Told {
    match grant(asked, shared) {
        Ok(given) => given.told(asked),
        Err(refusal) => refusal.told(asked),
    }
}

fn grant(asked: &Asked, shared: &Shared) -> Result<Given, Refusal> {
    let form = Form::read(&asked.body);
    match form.value("grant_type") {
        JWT_BEARER => {
            let host = asked.host.as_deref().unwrap_or_default();
            let judge = Judge {
                account: &shared.account,
                here: &format!("{}://{host}{}", asked.scheme, asked.path),
                now: shared.now().seconds,
                allowance_seconds: i64::try_from(shared.config.clock_allowance.as_secs())
                    .unwrap_or(i64::MAX),
            };
            let grant = judge.judge(form.value("assertion"))?;
            Ok(Given::new(shared, grant))
        }
        REFRESH_TOKEN => refresh(&form, shared),
        other => Err(Refusal::new(
            400,
            "unsupported_grant_type",
            format!("Invalid grant_type: {other}"),
        )),
    }
}

fn refresh(form: &Form, shared: &Shared) -> Result<Given, Refusal> {
    let user = &shared.config.authorized_user;
    if form.value("client_id") != user.client_id {
        return Err(Refusal::new(
            401,
            "invalid_client",
            "The OAuth client was not found.",
        ));
    }
    if form.value("client_secret") != user.client_secret {
        let text = "The provided client secret is invalid.";
        return Err(Refusal::new(401, "invalid_client", text));
    }
    if form.value("refresh_token") != user.refresh_token {
        return Err(Refusal::grant(BAD_REQUEST));
    }
    Ok(Given {
        scope: Some("https://www.googleapis.com/auth/cloud-platform openid".to_owned()),
        ..Given::new(shared, Grant::Messaging)
    })
}
