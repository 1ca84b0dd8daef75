push_core::open_enum! {
    /// Why a push service refused a push: what its answer means, whichever service gave it. Its own word
    /// is [`Rejection::code`](crate::Rejection::code).
    pub enum Reason {
        /// The user unsubscribed, or the subscription expired: 410; Mozilla's 103, 105, 106.
        Gone = "gone",
        /// No such subscription: 404; Mozilla's 102, Apple's `BadPath`.
        NotFound = "not-found",
        /// The subscription was made with another VAPID key: Apple's `VapidPkHashMismatch`, FCM's and WNS's
        /// 403, Mozilla's 109 that says so.
        KeyMismatch = "key-mismatch",
        /// The VAPID token was refused or is missing: 401, any other 403; Mozilla's 109, Apple's
        /// `BadJwtToken`, FCM's 400 `UnauthorizedRegistration`.
        Unauthorized = "unauthorized",
        /// The sender is blocked for abuse: WNS's 410 "Domain Blocked". No subscription is gone for it.
        Blocked = "blocked",
        /// The time to live is missing or malformed: Mozilla's 111, 112, 114, Apple's `BadTtl`.
        Ttl = "ttl",
        /// The urgency is none: Apple's `BadUrgency`.
        Urgency = "urgency",
        /// The topic is malformed: Mozilla's 113, Apple's `BadWebPushTopic`.
        Topic = "topic",
        /// The headers or keys of the encryption are wrong: Mozilla's 101, 110.
        Encryption = "encryption",
        /// The body is too large: 413; Mozilla's 104, which it also answers below 4096 bytes where it
        /// hands pushes on to another service that takes less; Apple's `PayloadTooLarge`.
        TooLarge = "too-large",
        /// Something else is malformed: 400; Mozilla's 108, Apple's `BadWebPushRequest`.
        BadRequest = "bad-request",
        /// Too many pushes: 429; WNS's 406, and its 200 with the status `channelthrottled`.
        TooMany = "too-many",
        /// The push service is busy or fails: 408, 5xx; Mozilla's 201, 202, 999.
        Failing = "failing",
        /// The service to which the push service hands its pushes on fails: Mozilla's 900 to 903.
        Bridge = "bridge",
        /// WNS threw it away: its 200 with the status `dropped`. The browser can't be reached, or wants none; no
        /// subscription is gone for it.
        Dropped = "dropped",
        /// It answered with a redirect, which is never followed: 3xx.
        Redirect = "redirect",
        /// No answer that a push service gives: other 2xx, and other 4xx without a word.
        Unexpected = "unexpected",
    } else {
        /// A refusal for a reason that has no name here: the push service's own word.
        Other
    }
}

impl Reason {
    /// What this word of a push service means; `None` where it is not known. Mozilla's are numbers.
    ///
    /// Sources: Mozilla, "HTTP Endpoints for Notifications"; Apple, "Sending web push notifications in
    /// web apps and browsers"; FCM's are seen in practice.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "103" | "105" | "106" | "Unregistered" | "ExpiredToken" | "NotRegistered" => Self::Gone,
            "102" | "BadPath" | "BadDeviceToken" => Self::NotFound,
            "VapidPkHashMismatch" | "MismatchSenderId" => Self::KeyMismatch,
            "109"
            | "BadJwtToken"
            | "BadVapidPublicKey"
            | "BadAuthorizationHeader"
            | "UnauthorizedRegistration" => Self::Unauthorized,
            "111" | "112" | "114" | "BadTtl" => Self::Ttl,
            "BadUrgency" => Self::Urgency,
            "113" | "BadWebPushTopic" => Self::Topic,
            "101" | "110" => Self::Encryption,
            "104" | "PayloadTooLarge" => Self::TooLarge,
            "108" | "BadWebPushRequest" => Self::BadRequest,
            "TooManyRequests" => Self::TooMany,
            "201" | "202" | "999" | "InternalServerError" | "ServiceUnavailable" | "Shutdown" => {
                Self::Failing
            }
            "900" | "901" | "902" | "903" => Self::Bridge,
            _ => return None,
        })
    }
}
