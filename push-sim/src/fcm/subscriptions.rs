//! `/v1/projects/P/registrations/R/topicSubscriptions`: the topics of one registration.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::access::Api;
use super::check::not_a_token;
use super::clock::Moment;
use super::condition::is_topic;
use super::schema::Json;
use super::shared::Shared;
use super::status::{self, Status};
use super::target::is_registration;
use super::topics::Added;
use crate::web::{Asked, Told};

const USUAL_PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// The registration that a request is about.
pub(super) struct Of<'a> {
    pub(super) project: &'a str,
    pub(super) registration: &'a str,
    /// In the path.
    pub(super) topic: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    name: String,
    topic_name: String,
    create_time: String,
}

pub(super) fn answer(asked: &Asked, shared: &Shared, of: &Of<'_>) -> Told {
    match manage(asked, shared, of) {
        Ok(told) => told.managed(),
        Err(status) => status.told(asked),
    }
}

fn manage(asked: &Asked, shared: &Shared, of: &Of<'_>) -> Result<Told, Status> {
    let does = Method::of(asked, of.topic)?;
    shared.admit(asked, &does.api(), of.project)?;
    if !is_registration(of.registration) {
        return Err(not_a_token());
    }
    let allows_missing = flag(asked, &["allow_missing", "allowMissing"])?;
    match does {
        Method::Create => {
            let topic = ["topic_name", "topicName"]
                .into_iter()
                .find_map(|name| asked.query_value(name));
            let topic = checked(topic.as_deref().unwrap_or_default())?;
            check_body(asked)?;
            match shared
                .subscriptions
                .add(of.registration, topic, shared.now())
            {
                Added::New(since) => Ok(of.told(asked, topic, since)),
                Added::Already(_) => Err(Status::new(
                    "ALREADY_EXISTS",
                    "Requested entity already exists",
                )),
                Added::TooMany => Err(too_many()),
            }
        }
        Method::Patch => {
            let topic = checked(of.topic.unwrap_or_default())?;
            check_body(asked)?;
            if !allows_missing {
                let since = shared.subscriptions.since(of.registration, topic);
                let since = since.ok_or_else(not_found)?;
                return Ok(of.told(asked, topic, since));
            }
            match shared
                .subscriptions
                .add(of.registration, topic, shared.now())
            {
                Added::New(since) | Added::Already(since) => Ok(of.told(asked, topic, since)),
                Added::TooMany => Err(too_many()),
            }
        }
        Method::Get => {
            let topic = checked(of.topic.unwrap_or_default())?;
            let since = shared.subscriptions.since(of.registration, topic);
            Ok(of.told(asked, topic, since.ok_or_else(not_found)?))
        }
        Method::Delete => {
            let topic = checked(of.topic.unwrap_or_default())?;
            if !shared.subscriptions.remove(of.registration, topic) && !allows_missing {
                return Err(not_found());
            }
            Ok(status::json(asked, 200, &serde_json::json!({})))
        }
        Method::List => list(asked, shared, of),
    }
}

fn list(asked: &Asked, shared: &Shared, of: &Of<'_>) -> Result<Told, Status> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        topic_subscriptions: Vec<Subscription>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_page_token: Option<String>,
    }
    let value = |snake, camel| {
        asked
            .query_value(camel)
            .or_else(|| asked.query_value(snake))
    };
    let most = match value("page_size", "pageSize").map(|size| size.parse::<i64>()) {
        None | Some(Ok(0)) => USUAL_PAGE,
        Some(Ok(size @ 1..)) => usize::try_from(size)
            .unwrap_or(LARGEST_PAGE)
            .min(LARGEST_PAGE),
        Some(_) => return Err(invalid("page_size")),
    };
    let behind = match value("page_token", "pageToken").filter(|token| !token.is_empty()) {
        None => None,
        Some(token) => {
            let name = URL_SAFE_NO_PAD.decode(token).ok();
            let name = name.and_then(|name| String::from_utf8(name).ok());
            Some(name.ok_or_else(|| invalid("page_token"))?)
        }
    };
    let (topics, has_more) = shared
        .subscriptions
        .page(of.registration, behind.as_deref(), most);
    let last = topics.last().map(|(name, _)| URL_SAFE_NO_PAD.encode(name));
    let page = Page {
        topic_subscriptions: topics
            .into_iter()
            .map(|(topic, since)| of.subscription(&topic, since))
            .collect(),
        next_page_token: last.filter(|_| has_more),
    };
    Ok(status::json(asked, 200, &page))
}

impl Of<'_> {
    fn subscription(&self, topic: &str, since: Moment) -> Subscription {
        let (project, registration) = (self.project, self.registration);
        Subscription {
            name: format!(
                "projects/{project}/registrations/{registration}/topicSubscriptions/{topic}"
            ),
            topic_name: topic.to_owned(),
            create_time: since.rfc3339(),
        }
    }

    fn told(&self, asked: &Asked, topic: &str, since: Moment) -> Told {
        status::json(asked, 200, &self.subscription(topic, since))
    }
}

#[derive(Debug, Clone, Copy)]
enum Method {
    Create,
    Patch,
    Get,
    List,
    Delete,
}

impl Method {
    fn of(asked: &Asked, topic: Option<&str>) -> Result<Self, Status> {
        match (asked.method.as_str(), topic) {
            ("POST", None) => Ok(Self::Create),
            ("PATCH", Some(_)) => Ok(Self::Patch),
            ("GET" | "HEAD", Some(_)) => Ok(Self::Get),
            ("GET" | "HEAD", None) => Ok(Self::List),
            ("DELETE", Some(_)) => Ok(Self::Delete),
            _ => Err(Status::new(
                "UNIMPLEMENTED",
                "Operation is not implemented, or supported, or enabled.",
            )),
        }
    }

    fn api(self) -> Api {
        let (method, permission) = match self {
            Self::Create => (
                "CreateTopicSubscription",
                "cloudmessaging.topicSubscriptions.create",
            ),
            Self::Patch => (
                "UpdateTopicSubscription",
                "cloudmessaging.topicSubscriptions.update",
            ),
            Self::Get => (
                "GetTopicSubscription",
                "cloudmessaging.topicSubscriptions.get",
            ),
            Self::List => (
                "ListTopicSubscriptions",
                "cloudmessaging.topicSubscriptions.list",
            ),
            Self::Delete => (
                "DeleteTopicSubscription",
                "cloudmessaging.topicSubscriptions.delete",
            ),
        };
        Api {
            service: "fcm.googleapis.com",
            method,
            permission,
        }
    }
}

fn checked(topic: &str) -> Result<&str, Status> {
    if is_topic(topic) {
        return Ok(topic);
    }
    let text = "Topic name must match [a-zA-Z0-9-_.~%]{1,900}.";
    let violation = status::Violation {
        field: "topic_name".to_owned(),
        description: text.to_owned(),
    };
    Err(Status::malformed(vec![violation]))
}

/// An empty object, or a subscription: all of its fields are the service's to set.
fn check_body(asked: &Asked) -> Result<(), Status> {
    if asked.body.trim_ascii().is_empty() {
        return Ok(());
    }
    let body = Json::parse(&asked.body).map_err(|text| Status::new("INVALID_ARGUMENT", text))?;
    let known = [
        "name",
        "topic_name",
        "topicName",
        "create_time",
        "createTime",
    ];
    let unknown = body
        .entries()
        .iter()
        .find(|(key, _)| !known.contains(&key.as_str()));
    match (&body, unknown) {
        (Json::Object(_), None) => Ok(()),
        (_, Some((key, _))) => {
            let text = format!(
                "Invalid JSON payload received. Unknown name \"{key}\": Cannot find field."
            );
            Err(Status::malformed(vec![status::Violation {
                field: String::new(),
                description: text,
            }]))
        }
        _ => Err(invalid("topic_subscription")),
    }
}

fn flag(asked: &Asked, names: &[&str]) -> Result<bool, Status> {
    let value = names.iter().find_map(|name| asked.query_value(name));
    match value.as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1" | "") => Ok(true),
        Some(_) => Err(invalid("allow_missing")),
    }
}

fn invalid(field: &str) -> Status {
    Status::malformed(vec![status::Violation {
        field: field.to_owned(),
        description: format!("Invalid value at '{field}'"),
    }])
}

fn not_found() -> Status {
    Status::new("NOT_FOUND", "Requested entity was not found.")
}

fn too_many() -> Status {
    let text = "The registration is subscribed to too many topics.";
    Status::new("FAILED_PRECONDITION", text)
}
