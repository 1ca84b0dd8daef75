//! Tiles.

use std::collections::HashSet;

use roxmltree::Node;

use super::Findings;
use super::adaptive::{
    BRANDING, COUNT, CROP, GROUP, IMAGE_ALIGN, OLD, OLD_IMAGE, STACKING, TEMPLATE, TEXT,
};
use super::element::{ANY_NUMBER, Element, child, elements, elsewhere, may, must, needed};
use super::template::{self, Template};
use super::value::{Value, shown};

/// The sizes of adaptive tiles.
const ADAPTIVE: [&str; 4] = ["TileSmall", "TileMedium", "TileWide", "TileLarge"];

const OVERLAY: Value = Value::Number(0, 100);

static TILE: Element = Element {
    attributes: &[],
    children: &[needed("visual", &VISUAL, 1)],
    has_text: false,
};

static VISUAL: Element = Element {
    attributes: &[
        may("version", Value::Number(1, 3)),
        may("lang", Value::Any),
        may("baseUri", Value::Any),
        may("branding", BRANDING),
        may("addImageQuery", Value::Boolean),
        may("contentId", Value::Any),
        may("displayName", Value::Any),
        may("arguments", Value::Any),
    ],
    children: &[elsewhere("binding")],
    has_text: false,
};

static BINDING: Element = Element {
    attributes: &[
        TEMPLATE,
        may("fallback", Value::Any),
        may("lang", Value::Any),
        may("baseUri", Value::Any),
        may("branding", BRANDING),
        may("addImageQuery", Value::Boolean),
        may("contentId", Value::Any),
        may("displayName", Value::Any),
        may("arguments", Value::Any),
        may("hint-textStacking", STACKING),
        may("hint-overlay", OVERLAY),
        may("hint-presentation", Value::OneOf(&["photos", "people"])),
        may("hint-lockDetailedStatus1", Value::Any),
        may("hint-lockDetailedStatus2", Value::Any),
        may("hint-lockDetailedStatus3", Value::Any),
    ],
    children: &[
        child("text", &TEXT, ANY_NUMBER),
        child("image", &IMAGE, ANY_NUMBER),
        child("img", &OLD_IMAGE, ANY_NUMBER),
        child("group", &GROUP, ANY_NUMBER),
    ],
    has_text: false,
};

static OLD_BINDING: Element = Element {
    attributes: &[
        TEMPLATE,
        may("fallback", Value::Any),
        may("lang", Value::Any),
        may("baseUri", Value::Any),
        may("branding", BRANDING),
        may("addImageQuery", Value::Boolean),
        may("contentId", Value::Any),
        may("displayName", Value::Any),
    ],
    children: OLD,
    has_text: false,
};

static IMAGE: Element = Element {
    attributes: &[
        may("id", COUNT),
        must("src", Value::Image),
        may("alt", Value::Any),
        may("addImageQuery", Value::Boolean),
        may("placement", Value::OneOf(&["inline", "background", "peek"])),
        may("hint-overlay", OVERLAY),
        may("hint-crop", CROP),
        may("hint-removeMargin", Value::Boolean),
        may("hint-align", IMAGE_ALIGN),
    ],
    children: &[],
    has_text: false,
};

pub(super) fn check(tile: Node<'_, '_>, findings: &mut Findings) {
    TILE.check(tile, findings);
    let mut templates = HashSet::new();
    for visual in elements(tile, "visual") {
        let version = visual.attribute("version").and_then(|it| it.parse().ok());
        for binding in elements(visual, "binding") {
            let name = binding.attribute("template").unwrap_or_default();
            if !templates.insert(name) {
                findings.wrong(format!(
                    "several bindings have the template {}",
                    shown(name)
                ));
            }
            match Template::of_tile(name) {
                _ if ADAPTIVE.contains(&name) => adaptive(name, binding, findings),
                Some(template) => {
                    OLD_BINDING.check(binding, findings);
                    template.check(binding, findings);
                    template.check_version(binding, version.unwrap_or(1), findings);
                }
                // That it is missing is told anyhow.
                None if name.is_empty() => BINDING.check(binding, findings),
                None => findings.wrong(format!("no template of tiles is called {}", shown(name))),
            }
        }
    }
}

fn adaptive(size: &str, binding: Node<'_, '_>, findings: &mut Findings) {
    BINDING.check(binding, findings);
    template::note_img(binding, findings);
    let images = elements(binding, "image").count();
    let most = match (binding.attribute("hint-presentation"), size) {
        (Some("photos"), _) => Some(12),
        (Some("people"), "TileMedium") => Some(9),
        (Some("people"), "TileWide") => Some(15),
        (Some("people"), "TileLarge") => Some(20),
        _ => None,
    };
    if let Some(most) = most.filter(|most| images > *most) {
        findings.wrong(format!(
            "the presentation of {size} has {images} images, and at most {most} are shown"
        ));
    }
    for placement in ["background", "peek"] {
        let is_placed = |it: &Node<'_, '_>| it.attribute("placement") == Some(placement);
        let count = elements(binding, "image").filter(is_placed).count();
        if count > 1 && binding.attribute("hint-presentation").is_none() {
            findings.wrong(format!(
                "<binding> has {count} {placement} images, and at most 1 is shown"
            ));
        }
    }
    let is_of_lock = |name: &str| name.starts_with("hint-lockDetailedStatus");
    if size != "TileWide" && binding.attributes().any(|it| is_of_lock(it.name())) {
        findings.note("hint-lockDetailedStatus counts on TileWide only");
    }
}
