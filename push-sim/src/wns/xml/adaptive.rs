//! What toasts and tiles have in common: texts, images and groups that adapt to their room.

use super::element::{ANY_NUMBER, Attribute, Child, Element, child, may, must, needed};
use super::value::Value;

pub(super) const BRANDING: Value = Value::OneOf(&["none", "logo", "name", "nameAndLogo"]);
pub(super) const STACKING: Value = Value::OneOf(&["top", "center", "bottom"]);
pub(super) const CROP: Value = Value::OneOf(&["none", "circle"]);
pub(super) const IMAGE_ALIGN: Value = Value::OneOf(&["stretch", "left", "center", "right"]);
pub(super) const TEXT_ALIGN: Value = Value::OneOf(&["auto", "left", "center", "right"]);
pub(super) const COUNT: Value = Value::Number(1, u32::MAX);
const WEIGHT: Value = Value::Number(0, u32::MAX);

pub(super) const STYLE: Value = Value::OneOf(&[
    "caption",
    "captionSubtle",
    "body",
    "bodySubtle",
    "base",
    "baseSubtle",
    "subtitle",
    "subtitleSubtle",
    "title",
    "titleSubtle",
    "titleNumeral",
    "titleNumeralSubtle",
    "subheader",
    "subheaderSubtle",
    "subheaderNumeral",
    "subheaderNumeralSubtle",
    "header",
    "headerSubtle",
    "headerNumeral",
    "headerNumeralSubtle",
]);

/// Columns of texts and images.
pub(super) static GROUP: Element = Element {
    attributes: &[],
    children: &[needed("subgroup", &SUBGROUP, ANY_NUMBER)],
    has_text: false,
};

static SUBGROUP: Element = Element {
    attributes: &[
        may("hint-weight", WEIGHT),
        may("hint-textStacking", STACKING),
    ],
    children: &[
        child("text", &TEXT, ANY_NUMBER),
        child("image", &IMAGE, ANY_NUMBER),
    ],
    has_text: false,
};

/// A line of text; `id` is one of the old templates, and means nothing here.
pub(super) static TEXT: Element = Element {
    attributes: &[
        may("id", COUNT),
        may("lang", Value::Any),
        may("hint-style", STYLE),
        may("hint-wrap", Value::Boolean),
        may("hint-maxLines", COUNT),
        may("hint-minLines", COUNT),
        may("hint-align", TEXT_ALIGN),
    ],
    children: &[],
    has_text: true,
};

static IMAGE: Element = Element {
    attributes: &[
        may("id", COUNT),
        must("src", Value::Image),
        may("alt", Value::Any),
        may("addImageQuery", Value::Boolean),
        may("hint-crop", CROP),
        may("hint-align", IMAGE_ALIGN),
        may("hint-removeMargin", Value::Boolean),
    ],
    children: &[],
    has_text: false,
};

/// Texts and images of an old template, and what some senders take for images.
pub(super) const OLD: &[Child] = &[
    child("text", &OLD_TEXT, ANY_NUMBER),
    child("image", &OLD_IMAGE, ANY_NUMBER),
    child("img", &OLD_IMAGE, ANY_NUMBER),
];

static OLD_TEXT: Element = Element {
    attributes: &[may("id", COUNT), may("lang", Value::Any)],
    children: &[],
    has_text: true,
};

/// An image by its address alone.
pub(super) static OLD_IMAGE: Element = Element {
    attributes: &[
        may("id", COUNT),
        must("src", Value::Image),
        may("alt", Value::Any),
        may("addImageQuery", Value::Boolean),
    ],
    children: &[],
    has_text: false,
};

/// What bindings of toasts and tiles have in common.
pub(super) const TEMPLATE: Attribute = must("template", Value::Any);
