use super::{Audio, ToastDuration, ToastVisual};
use crate::notification::adaptive::{Image, Placement};
use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::problem::Fault;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// A toast by one of the templates of Windows 8, which later versions take too.
    ///
    /// The template is chosen by the number of texts, and by whether there is an image; where there are
    /// two for that, by [`TemplateToast::template`].
    ///
    /// ```
    /// use push_wns::{Notification, TemplateToast};
    ///
    /// let toast = TemplateToast::new(["Goal", "1:0"]).image("https://example.org/goal.png");
    /// let encoded = Notification::template_toast(toast).encode()?;
    /// assert_eq!(
    ///     encoded.body(),
    ///     r#"<toast><visual><binding template="ToastImageAndText02"><image id="1" src="https://example.org/goal.png"/><text id="1">Goal</text><text id="2">1:0</text></binding></visual></toast>"#
    /// );
    /// # Ok::<_, push_wns::Invalid>(())
    /// ```
    #[derive(Default)]
    pub struct TemplateToast {
        needs {}
        holds {
            /// The template. Default: by the number of texts, and by whether there is an image.
            template: Option<ToastTemplate>,
            /// Its texts: one to three.
            texts: Vec<String>,
            /// Its image.
            image: Option<Image>,
            /// What is heard. Default: the usual sound.
            audio: Option<Audio>,
            /// What holds for all that is shown: language and where images come from.
            visual: ToastVisual,
        }
        owns []
        /// What the app gets when the toast is clicked.
        launch as "launch": text,
        /// How long it is shown. Default: [`ToastDuration::Short`].
        duration as "duration": value<ToastDuration>,
    }
}

impl TemplateToast {
    /// A toast with texts, one to three.
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut toast = Self::bare();
        toast.texts = texts.into_iter().map(Into::into).collect();
        toast
    }

    /// Its image.
    pub fn image(mut self, image: impl Into<Image>) -> Self {
        self.image = Some(image.into());
        self
    }

    /// Its template, which has to have room for just the texts and the image that are given.
    pub fn template(mut self, template: ToastTemplate) -> Self {
        self.template = Some(template);
        self
    }

    /// What is heard. Default: the usual sound.
    pub fn audio(mut self, audio: impl Into<Audio>) -> Self {
        self.audio = Some(audio.into());
        self
    }

    /// What holds for all that is shown.
    pub fn visual(mut self, visual: ToastVisual) -> Self {
        self.visual = visual;
        self
    }

    /// The template that was given, or the one for what is there.
    fn chosen(&self) -> Option<ToastTemplate> {
        self.template
            .or_else(|| ToastTemplate::for_counts(self.texts.len(), self.image.is_some()))
    }

    pub(in crate::notification) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.within("visual", |at| self.visual.check(at));
        match self.chosen() {
            Some(template) => {
                let name = template.as_str();
                for (field, given, expected) in [
                    ("texts", self.texts.len(), template.texts()),
                    (
                        "image",
                        usize::from(self.image.is_some()),
                        template.images(),
                    ),
                ] {
                    if given != expected {
                        let template = name;
                        at.found(
                            field,
                            Fault::Count {
                                given,
                                expected,
                                template,
                            },
                        );
                    }
                }
            }
            None => {
                let given = self.texts.len();
                at.found("texts", Fault::NoTemplate { given });
            }
        }
        if let Some(image) = &self.image {
            at.within("image", |at| image.check(at, Placement::Inline));
        }
        if let Some(audio) = &self.audio {
            at.within("audio", |at| audio.check(at, self.duration));
        }
    }

    pub(in crate::notification) fn xml(&self) -> Vec<u8> {
        let tag = self.tag(Tag::new("toast"));
        Xml::document(|xml| {
            xml.element(tag, |xml| {
                xml.element(self.visual.tag(Tag::new("visual")), |xml| {
                    let template = self.chosen().map_or("", ToastTemplate::as_str);
                    let binding = Tag::new("binding").attribute("template", template);
                    xml.element(binding, |xml| {
                        if let Some(image) = &self.image {
                            image.write_numbered(xml, 1);
                        }
                        for (number, text) in (1_u32..).zip(&self.texts) {
                            xml.text(Tag::new("text").attribute("id", &number), text);
                        }
                    });
                });
                if let Some(audio) = &self.audio {
                    audio.write(xml);
                }
            });
        })
    }
}

words! {
    /// The templates of toasts of Windows 8.
    pub enum ToastTemplate ("template") {
        /// One text over three lines.
        ToastText01 = "ToastText01",
        /// A bold title of one line, and a text over two.
        ToastText02 = "ToastText02",
        /// A bold title over two lines, and a text of one.
        ToastText03 = "ToastText03",
        /// A bold title, and two texts of one line each.
        ToastText04 = "ToastText04",
        /// An image, and one text over three lines.
        ToastImageAndText01 = "ToastImageAndText01",
        /// An image, a bold title of one line, and a text over two.
        ToastImageAndText02 = "ToastImageAndText02",
        /// An image, a bold title over two lines, and a text of one.
        ToastImageAndText03 = "ToastImageAndText03",
        /// An image, a bold title, and two texts of one line each.
        ToastImageAndText04 = "ToastImageAndText04",
    }
}

impl ToastTemplate {
    /// The template for a number of texts, with or without an image. For two texts it is that with a
    /// title of one line.
    pub fn for_counts(texts: usize, image: bool) -> Option<Self> {
        match (texts, image) {
            (1, false) => Some(Self::ToastText01),
            (2, false) => Some(Self::ToastText02),
            (3, false) => Some(Self::ToastText04),
            (1, true) => Some(Self::ToastImageAndText01),
            (2, true) => Some(Self::ToastImageAndText02),
            (3, true) => Some(Self::ToastImageAndText04),
            _ => None,
        }
    }

    /// How many texts it has.
    pub fn texts(self) -> usize {
        match self {
            Self::ToastText01 | Self::ToastImageAndText01 => 1,
            Self::ToastText02 | Self::ToastImageAndText02 => 2,
            Self::ToastText03 | Self::ToastImageAndText03 => 2,
            Self::ToastText04 | Self::ToastImageAndText04 => 3,
        }
    }

    /// How many images it has.
    pub fn images(self) -> usize {
        usize::from(self.as_str().starts_with("ToastImage"))
    }
}
