use super::TileTemplate;
use crate::notification::adaptive::{Branding, Image};
use crate::notification::element::element;
use crate::notification::xml::{Tag, Xml};

element! {
    /// What a tile shows by one of the templates of Windows 8, 8.1 and Windows Phone.
    ///
    /// ```
    /// use push_wns::{Notification, TemplateBinding, Tile, TileTemplate};
    ///
    /// let tile = Tile::new(
    ///     TemplateBinding::new(TileTemplate::TileSquare150x150Text02)
    ///         .text("Goal")
    ///         .text("1:0"),
    /// );
    /// let encoded = Notification::tile(tile).encode()?;
    /// assert_eq!(
    ///     encoded.body(),
    ///     r#"<tile><visual version="2"><binding template="TileSquare150x150Text02" fallback="TileSquareText02"><text id="1">Goal</text><text id="2">1:0</text></binding></visual></tile>"#
    /// );
    /// # Ok::<_, push_wns::Invalid>(())
    /// ```
    pub struct TemplateBinding {
        needs {
            /// The template.
            template: TileTemplate,
        }
        holds {
            /// Its images, as many as the template has.
            images: Vec<Image>,
            /// Its texts, as many as the template has; empty ones for those that stay empty.
            texts: Vec<String>,
            /// Whether the name of the template in Windows 8 is left out, where it has one: some 20 bytes
            /// that Windows 8 needs.
            without_fallback: bool,
        }
        owns ["template", "fallback"]
        /// The language of its texts, as a tag such as `en-GB`. Default: that of the visual.
        lang as "lang": text,
        /// What relative addresses of images begin with. Default: that of the visual.
        base_uri as "baseUri": text,
        /// How the brand is shown. Default: as the visual has it.
        branding as "branding": value<Branding>,
        /// Whether Windows adds scale, contrast and language to addresses of images, as a query.
        add_image_query as "addImageQuery": value<bool>,
        /// Which content it is: a large tile does not show the same one twice.
        content_id as "contentId": text,
    }
}

impl TemplateBinding {
    /// By a template.
    pub fn new(template: TileTemplate) -> Self {
        Self::bare(template)
    }

    /// Adds a text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// All of its texts.
    pub fn texts<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.texts = texts.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an image.
    pub fn image(mut self, image: impl Into<Image>) -> Self {
        self.images.push(image.into());
        self
    }

    /// Leaves the name of the template in Windows 8 out, which saves some 20 bytes.
    pub fn without_fallback(mut self) -> Self {
        self.without_fallback = true;
        self
    }

    pub(super) fn write(&self, xml: &mut Xml, version: Option<u32>) {
        let old = self.template.name_in_windows_8();
        let tag = Tag::new("binding");
        let tag = match (version, old) {
            (Some(1), Some(old)) => tag.attribute("template", &old),
            (_, Some(old)) if !self.without_fallback => tag
                .attribute("template", self.template.as_str())
                .attribute("fallback", &old),
            _ => tag.attribute("template", self.template.as_str()),
        };
        xml.element(self.tag(tag), |xml| {
            for (number, image) in (1_u32..).zip(&self.images) {
                image.write_numbered(xml, number);
            }
            for (number, text) in (1_u32..).zip(&self.texts) {
                xml.text(Tag::new("text").attribute("id", &number), text);
            }
        });
    }
}
