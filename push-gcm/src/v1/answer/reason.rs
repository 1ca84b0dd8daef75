//! Codes of the service, which may grow: one that has no name here is kept.

push_core::open_enum! {
    /// Why FCM refused a message, in its own words: the `errorCode` of a `FcmError`.
    ///
    /// Source: Firebase, "ErrorCode".
    pub enum Reason {
        /// No more is known; the HTTP status says what to do.
        Unspecified = "UNSPECIFIED_ERROR",
        /// 400: the token, the package name, the data, the time to live or something else is
        /// malformed, or the message too large.
        InvalidArgument = "INVALID_ARGUMENT",
        /// 404: the app is gone from the device, or its token has expired.
        Unregistered = "UNREGISTERED",
        /// 403: the token belongs to another project.
        SenderIdMismatch = "SENDER_ID_MISMATCH",
        /// 429: too many messages, of the project, to the device or to the topic.
        QuotaExceeded = "QUOTA_EXCEEDED",
        /// 503: the service is overloaded.
        Unavailable = "UNAVAILABLE",
        /// 500: the service failed.
        Internal = "INTERNAL",
        /// 401: the project's key or certificate for Apple's service or for Web Push is missing or
        /// wrong. Was `APNS_AUTH_ERROR` before 2019.
        ThirdPartyAuth = "THIRD_PARTY_AUTH_ERROR" or "APNS_AUTH_ERROR",
    } else {
        /// A code that has no name here.
        Other
    }
}

push_core::open_enum! {
    /// The class of an error, the same for all of Google's services.
    ///
    /// Source: Google, `google.rpc.Code`.
    pub enum Status {
        /// No error.
        Ok = "OK",
        /// The caller gave up.
        Cancelled = "CANCELLED",
        /// Nothing is known.
        Unknown = "UNKNOWN",
        /// The request is malformed.
        InvalidArgument = "INVALID_ARGUMENT",
        /// It took too long.
        DeadlineExceeded = "DEADLINE_EXCEEDED",
        /// There is no such thing.
        NotFound = "NOT_FOUND",
        /// It is there already.
        AlreadyExists = "ALREADY_EXISTS",
        /// The caller may not do this.
        PermissionDenied = "PERMISSION_DENIED",
        /// The caller is not known.
        Unauthenticated = "UNAUTHENTICATED",
        /// Too much was asked for.
        ResourceExhausted = "RESOURCE_EXHAUSTED",
        /// It can't be done as things stand.
        FailedPrecondition = "FAILED_PRECONDITION",
        /// It was broken off.
        Aborted = "ABORTED",
        /// Past the end.
        OutOfRange = "OUT_OF_RANGE",
        /// The service does not do this.
        Unimplemented = "UNIMPLEMENTED",
        /// The service failed.
        Internal = "INTERNAL",
        /// The service is not there for now.
        Unavailable = "UNAVAILABLE",
        /// Data were lost.
        DataLoss = "DATA_LOSS",
    } else {
        /// A code that has no name here.
        Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_from_its_text_and_an_unknown_one_keeps_it() {
        assert_eq!((Reason::KNOWN.len(), Status::KNOWN.len()), (8, 17));
        for reason in Reason::KNOWN {
            assert_eq!(Reason::from(reason.as_str()), *reason);
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
        }
        for status in Status::KNOWN {
            assert_eq!(Status::from(status.as_str()), *status);
        }
        assert_eq!(Reason::from("APNS_AUTH_ERROR"), Reason::ThirdPartyAuth);
        let unknown = Reason::from("TO_BE\nINVENTED");
        assert_eq!(unknown.as_str(), "TO_BE\nINVENTED");
        assert_eq!(unknown.to_string(), "TO_BE\\nINVENTED");
    }
}
