use push_core::bearer::oauth::{OAuthCode, OAuthError};

/// What to do about an error that means the same for all credentials.
pub(super) fn usual(error: &OAuthError) -> Option<String> {
    let advice = match &error.error {
        OAuthCode::InvalidGrant => "the credentials are not accepted (any more)",
        OAuthCode::InvalidScope => {
            "there is no such scope; messages are sent with \
             https://www.googleapis.com/auth/firebase.messaging"
        }
        OAuthCode::InvalidRequest => {
            "the request is not understood: are the credentials whole, and of this server?"
        }
        OAuthCode::InvalidClient => {
            "the client is not known, or its secret is another: was it deleted or its secret changed?"
        }
        OAuthCode::UnauthorizedClient => "the client may not do this",
        OAuthCode::UnsupportedGrantType => {
            "the server knows no such exchange: is the token URL right?"
        }
        OAuthCode::InvalidTarget => {
            "the audience is none: does the provider exist, and is it enabled?"
        }
        OAuthCode::AccessDenied => "it is not allowed: ask who administers the project",
        OAuthCode::AdminPolicyEnforced => {
            "the organisation forbids it: ask who administers it to allow this scope"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}
