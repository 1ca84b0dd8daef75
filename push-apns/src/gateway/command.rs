use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The form in which notifications are written: the first byte of each frame.
///
/// It is read from and written to JSON and text as its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Command {
    /// 0: token and payload, nothing else. Without an identifier, a refusal does not say which
    /// notification it means.
    Simple,
    /// 1: identifier and expiry too.
    Enhanced,
    /// 2: a list of items, priority among them. The default.
    #[default]
    Items,
}

impl Command {
    /// Every command, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Simple, Self::Enhanced, Self::Items];

    /// The first byte of the frame: 0, 1 or 2.
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Simple => 0,
            Self::Enhanced => 1,
            Self::Items => 2,
        }
    }

    pub(crate) const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Simple),
            1 => Some(Self::Enhanced),
            2 => Some(Self::Items),
            _ => None,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_u8().fmt(f)
    }
}

impl From<Command> for u8 {
    fn from(command: Command) -> Self {
        command.as_u8()
    }
}

impl TryFrom<u8> for Command {
    type Error = InvalidCommand;

    fn try_from(number: u8) -> Result<Self, InvalidCommand> {
        Self::from_u8(number).ok_or_else(|| InvalidCommand {
            given: number.to_string(),
        })
    }
}

impl FromStr for Command {
    type Err = InvalidCommand;

    fn from_str(text: &str) -> Result<Self, InvalidCommand> {
        match text {
            "0" => Ok(Self::Simple),
            "1" => Ok(Self::Enhanced),
            "2" => Ok(Self::Items),
            _ => Err(InvalidCommand {
                given: text.chars().take(32).collect(),
            }),
        }
    }
}

/// The number is not that of a command which carries a notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no command {given:?}: give 0 (simple), 1 (enhanced) or 2 (items)")]
pub struct InvalidCommand {
    given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_from_its_number_and_its_text() {
        for command in Command::ALL {
            assert_eq!(Command::try_from(command.as_u8()), Ok(command));
            assert_eq!(command.to_string().parse(), Ok(command));
            let json = serde_json::to_string(&command).unwrap();
            assert_eq!(json, command.to_string());
            assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);
        }
        assert_eq!(Command::default().as_u8(), 2);
    }

    #[test]
    fn another_number_is_refused_with_the_numbers_that_there_are() {
        let message = Command::try_from(8).unwrap_err().to_string();
        for expected in ["\"8\"", "0", "1", "2"] {
            assert!(message.contains(expected), "{message}");
        }
        assert!("02".parse::<Command>().is_err());
        assert!(serde_json::from_str::<Command>("3").is_err());
    }
}
