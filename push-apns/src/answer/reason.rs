push_core::open_enum! {
    /// Why the service refused a request, in its own words.
    ///
    /// The list is that of Apple's pages "Handling notification responses from APNs" and
    /// "Handling error responses from Apple Push Notification service" (broadcast). The service
    /// may say more than they list: [`Reason::Unknown`] keeps its text.
    pub enum Reason {
        /// 400: the collapse id is longer than 64 bytes.
        BadCollapseId = "BadCollapseId",
        /// 400: the token is not one of this environment or app.
        ///
        /// Often a development token that was sent to production, or the reverse; a burst of these
        /// means a wrong endpoint. Compare the environment before any token is deleted for it.
        BadDeviceToken = "BadDeviceToken",
        /// 400: the header `apns-expiration` is not a time.
        BadExpirationDate = "BadExpirationDate",
        /// 400: the header `apns-id` is not a UUID.
        BadMessageId = "BadMessageId",
        /// 400: the header `apns-priority` is not one that the push type allows.
        BadPriority = "BadPriority",
        /// 400: the header `apns-topic` is not a topic.
        BadTopic = "BadTopic",
        /// 400: the token belongs to another app than the topic names.
        DeviceTokenNotForTopic = "DeviceTokenNotForTopic",
        /// 400: a header stands twice.
        DuplicateHeaders = "DuplicateHeaders",
        /// 400: the connection was idle for too long and is closed; send again on a new one.
        IdleTimeout = "IdleTimeout",
        /// 400: the header `apns-push-type` has a value that the service does not know.
        InvalidPushType = "InvalidPushType",
        /// 400: the path holds no token.
        MissingDeviceToken = "MissingDeviceToken",
        /// 400: the header `apns-topic` is missing, which only a certificate of one topic allows.
        MissingTopic = "MissingTopic",
        /// 400: there is no payload.
        PayloadEmpty = "PayloadEmpty",
        /// 400: the key or certificate may not push to this topic.
        TopicDisallowed = "TopicDisallowed",
        /// 403: the certificate is not valid.
        BadCertificate = "BadCertificate",
        /// 403: the certificate is for the other environment.
        BadCertificateEnvironment = "BadCertificateEnvironment",
        /// 403: the provider token is older than an hour; sign a new one.
        ExpiredProviderToken = "ExpiredProviderToken",
        /// 403: the action is not allowed.
        Forbidden = "Forbidden",
        /// 403: the provider token is malformed, or its key, key id or team id is wrong or revoked.
        InvalidProviderToken = "InvalidProviderToken",
        /// 403: there is neither a certificate nor a provider token.
        MissingProviderToken = "MissingProviderToken",
        /// 403: the key belongs to another team or set of topics than the first one of this connection.
        UnrelatedKeyIdInToken = "UnrelatedKeyIdInToken",
        /// 403: the key is for the other environment. Also seen spelled `BadEnvironmentKeyInToken`.
        BadEnvironmentKeyIdInToken = "BadEnvironmentKeyIdInToken" or "BadEnvironmentKeyInToken",
        /// 404: the request's path is wrong.
        BadPath = "BadPath",
        /// 405: the request's method is not POST.
        MethodNotAllowed = "MethodNotAllowed",
        /// 410: the token has expired; remove it.
        ExpiredToken = "ExpiredToken",
        /// 410: the app is no longer on the device; remove the token, unless it was registered again
        /// since.
        Unregistered = "Unregistered",
        /// 413: the payload is larger than the push type allows.
        PayloadTooLarge = "PayloadTooLarge",
        /// 429: the provider token was renewed too often on this connection; keep the old one for 20
        /// minutes.
        TooManyProviderTokenUpdates = "TooManyProviderTokenUpdates",
        /// 429: too many notifications to this device; send it fewer, later.
        TooManyRequests = "TooManyRequests",
        /// 500: the service failed; try later.
        InternalServerError = "InternalServerError",
        /// 503: the service is busy; try later.
        ServiceUnavailable = "ServiceUnavailable",
        /// 503: the service is going down; send again on a new connection.
        Shutdown = "Shutdown",
        /// 400, broadcast: the app has not enabled broadcast for its push notifications capability.
        FeatureNotEnabled = "FeatureNotEnabled",
        /// 400, broadcast: the header `apns-channel-id` is missing.
        MissingChannelId = "MissingChannelId",
        /// 400, broadcast: the channel id is malformed.
        BadChannelId = "BadChannelId",
        /// 400, broadcast: there is no such channel.
        ChannelNotRegistered = "ChannelNotRegistered",
        /// 400, broadcast: a header or parameter is wrong.
        BadRequestParams = "BadRequestParams",
        /// 400, broadcast: the body is not what the request needs.
        BadRequestPayload = "BadRequestPayload",
        /// 400, broadcast: the push type is missing.
        MissingPushType = "MissingPushType",
        /// 400, broadcast: the channel can't be created, as when the app has 10,000 of them.
        CannotCreateChannelConfig = "CannotCreateChannelConfig",
        /// 403, broadcast: the credentials are for another app than the path names.
        TopicMismatch = "TopicMismatch",
    } else {
        /// A reason that has no name here, or an answer that gives none; empty when the body
        /// was.
        Unknown or "no reason given"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_from_its_text() {
        assert_eq!(Reason::KNOWN.len(), 41);
        for reason in Reason::KNOWN {
            assert_eq!(Reason::from(reason.as_str()), *reason);
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
        }
        assert_eq!(
            Reason::from("BadEnvironmentKeyInToken"),
            Reason::BadEnvironmentKeyIdInToken
        );
    }

    #[test]
    fn an_unknown_reason_keeps_its_text() {
        let reason = Reason::from("ToBeInvented");
        assert_eq!(reason, Reason::Unknown("ToBeInvented".into()));
        assert_eq!(reason.to_string(), "ToBeInvented");
        assert_eq!(Reason::from("a\nb").to_string(), "a\\nb");
    }
}
