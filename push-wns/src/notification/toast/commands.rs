use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::problem::Fault;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// The buttons of an alarm or a call in the form of Windows 8.1, which Microsoft calls deprecated.
    #[derive(Default)]
    pub struct Commands {
        needs {}
        holds {
            /// The buttons.
            commands: Vec<Command>,
        }
        owns []
        /// What the toast is for.
        scenario as "scenario": value<CommandScenario>,
    }
}

impl Commands {
    /// No buttons of an alarm yet: snooze and dismiss.
    pub fn alarm() -> Self {
        Self::bare().scenario(CommandScenario::Alarm)
    }

    /// No buttons of a call yet: video, voice and decline.
    pub fn incoming_call() -> Self {
        Self::bare().scenario(CommandScenario::IncomingCall)
    }

    /// Adds a button.
    pub fn command(mut self, command: impl Into<Command>) -> Self {
        self.commands.push(command.into());
        self
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        if self.commands.is_empty() {
            let expected = "at least one";
            at.found("commands", Fault::Empty { expected });
        }
        let ids = self.commands.iter().map(|command| command.id.as_str());
        at.ids("commands", ids);
        at.each("commands", &self.commands, |at, command| {
            command.check_extra(at);
            let is_of_alarm = matches!(command.id, CommandId::Snooze | CommandId::Dismiss);
            match self.scenario {
                Some(CommandScenario::Alarm) if !is_of_alarm => {
                    at.unexpected("id", command.id.as_str(), "snooze or dismiss for an alarm");
                }
                Some(CommandScenario::IncomingCall) if is_of_alarm => {
                    at.unexpected(
                        "id",
                        command.id.as_str(),
                        "video, voice or decline for a call",
                    );
                }
                _ => {}
            }
        });
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.element(self.tag(Tag::new("commands")), |xml| {
            for command in &self.commands {
                xml.empty(command.tag(Tag::new("command")));
            }
        });
    }
}

element! {
    /// A button of an alarm or a call.
    pub struct Command {
        needs {
            /// Which button it is.
            id as "id": CommandId,
        }
        holds {}
        owns []
        /// What the app gets when it is clicked.
        arguments as "arguments": text,
    }
}

impl Command {
    /// A button.
    pub fn new(id: CommandId) -> Self {
        Self::bare(id)
    }
}

impl From<CommandId> for Command {
    fn from(id: CommandId) -> Self {
        Self::new(id)
    }
}

words! {
    /// What buttons of Windows 8.1 are for.
    pub enum CommandScenario ("scenario") {
        /// An alarm.
        Alarm = "alarm",
        /// A call.
        IncomingCall = "incomingCall",
    }
}

words! {
    /// A button of an alarm or a call.
    pub enum CommandId ("command") {
        /// Shows an alarm again later.
        Snooze = "snooze",
        /// Ends an alarm.
        Dismiss = "dismiss",
        /// Takes a call with video.
        Video = "video",
        /// Takes a call without video.
        Voice = "voice",
        /// Declines a call.
        Decline = "decline",
    }
}
