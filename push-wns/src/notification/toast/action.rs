use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::problem::Fault;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// A button of a toast, or an entry of its context menu.
    pub struct Button {
        needs {
            /// Its label. Empty beside an icon, and where Windows says "Snooze" or "Dismiss" itself.
            content as "content": String,
            /// What the app gets when it is clicked.
            arguments as "arguments": String,
        }
        holds {
            /// Whether it is an entry of the context menu.
            context_menu: bool,
        }
        owns ["placement"]
        /// What a click starts. Default: the app in the foreground.
        activation_type as "activationType": value<ActivationType>,
        /// What becomes of the toast after a click. Default: it goes away.
        after_activation as "afterActivationBehavior": value<AfterActivation>,
        /// The address of its icon: white on transparent, 16 × 16 pixels at 100 %. Either all buttons have
        /// one or none.
        image_uri as "imageUri": text,
        /// The id of the input beside which it stands.
        input_id as "hint-inputId": text,
        /// Its colour; needs [`Toast::use_button_style`](super::Toast::use_button_style).
        style as "hint-buttonStyle": value<ButtonStyle>,
        /// What is shown where the pointer rests on it, and read out where it has no label. Windows 11.
        tool_tip as "hint-toolTip": text,
        /// Which app is started by [`ActivationType::Protocol`], by its package family name.
        protocol_target as "protocolActivationTargetApplicationPfn": text,
    }
}

impl Button {
    /// A button with a label, and what the app gets when it is clicked.
    pub fn new(content: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self::bare(content.into(), arguments.into())
    }

    /// A button with an icon in place of a label; give it a [`tool_tip`](Self::tool_tip) too.
    pub fn icon(image_uri: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self::new("", arguments).image_uri(image_uri)
    }

    /// A button by which Windows shows the toast again later, labelled in the user's language. How much
    /// later is chosen in the input that [`input_id`](Self::input_id) names, whose selections have minutes
    /// as ids; without one it is a time of Windows' own.
    pub fn snooze() -> Self {
        Self::new("", "snooze").activation_type(ActivationType::System)
    }

    /// A button that dismisses the toast, labelled in the user's language.
    pub fn dismiss() -> Self {
        Self::new("", "dismiss").activation_type(ActivationType::System)
    }

    /// The label, in place of what is there.
    pub fn content(mut self, content: impl Into<String>) -> Self {
        self.content = content.into();
        self
    }

    /// Makes it an entry of the context menu.
    pub fn context_menu(mut self) -> Self {
        self.context_menu = true;
        self
    }

    pub(super) fn is_snooze(&self) -> bool {
        self.activation_type == Some(ActivationType::System) && self.arguments == "snooze"
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        let is_system = self.activation_type == Some(ActivationType::System);
        if is_system && !["snooze", "dismiss"].contains(&self.arguments.as_str()) {
            let expected = "snooze or dismiss, which is what Windows does by itself";
            at.unexpected("arguments", &self.arguments, expected);
        }
        if self.content.is_empty() && self.image_uri.is_none() && !is_system {
            let expected = "a label, or an icon by image_uri";
            at.found("content", Fault::Empty { expected });
        }
        if let Some(image_uri) = &self.image_uri {
            at.image_source("image_uri", image_uri);
        }
        if self.protocol_target.is_some() && self.activation_type != Some(ActivationType::Protocol)
        {
            let needs = "the activation type protocol";
            at.found("protocol_target", Fault::Needs { needs });
        }
        if self.context_menu && self.input_id.is_some() {
            let place = "to an entry of the context menu";
            at.found("input_id", Fault::Misplaced { place });
        }
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        let tag = Tag::new("action");
        let tag = match self.context_menu {
            true => tag.attribute("placement", "contextMenu"),
            false => tag,
        };
        xml.empty(self.tag(tag));
    }
}

words! {
    /// What a click starts.
    pub enum ActivationType ("activation type") {
        /// The app in the foreground.
        Foreground = "foreground",
        /// A task of the app in the background.
        Background = "background",
        /// Whichever app opens the address that stands in the arguments.
        Protocol = "protocol",
        /// Something that Windows does: of buttons only, by [`Button::snooze`] and [`Button::dismiss`].
        System = "system",
    }
}

words! {
    /// What becomes of a toast after a button was clicked.
    pub enum AfterActivation ("behaviour") {
        /// It goes away.
        Default = "default",
        /// It stays until the app updates it. Desktop only.
        PendingUpdate = "pendingUpdate",
    }
}

words! {
    /// The colour of a button.
    pub enum ButtonStyle ("button style") {
        /// Green.
        Success = "Success",
        /// Red.
        Critical = "Critical",
    }
}
