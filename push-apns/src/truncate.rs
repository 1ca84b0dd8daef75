use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::notification::Problem;
use crate::payload::Payload;

/// How the alert's text is shortened when a payload is too large.
///
/// The text is cut between characters as users see them (extended grapheme clusters, UAX #29), so
/// that no accent, flag or family loses a part, and an ellipsis is appended, `…` unless another is
/// chosen. Only the text of a string alert or the alert's `body` is cut: not titles, not a text
/// that the device chooses, nothing in raw payloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Truncation {
    ellipsis: String,
}

impl Truncation {
    /// Appends this text to what remains; an empty one appends nothing.
    pub fn new(ellipsis: impl Into<String>) -> Self {
        Self {
            ellipsis: ellipsis.into(),
        }
    }

    /// What is appended to what remains.
    pub fn ellipsis(&self) -> &str {
        &self.ellipsis
    }

    /// The longest start of `text` that takes no more than `budget_bytes` inside a JSON string,
    /// ellipsis included.
    ///
    /// A text that fits comes back whole. Where not even the ellipsis fits, nothing is left of it.
    pub fn shorten(&self, text: &str, budget_bytes: usize) -> String {
        if escaped_len(text) <= budget_bytes {
            return text.to_owned();
        }
        let Some(mut room) = budget_bytes.checked_sub(escaped_len(&self.ellipsis)) else {
            return String::new();
        };
        let mut end = 0;
        for grapheme in text.graphemes(true) {
            let Some(rest) = room.checked_sub(escaped_len(grapheme)) else {
                break;
            };
            room = rest;
            end += grapheme.len();
        }
        let kept = text.get(..end).unwrap_or_default();
        [kept, &self.ellipsis].concat()
    }
}

impl Default for Truncation {
    fn default() -> Self {
        Self::new("…")
    }
}

/// The bytes that a text takes inside a JSON string as it is written here, without the quotes
/// around it.
fn escaped_len(text: &str) -> usize {
    let byte_len = |byte: u8| match byte {
        b'"' | b'\\' | b'\x08' | b'\t' | b'\n' | b'\x0c' | b'\r' => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    text.bytes().map(byte_len).sum()
}

impl Payload {
    /// The payload as compact JSON of at most `limit_bytes`.
    ///
    /// With a truncation, the alert's text gives way where the rest leaves room for it; without
    /// one, and where the rest is too large already, the payload is refused. Costs at most two
    /// serialisations.
    ///
    /// # Errors
    /// [`Problem::PayloadTooLarge`].
    pub fn to_json_within(
        &self,
        limit_bytes: usize,
        truncation: Option<&Truncation>,
    ) -> Result<Vec<u8>, Problem> {
        self.shortened_to(limit_bytes, truncation)
            .map(|(_, json)| json)
    }

    /// The payload that fits, and its JSON, as [`Payload::to_json_within`] makes it.
    pub(crate) fn shortened_to(
        &self,
        limit_bytes: usize,
        truncation: Option<&Truncation>,
    ) -> Result<(Cow<'_, Self>, Vec<u8>), Problem> {
        let json = self.to_json()?;
        let bytes = json.len();
        if bytes <= limit_bytes {
            return Ok((Cow::Borrowed(self), json));
        }
        let refused = |without_text| Problem::PayloadTooLarge {
            bytes,
            limit_bytes,
            without_text,
        };
        let alert = self.aps.alert.as_ref();
        let Some(((truncation, alert), text)) = truncation
            .zip(alert)
            .and_then(|pair| Some(pair).zip(pair.1.body()))
        else {
            return Err(refused(None));
        };
        let rest = bytes.saturating_sub(escaped_len(text));
        let Some(budget) = limit_bytes.checked_sub(rest) else {
            return Err(refused(Some(rest)));
        };
        let mut alert = alert.clone();
        alert.replace_body(truncation.shorten(text, budget));
        let mut shortened = self.clone();
        shortened.aps.alert = Some(alert);
        let json = shortened.to_json()?;
        if json.len() > limit_bytes {
            Err(refused(Some(rest)))
        } else {
            Ok((Cow::Owned(shortened), json))
        }
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, Problem> {
        serde_json::to_vec(self).map_err(|error| Problem::Unwritable {
            reason: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::{Alert, AlertFields, Text};

    const FAMILY: &str = "👨\u{200d}👩\u{200d}👧\u{200d}👦";

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "Z",
            " ",
            "\"",
            "\\",
            "/",
            "\n",
            "\r\n",
            "\0",
            "\u{1f}",
            "\u{8}",
            "\u{7f}",
            "é",
            "e\u{301}",
            "한",
            "\u{1112}\u{1161}\u{11ab}",
            "🇩🇪",
            "🇫",
            FAMILY,
            "👍🏽",
            "\u{200d}",
            "\u{301}",
            "क्षि",
            "\u{2028}",
            "𝒳",
        ]);
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    fn assert_cut_between_graphemes(text: &str, shortened: &str, ellipsis: &str) {
        let kept = shortened.strip_suffix(ellipsis).unwrap_or(shortened);
        assert!(
            text.starts_with(kept),
            "{shortened:?} does not begin {text:?}"
        );
        let boundary = text
            .grapheme_indices(true)
            .any(|(index, _)| index == kept.len())
            || kept.len() == text.len();
        assert!(boundary, "{shortened:?} cuts a character of {text:?}");
    }

    #[test]
    fn a_character_of_many_parts_is_kept_or_dropped_whole() {
        let truncation = Truncation::default();
        for (character, whole) in [
            (FAMILY, 25),
            ("🇩🇪", 8),
            ("e\u{301}", 3),
            ("👍🏽", 8),
            ("\r\n", 4),
        ] {
            let text = format!("a{character}{}", "b".repeat(50));
            for budget in 4..4 + whole {
                assert_eq!(
                    truncation.shorten(&text, budget),
                    "a…",
                    "{character:?} in {budget}"
                );
            }
            assert_eq!(
                truncation.shorten(&text, 4 + whole),
                format!("a{character}…")
            );
        }
    }

    #[test]
    fn another_ellipsis_can_be_chosen_or_none() {
        assert_eq!(Truncation::new("...").shorten("abcdefgh", 7), "abcd...");
        assert_eq!(Truncation::new("").shorten("abcdefgh", 7), "abcdefg");
        assert_eq!(Truncation::new("\"").shorten("abcdefgh", 7), "abcde\"");
    }

    #[test]
    fn a_budget_below_the_ellipsis_leaves_nothing() {
        assert_eq!(Truncation::default().shorten("abcdefgh", 2), "");
        assert_eq!(Truncation::default().shorten("abcdefgh", 3), "…");
    }

    #[test]
    fn a_payload_without_text_to_cut_is_refused_and_says_how_large_the_rest_is() {
        let mut payload = Payload::default();
        payload
            .custom
            .insert("filler".into(), "x".repeat(100).into());
        let truncation = Truncation::default();
        let refused = payload.to_json_within(100, Some(&truncation)).unwrap_err();
        assert_eq!(
            refused,
            Problem::PayloadTooLarge {
                bytes: 122,
                limit_bytes: 100,
                without_text: None
            }
        );
        payload.aps.alert = Some(Alert::from("Hello"));
        let refused = payload.to_json_within(120, Some(&truncation)).unwrap_err();
        assert_eq!(
            refused,
            Problem::PayloadTooLarge {
                bytes: 137,
                limit_bytes: 120,
                without_text: Some(132)
            }
        );
        let cut = payload.to_json_within(132, Some(&truncation)).unwrap();
        assert_eq!(cut.len(), 132);
    }

    #[test]
    fn a_large_text_is_cut_in_linear_time() {
        let mut payload = Payload::default();
        payload.aps.alert = Some(Alert::from("\"é👍🏽".repeat(1_000_000)));
        let json = payload
            .to_json_within(4096, Some(&Truncation::default()))
            .unwrap();
        assert!((4080..=4096).contains(&json.len()), "{}", json.len());
    }

    proptest! {
        #[test]
        fn the_length_in_json_is_counted_as_it_is_written(
            text in prop_oneof![pieces(), any::<String>()],
        ) {
            prop_assert_eq!(escaped_len(&text) + 2, serde_json::to_vec(&text).unwrap().len());
        }

        #[test]
        fn a_shortened_text_is_the_longest_that_fits(
            text in pieces(), budget in 0_usize..200,
            ellipsis in prop::sample::select(vec!["…", "...", "", "\"\n"]),
        ) {
            let truncation = Truncation::new(ellipsis);
            let shortened = truncation.shorten(&text, budget);
            prop_assert!(escaped_len(&shortened) <= budget);
            if escaped_len(&text) <= budget {
                prop_assert_eq!(&shortened, &text);
            } else if escaped_len(ellipsis) <= budget {
                assert_cut_between_graphemes(&text, &shortened, ellipsis);
                let kept = shortened.len() - ellipsis.len();
                let next = text[kept..].graphemes(true).next().unwrap();
                prop_assert!(escaped_len(&shortened) + escaped_len(next) > budget);
            } else {
                prop_assert_eq!(&shortened, "");
            }
        }

        #[test]
        fn a_truncated_payload_is_never_over_the_limit(
            text in pieces(), title in pieces(), as_object: bool, limit in 10_usize..700,
        ) {
            let mut payload = Payload::default();
            payload.aps.badge = Some(7);
            payload.aps.alert = Some(if as_object {
                let body = Some(Text::from(text.as_str()));
                AlertFields { title: Some(title.into()), body, ..AlertFields::default() }.into()
            } else {
                text.as_str().into()
            });
            match payload.to_json_within(limit, Some(&Truncation::default())) {
                Ok(json) => {
                    prop_assert!(json.len() <= limit);
                    let restored: Payload = serde_json::from_slice(&json).unwrap();
                    let alert = restored.aps.alert.as_ref().unwrap();
                    assert_cut_between_graphemes(&text, alert.body().unwrap(), "…");
                    let mut restored = restored.clone();
                    restored.aps.alert.as_mut().unwrap().replace_body(text);
                    prop_assert_eq!(restored, payload);
                }
                Err(_) => {
                    payload.aps.alert.as_mut().unwrap().replace_body(String::new());
                    prop_assert!(serde_json::to_vec(&payload).unwrap().len() > limit);
                }
            }
        }
    }
}
