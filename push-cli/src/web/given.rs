//! What is sent to: a subscription, or what was meant to be one.

use anypush::web::Subscription;

use super::objects::MAX_OBJECT_BYTES;

/// One device of a list.
#[derive(Debug)]
pub(crate) enum Given {
    Subscription(Subscription),
    Broken(Broken),
}

/// What is no subscription, and why.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Its endpoint where it has one, else the place where it stands.
    pub(crate) device: String,
    pub(crate) why: String,
}

/// Reads a subscription as browsers give it, or a bare endpoint. `place` says where it stands.
pub(super) fn read(text: &str, place: String) -> Given {
    if text.len() > MAX_OBJECT_BYTES {
        return Given::Broken(Broken {
            device: endpoint(text).unwrap_or(place),
            why: format!(
                "it is longer than {MAX_OBJECT_BYTES} bytes: give one subscription per line, as the \
                 browser gave it"
            ),
        });
    }
    let is_bare = ["https://", "http://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    let subscription = match is_bare {
        true => Subscription::without_keys(text),
        false => text.parse(),
    };
    match subscription {
        Ok(subscription) => Given::Subscription(subscription),
        Err(error) => Given::Broken(Broken {
            device: match is_bare {
                true => text.to_owned(),
                false => endpoint(text).unwrap_or(place),
            },
            why: error.to_string(),
        }),
    }
}

/// The endpoint, as far as the text is JSON.
fn endpoint(text: &str) -> Option<String> {
    const NAME: &str = r#""endpoint""#;

    let (_, rest) = text.split_once(NAME)?;
    let value = rest.trim_start().strip_prefix(':')?;
    let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
    let endpoint = values.next()?.ok()?;
    (!endpoint.trim().is_empty()).then_some(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Broken {
        match read(text, "line 17".to_owned()) {
            Given::Broken(broken) => broken,
            Given::Subscription(_) => panic!("{text} is one"),
        }
    }

    #[test]
    fn a_bare_endpoint_is_a_subscription_without_keys() {
        let given = read("https://a.example/x", "line 1".to_owned());
        assert!(matches!(given, Given::Subscription(to) if to.keys().is_none()));
        assert_eq!(
            broken("https://a b.example/").device,
            "https://a b.example/"
        );
    }

    #[test]
    fn the_endpoint_is_found_where_there_is_one() {
        for (text, device) in [
            (
                r#"{"endpoint":"https://a.example/x","keys":{"auth":"a"}}"#,
                "https://a.example/x",
            ),
            (r#"{"endpoint" : "ftp:\/\/a" "#, "ftp://a"),
            (r#"{"endpoint":"https://a.exam"#, "line 17"),
            (r#"{"endpoint":7}"#, "line 17"),
            (r#"{"endpoint":""}"#, "line 17"),
            ("hello", "line 17"),
            ("", "line 17"),
        ] {
            assert_eq!(broken(text).device, device, "{text}");
        }
    }
}
