//! What toasts and tiles are made of alike: texts, images, and columns of them.

mod group;
mod image;
mod text;

pub use self::group::{Group, Subgroup, SubgroupItem, TextStacking};
pub(super) use self::image::Placement;
pub use self::image::{Crop, Image, ImageAlign};
pub use self::text::{Text, TextAlign, TextStyle};
use super::words::words;

words! {
    /// How a tile shows the app's brand. It has no effect in toasts.
    pub enum Branding ("branding") {
        /// Not at all.
        None = "none",
        /// By its logo.
        Logo = "logo",
        /// By its name.
        Name = "name",
        /// By both.
        NameAndLogo = "nameAndLogo",
    }
}
