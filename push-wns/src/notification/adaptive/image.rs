use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::problem::Fault;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// An image.
    ///
    /// It comes from the web (`https://`, `http://`; at most 3 MB, 1 MB on metered lines, and 200 KB on
    /// older versions of Windows), from the app (`ms-appx:///`), from what it has stored
    /// (`ms-appdata:///local/`) or, for desktop apps, from a file (`file:///`). A relative address is
    /// completed by the `base_uri` around it, which is the app by default.
    pub struct Image {
        needs {
            /// Its address.
            src as "src": String,
        }
        holds {}
        owns ["placement", "id"]
        /// What it shows, for those who can't see it.
        alt as "alt": text,
        /// Whether Windows adds scale, contrast and language to the address, as a query.
        add_image_query as "addImageQuery": value<bool>,
        /// Whether it is cut to a circle. Default: no.
        crop as "hint-crop": value<Crop>,
        /// On which side it stands, in columns and on tiles. Default: it fills the width.
        align as "hint-align": value<ImageAlign>,
        /// Whether it has no margin, in columns and on tiles. Default: it has one of 8 pixels.
        remove_margin as "hint-removeMargin": value<bool>,
        /// How dark it is made, for an image behind the text of a tile or one that peeks in: 0 (not at
        /// all) to 100 (black). Default: 20 behind text, else 0.
        overlay as "hint-overlay": value<u8>,
    }
}

/// Where an image stands, apart from the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::notification) enum Placement {
    Inline,
    Logo,
    Hero,
    Background,
    Peek,
}

impl Image {
    /// The image of an address.
    pub fn new(src: impl Into<String>) -> Self {
        Self::bare(src.into())
    }

    pub(in crate::notification) fn check(&self, at: &mut Checker, placement: Placement) {
        self.check_extra(at);
        at.image_source("src", &self.src);
        at.percent("overlay", self.overlay);
        let has_overlay = matches!(placement, Placement::Background | Placement::Peek);
        if self.overlay.is_some() && !has_overlay {
            let place = "for an image that is neither the background of a tile nor peeks in";
            at.found("overlay", Fault::Misplaced { place });
        }
    }

    pub(in crate::notification) fn write(&self, xml: &mut Xml, placement: Placement) {
        let tag = Tag::new("image");
        let tag = match placement {
            Placement::Inline => tag,
            Placement::Logo => tag.attribute("placement", "appLogoOverride"),
            Placement::Hero => tag.attribute("placement", "hero"),
            Placement::Background => tag.attribute("placement", "background"),
            Placement::Peek => tag.attribute("placement", "peek"),
        };
        xml.empty(self.tag(tag));
    }

    /// As one of the numbered images of an old template.
    pub(in crate::notification) fn write_numbered(&self, xml: &mut Xml, number: u32) {
        xml.empty(self.tag(Tag::new("image").attribute("id", &number)));
    }
}

impl From<&str> for Image {
    fn from(src: &str) -> Self {
        Self::new(src)
    }
}

impl From<String> for Image {
    fn from(src: String) -> Self {
        Self::new(src)
    }
}

words! {
    /// How an image is cut.
    pub enum Crop ("crop") {
        /// Not at all.
        None = "none",
        /// To a circle.
        Circle = "circle",
    }
}

words! {
    /// On which side an image stands.
    pub enum ImageAlign ("alignment") {
        /// It fills the width.
        Stretch = "stretch",
        /// On the left, in its own size.
        Left = "left",
        /// In the middle, in its own size.
        Center = "center",
        /// On the right, in its own size.
        Right = "right",
    }
}
