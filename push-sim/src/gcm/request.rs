//! Requests to send, in JSON and as forms.

use serde_json::{Map, Value};

use crate::web::{Asked, form};

/// A request, whatever it was written in.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) target: Target,
    pub(super) options: Map<String, Value>,
    /// Keys and texts; of JSON, other values are written as JSON.
    pub(super) data: Vec<(String, String)>,
    pub(super) format: Format,
}

#[derive(Debug, PartialEq)]
pub(super) enum Target {
    /// In a list, or as `to`, or as `registration_id`; not a topic.
    Ids(Vec<String>),
    /// With `/topics/`.
    Topic(String),
    Condition(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Plain,
}

const MOST_IDS: usize = 1000;
const TOPICS: &str = "/topics/";

impl Format {
    /// A missing type is a form.
    pub(super) fn of(asked: &Asked) -> Self {
        let content_type = asked.header("content-type").unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else {
            Self::Plain
        }
    }
}

impl Request {
    /// # Errors
    /// The text that comes with status 400.
    pub(super) fn read(asked: &Asked) -> Result<Self, String> {
        match Format::of(asked) {
            Format::Json => Self::of_json(&asked.body),
            Format::Plain => Self::of_form(&asked.body),
        }
    }

    fn of_json(body: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(body).map_err(|error| parsing(&error, body))?;
        let Value::Object(mut fields) = value else {
            return Err("JSON_PARSING_ERROR: Missing starting '{'.".to_owned());
        };
        fields.retain(|_, value| !value.is_null());
        check_types(&fields)?;
        let target = target(&mut fields)?;
        let data = match fields.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        Ok(Self {
            data: data
                .into_iter()
                .map(|(key, value)| (key, text(value)))
                .collect(),
            target,
            options: fields,
            format: Format::Json,
        })
    }

    fn of_form(body: &[u8]) -> Result<Self, String> {
        let mut options = Map::new();
        let mut data = Vec::new();
        let mut id = String::new();
        for (name, value) in form::pairs(body) {
            if let Some(key) = name.strip_prefix("data.") {
                data.push((key.to_owned(), value));
                continue;
            }
            let read = match name.as_str() {
                "registration_id" | "to" => {
                    id = value;
                    continue;
                }
                // Python's clients write False and True.
                "delay_while_idle" | "dry_run" => match value.to_ascii_lowercase().as_str() {
                    "1" | "true" => Value::Bool(true),
                    "0" | "false" | "" => Value::Bool(false),
                    _ => return Err(format!("Invalid value ({value}) for \"{name}\"")),
                },
                "time_to_live" => match value.parse::<i64>() {
                    Ok(seconds) => seconds.into(),
                    Err(_) => return Err(format!("Invalid value ({value}) for \"{name}\"")),
                },
                _ => Value::String(value),
            };
            options.insert(name, read);
        }
        let target = if id.starts_with(TOPICS) {
            Target::Topic(id)
        } else {
            Target::Ids(vec![id])
        };
        Ok(Self {
            target,
            options,
            data,
            format: Format::Plain,
        })
    }

    pub(super) fn is_on(&self, option: &str) -> bool {
        self.options.get(option) == Some(&Value::Bool(true))
    }

    pub(super) fn text(&self, option: &str) -> Option<&str> {
        self.options.get(option).and_then(Value::as_str)
    }
}

/// The ids of a request, even if it is not a good one.
pub(super) fn ids(asked: &Asked) -> Vec<String> {
    if Format::of(asked) == Format::Plain {
        let pairs = form::pairs(&asked.body).into_iter();
        return pairs
            .filter(|(name, _)| name == "registration_id" || name == "to")
            .map(|(_, id)| id)
            .collect();
    }
    let Ok(body) = serde_json::from_slice::<Value>(&asked.body) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for name in ["to", "condition", "notification_key"] {
        found.extend(body.get(name).and_then(Value::as_str).map(str::to_owned));
    }
    let list = body.get("registration_ids").and_then(Value::as_array);
    let listed = list.into_iter().flatten().filter_map(Value::as_str);
    found.extend(listed.map(str::to_owned));
    found
}

/// In the service's words, which calls an object an array.
fn check_types(fields: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in fields {
        let (is_good, kind) = match name.as_str() {
            "to"
            | "condition"
            | "notification_key"
            | "collapse_key"
            | "restricted_package_name"
            | "message_id" => (value.is_string(), "string"),
            "data" | "notification" => (value.is_object(), "array"),
            "time_to_live" => (value.is_i64() || value.is_u64(), "number"),
            "dry_run" | "delay_while_idle" | "content_available" | "mutable_content" => {
                (value.is_boolean(), "boolean")
            }
            "registration_ids" => {
                let is_list = value.is_array();
                if !is_list {
                    return Err("\"registration_ids\" field is not a JSON array".to_owned());
                }
                continue;
            }
            "priority" => match value.as_str() {
                Some("normal" | "high") => continue,
                _ if value.is_number() => continue,
                _ => return Err(format!("Invalid value ({}) for \"priority\"", shown(value))),
            },
            _ => continue,
        };
        if !is_good {
            return Err(format!(
                "Field \"{name}\" must be a JSON {kind}: {}",
                shown(value)
            ));
        }
    }
    check_notification(fields.get("notification"))
}

const TEXTS: [&str; 12] = [
    "title",
    "body",
    "subtitle",
    "click_action",
    "icon",
    "android_channel_id",
    "tag",
    "color",
    "body_loc_key",
    "body_loc_args",
    "title_loc_key",
    "title_loc_args",
];

fn check_notification(notification: Option<&Value>) -> Result<(), String> {
    let Some(Value::Object(fields)) = notification else {
        return Ok(());
    };
    let wrong = fields.iter().find(|(name, value)| {
        TEXTS.contains(&name.as_str()) && !value.is_string() && !value.is_null()
    });
    match wrong {
        Some((name, value)) => Err(format!(
            "Field \"{name}\" must be a JSON string: {}",
            shown(value)
        )),
        None => Ok(()),
    }
}

fn target(fields: &mut Map<String, Value>) -> Result<Target, String> {
    let both = |one: &str| {
        Err(format!(
            "Must use either \"registration_ids\" field or \"{one}\", not both"
        ))
    };
    let list = fields.remove("registration_ids");
    let mut single = Vec::new();
    for name in ["to", "condition", "notification_key"] {
        if let Some(Value::String(value)) = fields.remove(name) {
            if list.is_some() {
                return both(name);
            }
            single.push((name, value));
        }
    }
    if let Some(Value::Array(list)) = list {
        return listed(list);
    }
    match single.as_slice() {
        [] => Err("Missing \"registration_ids\" field".to_owned()),
        [("condition", condition)] => Ok(Target::Condition(condition.clone())),
        [(_, to)] if to.starts_with(TOPICS) => Ok(Target::Topic(to.clone())),
        [(_, to)] => Ok(Target::Ids(vec![to.clone()])),
        [(one, _), (other, _), ..] => Err(format!(
            "Must use either \"{one}\" field or \"{other}\", not both"
        )),
    }
}

fn listed(list: Vec<Value>) -> Result<Target, String> {
    if list.is_empty() {
        return Err("\"registration_ids\" field cannot be empty".to_owned());
    }
    if list.len() > MOST_IDS {
        let count = list.len();
        return Err(format!(
            "Number of messages on bulk ({count}) exceeds maximum allowed ({MOST_IDS})"
        ));
    }
    let ids = list.into_iter().map(|id| match id {
        Value::String(id) => Ok(id),
        Value::Null => Ok(String::new()),
        other => Err(format!(
            "Field \"registration_ids\" must be a JSON array of strings: {}",
            shown(&other)
        )),
    });
    ids.collect::<Result<_, _>>().map(Target::Ids)
}

fn parsing(error: &serde_json::Error, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let position = before + error.column().saturating_sub(1);
    let what = match text.get(position..).and_then(|rest| rest.chars().next()) {
        Some(found) if !error.is_eof() => format!("Unexpected character ({found})"),
        _ => "Unexpected token END OF FILE".to_owned(),
    };
    let position = position.min(text.len());
    format!("JSON_PARSING_ERROR: {what} at position {position}.")
}

fn shown(value: &Value) -> String {
    text(value.clone()).chars().take(200).collect()
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(content_type: &str, body: &str) -> Asked {
        let headers = vec![("content-type".to_owned(), content_type.as_bytes().to_vec())];
        Asked {
            headers: if content_type.is_empty() {
                Vec::new()
            } else {
                headers
            },
            body: body.as_bytes().to_vec(),
            ..Asked::default()
        }
    }

    fn json(body: &str) -> Result<Request, String> {
        Request::read(&asked("application/json; charset=utf-8", body))
    }

    fn plain(body: &str) -> Result<Request, String> {
        Request::read(&asked("", body))
    }

    #[test]
    fn one_and_the_same_request_can_be_written_in_both_ways() {
        let body = r#"{"to":"a","data":{"k":"v w","n":5},"time_to_live":10,"dry_run":true}"#;
        let of_json = json(body).unwrap();
        assert_eq!(of_json.target, Target::Ids(vec!["a".to_owned()]));
        assert_eq!(of_json.data.len(), 2);
        assert!(of_json.is_on("dry_run"));
        let form = "registration_id=a&data.k=v+w&data.n=5&time_to_live=10&dry_run=1";
        for content_type in ["", "application/x-www-form-urlencoded;charset=UTF-8"] {
            let of_form = Request::read(&asked(content_type, form)).unwrap();
            assert_eq!(of_form.format, Format::Plain);
            assert_eq!(
                (&of_form.target, &of_form.data),
                (&of_json.target, &of_json.data)
            );
            assert_eq!(of_form.options, of_json.options);
        }
    }

    #[test]
    fn a_request_has_one_target() {
        let target = |body| json(body).map(|request| request.target);
        let ids = Target::Ids(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(target(r#"{"registration_ids":["a","b"]}"#), Ok(ids));
        let topic = Target::Topic("/topics/x".to_owned());
        assert_eq!(target(r#"{"to":"/topics/x"}"#), Ok(topic));
        let condition = Target::Condition("'a' in topics".to_owned());
        assert_eq!(target(r#"{"condition":"'a' in topics"}"#), Ok(condition));
        let refused = |text: &str| Err(text.to_owned());
        assert_eq!(
            target(r#"{"to":"a","registration_ids":["b"]}"#),
            refused("Must use either \"registration_ids\" field or \"to\", not both")
        );
        assert_eq!(
            target(r#"{"to":"a","condition":"b"}"#),
            refused("Must use either \"to\" field or \"condition\", not both")
        );
        assert_eq!(target("{}"), refused("Missing \"registration_ids\" field"));
        assert_eq!(
            target(r#"{"registration_ids":[]}"#),
            refused("\"registration_ids\" field cannot be empty")
        );
        let many = serde_json::json!({"registration_ids": vec!["a"; 1001]}).to_string();
        assert_eq!(
            target(&many),
            refused("Number of messages on bulk (1001) exceeds maximum allowed (1000)")
        );
        let most = serde_json::json!({"registration_ids": vec!["a"; 1000]}).to_string();
        assert!(target(&most).is_ok());
    }

    #[test]
    fn a_field_of_another_type_is_refused_with_its_value() {
        for (field, text) in [
            (
                r#""to":["a"]"#,
                "Field \"to\" must be a JSON string: [\"a\"]",
            ),
            (
                r#""to":"a","data":"smth""#,
                "Field \"data\" must be a JSON array: smth",
            ),
            (
                r#""to":"a","time_to_live":"5""#,
                "Field \"time_to_live\" must be a JSON number: 5",
            ),
            (
                r#""to":"a","time_to_live":5.5"#,
                "Field \"time_to_live\" must be a JSON number: 5.5",
            ),
            (
                r#""to":"a","dry_run":1"#,
                "Field \"dry_run\" must be a JSON boolean: 1",
            ),
            (
                r#""to":"a","collapse_key":1"#,
                "Field \"collapse_key\" must be a JSON string: 1",
            ),
            (
                r#""registration_ids":"a""#,
                "\"registration_ids\" field is not a JSON array",
            ),
            (
                r#""to":"a","priority":"urgent""#,
                "Invalid value (urgent) for \"priority\"",
            ),
            (
                r#""to":"a","notification":{"title_loc_args":["x"]}"#,
                "Field \"title_loc_args\" must be a JSON string: [\"x\"]",
            ),
            (
                r#""registration_ids":[5]"#,
                "Field \"registration_ids\" must be a JSON array of strings: 5",
            ),
        ] {
            assert_eq!(json(&format!("{{{field}}}")).unwrap_err(), text);
        }
        let good = r#"{"to":"a","priority":10,"notification":{"badge":5,"sound":{}},"extra":1,"data":null}"#;
        assert!(json(good).is_ok());
        assert!(plain("registration_id=a&time_to_live=x").is_err());
        assert!(plain("registration_id=a&dry_run=maybe").is_err());
        assert!(
            plain("registration_id=a&dry_run=True").is_ok_and(|request| request.is_on("dry_run"))
        );
    }

    #[test]
    fn what_is_no_json_is_shown_with_its_place() {
        for (body, text) in [
            (
                "nonsense",
                "JSON_PARSING_ERROR: Unexpected character (o) at position 1.",
            ),
            (
                "{\n\"to\":x}",
                "JSON_PARSING_ERROR: Unexpected character (x) at position 7.",
            ),
            (
                "{\"to\":",
                "JSON_PARSING_ERROR: Unexpected token END OF FILE at position 5.",
            ),
            ("[]", "JSON_PARSING_ERROR: Missing starting '{'."),
        ] {
            assert_eq!(json(body).unwrap_err(), text, "{body}");
        }
        assert!(json("").is_err() && json("{\"ä\":é").is_err());
        assert!(Request::read(&asked("application/json", "\u{0}")).is_err());
    }

    #[test]
    fn the_ids_of_a_request_are_found_even_if_it_is_a_bad_one() {
        let found = |content_type, body| ids(&asked(content_type, body));
        let body = r#"{"to":"a","registration_ids":["b",5,"c"]}"#;
        assert_eq!(found("application/json", body), ["a", "b", "c"]);
        assert_eq!(found("", "registration_id=a&data.to=b"), ["a"]);
        assert_eq!(found("application/json", "nonsense"), [""; 0]);
    }
}
