//! What becomes of a request: for all of its ids, or for each.

use super::config::Config;
use super::request::{Request, Target};
use crate::fault::Answer;
use crate::fcm::{is_registration, is_reserved, is_topic};

const MOST_TTL_SECONDS: i64 = 2_419_200;
const MOST_BYTES: usize = 4096;
const MOST_TOPIC_BYTES: usize = 2048;

/// What becomes of the message to one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken {
        /// The id by which the device should be known.
        canonical: Option<String>,
    },
    Refused(String),
}

/// The error of all ids of a request, by its name.
pub(super) fn of_all(request: &Request, config: &Config) -> Option<&'static str> {
    if request.data.iter().any(|(key, _)| is_reserved(key)) {
        return Some("InvalidDataKey");
    }
    let ttl = request.options.get("time_to_live");
    if ttl.is_some_and(|ttl| {
        ttl.as_i64()
            .is_none_or(|ttl| !(0..=MOST_TTL_SECONDS).contains(&ttl))
    }) {
        return Some("InvalidTtl");
    }
    let is_topical = !matches!(request.target, Target::Ids(_));
    let most = if is_topical {
        MOST_TOPIC_BYTES
    } else {
        MOST_BYTES
    };
    if bytes(request) > most {
        return Some("MessageTooBig");
    }
    let package = request.text("restricted_package_name");
    let is_other = |package: &str| config.package.as_deref().is_some_and(|own| own != package);
    package
        .is_some_and(is_other)
        .then_some("InvalidPackageName")
}

/// Keys and values of the data, and the values of the notification.
fn bytes(request: &Request) -> usize {
    let data = request
        .data
        .iter()
        .map(|(key, value)| key.len() + value.len());
    let notification = request.options.get("notification");
    let notification = notification.and_then(serde_json::Value::as_object);
    let shown = notification
        .into_iter()
        .flatten()
        .map(|(_, value)| match value {
            serde_json::Value::String(text) => text.len(),
            other => other.to_string().len(),
        });
    data.chain(shown).sum()
}

/// What becomes of one id, if nothing is wrong with the message.
pub(super) fn of_id(id: &str, fault: Option<&Answer>) -> Verdict {
    if id.is_empty() {
        return Verdict::Refused("MissingRegistration".to_owned());
    }
    match fault {
        Some(Answer {
            reason: Some(reason),
            ..
        }) => Verdict::Refused(reason.clone()),
        Some(answer) => Verdict::Taken {
            canonical: answer.canonical.clone(),
        },
        None if is_registration(id) => Verdict::Taken { canonical: None },
        None => Verdict::Refused("InvalidRegistration".to_owned()),
    }
}

/// Whether it is the name of a topic, with its prefix.
pub(super) fn is_full_topic(name: &str) -> bool {
    name.strip_prefix("/topics/").is_some_and(is_topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Asked;

    fn all(body: &serde_json::Value) -> Option<&'static str> {
        let asked = Asked {
            headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
            body: body.to_string().into_bytes(),
            ..Asked::default()
        };
        let config = Config::default().package("com.example.app");
        of_all(&Request::read(&asked).unwrap(), &config)
    }

    #[test]
    fn a_message_is_refused_for_all_of_its_ids() {
        use serde_json::json;
        for key in ["from", "gcm", "google.x", "gcm.y", "message_type"] {
            let body = json!({"to": "a", "data": {"k": "v", key: "v"}});
            assert_eq!(all(&body), Some("InvalidDataKey"), "{key}");
        }
        assert_eq!(all(&json!({"to": "a", "data": {"collapse_key": 5}})), None);
        for (ttl, error) in [
            (0, None),
            (2_419_200, None),
            (2_419_201, Some("InvalidTtl")),
            (-1, Some("InvalidTtl")),
        ] {
            assert_eq!(
                all(&json!({"to": "a", "time_to_live": ttl})),
                error,
                "{ttl}"
            );
        }
        let data = |bytes: usize| json!({"k": "v".repeat(bytes - 1)});
        assert_eq!(all(&json!({"to": "a", "data": data(4096)})), None);
        assert_eq!(
            all(&json!({"to": "a", "data": data(4097)})),
            Some("MessageTooBig")
        );
        let both = json!({"to": "a", "data": data(4096), "notification": {"title": "x"}});
        assert_eq!(all(&both), Some("MessageTooBig"));
        assert_eq!(all(&json!({"to": "/topics/x", "data": data(2048)})), None);
        assert_eq!(
            all(&json!({"to": "/topics/x", "data": data(2049)})),
            Some("MessageTooBig")
        );
        let package = |name: &str| all(&json!({"to": "a", "restricted_package_name": name}));
        assert_eq!(package("com.example.app"), None);
        assert_eq!(package("com.example.other"), Some("InvalidPackageName"));
    }

    #[test]
    fn an_id_is_judged_by_its_form_unless_a_fault_says_something() {
        let taken = Verdict::Taken { canonical: None };
        let refused = |error: &str| Verdict::Refused(error.to_owned());
        assert_eq!(of_id("a:b-c", None), taken);
        assert_eq!(of_id("", None), refused("MissingRegistration"));
        assert_eq!(of_id("no id", None), refused("InvalidRegistration"));
        let gone = Answer::new(200).reason("NotRegistered");
        assert_eq!(of_id("a", Some(&gone)), refused("NotRegistered"));
        let moved = Answer::new(200).canonical("b");
        let canonical = Some("b".to_owned());
        assert_eq!(of_id("a", Some(&moved)), Verdict::Taken { canonical });
    }
}
