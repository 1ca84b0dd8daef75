use push_core::bearer::oauth::{OAuthCode, OAuthError};

use super::app::{App, Kind};

/// What to do about an error of a token server; `None` where nothing more is known than that the
/// credentials are not accepted.
pub(super) fn advice(app: &App, scope: &str, error: &OAuthError) -> Option<String> {
    let of_kind = match &app.kind {
        Kind::Package => of_package(app, error),
        Kind::Entra { tenant } => of_entra(app, tenant, error),
    };
    of_kind.or_else(|| usual(app, scope, error))
}

fn of_package(app: &App, error: &OAuthError) -> Option<String> {
    let id = &app.id;
    match error.error {
        OAuthCode::InvalidClient => Some(format!(
            "there is no package {id}, or its secret is another: both stand in the Partner Center under \
             \"WNS/MPNS\"; was the secret renewed there?"
        )),
        OAuthCode::UnauthorizedClient => Some(format!(
            "the package {id} may not send: is it that of the app, as the Partner Center shows it?"
        )),
        _ => None,
    }
}

/// Entra says by numbers in its text what is wrong, more exactly than by the error's name. Source:
/// Microsoft, "Microsoft Entra authentication and authorization error codes".
fn of_entra(app: &App, tenant: &str, error: &OAuthError) -> Option<String> {
    let id = &app.id;
    let advice = match code(error)? {
        7_000_222 => {
            "the secret has expired: make a new one for the application in Microsoft Entra ID"
                .to_owned()
        }
        7_000_215 => {
            "the secret is wrong: its value is expected, which is shown once when it is made, and \
             not its id"
                .to_owned()
        }
        7_000_112 => format!("the application {id} is disabled"),
        700_016 => format!(
            "there is no application {id} in the tenant {tenant}: check both, and that the application \
             is registered for several tenants"
        ),
        50_194 => format!(
            "the application {id} is registered for one tenant only: register it for several, and give \
             the tenant that it is of"
        ),
        90_002 | 900_023 => format!(
            "there is no tenant {tenant}: expected the GUID or the domain of the directory in which the \
             application is registered"
        ),
        _ => return None,
    };
    Some(advice)
}

/// The number behind `AADSTS` in the text.
fn code(error: &OAuthError) -> Option<u32> {
    let text = error.description.as_deref()?;
    let (_, behind) = text.split_once("AADSTS")?;
    let end = behind.find(|c: char| !c.is_ascii_digit());
    behind.get(..end.unwrap_or(behind.len()))?.parse().ok()
}

fn usual(app: &App, scope: &str, error: &OAuthError) -> Option<String> {
    let advice = match error.error {
        OAuthCode::InvalidClient => {
            "the application is not known, or its secret is another".to_owned()
        }
        OAuthCode::InvalidScope => {
            let usual = app.scope();
            match scope == usual {
                true => format!("there is no scope {usual}: is the token URL right?"),
                false => format!("there is no such scope: expected {usual}"),
            }
        }
        OAuthCode::UnauthorizedClient => {
            "the application may not ask for such tokens: is it registered for several tenants?"
                .to_owned()
        }
        OAuthCode::InvalidGrant => "the credentials are not accepted (any more)".to_owned(),
        OAuthCode::InvalidRequest => {
            "the request is not understood: are the credentials whole, and of this server?"
                .to_owned()
        }
        OAuthCode::UnsupportedGrantType => {
            "the server knows no such exchange: is the token URL right?".to_owned()
        }
        _ => return None,
    };
    Some(advice)
}
