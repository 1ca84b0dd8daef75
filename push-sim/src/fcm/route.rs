//! What a path asks for.

use std::borrow::Cow;

use crate::web::form::percent_decoded;

/// A request to FCM itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `POST /v1/projects/P/messages:send`
    Send { project: String },
    /// `/v1/projects/P/registrations/R/topicSubscriptions`, with the topic's name behind it or not.
    Subscriptions {
        project: String,
        registration: String,
        topic: Option<String>,
    },
    /// `POST /iid/v1:batchAdd` and `:batchRemove`.
    Batch { adds: bool },
    /// `/iid/v1/R/rel/topics/T`
    Relation { registration: String, topic: String },
    /// `GET /iid/info/R`
    Info { registration: String },
}

impl Route {
    pub(super) fn of(method: &str, path: &str) -> Option<Self> {
        let parts: Vec<_> = path.strip_prefix('/')?.split('/').map(decoded).collect();
        let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
        match (method, &*parts) {
            ("POST", ["v1", "projects", project, "messages:send"]) => Some(Self::Send {
                project: (*project).to_owned(),
            }),
            (
                _,
                [
                    "v1",
                    "projects",
                    project,
                    "registrations",
                    registration,
                    "topicSubscriptions",
                    topic @ ..,
                ],
            ) if topic.len() < 2 => Some(Self::Subscriptions {
                project: (*project).to_owned(),
                registration: (*registration).to_owned(),
                topic: topic.first().map(|topic| (*topic).to_owned()),
            }),
            ("POST", ["iid", "v1:batchAdd"]) => Some(Self::Batch { adds: true }),
            ("POST", ["iid", "v1:batchRemove"]) => Some(Self::Batch { adds: false }),
            ("POST" | "DELETE", ["iid", "v1", registration, "rel", "topics", topic]) => {
                Some(Self::Relation {
                    registration: (*registration).to_owned(),
                    topic: (*topic).to_owned(),
                })
            }
            ("GET", ["iid", "info", registration]) => Some(Self::Info {
                registration: (*registration).to_owned(),
            }),
            _ => None,
        }
    }

    /// Whether it is one of the Instance ID service, which has errors of its own.
    pub(super) fn is_instance_id(&self) -> bool {
        matches!(
            self,
            Self::Batch { .. } | Self::Relation { .. } | Self::Info { .. }
        )
    }
}

/// Most parts have nothing to be decoded.
fn decoded(part: &str) -> Cow<'_, str> {
    if part.contains('%') {
        percent_decoded(part).into()
    } else {
        part.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let send = Route::Send {
            project: "p".to_owned(),
        };
        assert_eq!(
            Route::of("POST", "/v1/projects/p/messages:send"),
            Some(send)
        );
        assert!(Route::of("POST", "/v1/projects/p/messages%3Asend").is_some());
        let subscription = Route::Subscriptions {
            project: "p".to_owned(),
            registration: "a:b".to_owned(),
            topic: Some("x%y".to_owned()),
        };
        let path = "/v1/projects/p/registrations/a%3Ab/topicSubscriptions/x%25y";
        assert_eq!(Route::of("DELETE", path), Some(subscription));
        assert_eq!(
            Route::of("POST", "/iid/v1:batchAdd"),
            Some(Route::Batch { adds: true })
        );
        for (method, path) in [
            ("GET", "/v1/projects/p/messages:send"),
            ("POST", "/v1/projects/p/messages:send/"),
            ("POST", "/batch"),
            ("POST", "/"),
            ("POST", "*"),
            (
                "GET",
                "/v1/projects/p/registrations/r/topicSubscriptions/a/b",
            ),
        ] {
            assert_eq!(Route::of(method, path), None, "{method} {path}");
        }
    }
}
