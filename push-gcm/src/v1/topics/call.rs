//! The requests about topics, and what their answers say.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use push_core::http::Answer;
use serde::Deserialize;

use super::Subscription;
use crate::v1::client::{Call, unclear};
use crate::v1::{Error, Topic};

/// What an answer gives; `None` when the service refused.
pub(super) type Taken<T> = Option<Result<T, Error>>;

/// A request about topics.
pub(super) struct TopicCall<F> {
    method: Method,
    uri: Uri,
    body: Bytes,
    one_of_many: bool,
    taken: F,
}

impl<T, F: Fn(&Answer, u32) -> Taken<T>> TopicCall<F> {
    pub(super) fn new(method: Method, uri: Uri, body: Bytes, taken: F) -> Self {
        Self {
            method,
            uri,
            body,
            one_of_many: false,
            taken,
        }
    }

    /// One of many, which take no more than there is room for.
    pub(super) fn one_of_many(mut self, is: bool) -> Self {
        self.one_of_many = is;
        self
    }
}

/// Names have up to 900 characters, and there are hundreds on a page.
const MAX_ANSWER: usize = 1 << 20;

impl<T, F: Fn(&Answer, u32) -> Taken<T> + Send + Sync> Call for TopicCall<F> {
    type Taken = T;

    fn method(&self) -> Method {
        self.method.clone()
    }

    fn uri(&self) -> &Uri {
        &self.uri
    }

    fn body(&self) -> Bytes {
        self.body.clone()
    }

    fn is_patient(&self) -> bool {
        self.one_of_many
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        Some(MAX_ANSWER)
    }

    fn taken(&self, answer: &Answer, attempts: u32) -> Taken<T> {
        (self.taken)(answer, attempts)
    }
}

/// A subscription as the service writes it, in either of protobuf's ways.
#[derive(Deserialize)]
struct Written {
    name: Option<String>,
    #[serde(alias = "topicName")]
    topic_name: Option<String>,
    #[serde(alias = "createTime")]
    create_time: Option<String>,
}

impl Written {
    fn read(answer: &Answer) -> Option<Self> {
        let whole = answer.status == StatusCode::OK && answer.complete;
        whole.then(|| serde_json::from_slice(&answer.body).ok())?
    }

    /// The topic: of its own field, or what stands last in the name.
    fn topic(&self) -> Option<&str> {
        let of_name = || self.name.as_deref()?.rsplit('/').next();
        self.topic_name
            .as_deref()
            .or_else(of_name)
            .filter(|topic| !topic.is_empty())
    }

    fn since(&self) -> Option<SystemTime> {
        crate::v1::timestamp::parse(self.create_time.as_deref()?)
    }
}

/// What came of a subscription.
pub(super) fn added(answer: &Answer, topic: &Topic, attempts: u32) -> Taken<Subscription> {
    let already = is_there_already(answer);
    if !answer.status.is_success() && !already {
        return None;
    }
    let written = Written::read(answer);
    if !already && written.is_none() {
        return Some(Err(unclear(answer, "the subscription").sent(attempts)));
    }
    Some(Ok(Subscription {
        topic: topic.as_str().to_owned(),
        since: written.and_then(|written| written.since()),
        already,
        attempts,
    }))
}

/// 409 is also what a request gets that was in another one's way: that one is not told as done.
fn is_there_already(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Body {
        error: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        status: String,
    }
    if answer.status != StatusCode::CONFLICT {
        return false;
    }
    match serde_json::from_slice::<Body>(&answer.body) {
        Ok(body) => body.error.status == "ALREADY_EXISTS",
        Err(_) => answer.body.is_empty(),
    }
}

/// What came of the end of a subscription.
pub(super) fn removed(answer: &Answer, topic: &Topic, attempts: u32) -> Taken<Subscription> {
    answer.status.is_success().then(|| {
        Ok(Subscription {
            topic: topic.as_str().to_owned(),
            since: None,
            already: false,
            attempts,
        })
    })
}

/// The subscription that was asked for, if it is there.
pub(super) fn found(answer: &Answer, topic: &Topic, attempts: u32) -> Taken<Option<Subscription>> {
    if is_missing(answer) {
        return Some(Ok(None));
    }
    answer
        .status
        .is_success()
        .then(|| match Written::read(answer) {
            Some(written) => Ok(Some(Subscription {
                topic: topic.as_str().to_owned(),
                since: written.since(),
                already: true,
                attempts,
            })),
            None => Err(unclear(answer, "the subscription").sent(attempts)),
        })
}

/// The subscription is not there; that the device is gone says so in the details.
fn is_missing(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Body {
        error: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        status: String,
        #[serde(default)]
        details: Vec<serde::de::IgnoredAny>,
    }
    answer.status == StatusCode::NOT_FOUND
        && serde_json::from_slice::<Body>(&answer.body)
            .is_ok_and(|body| body.error.status == "NOT_FOUND" && body.error.details.is_empty())
}

/// Some of the topics, and where the next ones are.
pub(super) struct Page {
    pub(super) topics: Vec<Subscription>,
    pub(super) next: Option<String>,
}

pub(super) fn listed(answer: &Answer, attempts: u32) -> Taken<Page> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, alias = "topicSubscriptions")]
        topic_subscriptions: Vec<Written>,
        #[serde(alias = "nextPageToken")]
        next_page_token: Option<String>,
    }
    if !answer.status.is_success() {
        return None;
    }
    let Ok(body) = serde_json::from_slice::<Body>(&answer.body) else {
        return Some(Err(unclear(answer, "the list of topics").sent(attempts)));
    };
    let topics = body.topic_subscriptions.iter().filter_map(|written| {
        Some(Subscription {
            topic: written.topic()?.to_owned(),
            since: written.since(),
            already: true,
            attempts,
        })
    });
    Some(Ok(Page {
        topics: topics.collect(),
        next: body.next_page_token.filter(|next| !next.is_empty()),
    }))
}
