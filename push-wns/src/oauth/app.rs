//! The two kinds of apps that WNS knows, and how each gets an access token.

use std::fmt;
use std::time::{Duration, Instant};

use http::Uri;
use push_core::bearer::AccessToken;
use push_core::bearer::oauth::{TokenRequest, percent_encode, url};
use push_core::http::HttpClient;
use push_core::{Error, ErrorKind, Result};

use super::advice::advice;

/// How long a token is good where its server does not say: a day. Source: Microsoft, "Windows Push
/// Notification Services (WNS) overview", whose samples leave it out.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest id that is taken, in bytes. A GUID has 36, a Package SID about 90.
const MAX_ID_BYTES: usize = 200;

const SID_SCHEME: &str = "ms-app://";

/// An app with its secret, as checked. `Debug` does not show the secret.
#[derive(Clone)]
pub(super) struct App {
    pub(super) kind: Kind,
    /// The Package SID with its `ms-app://`, or the application id.
    pub(super) id: String,
    secret: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Package,
    Entra { tenant: String },
}

impl App {
    pub(super) fn package(sid: &str, secret: String) -> Result<Self> {
        Ok(Self {
            kind: Kind::Package,
            id: read_sid(sid)?,
            secret: check_secret("package's", secret)?,
        })
    }

    pub(super) fn entra(tenant: &str, app_id: &str, secret: String) -> Result<Self> {
        let tenant = read_tenant(tenant)?;
        Ok(Self {
            kind: Kind::Entra { tenant },
            id: read_app_id(app_id)?,
            secret: check_secret("application's", secret)?,
        })
    }

    /// Where its tokens are asked for.
    pub(super) fn token_url(&self) -> Result<Uri> {
        match &self.kind {
            Kind::Package => url("the token URL", "https://login.live.com/accesstoken.srf"),
            Kind::Entra { tenant } => {
                let mut text = "https://login.microsoftonline.com/".to_owned();
                percent_encode(tenant, &mut text);
                text.push_str("/oauth2/v2.0/token");
                url("the token URL", &text)
            }
        }
    }

    /// What its tokens are asked for. That of Entra also stands with a slash at its end in Microsoft's
    /// pages.
    pub(super) fn scope(&self) -> &'static str {
        match &self.kind {
            Kind::Package => "notify.windows.com",
            Kind::Entra { .. } => "https://wns.windows.com/.default",
        }
    }

    pub(super) async fn fetch(
        &self,
        http: &HttpClient,
        token_url: Uri,
        scope: &str,
        deadline: Instant,
    ) -> Result<AccessToken> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("scope", scope),
        ];
        let request = TokenRequest::form(token_url, &fields, &[&self.secret]);
        let advice = |error: &_| advice(self, scope, error);
        let token = request.token(http, deadline, advice).await?;
        Ok(match token.lifetime() {
            Some(_) => token,
            None => AccessToken::new(token.text(), Some(LIFETIME)),
        })
    }

    /// For whom, in errors and logs.
    pub(super) fn describe(&self) -> String {
        match &self.kind {
            Kind::Package => format!("the package {}", self.id),
            Kind::Entra { tenant } => format!("the application {} of tenant {tenant}", self.id),
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A Package SID, with or without its `ms-app://`: `S-1-15-2-` and numbers.
fn read_sid(text: &str) -> Result<String> {
    let (scheme, sid) = match text.split_at_checked(SID_SCHEME.len()) {
        Some((scheme, sid)) if scheme.eq_ignore_ascii_case(SID_SCHEME) => (scheme, sid),
        _ => (SID_SCHEME, text),
    };
    let numbers = sid
        .split_at_checked("S-1-15-2-".len())
        .filter(|(start, _)| start.eq_ignore_ascii_case("S-1-15-2-"))
        .map(|(_, numbers)| numbers);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > MAX_ID_BYTES || !numbers.is_some_and(|it| it.split('-').all(is_number)) {
        return Err(wrong(
            "Package SID",
            text,
            "ms-app://S-1-15-2-… as the Partner Center shows it",
        ));
    }
    Ok(format!("{scheme}{sid}"))
}

/// A tenant: a GUID, a domain, or one of the words for all tenants. It becomes a part of a URL's path.
fn read_tenant(text: &str) -> Result<String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if text.len() > MAX_ID_BYTES || !text.split('.').all(is_label) {
        return Err(wrong(
            "tenant",
            text,
            "the GUID of the directory, or a domain such as contoso.onmicrosoft.com",
        ));
    }
    Ok(text.to_owned())
}

/// An application id. It is a GUID; a secret, which could stand in its place by mistake and would be shown,
/// is not of letters, digits and hyphens alone.
fn read_app_id(text: &str) -> Result<String> {
    let is_id = (1..=MAX_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_id {
        return Err(wrong(
            "application id",
            text,
            "the GUID that the app registration shows as \"Application (client) ID\"",
        ));
    }
    Ok(text.to_owned())
}

/// A secret as it stands in a form: what was copied with the white space around it is found here.
fn check_secret(whose: &str, secret: String) -> Result<String> {
    let fault = if secret.is_empty() {
        "is empty"
    } else if secret.contains(char::is_whitespace) {
        "has white space in it: was more copied than the secret?"
    } else if secret.contains(char::is_control) {
        "has control characters in it"
    } else {
        return Ok(secret);
    };
    let message = format!("the {whose} secret {fault}");
    Err(Error::new(ErrorKind::Identity, message))
}

/// The error for a value that is none, which is not shown: a secret may stand in its place.
fn wrong(name: &str, text: &str, expected: &str) -> Error {
    let fault = if text.is_empty() {
        "is empty"
    } else if text.contains(char::is_whitespace) {
        "has white space in it"
    } else {
        "can't be one"
    };
    let message = format!("the {name} {fault}: expected {expected}");
    Error::new(ErrorKind::Identity, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "ms-app://S-1-15-2-2972962901-2322836549-3722629029-1345238579";
    const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn package(sid: &str) -> Result<App> {
        App::package(sid, "s3cret".to_owned())
    }

    #[test]
    fn a_package_sid_is_taken_with_its_scheme_and_without() {
        assert_eq!(package(SID).unwrap().id, SID);
        assert_eq!(package(&SID[9..]).unwrap().id, SID);
        let lower = SID.to_ascii_lowercase();
        assert_eq!(package(&lower).unwrap().id, lower, "as it was given");
        for sid in [
            "",
            "ms-app://",
            "ms-app://S-1-15-2-",
            "ms-app://S-1-15-2",
            "ms-app://S-1-15-2-1-",
            "ms-app://S-1-15-2--1",
            "ms-app://S-1-15-3-1",
            "ms-app://S-1-15-2-1/",
            "ms-app://S-1-15-2-1 ",
            "ms-app:S-1-15-2-1",
            "https://S-1-15-2-1",
            "ms-app://ms-app://S-1-15-2-1",
            "Contoso.App_8wekyb3d8bbwe",
            "s3cr3t/+value",
            "ms-app://S-1-15-2-1\n",
            "ms-app:/é",
            "S-1-15-2é",
        ] {
            let error = package(sid).expect_err(sid);
            assert_eq!(error.kind(), ErrorKind::Identity);
            let shown = error.report();
            assert!(shown.contains("expected ms-app://S-1-15-2-…"), "{shown}");
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        assert!(package(&format!("{SID}-{}", "1".repeat(200))).is_err());
    }

    #[test]
    fn a_tenant_does_not_break_out_of_the_path() {
        let entra = |tenant: &str| App::entra(tenant, GUID, "s3cret".to_owned());
        for tenant in [GUID, "contoso.onmicrosoft.com", "contoso.example", "common"] {
            let url = entra(tenant).unwrap().token_url().unwrap();
            let expected = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
            assert_eq!(url.to_string(), expected);
        }
        for tenant in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a.",
            "a/b",
            "../x",
            "a\\b",
            "a?b",
            "a#b",
            "a%2fb",
            "%2e%2e",
            "a@evil.example",
            "a:b",
            "a b",
            " a",
            "a\n",
            "évil",
            "a~b",
            "a_b",
        ] {
            let error = entra(tenant).expect_err(tenant);
            assert_eq!(error.kind(), ErrorKind::Identity);
            assert!(error.to_string().starts_with("the tenant "), "{error}");
        }
        assert!(entra(&"a.".repeat(200)).is_err() && entra(&"a".repeat(64)).is_err());
    }

    #[test]
    fn what_is_no_application_id_is_refused_and_not_shown() {
        let entra = |id: &str| App::entra(GUID, id, "s3cret".to_owned());
        assert_eq!(entra(GUID).unwrap().id, GUID);
        for id in [
            "",
            SID,
            "abc8Q~s3cr3t.value_x",
            "api://72f988bf",
            "{72f988bf}",
            "a b",
            "a\t",
        ] {
            let error = entra(id).expect_err(id).report();
            assert!(error.starts_with("the application id "), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }

    #[test]
    fn a_secret_that_was_not_copied_well_is_refused_and_not_shown() {
        for (secret, words) in [
            ("", "is empty"),
            ("s3cret\n", "has white space in it"),
            (" s3cret", "has white space in it"),
            ("s3cret\u{a0}", "has white space in it"),
            ("s3cret\u{0}", "has control characters in it"),
        ] {
            for error in [
                App::package(SID, secret.to_owned()).unwrap_err(),
                App::entra(GUID, GUID, secret.to_owned()).unwrap_err(),
            ] {
                let shown = format!("{error:?} {}", error.report());
                assert!(
                    shown.contains(words) && !shown.contains("s3cret"),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn an_app_is_described_without_its_secret() {
        let package = package(SID).unwrap();
        assert_eq!(package.describe(), format!("the package {SID}"));
        let entra = App::entra("contoso.example", GUID, "s3cret".to_owned()).unwrap();
        let described = format!("the application {GUID} of tenant contoso.example");
        assert_eq!(entra.describe(), described);
        for app in [package, entra] {
            assert!(!format!("{app:?}").contains("s3cret"));
        }
    }
}
