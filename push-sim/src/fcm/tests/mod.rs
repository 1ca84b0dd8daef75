//! The service as a whole, without connections.

mod iid;
mod oauth;
mod odd;
mod send;
mod topics;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::{Config, Shared};
use crate::fault::Answer;
use crate::service_account::ServiceAccount;
use crate::web::{Asked, Site, Told};

const TOKEN: &str = "fixed-access-token";

fn shared() -> Shared {
    with(Config::default())
}

/// One account for all: its key takes long to make.
fn with(config: Config) -> Shared {
    static ACCOUNT: LazyLock<ServiceAccount> =
        LazyLock::new(|| ServiceAccount::generate("https://localhost:1/token").unwrap());
    Shared::new(config.access_token(TOKEN), ACCOUNT.clone())
}

/// A request with an access token.
fn asked(method: &str, target: &str, body: &str) -> Asked {
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| {
            (path, Some(query.to_owned()))
        });
    let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        host: Some("localhost:9".to_owned()),
        headers: vec![field("authorization", &format!("Bearer {TOKEN}"))],
        body: body.as_bytes().to_vec(),
        scheme: "https",
    }
}

fn header(mut asked: Asked, name: &str, value: &str) -> Asked {
    asked.headers.retain(|(field, _)| field != name);
    if !value.is_empty() {
        asked
            .headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
    }
    asked
}

fn answer(shared: &Shared, asked: &Asked) -> (Told, Value) {
    let told = shared.answer(asked, &HashMap::<String, Answer>::new());
    let value = serde_json::from_slice(&told.body).unwrap_or(Value::Null);
    (told, value)
}

fn field<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
    let field = told.headers.iter().find(|(field, _)| field == name);
    field.map(|(_, value)| value.as_str())
}
