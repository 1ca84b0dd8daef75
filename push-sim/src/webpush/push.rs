//! A push as its header fields describe it.

use super::Flavour;
use super::base64;
use super::parameters::parameter;
use super::problem::Problem;
use crate::web::Asked;

/// A service takes bodies of so many bytes, and no longer ones (RFC 8030, section 7.2, has it take
/// these at least).
const MOST_BODY_BYTES: usize = 4096;

/// What a sender wants with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Push {
    /// In seconds, as the service shortens it.
    pub(super) ttl: u32,
    pub(super) urgency: Option<String>,
    pub(super) topic: Option<String>,
    pub(super) encoding: Option<Encoding>,
    pub(super) encryption: Option<String>,
    pub(super) crypto_key: Option<String>,
}

/// How the body is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    Aes128Gcm,
    AesGcm {
        salt: Vec<u8>,
        record_size: usize,
        sender: Vec<u8>,
    },
}

impl Encoding {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Aes128Gcm => "aes128gcm",
            Self::AesGcm { .. } => "aesgcm",
        }
    }
}

/// All values of a field, with commas between them.
pub(super) fn field(asked: &Asked, name: &str) -> Option<String> {
    let values = asked.headers.iter().filter(|(field, _)| field == name);
    let values: Vec<_> = values
        .map(|(_, value)| String::from_utf8_lossy(value))
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

impl Push {
    pub(super) fn read(asked: &Asked, flavour: Flavour) -> Result<Self, Problem> {
        if asked.body.len() > MOST_BODY_BYTES {
            return Err(Problem::TooLarge);
        }
        let mut push = Self {
            ttl: ttl(asked, flavour)?,
            urgency: field(asked, "urgency"),
            topic: field(asked, "topic"),
            encoding: None,
            encryption: None,
            crypto_key: None,
        };
        if !asked.body.is_empty() {
            push.encryption = field(asked, "encryption");
            push.crypto_key = field(asked, "crypto-key");
            let encoding = field(asked, "content-encoding");
            push.encoding = Some(push.encoding(encoding, flavour)?);
        }
        let is_urgency =
            |urgency: &String| ["very-low", "low", "normal", "high"].contains(&urgency.as_str());
        if push.urgency.as_ref().is_some_and(|it| !is_urgency(it)) {
            return Err(Problem::Urgency);
        }
        if let Some(topic) = &push.topic {
            is_topic(topic, flavour).map_err(Problem::Topic)?;
        }
        Ok(push)
    }

    /// Whether this key of the sender's encrypts the body.
    pub(super) fn encrypts_with(&self, key: &[u8], body: &[u8]) -> bool {
        match &self.encoding {
            None => false,
            // Behind the salt, the record size and its own length (RFC 8188, section 2.1).
            Some(Encoding::Aes128Gcm) => body.get(21..86) == Some(key),
            Some(Encoding::AesGcm { sender, .. }) => sender == key,
        }
    }

    fn encoding(&self, encoding: Option<String>, flavour: Flavour) -> Result<Encoding, Problem> {
        // That a header is not needed is said by Mozilla's service only.
        let is_strict = flavour == Flavour::Mozilla;
        let wrong = |line| Err(Problem::Encryption(line));
        let encryption = self.encryption.as_deref().unwrap_or_default();
        let crypto_key = self.crypto_key.as_deref().unwrap_or_default();
        let (salt, dh) = (parameter(encryption, "salt"), parameter(crypto_key, "dh"));
        match encoding.as_deref() {
            None => wrong("Missing Content-Encoding header"),
            Some("aes128gcm") if is_strict && salt.is_some() => {
                wrong("Do not include 'salt' header in aes128gcm Encryption header")
            }
            Some("aes128gcm") if is_strict && dh.is_some() => {
                wrong("Do not include 'dh' header in aes128gcm Crypto-Key header")
            }
            Some("aes128gcm") => Ok(Encoding::Aes128Gcm),
            Some("aesgcm") => {
                let Some(salt) = salt else {
                    return wrong("Missing salt value in Encryption header");
                };
                let Some(salt) = base64::decode(salt).filter(|salt| salt.len() == 16) else {
                    return wrong("Invalid salt value in Encryption header");
                };
                let Some(dh) = dh else {
                    return wrong("Missing dh value in Crypto-Key header");
                };
                let Some(sender) = base64::decode(dh).filter(|key| key.len() == 65) else {
                    return wrong("Invalid dh value in Crypto-Key header");
                };
                let record_size = match parameter(encryption, "rs") {
                    None => Some(4096),
                    Some(size) => size.parse().ok().filter(|size| *size > 2),
                };
                let Some(record_size) = record_size else {
                    return wrong("Invalid rs value in Encryption header");
                };
                Ok(Encoding::AesGcm {
                    salt,
                    record_size,
                    sender,
                })
            }
            Some(_) => wrong("Unknown Content-Encoding header"),
        }
    }
}

fn ttl(asked: &Asked, flavour: Flavour) -> Result<u32, Problem> {
    let text = field(asked, "ttl").ok_or(Problem::TtlMissing)?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    if text.strip_prefix('-').is_some_and(is_number) {
        return Err(Problem::TtlNegative);
    }
    if !is_number(&text) {
        return Err(Problem::Ttl);
    }
    // A number that is too long for it is as long as it gets.
    let seconds: u32 = text.parse().unwrap_or(u32::MAX);
    // Edge's service wants it said twice (web-push-libs/pywebpush#162).
    if flavour == Flavour::Edge && seconds == 0 && field(asked, "x-wns-cache-policy").is_none() {
        return Err(Problem::TtlConflict);
    }
    const DAY: u32 = 86_400;
    let most = match flavour {
        Flavour::Mozilla | Flavour::Apple => 30 * DAY,
        Flavour::Fcm => 28 * DAY,
        Flavour::Edge | Flavour::Rfc8030 => i32::MAX as u32,
    };
    Ok(seconds.min(most))
}

/// What is wrong with it, otherwise.
fn is_topic(topic: &str, flavour: Flavour) -> Result<(), &'static str> {
    let is_of_alphabet = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
    let text = match flavour {
        // Its pattern takes padding.
        Flavour::Mozilla => topic.trim_end_matches('='),
        _ => topic,
    };
    if topic.len() > 32 {
        return Err("Topic must be no greater than 32 characters");
    }
    if text.is_empty() || !text.bytes().all(is_of_alphabet) {
        return Err("Topic must be URL and Filename safe Base64 alphabet");
    }
    // Apple decodes it.
    if flavour == Flavour::Apple && text.len() % 4 == 1 {
        return Err("Topic can't be decoded");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&str, &str)], body: &[u8]) -> Asked {
        let fields = fields.iter();
        Asked {
            headers: fields
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: body.to_vec(),
            ..Asked::default()
        }
    }

    fn read(flavour: Flavour, fields: &[(&str, &str)]) -> Result<Push, Problem> {
        Push::read(&asked(fields, b""), flavour)
    }

    #[test]
    fn a_ttl_is_a_number_of_seconds_that_the_service_may_shorten() {
        let of = |flavour, ttl| read(flavour, &[("ttl", ttl)]).map(|push| push.ttl);
        for (ttl, seconds) in [("0", 0), ("007", 7), ("2592001", 2_592_000)] {
            assert_eq!(of(Flavour::Mozilla, ttl), Ok(seconds), "{ttl}");
        }
        assert_eq!(of(Flavour::Fcm, "2592000"), Ok(2_419_200));
        assert_eq!(of(Flavour::Rfc8030, "2147483647"), Ok(2_147_483_647));
        assert_eq!(
            of(Flavour::Rfc8030, "99999999999999999999"),
            Ok(2_147_483_647)
        );
        assert_eq!(of(Flavour::Rfc8030, "-1"), Err(Problem::TtlNegative));
        for ttl in ["", " ", "1.5", "+1", "1, 2", "-", "ten", "0x10"] {
            assert_eq!(of(Flavour::Rfc8030, ttl), Err(Problem::Ttl), "{ttl:?}");
        }
        assert_eq!(read(Flavour::Apple, &[]), Err(Problem::TtlMissing));
    }

    #[test]
    fn edge_wants_the_cache_policy_with_a_ttl_of_zero() {
        let zero = ("ttl", "0");
        assert_eq!(read(Flavour::Edge, &[zero]), Err(Problem::TtlConflict));
        let policy = ("x-wns-cache-policy", "no-cache");
        assert_eq!(read(Flavour::Edge, &[zero, policy]).map(|it| it.ttl), Ok(0));
        assert!(read(Flavour::Edge, &[("ttl", "1")]).is_ok());
    }

    #[test]
    fn an_urgency_is_one_of_four_and_only_one() {
        let of = |urgency| read(Flavour::Rfc8030, &[("ttl", "1"), ("urgency", urgency)]);
        for urgency in ["very-low", "low", "normal", "high"] {
            assert_eq!(of(urgency).unwrap().urgency.as_deref(), Some(urgency));
        }
        for urgency in ["", "High", "urgent", "low, high"] {
            assert_eq!(of(urgency), Err(Problem::Urgency), "{urgency:?}");
        }
        let twice = [("ttl", "1"), ("urgency", "low"), ("urgency", "high")];
        assert_eq!(read(Flavour::Rfc8030, &twice), Err(Problem::Urgency));
    }

    #[test]
    fn a_topic_has_up_to_32_characters_of_base64url() {
        let of = |flavour, topic: &str| read(flavour, &[("ttl", "1"), ("topic", topic)]).is_ok();
        let long = "a".repeat(33);
        for (topic, is_good) in [
            ("a", true),
            (&long[1..], true),
            (&long, false),
            ("A-z_09", true),
            ("a b", false),
            ("a+b", false),
            ("", false),
            ("ab==", false),
        ] {
            assert_eq!(of(Flavour::Rfc8030, topic), is_good, "{topic:?}");
        }
        assert!(of(Flavour::Mozilla, "ab=="));
        for (length, is_good) in [(5, false), (12, true), (13, false), (14, true)] {
            assert_eq!(of(Flavour::Apple, &long[..length]), is_good, "{length}");
            assert!(of(Flavour::Fcm, &long[..length]));
        }
    }

    #[test]
    fn each_coding_has_the_headers_that_it_needs_and_no_others() {
        let dh = format!("dh={}", base64::encode([4; 65]));
        let both = format!("p256ecdsa=AA;{dh}");
        let salt = "salt=AAAAAAAAAAAAAAAAAAAAAA";
        let of = |fields: &[(&str, &str)]| {
            let fields = [&[("ttl", "1")], fields].concat();
            Push::read(&asked(&fields, b"x"), Flavour::Mozilla)
        };
        let coding = |name| ("content-encoding", name);
        assert!(of(&[coding("aes128gcm")]).is_ok());
        assert!(of(&[coding("aes128gcm"), ("crypto-key", "p256ecdsa=AA")]).is_ok());
        let more = [("ttl", "1"), coding("aes128gcm"), ("crypto-key", &dh)];
        assert!(Push::read(&asked(&more, b"x"), Flavour::Rfc8030).is_ok());
        let old = |encryption: &str| {
            of(&[
                coding("aesgcm"),
                ("encryption", encryption),
                ("crypto-key", &both),
            ])
        };
        let size = |read: Result<Push, Problem>| match read.unwrap().encoding {
            Some(Encoding::AesGcm { record_size, .. }) => record_size,
            other => panic!("{other:?}"),
        };
        assert_eq!(size(old(salt)), 4096);
        assert_eq!(size(old(&format!("rs=30;{salt}"))), 30);
        for wrong in [
            &[][..],
            &[coding("gzip")],
            &[coding("aes128gcm"), ("crypto-key", &dh)],
            &[coding("aes128gcm"), ("encryption", salt)],
            &[coding("aesgcm"), ("crypto-key", &dh)],
            &[coding("aesgcm"), ("encryption", salt)],
            &[
                coding("aesgcm"),
                ("encryption", salt),
                ("crypto-key", "dh=AA"),
            ],
            &[
                coding("aesgcm"),
                ("encryption", "salt=AA"),
                ("crypto-key", &dh),
            ],
        ] {
            let read = of(wrong);
            assert!(matches!(read, Err(Problem::Encryption(_))), "{wrong:?}");
        }
        assert!(matches!(
            old(&format!("{salt};rs=2")),
            Err(Problem::Encryption(_))
        ));
        assert!(read(Flavour::Mozilla, &[("ttl", "1"), coding("gzip")]).is_ok());
    }

    #[test]
    fn a_body_of_4096_bytes_is_taken_and_a_longer_one_is_not() {
        let fields = [("ttl", "1"), ("content-encoding", "aes128gcm")];
        let of = |length| Push::read(&asked(&fields, &vec![1; length]), Flavour::Apple);
        assert!(of(4096).is_ok());
        assert_eq!(of(4097), Err(Problem::TooLarge));
    }
}
