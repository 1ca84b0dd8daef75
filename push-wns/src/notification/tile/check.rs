//! What is wrong with a tile, all of it.

use super::{Binding, Presentation, TemplateBinding, Tile, TileBinding, TileItem, TileSize};
use crate::notification::adaptive::Placement;
use crate::notification::checker::Checker;
use crate::notification::problem::{Fault, shortened};

impl Tile {
    pub(in crate::notification) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.within("visual", |at| {
            self.visual.check_extra(at);
            at.base_uri(self.visual.base_uri.as_deref());
            self.check_version(at);
        });
        if self.bindings.is_empty() {
            let expected = "at least one";
            at.found("bindings", Fault::Empty { expected });
        }
        let names: Vec<&str> = self.bindings.iter().map(Binding::name).collect();
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|before| before == name) {
                let given = shortened(name);
                let field = format!("bindings[{index}].{}", self.bindings[index].name_field());
                at.found(&field, Fault::NotUnique { given });
            }
        }
        at.each("bindings", &self.bindings, |at, binding| match binding {
            Binding::Adaptive(binding) => binding.check(at),
            Binding::Template(binding) => binding.check(at),
        });
    }

    /// A version that was given has to know all of the templates.
    fn check_version(&self, at: &mut Checker) {
        let Some(given) = self.visual.version else {
            return;
        };
        for template in self.bindings.iter().filter_map(Binding::template) {
            let needs = match (given, template.version()) {
                (0, _) | (2, 3) => template.needs(),
                (1, _) if template.name_in_windows_8().is_none() => template.needs(),
                _ => continue,
            };
            let template = template.as_str();
            at.found(
                "version",
                Fault::Version {
                    given,
                    template,
                    needs,
                },
            );
        }
    }
}

impl Binding {
    fn name(&self) -> &'static str {
        match self {
            Self::Adaptive(binding) => binding.size.as_str(),
            Self::Template(binding) => binding.template.as_str(),
        }
    }

    fn name_field(&self) -> &'static str {
        match self {
            Self::Adaptive(_) => "size",
            Self::Template(_) => "template",
        }
    }
}

impl TileBinding {
    fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.base_uri(self.base_uri.as_deref());
        at.percent("overlay", self.overlay);
        if self.size != TileSize::Wide {
            for (name, status) in [
                ("lock_detailed_status1", &self.lock_detailed_status1),
                ("lock_detailed_status2", &self.lock_detailed_status2),
                ("lock_detailed_status3", &self.lock_detailed_status3),
            ] {
                if status.is_some() {
                    let place = "to another tile than a wide one";
                    at.found(name, Fault::Misplaced { place });
                }
            }
        }
        if let Some(background) = &self.background {
            at.within("background", |at| {
                background.check(at, Placement::Background)
            });
        }
        if let Some(peek) = &self.peek {
            at.within("peek", |at| peek.check(at, Placement::Peek));
        }
        at.each("items", &self.items, |at, item| match item {
            TileItem::Text(text) => text.check(at),
            TileItem::Image(image) => image.check(at, Placement::Inline),
            TileItem::Group(group) => group.check(at),
        });
        if let Some(presentation) = self.presentation {
            self.check_presentation(at, presentation);
        }
    }

    /// Source: Microsoft, "Special tile templates".
    fn check_presentation(&self, at: &mut Checker, presentation: Presentation) {
        let limit = match (presentation, self.size) {
            (Presentation::Photos, _) => 12,
            (Presentation::People, TileSize::Medium) => 9,
            (Presentation::People, TileSize::Wide) => 15,
            (Presentation::People, TileSize::Large) => 20,
            (Presentation::People, TileSize::Small) => {
                let expected = "photos on a small tile, which does not show people";
                return at.unexpected("presentation", "people", expected);
            }
        };
        if self
            .items
            .iter()
            .any(|item| !matches!(item, TileItem::Image(_)))
        {
            let expected = "nothing but images with a presentation";
            at.unexpected("items", "a text or a group", expected);
        }
        at.at_most("items", self.items.len(), limit);
    }
}

impl TemplateBinding {
    fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.base_uri(self.base_uri.as_deref());
        let template = self.template.as_str();
        for (field, given, expected) in [
            ("images", self.images.len(), self.template.images()),
            ("texts", self.texts.len(), self.template.texts()),
        ] {
            if given != expected {
                at.found(
                    field,
                    Fault::Count {
                        given,
                        expected,
                        template,
                    },
                );
            }
        }
        at.each("images", &self.images, |at, image| {
            image.check(at, Placement::Inline);
        });
    }
}
