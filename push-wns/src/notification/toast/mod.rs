//! Toasts: what pops up in a corner of the screen, and stays in the notification centre.

mod action;
mod audio;
mod check;
mod commands;
mod content;
mod input;
mod progress;
mod template;
mod write;

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

pub use self::action::{ActivationType, AfterActivation, Button, ButtonStyle};
pub use self::audio::{Audio, Sound};
pub use self::commands::{Command, CommandId, CommandScenario, Commands};
pub use self::content::{ToastBinding, ToastHeader, ToastText, ToastVisual};
pub use self::input::{Input, InputKind, Selection};
pub use self::progress::{Progress, ProgressValue};
pub use self::template::{TemplateToast, ToastTemplate};
use super::adaptive::{Group, Image};
use super::element::element;
use super::words::words;

element! {
    /// A toast in the form of Windows 10 and later, `ToastGeneric`.
    ///
    /// ```
    /// use push_wns::{Button, Image, Input, Notification, Toast};
    ///
    /// let toast = Toast::new("Ada Lovelace")
    ///     .text("Shall we meet at eight?")
    ///     .logo(Image::new("https://example.org/ada.png"))
    ///     .launch("conversation=4711")
    ///     .input(Input::text("reply").placeholder("Your answer"))
    ///     .button(Button::new("Send", "action=reply").input_id("reply"));
    /// let encoded = Notification::toast(toast).encode()?;
    /// assert!(encoded.body().starts_with(br#"<toast launch="conversation=4711"><visual>"#));
    /// # Ok::<_, push_wns::Invalid>(())
    /// ```
    ///
    /// It is written in the order that Windows wants, in whatever order it was built. What Windows would
    /// not show, though WNS takes it, is told when it is encoded:
    ///
    /// - one to three texts stand at the top, and beside them one attribution;
    /// - at most five buttons, entries of the context menu among them, and at most five inputs;
    /// - every id is there once, and every id that is named is there.
    ///
    /// [`Scenario::Reminder`] needs a button with [`ActivationType::Background`] (snooze and dismiss are
    /// none): Windows ignores it without one and shows the toast as any other. Either all buttons have an
    /// icon or none has. Of one app at most 20 toasts stand in the notification centre.
    ///
    /// What has no field here goes by the `extra` of each element, or by
    /// [`Notification::xml`](crate::Notification::xml).
    #[derive(Default)]
    pub struct Toast {
        needs {}
        holds {
            /// When what it tells of happened. Default: when Windows received it.
            display_timestamp ("crate::notification::timestamp"): Option<SystemTime>,
            /// What holds for all that is shown: language and where images come from.
            visual: ToastVisual,
            /// The same for the one form there is of it; it wins over `visual`.
            binding: ToastBinding,
            /// Its texts, the title first: one to three.
            texts: Vec<ToastText>,
            /// Where it comes from, in small print below the texts.
            attribution: Option<ToastText>,
            /// The image in place of the app's logo: 48 × 48 pixels at 100 %.
            logo: Option<Image>,
            /// The large image at the top: 364 × 180 pixels at 100 %.
            hero: Option<Image>,
            /// Images, columns and bars of progress below the texts.
            body: Vec<ToastItem>,
            /// Whether Windows gives it buttons to snooze and to dismiss, and a choice of times.
            snooze_and_dismiss: bool,
            /// Its inputs.
            inputs: Vec<Input>,
            /// Its buttons, and its entries of the context menu.
            buttons: Vec<Button>,
            /// What is heard. Default: the usual sound.
            audio: Option<Audio>,
            /// Under which header it stands in the notification centre.
            header: Option<ToastHeader>,
            /// The buttons of an alarm or a call in the form of Windows 8.1.
            commands: Option<Commands>,
        }
        owns ["displayTimestamp"]
        /// What the app gets when the toast is clicked.
        launch as "launch": text,
        /// How long it is shown. Default: [`ToastDuration::Short`].
        duration as "duration": value<ToastDuration>,
        /// What it is for. Default: nothing special.
        scenario as "scenario": value<Scenario>,
        /// How the app is started by a click: in the foreground (the default), in the background, or
        /// whichever app opens `launch` as an address.
        activation_type as "activationType": value<ActivationType>,
        /// Whether buttons have colours: [`Button::style`] needs it.
        use_button_style as "useButtonStyle": value<bool>,
    }
}

impl Toast {
    /// A toast with a title.
    pub fn new(title: impl Into<ToastText>) -> Self {
        Self::bare().text(title)
    }

    /// Adds a text; the first one is the title. At most three.
    pub fn text(mut self, text: impl Into<ToastText>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// Where it comes from, in small print below the texts.
    pub fn attribution(mut self, text: impl Into<ToastText>) -> Self {
        self.attribution = Some(text.into());
        self
    }

    /// The image in place of the app's logo: 48 × 48 pixels at 100 %.
    pub fn logo(mut self, image: impl Into<Image>) -> Self {
        self.logo = Some(image.into());
        self
    }

    /// The large image at the top: 364 × 180 pixels at 100 %.
    pub fn hero(mut self, image: impl Into<Image>) -> Self {
        self.hero = Some(image.into());
        self
    }

    /// Adds an image below the texts.
    pub fn image(mut self, image: impl Into<Image>) -> Self {
        self.body.push(ToastItem::Image(image.into()));
        self
    }

    /// Adds columns below the texts.
    pub fn group(mut self, group: Group) -> Self {
        self.body.push(ToastItem::Group(group));
        self
    }

    /// Adds a bar of progress below the texts.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.body.push(ToastItem::Progress(progress));
        self
    }

    /// Adds an input. At most five.
    pub fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    /// Adds a button. At most five, with the entries of the context menu.
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// Adds an entry of the context menu. At most five, with the buttons.
    pub fn menu_item(self, button: Button) -> Self {
        self.button(button.context_menu())
    }

    /// Lets Windows give it buttons to snooze and to dismiss, and a choice of times, in the user's
    /// language. Beside them are entries of the context menu only.
    pub fn snooze_and_dismiss(mut self) -> Self {
        self.snooze_and_dismiss = true;
        self
    }

    /// What is heard. Default: the usual sound.
    pub fn audio(mut self, audio: impl Into<Audio>) -> Self {
        self.audio = Some(audio.into());
        self
    }

    /// Under which header it stands in the notification centre.
    pub fn header(mut self, header: ToastHeader) -> Self {
        self.header = Some(header);
        self
    }

    /// The buttons of an alarm or a call in the form of Windows 8.1; [`Toast::button`] took their place.
    pub fn commands(mut self, commands: Commands) -> Self {
        self.commands = Some(commands);
        self
    }

    /// When what it tells of happened, in whole seconds. Default: when Windows received it.
    pub fn display_timestamp(mut self, time: SystemTime) -> Self {
        self.display_timestamp = Some(time);
        self
    }

    /// What holds for all that is shown.
    pub fn visual(mut self, visual: ToastVisual) -> Self {
        self.visual = visual;
        self
    }

    /// The same for the one form there is of it; it wins over [`Toast::visual`].
    pub fn binding(mut self, binding: ToastBinding) -> Self {
        self.binding = binding;
        self
    }
}

/// What stands below the texts of a toast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToastItem {
    /// An image.
    Image(Image),
    /// Columns of texts and images.
    Group(Group),
    /// A bar of progress.
    Progress(Progress),
}

words! {
    /// How long a toast is shown.
    pub enum ToastDuration ("duration") {
        /// For about seven seconds.
        Short = "short",
        /// For about 25 seconds.
        Long = "long",
    }
}

words! {
    /// What a toast is for.
    pub enum Scenario ("scenario") {
        /// It reminds, and stays on the screen until the user does something about it. It needs a button
        /// with [`ActivationType::Background`].
        Reminder = "reminder",
        /// It is an alarm: it stays on the screen, and sounds as one.
        Alarm = "alarm",
        /// It is a call: it stays on the screen in the form of one, and rings.
        IncomingCall = "incomingCall",
        /// It is important: the user may let it break through "do not disturb". Windows 11.
        Urgent = "urgent",
    }
}
