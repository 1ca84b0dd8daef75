//! Answers, in JSON and in plain text.

use serde::Serialize;

use super::request::Format;
use super::verdict::Verdict;
use crate::fcm::Ids;
use crate::web::Told;

const JSON: &str = "application/json; charset=UTF-8";
const TEXT: &str = "text/plain; charset=UTF-8";

/// What stands for the name of a message that was only looked at.
const DRY: &str = "fake_message_id";

/// For single ids, in their order.
pub(super) fn results(format: Format, verdicts: &[Verdict], ids: &Ids, is_dry: bool) -> Told {
    #[derive(Serialize)]
    struct Body<'a> {
        multicast_id: u64,
        success: usize,
        failure: usize,
        canonical_ids: usize,
        results: Vec<One<'a>>,
    }
    #[derive(Default, Serialize)]
    struct One<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        registration_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a str>,
    }
    let message_id = || {
        if is_dry {
            DRY.to_owned()
        } else {
            ids.message()
        }
    };
    if let (Format::Plain, Some(verdict)) = (format, verdicts.first()) {
        return plain(verdict, &message_id());
    }
    let results: Vec<_> = verdicts
        .iter()
        .map(|verdict| match verdict {
            Verdict::Taken { canonical } => One {
                message_id: Some(message_id()),
                registration_id: canonical.as_deref(),
                ..One::default()
            },
            Verdict::Refused(error) => One {
                error: Some(error),
                ..One::default()
            },
        })
        .collect();
    let failure = results.iter().filter(|one| one.error.is_some()).count();
    let body = Body {
        multicast_id: ids.number(),
        success: results.len() - failure,
        failure,
        canonical_ids: results
            .iter()
            .filter(|one| one.registration_id.is_some())
            .count(),
        results,
    };
    Told::new(200, JSON, serde_json::to_vec(&body).unwrap_or_default())
}

fn plain(verdict: &Verdict, message_id: &str) -> Told {
    match verdict {
        Verdict::Taken { canonical } => {
            let canonical = canonical.as_ref();
            let line = canonical
                .map(|id| format!("registration_id={id}\n"))
                .unwrap_or_default();
            Told::new(200, TEXT, format!("id={message_id}\n{line}"))
        }
        // What JSON calls Unavailable has no place in a plain answer.
        Verdict::Refused(error) if error == "Unavailable" => failed(500, "Internal Server Error"),
        Verdict::Refused(error) => Told::new(200, TEXT, format!("Error={error}\n")),
    }
}

/// For a topic, or a condition.
pub(super) fn topic(format: Format, error: Option<&str>, ids: &Ids, is_dry: bool) -> Told {
    let number = if is_dry { 1 } else { ids.number() };
    match (format, error) {
        (Format::Json, None) => Told::new(200, JSON, format!("{{\"message_id\":{number}}}")),
        (Format::Json, Some(error)) => {
            Told::new(200, JSON, serde_json::json!({"error": error}).to_string())
        }
        (Format::Plain, None) => Told::new(200, TEXT, format!("id={number}\n")),
        (Format::Plain, Some(error)) => Told::new(200, TEXT, format!("Error={error}\n")),
    }
}

/// For a device group: how many members got it, and which did not.
pub(super) fn group(taken: usize, failed: &[&str]) -> Told {
    #[derive(Serialize)]
    struct Body<'a> {
        success: usize,
        failure: usize,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        failed_registration_ids: &'a [&'a str],
    }
    let body = Body {
        success: taken,
        failure: failed.len(),
        failed_registration_ids: failed,
    };
    Told::new(200, JSON, serde_json::to_vec(&body).unwrap_or_default())
}

/// A text with status 400.
pub(super) fn bad_request(text: &str) -> Told {
    Told::new(400, TEXT, format!("{text}\n"))
}

pub(super) fn unauthorized(has_key: bool) -> Told {
    failed(
        401,
        if has_key {
            "Invalid (legacy) Server-key delivered or Sender is not authorized to perform request."
        } else {
            "The request was missing an Authentification Key (FCM Token). Please, refer to section \
             &quot;Authentification&quot; of the FCM documentation, at \
             https://firebase.google.com/docs/cloud-messaging/server."
        },
    )
}

/// A page.
pub(super) fn failed(status: u16, what: &str) -> Told {
    let body = format!(
        "<HTML>\n<HEAD>\n<TITLE>{what}</TITLE>\n</HEAD>\n\
         <BODY BGCOLOR=\"#FFFFFF\" TEXT=\"#000000\">\n<H1>{what}</H1>\n<H2>Error {status}</H2>\n\
         </BODY>\n</HTML>\n"
    );
    Told::new(status, "text/html; charset=UTF-8", body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts() -> Vec<Verdict> {
        vec![
            Verdict::Taken { canonical: None },
            Verdict::Refused("NotRegistered".to_owned()),
            Verdict::Taken {
                canonical: Some("new".to_owned()),
            },
        ]
    }

    #[test]
    fn results_are_in_order_and_counted() {
        let told = results(Format::Json, &verdicts(), &Ids::new(), false);
        let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
        assert_eq!((&body["success"], &body["failure"]), (&2.into(), &1.into()));
        assert_eq!(body["canonical_ids"], 1);
        assert!(body["multicast_id"].is_u64());
        assert!(body["results"][0]["message_id"].is_string());
        assert_eq!(
            body["results"][1],
            serde_json::json!({"error": "NotRegistered"})
        );
        assert_eq!(body["results"][2]["registration_id"], "new");

        let dry = results(Format::Json, &verdicts(), &Ids::new(), true);
        let body: serde_json::Value = serde_json::from_slice(&dry.body).unwrap();
        assert_eq!(body["results"][0]["message_id"], DRY);
    }

    #[test]
    fn a_plain_answer_has_one_line_or_two() {
        let text = |verdict: &Verdict| {
            let told = results(
                Format::Plain,
                std::slice::from_ref(verdict),
                &Ids::new(),
                true,
            );
            (told.status, String::from_utf8(told.body).unwrap())
        };
        let [taken, refused, moved] = <[Verdict; 3]>::try_from(verdicts()).unwrap();
        assert_eq!(text(&taken), (200, "id=fake_message_id\n".to_owned()));
        assert_eq!(text(&refused), (200, "Error=NotRegistered\n".to_owned()));
        let moved_text = "id=fake_message_id\nregistration_id=new\n";
        assert_eq!(text(&moved), (200, moved_text.to_owned()));
        assert_eq!(text(&Verdict::Refused("Unavailable".to_owned())).0, 500);
    }

    #[test]
    fn topics_and_groups_have_answers_of_their_own() {
        let text = |told: Told| String::from_utf8(told.body).unwrap();
        let ids = Ids::new();
        assert_eq!(
            text(topic(Format::Json, None, &ids, true)),
            r#"{"message_id":1}"#
        );
        let error = topic(Format::Json, Some("TopicsMessageRateExceeded"), &ids, false);
        assert_eq!(text(error), r#"{"error":"TopicsMessageRateExceeded"}"#);
        assert_eq!(text(group(2, &[])), r#"{"success":2,"failure":0}"#);
        assert_eq!(
            text(group(1, &["a"])),
            r#"{"success":1,"failure":1,"failed_registration_ids":["a"]}"#
        );
    }
}
