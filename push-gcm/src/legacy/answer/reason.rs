push_core::open_enum! {
    /// Why the service refused a message, in its own words.
    ///
    /// The list is that of Google's pages "GCM: Server reference" and "Firebase Cloud Messaging
    /// HTTP protocol". A service may say more: [`Reason::Unknown`] keeps its text.
    pub enum Reason {
        /// The request names no registration id.
        MissingRegistration = "MissingRegistration",
        /// The registration id is malformed, perhaps cut off or with something added: remove it.
        InvalidRegistration = "InvalidRegistration",
        /// The app is no longer on the device, or its id expired or was replaced: remove it.
        NotRegistered = "NotRegistered",
        /// The registration id belongs to another app than the restricted package name says.
        InvalidPackageName = "InvalidPackageName",
        /// The registration id belongs to another sender than the API key.
        MismatchSenderId = "MismatchSenderId",
        /// A parameter has a wrong name, type or value.
        InvalidParameters = "InvalidParameters",
        /// The payload is larger than 4096 bytes, or than 2048 to a topic.
        MessageTooBig = "MessageTooBig",
        /// The payload has a key that the service keeps for itself.
        InvalidDataKey = "InvalidDataKey",
        /// The time to live is not a number of seconds from 0 to 2,419,200.
        InvalidTtl = "InvalidTtl",
        /// The service could not do it in time: send it again later.
        Unavailable = "Unavailable",
        /// The service failed: send it again later.
        InternalServerError = "InternalServerError",
        /// Too many messages to this device: send it fewer, later.
        DeviceMessageRateExceeded = "DeviceMessageRateExceeded",
        /// Too many messages to the subscribers of this topic: send fewer, later.
        TopicsMessageRateExceeded = "TopicsMessageRateExceeded",
        /// The service can't reach APNs with the certificate or key that its project has.
        InvalidApnsCredential = "InvalidApnsCredential",
    } else {
        /// A reason that has no name here, or an answer that gives none; empty when there was
        /// nothing to read.
        Unknown or "no reason given"
    }
}

/// The longest unknown text that is kept, in bytes.
const MAX_TEXT: usize = 200;

impl Reason {
    /// The reason of this text, which is cut where it is too long to be one.
    pub(super) fn read(text: &str) -> Self {
        match text.char_indices().find(|(at, _)| *at >= MAX_TEXT) {
            Some((end, _)) => Self::from(&text[..end]),
            None => Self::from(text),
        }
    }

    /// Whether the reason has a name here.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Whether the same message to the same device may well be taken later: the two reasons for
    /// which the service asks to try again.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable | Self::InternalServerError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_from_its_text() {
        assert_eq!(Reason::KNOWN.len(), 14);
        for reason in Reason::KNOWN {
            assert_eq!(Reason::read(reason.as_str()), *reason);
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
        }
    }

    #[test]
    fn an_unknown_reason_keeps_its_text_up_to_a_bound() {
        let reason = Reason::read("ToBeInvented");
        assert_eq!(reason, Reason::Unknown("ToBeInvented".into()));
        assert_eq!(Reason::from("a\nb").to_string(), "a\\nb");
        let long = "ü".repeat(4000);
        assert_eq!(Reason::read(&long).as_str(), "ü".repeat(100));
        assert_eq!(Reason::read("").to_string(), "no reason given");
    }
}
