//! The topics in a provider's certificate: Apple's extensions and the subject's UID.

use x509_cert::Certificate;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Reader, SliceReader};

/// Apple's extension of a certificate for the development environment.
pub(crate) const DEVELOPMENT: [u64; 8] = [1, 2, 840, 113_635, 100, 6, 3, 1];
/// Apple's extension of a certificate for the production environment.
pub(crate) const PRODUCTION: [u64; 8] = [1, 2, 840, 113_635, 100, 6, 3, 2];
/// Apple's extension that lists the topics.
pub(crate) const TOPICS: [u64; 8] = [1, 2, 840, 113_635, 100, 6, 3, 6];

const DEVELOPMENT_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.6.3.1");
const PRODUCTION_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.6.3.2");
const TOPICS_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.6.3.6");
const USER_ID_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1");

const SEQUENCE: u8 = 0x30;
const UTF8_STRING: u8 = 0x0c;

/// A topic and the kind of pushes that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
}

/// The topics that Apple puts into the universal certificate of an app.
pub(crate) fn of_app(bundle_id: &str) -> Vec<Topic> {
    [
        ("", "app"),
        (".voip", "voip"),
        (".complication", "complication"),
        (".pushkit.fileprovider", "fileprovider"),
        (".voip-ptt", "voip-ptt"),
        (".push-type.liveactivity", "liveactivity"),
        (".push-type.widgets", "widgets"),
        (".push-type.controls", "controls"),
    ]
    .into_iter()
    .map(|(suffix, kind)| Topic {
        name: format!("{bundle_id}{suffix}"),
        kind,
    })
    .collect()
}

/// `SEQUENCE OF (UTF8String topic, SEQUENCE OF UTF8String kind)`, the pairs not wrapped.
pub(crate) fn encode(topics: &[Topic]) -> Vec<u8> {
    let mut pairs = Vec::new();
    for topic in topics {
        pairs.extend(tagged(UTF8_STRING, topic.name.as_bytes()));
        let kind = tagged(UTF8_STRING, topic.kind.as_bytes());
        pairs.extend(tagged(SEQUENCE, &kind));
    }
    tagged(SEQUENCE, &pairs)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..=0x7f => out.push(length as u8),
        length @ 0x80..=0xff => out.extend([0x81, length as u8]),
        length => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

/// What a provider's certificate allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Provider {
    /// At least the subject's UID, unless the certificate is none of Apple's kind.
    pub(crate) topics: Vec<String>,
    pub(crate) development: bool,
    pub(crate) production: bool,
}

impl Provider {
    /// Reads a certificate; what is missing or unreadable allows nothing.
    pub(crate) fn of(certificate: &[u8]) -> Self {
        let Ok(certificate) = Certificate::from_der(certificate) else {
            return Self::default();
        };
        let certificate = &certificate.tbs_certificate;
        let user_id = certificate
            .subject
            .0
            .iter()
            .flat_map(|names| names.0.iter())
            .find(|name| name.oid == USER_ID_OID)
            .and_then(|name| {
                let utf8 = name.value.decode_as::<Utf8StringRef<'_>>();
                let printable = name.value.decode_as::<PrintableStringRef<'_>>();
                utf8.map(|text| text.as_str().to_owned())
                    .or_else(|_| printable.map(|text| text.as_str().to_owned()))
                    .ok()
            });
        let extensions = certificate.extensions.as_deref().unwrap_or_default();
        let has = |oid| extensions.iter().any(|extension| extension.extn_id == oid);
        let mut topics = extensions
            .iter()
            .find(|extension| extension.extn_id == TOPICS_OID)
            .and_then(|extension| decode(extension.extn_value.as_bytes()))
            .unwrap_or_default();
        if let Some(user_id) = user_id
            && !user_id.is_empty()
            && !topics.contains(&user_id)
        {
            topics.insert(0, user_id);
        }
        Self {
            topics,
            development: has(DEVELOPMENT_OID),
            production: has(PRODUCTION_OID),
        }
    }
}

fn decode(content: &[u8]) -> Option<Vec<String>> {
    let mut reader = SliceReader::new(content).ok()?;
    reader
        .sequence(|pairs| {
            let mut topics = Vec::new();
            while !pairs.is_finished() {
                topics.push(Utf8StringRef::decode(pairs)?.as_str().to_owned());
                pairs.sequence(|kinds| {
                    while !kinds.is_finished() {
                        Utf8StringRef::decode(kinds)?;
                    }
                    Ok(())
                })?;
            }
            Ok(topics)
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authority, ClientProfile};

    #[test]
    fn what_the_authority_issues_names_its_topics() {
        let authority = Authority::new("test").unwrap();
        let issued = authority.issue_client(&ClientProfile::default()).unwrap();
        let provider = Provider::of(issued.certificate_der());
        assert_eq!(provider.topics.len(), 8);
        assert_eq!(provider.topics[0], "com.example.app");
        assert_eq!(provider.topics[1], "com.example.app.voip");
        assert!(provider.development && provider.production);

        let single = ClientProfile::new("com.example.one")
            .single_topic()
            .development_only();
        let issued = authority.issue_client(&single).unwrap();
        let provider = Provider::of(issued.certificate_der());
        assert_eq!(provider.topics, ["com.example.one"]);
        assert!(provider.development && !provider.production);
    }

    #[test]
    fn a_certificate_of_another_kind_names_no_topic() {
        assert_eq!(Provider::of(b"no certificate"), Provider::default());
        let authority = Authority::new("test").unwrap();
        let provider = Provider::of(authority.certificate_der());
        assert!(provider.topics.is_empty());
    }

    #[test]
    fn a_list_that_is_cut_off_is_refused() {
        let whole = encode(&of_app("com.example.app"));
        assert_eq!(decode(&whole).map(|topics| topics.len()), Some(8));
        for end in 0..whole.len() {
            assert_eq!(decode(&whole[..end]), None);
        }
    }
}
