use super::ActivationType;
use crate::notification::adaptive::Branding;
use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::xml::{Tag, Xml};

element! {
    /// One of the texts at the top of a toast. Style and sides are for those in columns only
    /// ([`Text`](crate::Text)).
    pub struct ToastText {
        needs {
            /// The text.
            text: String,
        }
        holds {}
        owns ["placement"]
        /// Its language, as a tag such as `en-GB`. Default: that of the toast.
        lang as "lang": text,
        /// The most lines that it takes. Default: 2 for the title, 4 for the other two together.
        max_lines as "hint-maxLines": value<u32>,
        /// Whether it stands in the middle, in a toast for a call.
        call_scenario_center_align as "hint-callScenarioCenterAlign": value<bool>,
    }
}

impl ToastText {
    /// A text.
    pub fn new(text: impl Into<String>) -> Self {
        Self::bare(text.into())
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.lines("max_lines", self.max_lines);
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.text(self.tag(Tag::new("text")), &self.text);
    }

    pub(super) fn write_attribution(&self, xml: &mut Xml) {
        let tag = Tag::new("text").attribute("placement", "attribution");
        xml.text(self.tag(tag), &self.text);
    }
}

impl From<&str> for ToastText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for ToastText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

element! {
    /// What holds for all that a toast shows.
    #[derive(Default)]
    pub struct ToastVisual {
        needs {}
        holds {}
        owns []
        /// The version of the schema.
        version as "version": value<u32>,
        /// The language of its texts, as a tag such as `en-GB`. Default: the user's.
        lang as "lang": text,
        /// What relative addresses of images begin with. Default: `ms-appx:///`.
        base_uri as "baseUri": text,
        /// Whether Windows adds scale, contrast and language to addresses of images, as a query.
        add_image_query as "addImageQuery": value<bool>,
        /// How the brand is shown; without effect in toasts.
        branding as "branding": value<Branding>,
    }
}

impl ToastVisual {
    /// Nothing special.
    pub fn new() -> Self {
        Self::bare()
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.base_uri(self.base_uri.as_deref());
    }
}

element! {
    /// What holds for the one form of a toast.
    #[derive(Default)]
    pub struct ToastBinding {
        needs {}
        holds {}
        owns ["template"]
        /// The template for who does not know `ToastGeneric`.
        fallback as "fallback": text,
        /// The language of its texts, as a tag such as `en-GB`. Default: that of the visual.
        lang as "lang": text,
        /// What relative addresses of images begin with. Default: that of the visual.
        base_uri as "baseUri": text,
        /// Whether Windows adds scale, contrast and language to addresses of images, as a query.
        add_image_query as "addImageQuery": value<bool>,
    }
}

impl ToastBinding {
    /// Nothing special.
    pub fn new() -> Self {
        Self::bare()
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.base_uri(self.base_uri.as_deref());
    }
}

element! {
    /// A header of the notification centre, under which toasts of the same id stand together.
    pub struct ToastHeader {
        needs {
            /// Which header it is, among the app's.
            id as "id": String,
            /// What it says.
            title as "title": String,
            /// What the app gets when the header is clicked.
            arguments as "arguments": String,
        }
        holds {}
        owns []
        /// How the app is started by a click: in the foreground (the default), or whichever app opens
        /// `arguments` as an address.
        activation_type as "activationType": value<ActivationType>,
    }
}

impl ToastHeader {
    /// A header of an id, with what it says, and what the app gets when it is clicked.
    pub fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        Self::bare(id.into(), title.into(), arguments.into())
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.not_empty("id", &self.id, "a name");
        if let Some(activation @ (ActivationType::Background | ActivationType::System)) =
            self.activation_type
        {
            at.unexpected(
                "activation_type",
                activation.as_str(),
                "foreground or protocol",
            );
        }
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.empty(self.tag(Tag::new("header")));
    }
}
