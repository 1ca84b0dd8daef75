use push_core::Verdict;
use push_core::fan_out::Grouped;

use super::Error;

/// What became of one push.
pub type Outcome = Result<Receipt, Error>;

/// The service took the push. That is not to say that it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The name of the message, `projects/PROJECT/messages/ID`. Of a push that was only to be
    /// [validated](crate::v1::ClientBuilder::validate_only), no message has this name.
    pub name: String,
    /// How often the push was handed to a connection.
    pub attempts: u32,
}

impl Receipt {
    /// The message's id: what stands last in its name.
    pub fn message_id(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}
