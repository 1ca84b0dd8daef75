//! `POST /v1/projects/P/messages:send`.

use serde::Serialize;

use super::access::Api;
use super::check;
use super::schema::{self, Json};
use super::shared::Shared;
use super::status::{self, Status};
use super::target::Target;
use crate::web::{Asked, Told};

const API: Api = Api {
    service: "fcm.googleapis.com",
    method: "google.firebase.fcm.v1.FcmService.SendMessage",
    permission: "cloudmessaging.messages.create",
};

pub(super) fn answer(asked: &Asked, shared: &Shared, project: &str) -> Told {
    match take(asked, shared, project) {
        Ok(told) => told,
        Err(status) => status.told(asked).rejected(status.reason()),
    }
}

fn take(asked: &Asked, shared: &Shared, project: &str) -> Result<Told, Status> {
    #[derive(Serialize)]
    struct Sent {
        name: String,
    }
    shared.admit(asked, &API, project)?;
    let request = Json::parse(&asked.body).map_err(|text| Status::new("INVALID_ARGUMENT", text))?;
    let violations = schema::violations(&request);
    if !violations.is_empty() {
        return Err(Status::malformed(violations));
    }
    let empty = Json::Null;
    let message = request.field("message").unwrap_or(&empty);
    let target = check::check(message)?;
    let only_validates = match request.field("validate_only") {
        Some(Json::Bool(on)) => *on,
        Some(Json::Text(text)) => text == "true",
        _ => false,
    };
    let id = match target {
        _ if only_validates => "fake_message_id".to_owned(),
        Target::Topic(_) | Target::Condition(_) => shared.ids.number().to_string(),
        Target::Token(_) | Target::Fid(_) => shared.ids.message(),
    };
    let name = format!("projects/{project}/messages/{id}");
    let told = status::json(asked, 200, &Sent { name });
    Ok(if only_validates {
        told.managed()
    } else {
        told.accepted(target.name(), asked.body.clone())
    })
}

/// Whom the message of a request is for, even if it is not a good one.
pub(super) fn tokens(asked: &Asked) -> Vec<String> {
    let Ok(request) = Json::parse(&asked.body) else {
        return Vec::new();
    };
    let target = request.field("message").and_then(Target::of);
    target.map(Target::name).into_iter().collect()
}
