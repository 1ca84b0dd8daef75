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
use crate::{Error, Fault, Result, Service, webpush, wns};

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
        "/subscriptions" | "/channels" => "GET, POST",
        "/access_tokens" => "DELETE",
        path if subscription(path).or_else(|| channel(path)).is_some() => "DELETE",
        path => {
            return refuse(
                404,
                &format!(
                    "no {path} here; there are /stats, /received, /tokens, /faults, /apply, \
                     /feedback, /subscriptions, /channels, /access_tokens and /reset"
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
            .and_then(|store| store.subscribe(&webpush::Wish::parse(body)?))
            .map(|subscriptions| json(&subscriptions)),
        ("/channels", &Method::GET) => services.channels().map(|channels| json(&channels.known())),
        ("/channels", &Method::POST) => services
            .channels()
            .and_then(|channels| channels.open(&wns::Wish::parse_list(body)?))
            .map(|channels| json(&channels)),
        (path, &Method::DELETE) if channel(path).is_some() => {
            let id = channel(path).unwrap_or_default();
            end_channel(id, uri.query().unwrap_or_default(), services)
        }
        ("/access_tokens", &Method::DELETE) => service_of(uri.query().unwrap_or_default())
            .and_then(|service| services.revoke_access_tokens(service))
            .map(|tokens| json(&serde_json::json!({ "access_tokens": tokens }))),
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

/// The id in the path of a single channel.
fn channel(path: &str) -> Option<&str> {
    path.strip_prefix("/channels/").filter(|id| !id.is_empty())
}

/// By the id as it stands in the URI, or percent-encoded once more; revoked, unless `as=expired` says
/// otherwise.
fn end_channel(id: &str, query: &str, services: &Services) -> Result<Response<Answer>> {
    let state = match query {
        "" | "as=revoked" => wns::State::Revoked,
        "as=expired" => wns::State::Expired,
        query => {
            let line = format!("{query:?} is neither as=revoked nor as=expired");
            return Err(Error::Query(line));
        }
    };
    let channels = services.channels()?;
    let was_there = channels.end(id, state) || channels.end(&percent_decoded(id), state);
    Ok(match was_there {
        true => json(&serde_json::json!({})),
        false => refuse(404, &format!("no channel {id:?} here, or it has ended")),
    })
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
    Ok(json(&services.tokens(service_of(query)?)?))
}

/// The service that the query names, which names nothing else.
fn service_of(query: &str) -> Result<Service> {
    let missing = || Error::Query(format!("{query:?} is not service=…"));
    query.strip_prefix("service=").ok_or_else(missing)?.parse()
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
