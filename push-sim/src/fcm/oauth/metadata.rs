//! The metadata server of Google's machines.

use super::{Given, Grant, are_scopes, grant_of, status};
use crate::fcm::shared::Shared;
use crate::web::{Asked, Told, form};

const ACCOUNTS: &str = "instance/service-accounts/";
const SCOPES: &str = "https://www.googleapis.com/auth/cloud-platform";

pub(super) fn answer(asked: &Asked, shared: &Shared) -> Told {
    flavored(read(asked, shared))
}

/// With the header by which clients know a metadata server.
pub(super) fn flavored(told: Told) -> Told {
    told.header("metadata-flavor", "Google")
        .header("server", "Metadata Server for VM")
}

fn read(asked: &Asked, shared: &Shared) -> Told {
    if !matches!(asked.method.as_str(), "GET" | "HEAD") {
        return page(405, "Method Not Allowed");
    }
    if asked.header("metadata-flavor") != Some("Google") {
        return page(
            403,
            "Your client does not have permission to get URL: \
             it is missing the header \"Metadata-Flavor: Google\".",
        );
    }
    if asked.header("x-forwarded-for").is_some() {
        return page(403, "Your client must not be a proxy.");
    }
    let path = form::percent_decoded(&asked.path);
    let Some(path) = path
        .strip_prefix("/computeMetadata/v1")
        .map(|path| path.trim_start_matches('/'))
    else {
        return text("computeMetadata/\n");
    };
    let account = &shared.account;
    match path.trim_end_matches('/') {
        "" => text("instance/\nproject/\nuniverse/\n"),
        "instance" => text("id\nservice-accounts/\nzone\n"),
        "instance/id" => text("4520031799277581759"),
        "instance/zone" => {
            let number = &shared.config.project_number;
            text(&format!("projects/{number}/zones/europe-west1-b"))
        }
        "project" => text("numeric-project-id\nproject-id\n"),
        "project/project-id" => text(account.project_id()),
        "project/numeric-project-id" => text(&shared.config.project_number),
        "universe/universe-domain" | "universe/universe_domain" => text("googleapis.com"),
        "instance/service-accounts" => text(&format!("default/\n{}/\n", account.client_email())),
        path => match path.strip_prefix(ACCOUNTS).and_then(|rest| {
            let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
            (name == "default" || name == account.client_email()).then_some(rest)
        }) {
            Some(entry) => account_entry(entry, asked, shared),
            None => page(404, "Not Found"),
        },
    }
}

/// What there is to know of the machine's account.
fn account_entry(entry: &str, asked: &Asked, shared: &Shared) -> Told {
    let email = shared.account.client_email();
    match entry {
        "" if asked.query_value("recursive").as_deref() == Some("true") => {
            let account =
                serde_json::json!({"aliases": ["default"], "email": email, "scopes": [SCOPES]});
            Told::new(200, "application/json", account.to_string())
        }
        "" => text("aliases\nemail\nidentity\nscopes\ntoken\n"),
        "aliases" => text("default\n"),
        "email" => text(email),
        "scopes" => text(&format!("{SCOPES}\n")),
        "token" => match asked
            .query_value("scopes")
            .map(|scopes| scopes.replace(',', " "))
        {
            None => given(shared, Grant::Messaging),
            Some(scopes) if are_scopes(&scopes) => given(shared, grant_of(&scopes)),
            Some(_) => page(400, "Invalid scopes"),
        },
        _ => page(404, "Not Found"),
    }
}

fn given(shared: &Shared, grant: Grant) -> Told {
    // On one line, and without a charset.
    let compact = Asked {
        query: Some("prettyPrint=false".to_owned()),
        ..Asked::default()
    };
    status::json(&compact, 200, &Given::new(shared, grant))
        .header("content-type", "application/json")
}

fn text(text: &str) -> Told {
    Told::new(200, "application/text", text)
}

fn page(status: u16, what: &str) -> Told {
    let body = format!(
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error {status}</title>\n  \
         <p><b>{status}.</b> <ins>That\u{2019}s an error.</ins>\n  <p>{what}\n"
    );
    Told::new(status, "text/html; charset=UTF-8", body)
}
