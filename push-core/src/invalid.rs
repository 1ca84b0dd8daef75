use std::fmt;

/// All that is wrong with a message, found before anything was sent.
///
/// Each service has a `Problem` of its own, which says of one thing where it is, what was given and what was
/// expected. `Display` says all of them on one line, with `; ` between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid<P> {
    problems: Vec<P>,
}

impl<P> Invalid<P> {
    /// All of these; give at least one, since a message without problems is not invalid.
    pub fn new(problems: Vec<P>) -> Self {
        Self { problems }
    }

    /// This alone.
    pub fn one(problem: P) -> Self {
        Self::new(vec![problem])
    }

    /// What is wrong; never empty.
    pub fn problems(&self) -> &[P] {
        &self.problems
    }

    /// What is wrong, taken out.
    pub fn into_problems(self) -> Vec<P> {
        self.problems
    }
}

impl<P: fmt::Display> fmt::Display for Invalid<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl<P: fmt::Debug + fmt::Display> std::error::Error for Invalid<P> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_stand_on_one_line() {
        let two = Invalid::new(vec!["the topic is empty", "the payload is too large"]);
        assert_eq!(
            two.to_string(),
            "the topic is empty; the payload is too large"
        );
        assert_eq!(two.into_problems().len(), 2);
        assert_eq!(Invalid::one("no topic").to_string(), "no topic");
    }
}
