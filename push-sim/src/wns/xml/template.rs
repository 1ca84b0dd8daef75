//! The old templates of toasts and tiles, with the numbers of their images and texts.

use std::collections::HashSet;

use roxmltree::Node;

use super::Findings;
use super::element::elements;
use super::value::shown;

/// A template of before Windows 10.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    images: usize,
    texts: usize,
    /// That `visual` must have at least.
    version: u32,
    /// The name in version 1, by which older Windows knows it.
    fallback: Option<String>,
}

/// What a name ends in, with the numbers of images and texts.
type Row = (&'static str, usize, usize);

const TOASTS: [Row; 8] = [
    ("Text01", 0, 1),
    ("Text02", 0, 2),
    ("Text03", 0, 2),
    ("Text04", 0, 3),
    ("ImageAndText01", 1, 1),
    ("ImageAndText02", 1, 2),
    ("ImageAndText03", 1, 2),
    ("ImageAndText04", 1, 3),
];

const SQUARE: [Row; 10] = [
    ("Image", 1, 0),
    ("Block", 0, 2),
    ("Text01", 0, 4),
    ("Text02", 0, 2),
    ("Text03", 0, 4),
    ("Text04", 0, 1),
    ("PeekImageAndText01", 1, 4),
    ("PeekImageAndText02", 1, 2),
    ("PeekImageAndText03", 1, 4),
    ("PeekImageAndText04", 1, 1),
];

const WIDE: [Row; 36] = [
    ("Image", 1, 0),
    ("ImageCollection", 5, 0),
    ("ImageAndText01", 1, 1),
    ("ImageAndText02", 1, 2),
    ("BlockAndText01", 0, 6),
    ("BlockAndText02", 0, 3),
    ("PeekImageCollection01", 5, 2),
    ("PeekImageCollection02", 5, 5),
    ("PeekImageCollection03", 5, 1),
    ("PeekImageCollection04", 5, 1),
    ("PeekImageCollection05", 6, 2),
    ("PeekImageCollection06", 6, 1),
    ("PeekImageAndText01", 1, 1),
    ("PeekImageAndText02", 1, 5),
    ("PeekImage01", 1, 2),
    ("PeekImage02", 1, 5),
    ("PeekImage03", 1, 1),
    ("PeekImage04", 1, 1),
    ("PeekImage05", 2, 2),
    ("PeekImage06", 2, 1),
    ("SmallImageAndText01", 1, 1),
    ("SmallImageAndText02", 1, 5),
    ("SmallImageAndText03", 1, 1),
    ("SmallImageAndText04", 1, 2),
    ("SmallImageAndText05", 1, 2),
    ("Text01", 0, 5),
    ("Text02", 0, 9),
    ("Text03", 0, 1),
    ("Text04", 0, 1),
    ("Text05", 0, 5),
    ("Text06", 0, 10),
    ("Text07", 0, 9),
    ("Text08", 0, 10),
    ("Text09", 0, 2),
    ("Text10", 0, 9),
    ("Text11", 0, 10),
];

const LARGE: [Row; 29] = [
    ("BlockAndText01", 0, 9),
    ("BlockAndText02", 1, 7),
    ("Image", 1, 0),
    ("ImageAndText01", 1, 1),
    ("ImageAndText02", 1, 2),
    ("ImageAndTextOverlay01", 1, 1),
    ("ImageAndTextOverlay02", 1, 2),
    ("ImageAndTextOverlay03", 1, 4),
    ("ImageCollection", 5, 0),
    ("ImageCollectionAndText01", 5, 1),
    ("ImageCollectionAndText02", 5, 2),
    ("SmallImagesAndTextList01", 3, 9),
    ("SmallImagesAndTextList02", 3, 3),
    ("SmallImagesAndTextList03", 3, 6),
    ("SmallImagesAndTextList04", 3, 6),
    ("SmallImagesAndTextList05", 3, 10),
    ("SmallImageAndText01", 1, 3),
    ("Text01", 0, 10),
    ("Text02", 0, 19),
    ("Text03", 0, 11),
    ("Text04", 0, 22),
    ("Text05", 0, 19),
    ("Text06", 0, 22),
    ("Text07", 0, 19),
    ("Text08", 0, 22),
    ("Text09", 0, 5),
    ("TextList01", 0, 9),
    ("TextList02", 0, 3),
    ("TextList03", 0, 6),
];

/// Of phones only, by the whole name.
const PHONE: [Row; 5] = [
    ("TileSquare71x71IconWithBadge", 1, 0),
    ("TileSquare71x71Image", 1, 0),
    ("TileSquare150x150IconWithBadge", 1, 0),
    ("TileWide310x150IconWithBadgeAndText", 1, 3),
    ("TileTall150x310Image", 1, 0),
];

impl Template {
    pub(super) fn of_toast(name: &str) -> Option<Self> {
        let (images, texts) = numbers(&TOASTS, name.strip_prefix("Toast")?)?;
        Some(Self {
            images,
            texts,
            version: 1,
            fallback: None,
        })
    }

    pub(super) fn of_tile(name: &str) -> Option<Self> {
        let found = |(images, texts), version, fallback| Self {
            images,
            texts,
            version,
            fallback,
        };
        if let Some(numbers) = numbers(&PHONE, name) {
            return Some(found(numbers, 3, None));
        }
        if let Some(end) = name.strip_prefix("TileSquare310x310") {
            return Some(found(numbers(&LARGE, end)?, 2, None));
        }
        for (new, old, rows) in [
            ("TileSquare150x150", "TileSquare", &SQUARE[..]),
            ("TileWide310x150", "TileWide", &WIDE),
        ] {
            if let Some(end) = name.strip_prefix(new) {
                return Some(found(numbers(rows, end)?, 2, Some(format!("{old}{end}"))));
            }
            if let Some(end) = name.strip_prefix(old) {
                return Some(found(numbers(rows, end)?, 1, None));
            }
        }
        None
    }

    /// Whether the binding has as many texts and images as the template, with ids of its own.
    pub(super) fn check(&self, binding: Node<'_, '_>, findings: &mut Findings) {
        let name = binding.attribute("template").unwrap_or_default();
        let img = note_img(binding, findings);
        let texts = elements(binding, "text").count();
        let images = elements(binding, "image").count();
        // What some senders take for images stands for those that are missing.
        let is_enough = images <= self.images && images + img >= self.images;
        if texts != self.texts || !is_enough {
            findings.wrong(format!(
                "{name} has {} and {}, not {} and {}",
                counted(self.texts, "text"),
                counted(self.images, "image"),
                counted(texts, "text"),
                counted(images, "image"),
            ));
        }
        for (kind, most) in [("text", self.texts), ("image", self.images)] {
            let mut ids = HashSet::new();
            for element in elements(binding, kind) {
                let Some(id) = element.attribute("id") else {
                    findings.note(format!("<{kind}> of {name} has no id"));
                    continue;
                };
                let number = id.parse::<usize>().ok();
                if number.is_none_or(|number| number > most) || !ids.insert(number) {
                    findings.wrong(format!(
                        "the ids of <{kind}> in {name} go from 1 to {most}, each once, and one is {:?}",
                        shown(id)
                    ));
                }
            }
        }
    }

    /// Whether the template is one of that version of `visual`, and its fallback one of the first.
    pub(super) fn check_version(
        &self,
        binding: Node<'_, '_>,
        version: u32,
        findings: &mut Findings,
    ) {
        let name = binding.attribute("template").unwrap_or_default();
        if version < self.version {
            let needed = self.version;
            findings.wrong(format!(
                "{name} needs the version {needed} of <visual>, not {version}"
            ));
        }
        let Some(fallback) = binding.attribute("fallback") else {
            return;
        };
        match &self.fallback {
            Some(own) if own == fallback => {}
            Some(own) => findings.wrong(format!(
                "the fallback of {name} is {own}, not {}",
                shown(fallback)
            )),
            None => findings.wrong(format!("{name} has no fallback")),
        }
    }
}

fn numbers(rows: &[Row], name: &str) -> Option<(usize, usize)> {
    let (_, images, texts) = rows.iter().find(|(known, ..)| *known == name)?;
    Some((*images, *texts))
}

/// How many `<img>` there are, which Windows passes over.
pub(super) fn note_img(binding: Node<'_, '_>, findings: &mut Findings) -> usize {
    let count = elements(binding, "img").count();
    if count > 0 {
        findings.note("<img> is not shown: an image is <image>");
    }
    count
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_found_by_its_name_in_each_version() {
        let tile = |name| {
            let found = Template::of_tile(name)?;
            Some((found.images, found.texts, found.version, found.fallback))
        };
        let old = Some("TileWidePeekImageCollection02".to_owned());
        let new = tile("TileWide310x150PeekImageCollection02");
        assert_eq!(new, Some((5, 5, 2, old)));
        assert_eq!(tile("TileWidePeekImageCollection02"), Some((5, 5, 1, None)));
        assert_eq!(tile("TileSquareText01"), Some((0, 4, 1, None)));
        assert_eq!(tile("TileSquare310x310Text02"), Some((0, 19, 2, None)));
        assert_eq!(tile("TileTall150x310Image"), Some((1, 0, 3, None)));
        for name in ["", "TileSquare", "TileSquare310x310Text10", "TileMedium"] {
            assert_eq!(tile(name), None, "{name}");
        }
        let toast = Template::of_toast("ToastImageAndText04").unwrap();
        assert_eq!((toast.images, toast.texts), (1, 3));
        assert_eq!(Template::of_toast("ToastText05"), None);
    }
}
