push_core::open_enum! {
    /// Why WNS did not take a notification.
    ///
    /// Source: Microsoft, "Push notification service request and response headers".
    pub enum Reason {
        /// 400: a header is wrong, or headers contradict each other.
        BadRequest = "bad-request",
        /// 401: the access token is malformed, unknown or has ended.
        Unauthorized = "unauthorized",
        /// 403: the access token is for another app than the channel.
        OtherApp = "other-app",
        /// 403 with a text about the "allowed receiving apps list": the package of the app that has the
        /// channel is not mapped to the application that sends.
        NotAllowedApp = "not-allowed-app",
        /// 404: no channel has this URI.
        ChannelNotFound = "channel-not-found",
        /// 405: the channel takes no such request; only those of Windows Phone take DELETE.
        MethodNotAllowed = "method-not-allowed",
        /// 406, 429: too many notifications, of the app or of all its channels.
        Throttled = "throttled",
        /// 410: the channel has expired or was revoked.
        ChannelExpired = "channel-expired",
        /// 410 "Domain Blocked": the sender is blocked for abuse. No channel is gone for it.
        DomainBlocked = "domain-blocked",
        /// 413: the notification has more than 5000 bytes.
        TooLarge = "too-large",
        /// 500 and other 5xx: WNS failed.
        ServerError = "server-error",
        /// 503: WNS is not there for now; 408: it did not get all of the request in time.
        Unavailable = "unavailable",
        /// 200 with the status `dropped`: WNS threw the notification away, as the device is offline or takes
        /// no such ones, or by an error. The channel is not gone for it.
        Dropped = "dropped",
        /// 200 with the status `channelthrottled`: WNS threw the notification away, as too many came for
        /// this channel.
        ChannelThrottled = "channel-throttled",
        /// No answer that WNS gives: other 2xx, redirects, which are never followed, and other 4xx.
        Unexpected = "unexpected",
    } else {
        /// A reason that has no name here, as a later version may write it.
        Other
    }
}
