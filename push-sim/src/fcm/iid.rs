//! The Instance ID service, which published clients still use for topics; Google ends it in 2027.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::access::Api;
use super::condition::is_topic;
use super::route::Route;
use super::schema::Json;
use super::shared::Shared;
use super::status;
use super::target::is_registration;
use super::topics::Added;
use crate::fault::Answer;
use crate::web::{Asked, Told};

const MOST_TOKENS: usize = 1000;
const API: Api = Api {
    service: "iid.googleapis.com",
    method: "google.firebase.iid.v1.InstanceIdService",
    permission: "cloudmessaging.topicSubscriptions.update",
};

pub(super) fn answer(
    asked: &Asked,
    shared: &Shared,
    route: &Route,
    refusals: &HashMap<String, Answer>,
) -> Told {
    let is_oauth = asked
        .header("access_token_auth")
        .is_some_and(|on| on == "true");
    if !is_oauth || shared.authenticate(asked, &API).is_err() {
        return unauthorized();
    }
    let answered = match route {
        Route::Batch { adds } => batch(asked, shared, *adds, refusals),
        Route::Relation {
            registration,
            topic,
        } => {
            let adds = asked.method == "POST";
            let refused = refusals
                .get(registration)
                .and_then(|answer| answer.reason.clone());
            match refused.or_else(|| relate(shared, registration, topic, adds)) {
                Some(reason) => Err((400, reason)),
                None => Ok(json!({})),
            }
        }
        Route::Info { registration } => info(asked, shared, registration),
        Route::Send { .. } | Route::Subscriptions { .. } => return Told::not_found(&asked.path),
    };
    match answered {
        Ok(value) => status::json(&compact(), 200, &value).managed(),
        Err((status, reason)) => error(status, &reason),
    }
}

/// What a fault orders.
pub(super) fn refuse(answer: &Answer) -> Told {
    match &answer.reason {
        None if answer.status == 401 => unauthorized(),
        reason => {
            let usual = || status::name_of(answer.status).to_owned();
            error(answer.status, &reason.clone().unwrap_or_else(usual))
        }
    }
}

/// The registrations that a request is about.
pub(super) fn tokens(asked: &Asked, route: &Route) -> Vec<String> {
    match route {
        Route::Relation { registration, .. } | Route::Info { registration } => {
            vec![registration.clone()]
        }
        _ => {
            let body = Json::parse(&asked.body).ok();
            body.as_ref().map(registrations).unwrap_or_default()
        }
    }
}

fn registrations(body: &Json) -> Vec<String> {
    match body.field("registration_tokens") {
        Some(Json::List(tokens)) => tokens
            .iter()
            .map(|token| token.text().unwrap_or_default().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

type Answered = Result<Value, (u16, String)>;

fn batch(
    asked: &Asked,
    shared: &Shared,
    adds: bool,
    refusals: &HashMap<String, Answer>,
) -> Answered {
    let wrong = |reason: &str| Err((400, reason.to_owned()));
    let Ok(body) = Json::parse(&asked.body) else {
        return wrong("InvalidJson");
    };
    let topic = body.field("to").and_then(Json::text).unwrap_or_default();
    let Some(topic) = topic.strip_prefix("/topics/").filter(|name| is_topic(name)) else {
        return wrong("Topic name format is invalid");
    };
    let tokens = registrations(&body);
    if tokens.is_empty() {
        return wrong("MissingIIdToken");
    }
    if tokens.len() > MOST_TOKENS {
        return wrong("TooManyTokens");
    }
    let results: Vec<Value> = tokens
        .iter()
        .map(|token| {
            let refused = refusals.get(token).and_then(|answer| answer.reason.clone());
            match refused.or_else(|| relate(shared, token, topic, adds)) {
                Some(reason) => json!({"error": reason}),
                None => json!({}),
            }
        })
        .collect();
    Ok(json!({"results": results}))
}

/// Subscribes a registration, or ends that; says what is wrong.
fn relate(shared: &Shared, registration: &str, topic: &str, adds: bool) -> Option<String> {
    if !is_registration(registration) || !is_topic(topic) {
        return Some("INVALID_ARGUMENT".to_owned());
    }
    if !adds {
        shared.subscriptions.remove(registration, topic);
        return None;
    }
    let added = shared.subscriptions.add(registration, topic, shared.now());
    (added == Added::TooMany).then(|| "TOO_MANY_TOPICS".to_owned())
}

fn info(asked: &Asked, shared: &Shared, registration: &str) -> Answered {
    if !is_registration(registration) {
        return Err((400, "InvalidToken".to_owned()));
    }
    let mut info = json!({
        "applicationVersion": "1",
        "application": "com.example.app",
        "authorizedEntity": shared.config.project_number,
        "platform": "ANDROID",
    });
    let wants_details = asked.query_value("details").as_deref() == Some("true");
    let topics = shared.topics(registration);
    if wants_details && !topics.is_empty() {
        let dated: Map<String, Value> = topics
            .into_iter()
            .filter_map(|topic| {
                let since = shared.subscriptions.since(registration, &topic)?;
                Some((topic, json!({"addDate": since.day()})))
            })
            .collect();
        info["rel"] = json!({"topics": dated});
    }
    Ok(info)
}

fn error(status: u16, reason: &str) -> Told {
    #[derive(Serialize)]
    struct Error<'a> {
        error: &'a str,
    }
    status::json(&compact(), status, &Error { error: reason })
}

fn unauthorized() -> Told {
    let body = "<HTML>\n<HEAD>\n<TITLE>Unauthorized</TITLE>\n</HEAD>\n\
         <BODY BGCOLOR=\"#FFFFFF\" TEXT=\"#000000\">\n<H1>Unauthorized</H1>\n\
         <H2>Error 401</H2>\n</BODY>\n</HTML>\n";
    Told::new(401, "text/html; charset=UTF-8", body)
}

/// This service does not indent.
fn compact() -> Asked {
    Asked {
        query: Some("prettyPrint=false".to_owned()),
        ..Asked::default()
    }
}
