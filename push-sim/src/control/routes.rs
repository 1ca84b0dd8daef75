//! What the control API answers.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode, Uri};
use serde::Serialize;

use crate::fault::Order;
use crate::feedback::Entry;
use crate::services::Services;
use crate::web::form::percent_decoded;
use crate::webpush::Wish;
use crate::{Error, Fault, Result, Service};

pub(super) type Answer = Full<Bytes>;

pub(super) fn route(
    method: &Method,
    uri: &Uri,
    body: &[u8],
    services: &Services,
) -> Response<Answer> {
    let allowed = match uri.path() {
        "/stats" | "/received" | "/tokens" => "GET",
        "/faults" => "POST, DELETE",
        "/apply" | "/feedback" | "/reset" => "POST",
        "/subscriptions" => "GET, POST",
        path if subscription(path).is_some() => "DELETE",
        path => {
            return refuse(
                404,
                &format!(
                    "no {path} here; there are /stats, /received, /tokens, /faults, /apply, \
                     /feedback, /subscriptions and /reset"
                ),
            );
        }
    };
    let result = match (uri.path(), method) {
        ("/stats", &Method::GET) => Ok(json(&services.stats())),
        ("/received", &Method::GET) => received(uri.query().unwrap_or_default(), services),
        ("/tokens", &Method::GET) => tokens(uri.query().unwrap_or_default(), services),
        ("/faults", &Method::POST) => Fault::parse_list(body)
            .and_then(|faults| services.fault(faults))
            .map(|()| json(&serde_json::json!({}))),
        ("/faults", &Method::DELETE) => {
            services.clear_faults();
            Ok(json(&serde_json::json!({})))
        }
        ("/apply", &Method::POST) => Order::parse(body)
            .and_then(|order| services.apply(order.service, &order.action))
            .map(|connections| json(&serde_json::json!({ "connections": connections }))),
        ("/feedback", &Method::POST) => Entry::parse_list(body)
            .and_then(|entries| services.feedback(&entries))
            .map(|entries| json(&serde_json::json!({ "entries": entries }))),
        ("/subscriptions", &Method::GET) => {
            services.subscriptions().map(|store| json(&store.known()))
        }
        ("/subscriptions", &Method::POST) => services
            .subscriptions()
            .and_then(|store| store.subscribe(&Wish::parse(body)?))
            .map(|subscriptions| json(&subscriptions)),
        (path, &Method::DELETE) if subscription(path).is_some() => {
            unsubscribe(subscription(path).unwrap_or_default(), services)
        }
        ("/reset", &Method::POST) => {
            services.reset();
            Ok(json(&serde_json::json!({})))
        }
        (path, _) => {
            let mut response = refuse(405, &format!("{path} takes {allowed}, not {method}"));
            let allowed = HeaderValue::from_static(allowed);
            response.headers_mut().insert(ALLOW, allowed);
            return response;
        }
    };
    result.unwrap_or_else(|error| refuse(400, &error.to_string()))
}

/// The id in the path of a single subscription.
fn subscription(path: &str) -> Option<&str> {
    path.strip_prefix("/subscriptions/")
        .filter(|id| !id.is_empty())
}

/// By the id as it stands in the endpoint, or percent-encoded once more.
fn unsubscribe(id: &str, services: &Services) -> Result<Response<Answer>> {
    let store = services.subscriptions()?;
    let was_there = store.unsubscribe(id) || store.unsubscribe(&percent_decoded(id));
    Ok(match was_there {
        true => json(&serde_json::json!({})),
        false => refuse(
            404,
            &format!("no subscription {id:?} here, or it has ended"),
        ),
    })
}

fn received(query: &str, services: &Services) -> Result<Response<Answer>> {
    let mut service = None;
    let mut limit = usize::MAX;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("service", name)) => service = Some(name.parse::<Service>()?),
            Some(("limit", number)) => {
                let wrong = |_| Error::Query(format!("limit={number} is not a number"));
                limit = number.parse().map_err(wrong)?;
            }
            _ => {
                return Err(Error::Query(format!(
                    "{pair:?} is neither service=… nor limit=…"
                )));
            }
        }
    }
    let missing = || Error::Query("service=… is missing".to_owned());
    let service = service.ok_or_else(missing)?;
    Ok(json(&services.received(service, limit)?))
}

fn tokens(query: &str, services: &Services) -> Result<Response<Answer>> {
    let missing = || Error::Query(format!("{query:?} is not service=…"));
    let name = query.strip_prefix("service=").ok_or_else(missing)?;
    Ok(json(&services.tokens(name.parse()?)?))
}

fn json(value: &impl Serialize) -> Response<Answer> {
    match serde_json::to_vec(value) {
        Ok(text) => respond(200, "application/json", text),
        Err(error) => refuse(500, &error.to_string()),
    }
}

/// An answer of one line of text.
pub(super) fn refuse(status: u16, line: &str) -> Response<Answer> {
    respond(
        status,
        "text/plain; charset=utf-8",
        format!("{line}\n").into(),
    )
}

fn respond(status: u16, content_type: &'static str, body: Vec<u8>) -> Response<Answer> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
