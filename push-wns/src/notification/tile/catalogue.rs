use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::notification::problem::shortened;

/// Makes the enumeration of the templates from the list of their names, with the version of the schema
/// that has them, and the numbers of their images and texts.
macro_rules! templates {
    ($($name:ident: $version:literal, $images:literal, $texts:literal;)+) => {
        /// The templates of tiles of Windows 8.1 and Windows Phone, by Microsoft's names.
        ///
        /// Windows 8 has other names for those of 150 × 150 and 310 × 150 pixels:
        /// [`TileTemplate::name_in_windows_8`]. Those with an icon or of other sizes are of version 3: Windows Phone,
        /// and Windows 10 for [`TileSquare150x150IconWithBadge`](Self::TileSquare150x150IconWithBadge)
        /// and [`TileSquare71x71IconWithBadge`](Self::TileSquare71x71IconWithBadge), which show the
        /// badge beside an icon.
        ///
        /// Source: Microsoft, "The tile template catalog" and "TileTemplateType".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum TileTemplate {
            $(
                #[doc = concat!("Images: ", $images, ", texts: ", $texts, ".")]
                $name,
            )+
        }

        impl TileTemplate {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name, as Microsoft spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// How many images it has.
            pub fn images(self) -> usize {
                match self {
                    $(Self::$name => $images,)+
                }
            }

            /// How many texts it has.
            pub fn texts(self) -> usize {
                match self {
                    $(Self::$name => $texts,)+
                }
            }

            /// The version of the schema that has it: 2, or 3 for those of Windows Phone.
            pub fn version(self) -> u32 {
                match self {
                    $(Self::$name => $version,)+
                }
            }
        }
    };
}

impl TileTemplate {
    /// Its name in Windows 8, which is version 1 of the schema; `None` where Windows 8 does not have it.
    pub fn name_in_windows_8(self) -> Option<String> {
        let name = self.as_str();
        let of = |start, old: &str| name.strip_prefix(start).map(|rest| format!("{old}{rest}"));
        if self.version() > 2 {
            return None;
        }
        of("TileSquare150x150", "TileSquare").or_else(|| of("TileWide310x150", "TileWide"))
    }

    /// Which versions have it, for an error.
    pub(super) fn needs(self) -> &'static str {
        match (self.version(), self.name_in_windows_8()) {
            (3, _) => "version 3",
            (_, Some(_)) => "version 1 or later",
            (_, None) => "version 2 or later",
        }
    }
}

impl std::fmt::Display for TileTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no template of tiles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the template is {given:?}: give one of the tile template catalog, such as TileSquare150x150Text02"
)]
pub struct UnknownTemplate {
    given: String,
}

impl FromStr for TileTemplate {
    type Err = UnknownTemplate;

    /// Reads the name, or that in Windows 8; the case counts.
    fn from_str(name: &str) -> Result<Self, UnknownTemplate> {
        let is_name = |template: &&Self| {
            template.as_str() == name || template.name_in_windows_8().as_deref() == Some(name)
        };
        let found = Self::ALL.iter().find(is_name);
        found.copied().ok_or_else(|| UnknownTemplate {
            given: shortened(name),
        })
    }
}

impl Serialize for TileTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TileTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

templates! {
    TileSquare150x150Image: 2, 1, 0;
    TileSquare150x150Block: 2, 0, 2;
    TileSquare150x150Text01: 2, 0, 4;
    TileSquare150x150Text02: 2, 0, 2;
    TileSquare150x150Text03: 2, 0, 4;
    TileSquare150x150Text04: 2, 0, 1;
    TileSquare150x150PeekImageAndText01: 2, 1, 4;
    TileSquare150x150PeekImageAndText02: 2, 1, 2;
    TileSquare150x150PeekImageAndText03: 2, 1, 4;
    TileSquare150x150PeekImageAndText04: 2, 1, 1;
    TileWide310x150Image: 2, 1, 0;
    TileWide310x150ImageCollection: 2, 5, 0;
    TileWide310x150ImageAndText01: 2, 1, 1;
    TileWide310x150ImageAndText02: 2, 1, 2;
    TileWide310x150BlockAndText01: 2, 0, 6;
    TileWide310x150BlockAndText02: 2, 0, 3;
    TileWide310x150PeekImageCollection01: 2, 5, 2;
    TileWide310x150PeekImageCollection02: 2, 5, 5;
    TileWide310x150PeekImageCollection03: 2, 5, 1;
    TileWide310x150PeekImageCollection04: 2, 5, 1;
    TileWide310x150PeekImageCollection05: 2, 6, 2;
    TileWide310x150PeekImageCollection06: 2, 6, 1;
    TileWide310x150PeekImageAndText01: 2, 1, 1;
    TileWide310x150PeekImageAndText02: 2, 1, 5;
    TileWide310x150PeekImage01: 2, 1, 2;
    TileWide310x150PeekImage02: 2, 1, 5;
    TileWide310x150PeekImage03: 2, 1, 1;
    TileWide310x150PeekImage04: 2, 1, 1;
    TileWide310x150PeekImage05: 2, 2, 2;
    TileWide310x150PeekImage06: 2, 2, 1;
    TileWide310x150SmallImageAndText01: 2, 1, 1;
    TileWide310x150SmallImageAndText02: 2, 1, 5;
    TileWide310x150SmallImageAndText03: 2, 1, 1;
    TileWide310x150SmallImageAndText04: 2, 1, 2;
    TileWide310x150SmallImageAndText05: 2, 1, 2;
    TileWide310x150Text01: 2, 0, 5;
    TileWide310x150Text02: 2, 0, 9;
    TileWide310x150Text03: 2, 0, 1;
    TileWide310x150Text04: 2, 0, 1;
    TileWide310x150Text05: 2, 0, 5;
    TileWide310x150Text06: 2, 0, 10;
    TileWide310x150Text07: 2, 0, 9;
    TileWide310x150Text08: 2, 0, 10;
    TileWide310x150Text09: 2, 0, 2;
    TileWide310x150Text10: 2, 0, 9;
    TileWide310x150Text11: 2, 0, 10;
    TileSquare310x310BlockAndText01: 2, 0, 9;
    TileSquare310x310BlockAndText02: 2, 1, 7;
    TileSquare310x310Image: 2, 1, 0;
    TileSquare310x310ImageAndText01: 2, 1, 1;
    TileSquare310x310ImageAndText02: 2, 1, 2;
    TileSquare310x310ImageAndTextOverlay01: 2, 1, 1;
    TileSquare310x310ImageAndTextOverlay02: 2, 1, 2;
    TileSquare310x310ImageAndTextOverlay03: 2, 1, 4;
    TileSquare310x310ImageCollection: 2, 5, 0;
    TileSquare310x310ImageCollectionAndText01: 2, 5, 1;
    TileSquare310x310ImageCollectionAndText02: 2, 5, 2;
    TileSquare310x310SmallImagesAndTextList01: 2, 3, 9;
    TileSquare310x310SmallImagesAndTextList02: 2, 3, 3;
    TileSquare310x310SmallImagesAndTextList03: 2, 3, 6;
    TileSquare310x310SmallImagesAndTextList04: 2, 3, 6;
    TileSquare310x310SmallImagesAndTextList05: 2, 3, 10;
    TileSquare310x310SmallImageAndText01: 2, 1, 3;
    TileSquare310x310Text01: 2, 0, 10;
    TileSquare310x310Text02: 2, 0, 19;
    TileSquare310x310Text03: 2, 0, 11;
    TileSquare310x310Text04: 2, 0, 22;
    TileSquare310x310Text05: 2, 0, 19;
    TileSquare310x310Text06: 2, 0, 22;
    TileSquare310x310Text07: 2, 0, 19;
    TileSquare310x310Text08: 2, 0, 22;
    TileSquare310x310Text09: 2, 0, 5;
    TileSquare310x310TextList01: 2, 0, 9;
    TileSquare310x310TextList02: 2, 0, 3;
    TileSquare310x310TextList03: 2, 0, 6;
    TileSquare71x71IconWithBadge: 3, 1, 0;
    TileSquare71x71Image: 3, 1, 0;
    TileSquare150x150IconWithBadge: 3, 1, 0;
    TileWide310x150IconWithBadgeAndText: 3, 1, 3;
    TileTall150x310Image: 3, 1, 0;
}
