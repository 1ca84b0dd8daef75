//! `POST /TENANT/oauth2/v2.0/token`: the endpoint of Entra ID, for applications of the Windows App SDK.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::refusal::Refusal;
use super::{Given, Grant, Lifetime, form};
use crate::fault::Answer;
use crate::now::Now;
use crate::web::Asked;
use crate::web::form::{Form, percent_decoded};
use crate::wns::channel::Kind;
use crate::wns::config::ExpiresIn;
use crate::wns::site::Shared;

const SCOPE: &str = "https://wns.windows.com/.default";

/// One of Entra ID's errors. `{app}`, `{tenant}` and `{value}` are filled in.
struct Error {
    code: u32,
    status: u16,
    error: &'static str,
    text: &'static str,
}

const fn error(code: u32, status: u16, error: &'static str, text: &'static str) -> Error {
    Error {
        code,
        status,
        error,
        text,
    }
}

const MISSING: u32 = 900_144;
const NO_SECRET: u32 = 7_000_216;
const WRONG_SECRET: u32 = 7_000_215;
const NO_APPLICATION: u32 = 700_016;
const NO_TENANT: u32 = 90_002;
const STRANGE_TENANT: u32 = 900_023;
const GRANT_TYPE: u32 = 70_003;
const NOT_DEFAULT: u32 = 1_002_012;
const NO_RESOURCE: u32 = 500_011;

/// The first one of an error is told for a fault that names no number.
const ALL: [Error; 12] = [
    error(
        WRONG_SECRET,
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client \
         secret value, not the client secret ID, for a secret added to app '{app}'.",
    ),
    error(
        7_000_222,
        401,
        "invalid_client",
        "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create \
         new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate \
         credentials for added security: https://aka.ms/certCreds.",
    ),
    error(
        NO_SECRET,
        401,
        "invalid_client",
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' \
         grant type.",
    ),
    error(
        NO_APPLICATION,
        400,
        "unauthorized_client",
        "Application with identifier '{app}' was not found in the directory '{tenant}'. This can \
         happen if the application has not been installed by the administrator of the tenant or \
         consented to by any user in the tenant. You may have sent your authentication request to the \
         wrong tenant.",
    ),
    error(
        MISSING,
        400,
        "invalid_request",
        "The request body must contain the following parameter: '{value}'.",
    ),
    error(
        NO_TENANT,
        400,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are \
         signing into the correct cloud. Check with your subscription administrator, this may happen \
         if there are no active subscriptions for the tenant.",
    ),
    error(
        STRANGE_TENANT,
        400,
        "invalid_request",
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external \
         domain.",
    ),
    error(
        GRANT_TYPE,
        400,
        "unsupported_grant_type",
        "The app requested an unsupported grant type '{value}'.",
    ),
    error(
        NOT_DEFAULT,
        400,
        "invalid_scope",
        "The provided value for scope {value} is not valid. Client credential flows must have a scope \
         value with /.default suffixed to the resource identifier (application ID URI).",
    ),
    error(
        NO_RESOURCE,
        400,
        "invalid_resource",
        "The resource principal named {value} was not found in the tenant named {tenant}. This can \
         happen if the application has not been installed by the administrator of the tenant or \
         consented to by any user in the tenant. You might have sent your authentication request to \
         the wrong tenant.",
    ),
    error(
        90_033,
        503,
        "temporarily_unavailable",
        "A transient error has occurred. Please try again.",
    ),
    error(
        90_055,
        429,
        "temporarily_unavailable",
        "The server is too busy to handle the request. Please retry.",
    ),
];

/// Of what an error is told.
struct Context<'a> {
    tenant: &'a str,
    app: &'a str,
}

impl Context<'_> {
    fn refuse(&self, code: u32, value: &str) -> Refusal {
        let found = ALL.iter().find(|error| error.code == code);
        self.told(found.unwrap_or(&ALL[0]), value)
    }

    fn told(&self, error: &Error, value: &str) -> Refusal {
        let filled = |text: &str| {
            let parts = text.split('{').map(|part| match part.split_once('}') {
                Some(("app", rest)) => format!("{}{rest}", self.app),
                Some(("tenant", rest)) => format!("{}{rest}", self.tenant),
                Some(("value", rest)) => format!("{value}{rest}"),
                _ => part.to_owned(),
            });
            parts.collect::<String>()
        };
        Refusal {
            code: Some(error.code),
            ..Refusal::new(error.status, error.error, filled(error.text))
        }
    }
}

pub(super) fn grant(asked: &Asked, shared: &Shared, tenant: &str) -> Result<Given, Refusal> {
    let tenant = percent_decoded(tenant);
    let form = form(asked);
    let (app, secret) = client(asked, form.as_ref().ok());
    let context = Context {
        tenant: &tenant,
        app: &app,
    };
    let refuse = |code, value: &str| Err(context.refuse(code, value));
    let form = match &form {
        Ok(form) if !form.value("grant_type").is_empty() => form,
        _ => return refuse(MISSING, "grant_type"),
    };
    if !is_tenant(&tenant) {
        return refuse(STRANGE_TENANT, "");
    }
    let known = &shared.config.applications;
    let has_tenant = |its: &Option<String>| {
        let its = its.as_deref();
        its.is_none_or(|its| its.eq_ignore_ascii_case(&tenant))
    };
    if !known.is_empty() && !known.iter().any(|it| has_tenant(&it.tenant)) {
        return refuse(NO_TENANT, "");
    }
    if form.value("grant_type") != "client_credentials" {
        return refuse(GRANT_TYPE, form.value("grant_type"));
    }
    if app.is_empty() {
        return refuse(MISSING, "client_id");
    }
    let mut its = known
        .iter()
        .filter(|it| it.id.eq_ignore_ascii_case(&app) && has_tenant(&it.tenant));
    let its = its.next();
    if !is_guid(&app) || (its.is_none() && !known.is_empty()) {
        return refuse(NO_APPLICATION, "");
    }
    let scope = form.value("scope");
    let Some(resource) = scope
        .strip_suffix('/')
        .unwrap_or(scope)
        .strip_suffix("/.default")
    else {
        return match scope {
            "" => refuse(MISSING, "scope"),
            scope => refuse(NOT_DEFAULT, scope),
        };
    };
    if SCOPE.strip_suffix("/.default") != Some(resource) {
        return refuse(NO_RESOURCE, resource);
    }
    if secret.is_empty() {
        return refuse(NO_SECRET, "");
    }
    if its.is_some_and(|it| it.secret != secret) {
        return refuse(WRONG_SECRET, "");
    }
    Ok(given(shared, &tenant, &app))
}

/// Id and secret: from the form, or from the header that RFC 6749 (section 2.3.1) has for them.
fn client(asked: &Asked, form: Option<&Form>) -> (String, String) {
    let basic = asked.header("authorization").and_then(|header| {
        let (scheme, text) = header.split_once(' ')?;
        let text = STANDARD.decode(text.trim()).ok()?;
        let text = String::from_utf8(text).ok()?;
        let (app, secret) = text.split_once(':')?;
        let is_basic = scheme.eq_ignore_ascii_case("basic");
        is_basic.then(|| (percent_decoded(app), percent_decoded(secret)))
    });
    let value = |name: &str| form.map_or("", |form| form.value(name)).to_owned();
    basic.unwrap_or_else(|| (value("client_id"), value("client_secret")))
}

fn given(shared: &Shared, tenant: &str, app: &str) -> Given {
    let lifetime = shared.config.token_lifetime;
    let now = Now::read().since_epoch.as_secs();
    // Clients must not look into it, and some do.
    let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encode(json!({"typ": "JWT", "alg": "RS256", "kid": "sim"}));
    let claims = encode(json!({
        "aud": "https://wns.windows.com",
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "appid": app,
        "tid": tenant,
        "iat": now,
        "exp": now.saturating_add(lifetime.as_secs()),
    }));
    let prefix = format!("{head}.{claims}.");
    let grant = Grant::new(Kind::AppSdk, app);
    let seconds = lifetime.as_secs().saturating_sub(1);
    let expires_in = Lifetime::new(seconds, ExpiresIn::Text, shared.config.expires_in);
    Given {
        access_token: shared.tokens.give(&prefix, lifetime, grant),
        token_type: "Bearer",
        ext_expires_in: expires_in.clone(),
        expires_in,
    }
}

/// A GUID, a domain, or a word that stands for the tenants of many.
fn is_tenant(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_of_label = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
        !label.is_empty() && label.bytes().all(is_of_label)
    };
    is_guid(text)
        || matches!(text, "common" | "organizations" | "consumers")
        || (text.contains('.') && text.split('.').all(is_label))
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let is_part = |(part, length): (&&str, usize)| {
        part.len() == length && part.bytes().all(|it| it.is_ascii_hexdigit())
    };
    parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(is_part)
}

/// What a fault orders: an error by its number, as `AADSTS7000222`, or by its word of OAuth.
pub(super) fn ordered(asked: &Asked, answer: &Answer, tenant: &str) -> Refusal {
    let form = form(asked);
    let (app, _) = client(asked, form.as_ref().ok());
    let context = Context {
        tenant: &percent_decoded(tenant),
        app: &app,
    };
    let reason = answer.reason.as_deref();
    let number = reason.and_then(|it| it.trim_start_matches("AADSTS").parse::<u32>().ok());
    let found = match (number, reason) {
        (Some(number), _) => ALL.iter().find(|it| it.code == number),
        (None, Some(word)) => ALL.iter().find(|it| it.error == word),
        (None, None) => ALL.iter().find(|it| it.status == answer.status),
    };
    let mut refusal = match found {
        Some(error) => context.told(error, "scope"),
        None => Refusal {
            code: Some(number.unwrap_or(0)),
            ..Refusal::new(answer.status, "server_error", "The request failed.")
        },
    };
    refusal.status = answer.status;
    if let (None, Some(word), None) = (found, reason, number) {
        refusal.error = word.to_owned();
    }
    if let Some(message) = &answer.message {
        refusal.description = Some(message.clone());
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_and_guids_are_told_by_their_form() {
        let guid = "8f14e45f-ceea-467f-9f5a-0a1b2c3d4e5F";
        for good in [guid, "contoso.onmicrosoft.com", "common"] {
            assert!(is_tenant(good), "{good}");
        }
        for bad in [
            "",
            "contoso",
            "a..b",
            "../x.y",
            "8f14e45f-ceea-467f-9f5a-0a1b2c3d4e5",
        ] {
            assert!(!is_tenant(bad), "{bad}");
        }
        assert!(is_guid(guid) && !is_guid("8f14e45fceea467f9f5a0a1b2c3d4e5f"));
    }

    #[test]
    fn a_fault_names_an_error_by_number_or_by_word() {
        let asked = Asked {
            body: b"client_id=APP".to_vec(),
            ..Asked::default()
        };
        let order = |answer: &Answer| ordered(&asked, answer, "t.example");
        let expired = order(&Answer::new(401).reason("AADSTS7000222"));
        assert_eq!(expired.code, Some(7_000_222));
        assert!(expired.description.unwrap().contains("'APP' are expired"));
        let none = order(&Answer::new(400).reason("unauthorized_client"));
        assert!(none.description.unwrap().contains("directory 't.example'"));
        let strange = order(&Answer::new(400).reason("consent_required").message("m"));
        assert_eq!(
            (&*strange.error, strange.code),
            ("consent_required", Some(0))
        );
        assert_eq!(strange.description.as_deref(), Some("m"));
        let busy = order(&Answer::new(503));
        assert_eq!((busy.status, busy.code), (503, Some(90_033)));
    }
}
