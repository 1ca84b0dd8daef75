use serde::{Deserialize, Serialize};

use crate::notification::adaptive::{Branding, Group, Image, Placement, Text, TextStacking};
use crate::notification::element::element;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// What a tile shows in one of its sizes: texts, images and columns, from top to bottom.
    pub struct TileBinding {
        needs {
            /// The size.
            size as "template": TileSize,
        }
        holds {
            /// The image behind all else.
            background: Option<Image>,
            /// The image that peeks in from the top, and goes again.
            peek: Option<Image>,
            /// Its texts, images and columns.
            items: Vec<TileItem>,
        }
        owns []
        /// The old template for who does not know this one.
        fallback as "fallback": text,
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
        /// The name on the tile. Default: that of the visual.
        display_name as "displayName": text,
        /// What the app gets when it is started from the tile.
        arguments as "arguments": text,
        /// Where the contents stand. Default: at the top.
        text_stacking as "hint-textStacking": value<TextStacking>,
        /// How dark the background is made: 0 (not at all) to 100 (black). Default: 20.
        overlay as "hint-overlay": value<u8>,
        /// Shows images in a way of their own.
        presentation as "hint-presentation": value<Presentation>,
        /// The first line on the lock screen, of a wide tile.
        lock_detailed_status1 as "hint-lockDetailedStatus1": text,
        /// The second line on the lock screen, of a wide tile.
        lock_detailed_status2 as "hint-lockDetailedStatus2": text,
        /// The third line on the lock screen, of a wide tile.
        lock_detailed_status3 as "hint-lockDetailedStatus3": text,
    }
}

impl TileBinding {
    /// For a size.
    pub fn new(size: TileSize) -> Self {
        Self::bare(size)
    }

    /// For the small size, 71 × 71 pixels at 100 %.
    pub fn small() -> Self {
        Self::new(TileSize::Small)
    }

    /// For the medium size, 150 × 150 pixels at 100 %.
    pub fn medium() -> Self {
        Self::new(TileSize::Medium)
    }

    /// For the wide size, 310 × 150 pixels at 100 %.
    pub fn wide() -> Self {
        Self::new(TileSize::Wide)
    }

    /// For the large size, 310 × 310 pixels at 100 %.
    pub fn large() -> Self {
        Self::new(TileSize::Large)
    }

    /// Adds a text.
    pub fn text(mut self, text: impl Into<Text>) -> Self {
        self.items.push(TileItem::Text(text.into()));
        self
    }

    /// Adds an image.
    pub fn image(mut self, image: impl Into<Image>) -> Self {
        self.items.push(TileItem::Image(image.into()));
        self
    }

    /// Adds columns.
    pub fn group(mut self, group: Group) -> Self {
        self.items.push(TileItem::Group(group));
        self
    }

    /// The image behind all else.
    pub fn background(mut self, image: impl Into<Image>) -> Self {
        self.background = Some(image.into());
        self
    }

    /// The image that peeks in from the top, and goes again.
    pub fn peek(mut self, image: impl Into<Image>) -> Self {
        self.peek = Some(image.into());
        self
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        let tag = self.tag(Tag::new("binding"));
        let is_empty = self.items.is_empty() && self.background.is_none() && self.peek.is_none();
        if is_empty {
            return xml.empty(tag);
        }
        xml.element(tag, |xml| {
            if let Some(background) = &self.background {
                background.write(xml, Placement::Background);
            }
            if let Some(peek) = &self.peek {
                peek.write(xml, Placement::Peek);
            }
            for item in &self.items {
                match item {
                    TileItem::Text(text) => text.write(xml),
                    TileItem::Image(image) => image.write(xml, Placement::Inline),
                    TileItem::Group(group) => group.write(xml),
                }
            }
        });
    }
}

/// What stands on a tile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TileItem {
    /// A text.
    Text(Text),
    /// An image.
    Image(Image),
    /// Columns of texts and images.
    Group(Group),
}

words! {
    /// The size of a tile, by the name that adaptive bindings have for it.
    pub enum TileSize ("tile size") {
        /// 71 × 71 pixels at 100 %.
        Small = "TileSmall",
        /// 150 × 150 pixels at 100 %.
        Medium = "TileMedium",
        /// 310 × 150 pixels at 100 %.
        Wide = "TileWide",
        /// 310 × 310 pixels at 100 %.
        Large = "TileLarge",
    }
}

words! {
    /// A way of its own in which a tile shows images, and nothing else.
    pub enum Presentation ("presentation") {
        /// One after the other: at most 12 (9 on phones).
        Photos = "photos",
        /// In circles that move: at most 9 on a medium tile, 15 on a wide one, 20 on a large one.
        People = "people",
    }
}
