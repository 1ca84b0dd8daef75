use super::Reason;

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// The device's token is dead; remove it, unless it was registered again since the answer's
    /// time.
    RemoveToken,
    /// The service did not take the notification for now; send it again later, with back-off.
    RetryLater,
    /// The provider token is too old; sign a new one and send again at once, on a new connection.
    RenewToken,
    /// The key, certificate, topic or environment is wrong; nothing gets through before that is
    /// changed.
    FixCredentials,
    /// This notification or device token is wrong; sent again unchanged, it is refused again.
    FixMessage,
}

impl Reason {
    /// What is to be done, by the reason; by the status where the reason is not known.
    ///
    /// A single `BadDeviceToken` is no reason to remove a token: it is what the wrong environment
    /// answers to all of them. Source: Apple, "Handling notification responses from APNs".
    pub fn advice(&self, status: u16) -> Advice {
        match self {
            Self::ExpiredToken | Self::Unregistered => Advice::RemoveToken,
            Self::ExpiredProviderToken => Advice::RenewToken,
            Self::TooManyProviderTokenUpdates
            | Self::TooManyRequests
            | Self::IdleTimeout
            | Self::InternalServerError
            | Self::ServiceUnavailable
            | Self::Shutdown => Advice::RetryLater,
            Self::TopicDisallowed
            | Self::TopicMismatch
            | Self::Forbidden
            | Self::BadCertificate
            | Self::BadCertificateEnvironment
            | Self::InvalidProviderToken
            | Self::MissingProviderToken
            | Self::UnrelatedKeyIdInToken
            | Self::BadEnvironmentKeyIdInToken
            // What the app may do is set where its keys are.
            | Self::FeatureNotEnabled => Advice::FixCredentials,
            Self::BadCollapseId
            | Self::BadDeviceToken
            | Self::BadExpirationDate
            | Self::BadMessageId
            | Self::BadPriority
            | Self::BadTopic
            | Self::DeviceTokenNotForTopic
            | Self::DuplicateHeaders
            | Self::InvalidPushType
            | Self::MissingDeviceToken
            | Self::MissingTopic
            | Self::PayloadEmpty
            | Self::BadPath
            | Self::MethodNotAllowed
            | Self::PayloadTooLarge
            | Self::MissingChannelId
            | Self::BadChannelId
            | Self::ChannelNotRegistered
            | Self::BadRequestParams
            | Self::BadRequestPayload
            | Self::MissingPushType
            | Self::CannotCreateChannelConfig => Advice::FixMessage,
            Self::Unknown(_) => by_status(status),
        }
    }
}

impl Reason {
    /// What it means and what to do, where its name does not tell people.
    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::BadDeviceToken => {
                "the token is not one of this app in this environment: compare the environment before \
                 any is removed"
            }
            Self::DeviceTokenNotForTopic => "the token belongs to another app: check the topic",
            Self::Unregistered | Self::ExpiredToken => {
                "the app is gone from the device, or its token has expired: remove it"
            }
            Self::MissingTopic => "set the topic, on the notification or the client",
            Self::BadTopic => "give the app's bundle id as the topic",
            Self::TopicDisallowed => {
                "the key or certificate may not push to this topic: check both"
            }
            Self::TopicMismatch => "the credentials are for another app: check the topic",
            Self::BadCertificate => "the certificate is not valid: check it and its expiry",
            Self::BadCertificateEnvironment => {
                "the certificate is for the other environment: check the endpoint"
            }
            Self::ExpiredProviderToken => {
                "the provider token is older than an hour: check this machine's clock"
            }
            Self::InvalidProviderToken => "check the signing key, its id and the team's id",
            Self::MissingProviderToken => "give a provider token or a certificate",
            Self::UnrelatedKeyIdInToken => {
                "the key is not of the team or the topics of the first one on this connection"
            }
            Self::BadEnvironmentKeyIdInToken => {
                "the signing key is for the other environment: check the endpoint"
            }
            Self::PayloadTooLarge => "shorten the payload",
            Self::TooManyProviderTokenUpdates => {
                "sign no more than one provider token in 20 minutes: let all that send with the key \
                 share one client"
            }
            Self::TooManyRequests => "too many pushes to this device: send it fewer, later",
            Self::IdleTimeout => "send it again, on a new connection",
            Self::InternalServerError | Self::ServiceUnavailable | Self::Shutdown => {
                "the service is busy or fails: send it later"
            }
            Self::FeatureNotEnabled => {
                "enable broadcasts for the app, in its push notifications capability"
            }
            Self::ChannelNotRegistered => "there is no such channel: create it",
            Self::CannotCreateChannelConfig => {
                "an app can have 10,000 channels: delete those that nobody follows"
            }
            _ => return None,
        })
    }
}

fn by_status(status: u16) -> Advice {
    match status {
        410 => Advice::RemoveToken,
        // Redirects are not followed: the endpoint is wrong.
        300..=399 | 401 | 403 => Advice::FixCredentials,
        408 | 429 => Advice::RetryLater,
        400..=499 => Advice::FixMessage,
        // A server's fault, or an answer that no server of this protocol gives.
        _ => Advice::RetryLater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_device_token_is_not_removed() {
        assert_eq!(Reason::BadDeviceToken.advice(400), Advice::FixMessage);
        assert_eq!(
            Reason::DeviceTokenNotForTopic.advice(400),
            Advice::FixMessage
        );
    }

    #[test]
    fn what_is_to_be_done_outside_of_the_message_is_said() {
        for reason in Reason::KNOWN {
            let fixed_elsewhere = matches!(
                reason.advice(400),
                Advice::FixCredentials | Advice::RenewToken | Advice::RemoveToken
            );
            // That name says no more than it is.
            let says = reason.hint().is_some() || *reason == Reason::Forbidden;
            assert!(says || !fixed_elsewhere, "{reason}");
        }
    }

    #[test]
    fn only_what_is_gone_is_removed() {
        let removed: Vec<_> = Reason::KNOWN
            .iter()
            .filter(|reason| reason.advice(400) == Advice::RemoveToken)
            .collect();
        assert_eq!(removed, [&Reason::ExpiredToken, &Reason::Unregistered]);
    }

    #[test]
    fn what_passes_with_time_is_sent_later() {
        let later: Vec<_> = Reason::KNOWN
            .iter()
            .filter(|reason| reason.advice(400) == Advice::RetryLater)
            .map(Reason::as_str)
            .collect();
        assert_eq!(
            later,
            [
                "IdleTimeout",
                "TooManyProviderTokenUpdates",
                "TooManyRequests",
                "InternalServerError",
                "ServiceUnavailable",
                "Shutdown"
            ]
        );
    }

    #[test]
    fn every_403_but_the_expired_token_is_a_matter_of_credentials() {
        let fix = |reason: &Reason| reason.advice(403) == Advice::FixCredentials;
        for reason in Reason::KNOWN.iter().filter(|reason| {
            let text = reason.as_str();
            text.contains("Certificate")
                || text.contains("InToken")
                || text.ends_with("ProviderToken")
        }) {
            assert_eq!(
                fix(reason),
                *reason != Reason::ExpiredProviderToken,
                "{reason}"
            );
        }
        assert!(
            fix(&Reason::Forbidden) && fix(&Reason::TopicDisallowed) && fix(&Reason::TopicMismatch)
        );
    }

    #[test]
    fn an_unknown_reason_is_judged_by_its_status() {
        let unknown = Reason::from("ToBeInvented");
        for (status, advice) in [
            (400, Advice::FixMessage),
            (403, Advice::FixCredentials),
            (404, Advice::FixMessage),
            (410, Advice::RemoveToken),
            (413, Advice::FixMessage),
            (429, Advice::RetryLater),
            (500, Advice::RetryLater),
            (503, Advice::RetryLater),
        ] {
            assert_eq!(unknown.advice(status), advice, "{status}");
        }
    }
}
