//! Conditions: `'a' in topics && ('b' in topics || !('c' in topics))`.

/// Most topics in a condition.
const MOST_TOPICS: usize = 5;
/// Deeper parentheses make no sense with so few topics.
const DEEPEST: usize = 20;

/// A name of a topic, without `/topics/`.
pub(crate) fn is_topic(name: &str) -> bool {
    let is_good = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.~%".contains(&octet);
    (1..=900).contains(&name.len()) && name.bytes().all(is_good)
}

/// Whether it is a condition.
pub(crate) fn is_condition(text: &str) -> bool {
    let mut parser = Parser {
        rest: text,
        topics: 0,
    };
    parser.any_of(0).is_some() && parser.rest.trim_start().is_empty()
}

struct Parser<'a> {
    rest: &'a str,
    topics: usize,
}

impl Parser<'_> {
    /// Operators have no order of their own: from left to right.
    fn any_of(&mut self, depth: usize) -> Option<()> {
        self.one(depth)?;
        while self.take("&&") || self.take("||") {
            self.one(depth)?;
        }
        Some(())
    }

    fn one(&mut self, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        if self.take("!") {
            return self.one(depth + 1);
        }
        if self.take("(") {
            self.any_of(depth + 1)?;
            return self.take(")").then_some(());
        }
        self.topic()
    }

    fn topic(&mut self) -> Option<()> {
        self.topics += 1;
        let quote = if self.take("'") { '\'' } else { '"' };
        let rest = match quote {
            '\'' => self.rest,
            _ => self.rest.trim_start().strip_prefix('"')?,
        };
        let (name, rest) = rest.split_once(quote)?;
        self.rest = rest;
        let is_good = is_topic(name) && self.topics <= MOST_TOPICS;
        (is_good && self.word("in") && self.word("topics")).then_some(())
    }

    fn take(&mut self, what: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(what);
        found.map(|rest| self.rest = rest).is_some()
    }

    /// In either case, and whole.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let (found, rest) = rest.split_at(end);
        self.rest = rest;
        found.eq_ignore_ascii_case(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_told_from_what_is_none() {
        for good in [
            "'a' in topics",
            "'a'in topics&&'b'in topics",
            "'a' IN TOPICS && ('b' in topics || !('c' in topics))",
            "!'a' in topics",
            "\"a\" in topics || 'b%20~.-_' in topics",
            "'1' in topics || '2' in topics || '3' in topics || '4' in topics || '5' in topics",
        ] {
            assert!(is_condition(good), "{good}");
        }
        let deep = format!("{}'a' in topics{}", "(".repeat(3000), ")".repeat(3000));
        for bad in [
            "",
            "a in topics",
            "'a'",
            "'a' in topic",
            "'a' in topics &",
            "'a' in topics 'b' in topics",
            "('a' in topics",
            "'a' in topics)",
            "'a b' in topics",
            "'a in topics",
            "'a' in topicsé",
            "'1' in topics || '2' in topics || '3' in topics || '4' in topics || '5' in topics || \
             '6' in topics",
            &deep,
        ] {
            assert!(!is_condition(bad), "{bad}");
        }
    }

    #[test]
    fn a_topic_has_up_to_900_plain_characters() {
        assert!(is_topic("news-2026_a.b~c%20") && is_topic(&"a".repeat(900)));
        for bad in ["", "/topics/news", "a b", "ä", &"a".repeat(901)] {
            assert!(!is_topic(bad), "{bad}");
        }
    }
}
