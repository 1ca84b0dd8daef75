use std::str::FromStr;

use super::ToastDuration;
use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::problem::Fault;
use crate::notification::source;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// What is heard when a toast appears.
    #[derive(Default)]
    pub struct Audio {
        needs {}
        holds {}
        owns []
        /// The sound: an event of Windows, such as `ms-winsoundevent:Notification.Mail`, or one of the
        /// app's own: `ms-appx:///`, `ms-resource:`, `ms-appdata:///local/` (of which Microsoft's pages say
        /// both that it is taken and that it is not).
        src as "src": text,
        /// Whether it goes on for as long as the toast is shown; needs
        /// [`ToastDuration::Long`]. Default: it is played once.
        repeat as "loop": value<bool>,
        /// Whether nothing is heard.
        silent as "silent": value<bool>,
    }
}

impl Audio {
    /// A sound of Windows.
    pub fn sound(sound: Sound) -> Self {
        Self::bare().src(sound.as_str())
    }

    /// A sound of the app.
    pub fn file(src: impl Into<String>) -> Self {
        Self::bare().src(src)
    }

    /// Nothing is heard.
    pub fn none() -> Self {
        Self::bare().silent(true)
    }

    pub(super) fn check(&self, at: &mut Checker, duration: Option<ToastDuration>) {
        self.check_extra(at);
        if let Some(src) = &self.src
            && Sound::from_str(src).is_err()
            && !source::is_of_sound(src)
        {
            at.unexpected("src", src, source::OF_SOUND);
        }
        if self.repeat == Some(true) && duration != Some(ToastDuration::Long) {
            let needs = "a toast of the duration long";
            at.found("repeat", Fault::Needs { needs });
        }
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.empty(self.tag(Tag::new("audio")));
    }
}

impl From<Sound> for Audio {
    fn from(sound: Sound) -> Self {
        Self::sound(sound)
    }
}

words! {
    /// A sound of Windows. Those that begin with `Looping` are made to be repeated.
    pub enum Sound ("sound") {
        /// The usual one.
        Default = "ms-winsoundevent:Notification.Default",
        /// Of a message in a chat.
        Im = "ms-winsoundevent:Notification.IM",
        /// Of mail.
        Mail = "ms-winsoundevent:Notification.Mail",
        /// Of a reminder.
        Reminder = "ms-winsoundevent:Notification.Reminder",
        /// Of a text message.
        Sms = "ms-winsoundevent:Notification.SMS",
        /// An alarm.
        LoopingAlarm = "ms-winsoundevent:Notification.Looping.Alarm",
        /// The second alarm.
        LoopingAlarm2 = "ms-winsoundevent:Notification.Looping.Alarm2",
        /// The third alarm.
        LoopingAlarm3 = "ms-winsoundevent:Notification.Looping.Alarm3",
        /// The fourth alarm.
        LoopingAlarm4 = "ms-winsoundevent:Notification.Looping.Alarm4",
        /// The fifth alarm.
        LoopingAlarm5 = "ms-winsoundevent:Notification.Looping.Alarm5",
        /// The sixth alarm.
        LoopingAlarm6 = "ms-winsoundevent:Notification.Looping.Alarm6",
        /// The seventh alarm.
        LoopingAlarm7 = "ms-winsoundevent:Notification.Looping.Alarm7",
        /// The eighth alarm.
        LoopingAlarm8 = "ms-winsoundevent:Notification.Looping.Alarm8",
        /// The ninth alarm.
        LoopingAlarm9 = "ms-winsoundevent:Notification.Looping.Alarm9",
        /// The tenth alarm.
        LoopingAlarm10 = "ms-winsoundevent:Notification.Looping.Alarm10",
        /// A call.
        LoopingCall = "ms-winsoundevent:Notification.Looping.Call",
        /// The second call.
        LoopingCall2 = "ms-winsoundevent:Notification.Looping.Call2",
        /// The third call.
        LoopingCall3 = "ms-winsoundevent:Notification.Looping.Call3",
        /// The fourth call.
        LoopingCall4 = "ms-winsoundevent:Notification.Looping.Call4",
        /// The fifth call.
        LoopingCall5 = "ms-winsoundevent:Notification.Looping.Call5",
        /// The sixth call.
        LoopingCall6 = "ms-winsoundevent:Notification.Looping.Call6",
        /// The seventh call.
        LoopingCall7 = "ms-winsoundevent:Notification.Looping.Call7",
        /// The eighth call.
        LoopingCall8 = "ms-winsoundevent:Notification.Looping.Call8",
        /// The ninth call.
        LoopingCall9 = "ms-winsoundevent:Notification.Looping.Call9",
        /// The tenth call.
        LoopingCall10 = "ms-winsoundevent:Notification.Looping.Call10",
    }
}
