//! `POST /v1/token`: tokens of other parties in exchange for Google's (RFC 8693).

use super::refusal::{Refusal, SCOPE};
use super::{Given, are_scopes, grant_of};
use crate::fcm::shared::Shared;
use crate::web::form::Form;
use crate::web::{Asked, Told};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

pub(super) fn answer(asked: &Asked, shared: &Shared) -> Told {
    match exchange(asked, shared) {
        Ok(given) => given.told(asked),
        Err(refusal) => refusal.told(asked),
    }
}

fn exchange(asked: &Asked, shared: &Shared) -> Result<Given, Refusal> {
    let form = Form::read(&asked.body);
    let grant_type = form.value("grant_type");
    if grant_type != TOKEN_EXCHANGE {
        let text = format!("Invalid grant_type: {grant_type}");
        return Err(Refusal::new(400, "unsupported_grant_type", text));
    }
    for name in ["audience", "subject_token", "subject_token_type"] {
        if form.value(name).is_empty() {
            return Err(Refusal::request(format!("Missing required field: {name}")));
        }
    }
    let wanted = form.value("requested_token_type");
    if !wanted.is_empty() && wanted != ACCESS_TOKEN {
        let text = format!("Invalid value for \"requested_token_type\": {wanted}");
        return Err(Refusal::request(text));
    }
    if !form.value("audience").starts_with("//iam.googleapis.com/") {
        return Err(Refusal::request("Invalid value for \"audience\"."));
    }
    let known = &shared.config.subject_tokens;
    let token = form.value("subject_token");
    if !known.is_empty() && !known.iter().any(|known| known == token) {
        let text = "The given credential is rejected by the attribute condition.";
        return Err(Refusal::new(401, "unauthorized_client", text));
    }
    let scopes = form.value("scope");
    if !are_scopes(scopes) {
        return Err(Refusal::new(400, "invalid_scope", SCOPE));
    }
    Ok(Given {
        issued_token_type: Some(ACCESS_TOKEN),
        ..Given::new(shared, grant_of(scopes))
    })
}
