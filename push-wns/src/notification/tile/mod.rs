//! Tiles: what an app's tile in the start menu of Windows 10 shows.

mod binding;
mod catalogue;
mod check;
mod template;

use serde::{Deserialize, Serialize};

pub use self::binding::{Presentation, TileBinding, TileItem, TileSize};
pub use self::catalogue::{TileTemplate, UnknownTemplate};
pub use self::template::TemplateBinding;
use super::adaptive::Branding;
use super::element::element;
use super::xml::{Tag, Xml};

element! {
    /// What an app's tile shows, for each of its sizes.
    ///
    /// ```
    /// use push_wns::{Notification, TextStyle, Text, Tile, TileBinding};
    ///
    /// let tile = Tile::new(
    ///     TileBinding::medium()
    ///         .text(Text::new("1:0").style(TextStyle::Subtitle))
    ///         .text(Text::new("Tap for the goal").wrap(true)),
    /// )
    /// .binding(TileBinding::wide().peek("https://example.org/goal.jpg").text("1:0"));
    /// let encoded = Notification::tile(tile).tag("match4711").encode()?;
    /// assert!(encoded.body().starts_with(br#"<tile><visual><binding template="TileMedium">"#));
    /// # Ok::<_, push_wns::Invalid>(())
    /// ```
    ///
    /// Sizes without a binding stay as they are, so give all that the app has. A binding is adaptive
    /// ([`TileBinding`]) or of one of the old templates ([`TemplateBinding`]), and both may stand in one
    /// tile. Windows 11 shows no such tiles.
    #[derive(Default)]
    pub struct Tile {
        needs {}
        holds {
            /// What holds for all sizes: language, brand and where images come from.
            visual: TileVisual,
            /// What is shown, by size: at least one, and none twice.
            bindings: Vec<Binding>,
        }
        owns []
    }
}

impl Tile {
    /// A tile that shows something in one of its sizes.
    pub fn new(binding: impl Into<Binding>) -> Self {
        Self::bare().binding(binding)
    }

    /// Adds what is shown in another size.
    pub fn binding(mut self, binding: impl Into<Binding>) -> Self {
        self.bindings.push(binding.into());
        self
    }

    /// What holds for all sizes.
    pub fn visual(mut self, visual: TileVisual) -> Self {
        self.visual = visual;
        self
    }

    /// The version that was given, or the one that the templates need; `None` where none needs any.
    fn version(&self) -> Option<u32> {
        let templates = self.bindings.iter().filter_map(Binding::template);
        let needed = templates.map(TileTemplate::version).max();
        self.visual.version.or(needed)
    }

    pub(super) fn xml(&self) -> Vec<u8> {
        let version = self.version();
        let visual = Tag::new("visual");
        let visual = match self.visual.version {
            // Written with the others.
            Some(_) => visual,
            None => visual.optional("version", version.as_ref()),
        };
        Xml::document(|xml| {
            xml.element(self.tag(Tag::new("tile")), |xml| {
                xml.element(self.visual.tag(visual), |xml| {
                    for binding in &self.bindings {
                        match binding {
                            Binding::Adaptive(binding) => binding.write(xml),
                            Binding::Template(binding) => binding.write(xml, version),
                        }
                    }
                });
            });
        })
    }
}

element! {
    /// What holds for all sizes of a tile.
    #[derive(Default)]
    pub struct TileVisual {
        needs {}
        holds {}
        owns []
        /// The version of the schema, which decides on the names of old templates: 1 for those of
        /// Windows 8, 2 for those of Windows 8.1, 3 for those of Windows Phone. Default: what the templates
        /// need.
        version as "version": value<u32>,
        /// The language of its texts, as a tag such as `en-GB`. Default: the user's.
        lang as "lang": text,
        /// What relative addresses of images begin with. Default: `ms-appx:///`.
        base_uri as "baseUri": text,
        /// How the brand is shown. Default: as the tile does without a notification.
        branding as "branding": value<Branding>,
        /// Whether Windows adds scale, contrast and language to addresses of images, as a query.
        add_image_query as "addImageQuery": value<bool>,
        /// Which content it is: a large tile does not show the same one twice.
        content_id as "contentId": text,
        /// The name on the tile. Default: the app's.
        display_name as "displayName": text,
        /// What the app gets when it is started from the tile.
        arguments as "arguments": text,
    }
}

impl TileVisual {
    /// Nothing special.
    pub fn new() -> Self {
        Self::bare()
    }
}

/// What a tile shows in one of its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Binding {
    /// Whatever is put into it.
    Adaptive(Box<TileBinding>),
    /// By one of the old templates.
    Template(TemplateBinding),
}

impl Binding {
    fn template(&self) -> Option<TileTemplate> {
        match self {
            Self::Adaptive(_) => None,
            Self::Template(binding) => Some(binding.template),
        }
    }
}

impl From<TileBinding> for Binding {
    fn from(binding: TileBinding) -> Self {
        Self::Adaptive(Box::new(binding))
    }
}

impl From<TemplateBinding> for Binding {
    fn from(binding: TemplateBinding) -> Self {
        Self::Template(binding)
    }
}
