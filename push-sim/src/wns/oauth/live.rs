//! `POST /accesstoken.srf`: the endpoint for packages of the Partner Center.

use super::refusal::Refusal;
use super::{Given, Grant, Lifetime, form};
use crate::fault::Answer;
use crate::web::Asked;
use crate::wns::channel::Kind;
use crate::wns::config::ExpiresIn;
use crate::wns::site::Shared;

/// What its tokens begin with.
const PREFIX: &str = "EgAcAQMAAAAALYAA";

const SCOPES: [&str; 2] = ["notify.windows.com", "s.notify.live.net"];

pub(super) fn grant(asked: &Asked, shared: &Shared) -> Result<Given, Refusal> {
    let wrong = |parameter: &str| {
        format!("The provided value for the input parameter '{parameter}' is not valid.")
    };
    let form = form(asked).map_err(|()| {
        let text = "The body of the request must be application/x-www-form-urlencoded.";
        Refusal::new(400, "invalid_request", text)
    })?;
    for parameter in ["grant_type", "client_id", "client_secret", "scope"] {
        if form.value(parameter).is_empty() {
            let text =
                format!("The provided request must include a '{parameter}' input parameter.");
            return Err(Refusal::new(400, "invalid_request", text));
        }
    }
    if form.value("grant_type") != "client_credentials" {
        let text = wrong("grant_type");
        return Err(Refusal::new(400, "unsupported_grant_type", text));
    }
    let sid = form.value("client_id");
    if !is_known(sid, form.value("client_secret"), shared) {
        let parameter = match is_package(sid) {
            true => "client_secret",
            false => "client_id",
        };
        return Err(Refusal::new(400, "invalid_client", wrong(parameter)));
    }
    if !SCOPES.contains(&form.value("scope")) {
        return Err(Refusal::new(400, "invalid_scope", wrong("scope")));
    }
    let lifetime = shared.config.token_lifetime;
    let grant = Grant::new(Kind::Uwp, sid);
    Ok(Given {
        access_token: shared.tokens.give(PREFIX, lifetime, grant),
        token_type: "bearer",
        expires_in: Lifetime::new(
            lifetime.as_secs(),
            ExpiresIn::Number,
            shared.config.expires_in,
        ),
        ext_expires_in: None,
    })
}

fn is_known(sid: &str, secret: &str, shared: &Shared) -> bool {
    let packages = &shared.config.packages;
    match packages.is_empty() {
        true => is_package(sid),
        false => packages
            .iter()
            .any(|(known, its)| known.eq_ignore_ascii_case(sid) && its == secret),
    }
}

/// Whether it looks like a Package SID: `ms-app://S-1-15-2-…`. Documentation of clients shortens it in
/// its own ways.
fn is_package(sid: &str) -> bool {
    let is_of_sid = |it: u8| it.is_ascii_alphanumeric() || b"-.".contains(&it);
    let bare = sid.strip_prefix("ms-app://");
    bare.is_some_and(|bare| bare.contains('-') && bare.bytes().all(is_of_sid))
}

/// What a fault orders.
pub(super) fn ordered(answer: &Answer) -> Refusal {
    let error = answer.reason.as_deref().unwrap_or(match answer.status {
        401 | 403 => "invalid_client",
        429 | 503 => "temporarily_unavailable",
        500.. => "server_error",
        _ => "invalid_request",
    });
    let usual = match error {
        "invalid_client" => {
            Some("The provided value for the input parameter 'client_secret' is not valid.")
        }
        "invalid_scope" => Some("The provided value for the input parameter 'scope' is not valid."),
        "unauthorized_client" => Some("The client is not authorized for this grant."),
        _ => None,
    };
    let description = answer.message.as_deref().or(usual);
    Refusal {
        status: answer.status,
        error: error.to_owned(),
        description: description.map(str::to_owned),
        code: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_told_by_its_form() {
        for good in ["ms-app://S-1-15-2-1-2-3", "ms-app://e-3-4-6234..."] {
            assert!(is_package(good), "{good}");
        }
        for bad in [
            "",
            "S-1-15-2-1",
            "ms-app://",
            "ms-app://S-1/2",
            "ms-app%3A%2F%2FS-1",
        ] {
            assert!(!is_package(bad), "{bad}");
        }
    }
}
