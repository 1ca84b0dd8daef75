use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// What a step of a case gives: its result, or why the backend failed.
pub(crate) type Checked<T = ()> = Result<T, Failure>;

/// Why a backend did not pass a case.
#[derive(Clone)]
pub struct Failure {
    case: &'static str,
    contract: &'static str,
    message: String,
    /// Under which circumstances, the innermost first.
    over: Vec<String>,
    at: &'static Location<'static>,
    hang: bool,
}

impl Failure {
    /// What was seen, and what was expected instead.
    #[track_caller]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            case: "",
            contract: "",
            message: message.into(),
            over: Vec::new(),
            at: Location::caller(),
            hang: false,
        }
    }

    /// Something that did not come within the time a case may wait.
    #[track_caller]
    pub(crate) fn hang(what: &str, limit: Duration) -> Self {
        let message = format!("{what}: did not come to pass within {limit:?}, so it hangs");
        Self {
            hang: true,
            ..Self::new(message)
        }
    }

    /// The same, with the circumstances: `over TLS`.
    pub(crate) fn over(mut self, circumstance: impl Into<String>) -> Self {
        self.over.push(circumstance.into());
        self
    }

    pub(crate) fn of(mut self, case: &'static str, contract: &'static str) -> Self {
        self.case = case;
        self.contract = contract;
        self
    }

    /// The name of the case.
    pub fn case(&self) -> &'static str {
        self.case
    }

    /// What every backend promises, in one sentence.
    pub fn contract(&self) -> &'static str {
        self.contract
    }

    /// Whether something did not end in time, rather than end wrongly.
    pub fn is_hang(&self) -> bool {
        self.hang
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.message)?;
        for over in &self.over {
            write!(f, ", {over}")?;
        }
        write!(
            f,
            "\n  contract: {}\n  checked at {}",
            self.contract, self.at
        )
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Failure {}

impl From<push_core::Error> for Failure {
    #[track_caller]
    fn from(error: push_core::Error) -> Self {
        Self::new(format!(
            "expected no error, got {:?}: {}",
            error.kind(),
            error.report()
        ))
    }
}

impl From<std::io::Error> for Failure {
    #[track_caller]
    fn from(error: std::io::Error) -> Self {
        Self::new(format!(
            "expected no error, got {:?}: {error}",
            error.kind()
        ))
    }
}

/// Says under which circumstances a step failed.
pub(crate) trait Over<T> {
    /// Adds the circumstance to a failure.
    fn over(self, circumstance: impl Into<String>) -> Checked<T>;
}

impl<T> Over<T> for Checked<T> {
    fn over(self, circumstance: impl Into<String>) -> Self {
        self.map_err(|failure| failure.over(circumstance))
    }
}

/// Fails the case with the message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::failure::Failure::new(format!($($message)+)));
        }
    };
}

pub(crate) use ensure;
