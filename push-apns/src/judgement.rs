//! What a bulk send makes of device tokens that seem wrong.

use std::fmt;
use std::sync::Arc;

use crate::Endpoint;

/// What a `BadDeviceToken` means, by what came of the other devices of a bulk send:
/// [`SendAll`](crate::SendAll).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Judgement {
    /// Others were accepted, so the environment is right and the token is dead.
    DeadToken,
    /// None was accepted: likely the tokens are those of the other environment.
    #[non_exhaustive]
    WrongEnvironment {
        /// Where they were sent to.
        endpoint: Arc<Endpoint>,
    },
}

impl fmt::Display for Judgement {
    /// What to add to the reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeadToken => f.write_str("others were accepted, so the token is dead: remove it"),
            Self::WrongEnvironment { endpoint } => {
                write!(
                    f,
                    "likely the wrong environment, since {endpoint} had accepted no token: try "
                )?;
                f.write_str(match **endpoint {
                    Endpoint::Production => {
                        "sandbox, where the tokens of apps belong that Xcode installed"
                    }
                    Endpoint::Sandbox => {
                        "production, where the tokens of all apps belong but of those that Xcode \
                         installed"
                    }
                    Endpoint::Custom { .. } => {
                        "the server of the other environment (sandbox: the tokens of apps that Xcode \
                         installed; production: all others)"
                    }
                })
            }
        }
    }
}
