use http::StatusCode;
use push_core::Verdict;
use push_core::fan_out::Grouped;
use serde::Deserialize;

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
    /// Reads an answer to a push that was handed to a connection so often; `None` where it does not say
    /// that the push was taken. Of a success without a name nobody knows what was taken; all others
    /// [`Rejection::read`](crate::v1::Rejection::read) reads.
    pub fn read(status: StatusCode, body: &[u8], attempts: u32) -> Option<Self> {
        #[derive(Deserialize)]
        struct Sent {
            name: String,
        }
        if status != StatusCode::OK {
            return None;
        }
        let Sent { name } = serde_json::from_slice(body).ok()?;
        Some(Self { name, attempts })
    }

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
