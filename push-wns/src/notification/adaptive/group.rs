use serde::{Deserialize, Serialize};

use super::image::{Image, Placement};
use super::text::Text;
use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::problem::Fault;
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

element! {
    /// Columns side by side, which are shown as a whole or not at all.
    #[derive(Default)]
    pub struct Group {
        needs {}
        holds {
            /// The columns, from left to right; at least one.
            subgroups: Vec<Subgroup>,
        }
        owns []
    }
}

impl Group {
    /// No columns yet.
    pub fn new() -> Self {
        Self::bare()
    }

    /// Adds a column.
    pub fn subgroup(mut self, subgroup: Subgroup) -> Self {
        self.subgroups.push(subgroup);
        self
    }

    pub(in crate::notification) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        if self.subgroups.is_empty() {
            let expected = "at least one";
            at.found("subgroups", Fault::Empty { expected });
        }
        at.each("subgroups", &self.subgroups, |at, subgroup| {
            subgroup.check(at);
        });
    }

    pub(in crate::notification) fn write(&self, xml: &mut Xml) {
        xml.element(self.tag(Tag::new("group")), |xml| {
            for subgroup in &self.subgroups {
                subgroup.write(xml);
            }
        });
    }
}

element! {
    /// A column of a group: texts and images, from top to bottom.
    #[derive(Default)]
    pub struct Subgroup {
        needs {}
        holds {
            /// Its texts and images.
            items: Vec<SubgroupItem>,
        }
        owns []
        /// How wide it is beside the others: 0 to 100. Default: all are of the same width.
        weight as "hint-weight": value<u8>,
        /// Where its contents stand. Default: at the top.
        text_stacking as "hint-textStacking": value<TextStacking>,
    }
}

impl Subgroup {
    /// An empty column.
    pub fn new() -> Self {
        Self::bare()
    }

    /// Adds a text.
    pub fn text(mut self, text: impl Into<Text>) -> Self {
        self.items.push(SubgroupItem::Text(text.into()));
        self
    }

    /// Adds an image.
    pub fn image(mut self, image: impl Into<Image>) -> Self {
        self.items.push(SubgroupItem::Image(image.into()));
        self
    }

    fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.percent("weight", self.weight);
        at.each("items", &self.items, |at, item| match item {
            SubgroupItem::Text(text) => text.check(at),
            SubgroupItem::Image(image) => image.check(at, Placement::Inline),
        });
    }

    fn write(&self, xml: &mut Xml) {
        let tag = self.tag(Tag::new("subgroup"));
        if self.items.is_empty() {
            return xml.empty(tag);
        }
        xml.element(tag, |xml| {
            for item in &self.items {
                match item {
                    SubgroupItem::Text(text) => text.write(xml),
                    SubgroupItem::Image(image) => image.write(xml, Placement::Inline),
                }
            }
        });
    }
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SubgroupItem {
    /// A text.
    Text(Text),
    /// An image.
    Image(Image),
}

words! {
    /// Where the contents of a column or tile stand.
    pub enum TextStacking ("text stacking") {
        /// At the top.
        Top = "top",
        /// In the middle.
        Center = "center",
        /// At the bottom.
        Bottom = "bottom",
    }
}
