//! What must not be shown.

/// Pieces of what is secret, each long enough to be told from words of our own.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The middle of each of these texts that is long enough, and has a digit in it as no word of our
    /// own has; but for what stands in an open text, too.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>, open: &str) -> Self {
        let pieces = texts.into_iter().filter_map(piece);
        let open = open.to_ascii_lowercase();
        let is_secret = |piece: &String| !open.contains(&piece.to_ascii_lowercase());
        Self(pieces.filter(is_secret).collect())
    }

    pub(super) fn are_not_in(&self, text: &str) {
        for secret in &self.0 {
            assert!(!text.contains(secret.as_str()), "{secret:?} in {text}");
        }
    }
}

/// 16 characters of the longest word.
fn piece(text: &str) -> Option<String> {
    let word = text.split_whitespace().max_by_key(|word| word.len())?;
    let characters: Vec<char> = word.chars().collect();
    let from = (characters.len() / 2).checked_sub(8)?;
    let piece = characters.get(from..from + 16)?;
    let has_digit = piece.iter().any(char::is_ascii_digit);
    has_digit.then(|| piece.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "23456789abcdefgh")]
    fn a_secret_that_is_shown_is_found() {
        Secrets::of(["0123456789abcdefghij"], "").are_not_in("no key: 0123456789abcdefghij");
    }

    #[test]
    fn what_is_short_or_shown_openly_is_none() {
        let secrets = Secrets::of(
            ["0123", "abcdefghijklmnopqrstuvw", "0123456789abcdefghij"],
            "x.0123456789ABCDEFGHIJ",
        );
        assert!(secrets.0.is_empty(), "{secrets:?}");
    }
}
