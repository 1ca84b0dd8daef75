use crate::notification::checker::Checker;
use crate::notification::element::element;
use crate::notification::problem::{Fault, shortened};
use crate::notification::words::words;
use crate::notification::xml::{Tag, Xml};

/// The most selections of an input.
const MAX_SELECTIONS: usize = 5;

element! {
    /// An input of a toast: a box for text, or a list of selections.
    pub struct Input {
        needs {
            /// By which name the app gets what was put in.
            id as "id": String,
            /// Whether it is a box or a list.
            kind as "type": InputKind,
        }
        holds {
            /// What can be selected: at most five.
            selections: Vec<Selection>,
        }
        owns []
        /// What stands in an empty box.
        placeholder as "placeHolderContent": text,
        /// What stands above it.
        title as "title": text,
        /// What is put in already: a text, or the id of a selection. Default: nothing.
        default as "defaultInput": text,
    }
}

impl Input {
    /// A box for text.
    pub fn text(id: impl Into<String>) -> Self {
        Self::bare(id.into(), InputKind::Text)
    }

    /// A list of selections.
    pub fn selection(id: impl Into<String>) -> Self {
        Self::bare(id.into(), InputKind::Selection)
    }

    /// Adds a selection: the id by which the app knows it, and its label. At most five.
    pub fn option(mut self, id: impl Into<String>, content: impl Into<String>) -> Self {
        self.selections.push(Selection::new(id, content));
        self
    }

    pub(super) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        at.at_most("selections", self.selections.len(), MAX_SELECTIONS);
        at.each("selections", &self.selections, |at, selection| {
            selection.check_extra(at);
        });
        let ids = || {
            self.selections
                .iter()
                .map(|selection| selection.id.as_str())
        };
        at.ids("selections", ids());
        match self.kind {
            InputKind::Text if !self.selections.is_empty() => {
                let place = "to a box for text";
                at.found("selections", Fault::Misplaced { place });
            }
            InputKind::Selection if self.selections.is_empty() => {
                let expected = "at least one";
                at.found("selections", Fault::Empty { expected });
            }
            _ => {}
        }
        if let (InputKind::Selection, Some(default)) = (self.kind, &self.default)
            && !ids().any(|id| id == default)
        {
            let given = shortened(default);
            let expected = "one of the selections";
            at.found("default", Fault::NoSuchId { given, expected });
        }
    }

    /// Whether a button to snooze can take its time from it: all ids are minutes.
    pub(super) fn has_minutes(&self) -> bool {
        let is_number = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        self.kind == InputKind::Selection && self.selections.iter().all(|s| is_number(&s.id))
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        let tag = self.tag(Tag::new("input"));
        if self.selections.is_empty() {
            return xml.empty(tag);
        }
        xml.element(tag, |xml| {
            for selection in &self.selections {
                xml.empty(selection.tag(Tag::new("selection")));
            }
        });
    }
}

element! {
    /// Something that can be selected.
    pub struct Selection {
        needs {
            /// By which name the app knows it.
            id as "id": String,
            /// Its label.
            content as "content": String,
        }
        holds {}
        owns []
    }
}

impl Selection {
    /// A selection: the id by which the app knows it, and its label.
    pub fn new(id: impl Into<String>, content: impl Into<String>) -> Self {
        Self::bare(id.into(), content.into())
    }
}

words! {
    /// What an input is.
    pub enum InputKind ("kind of input") {
        /// A box for text.
        Text = "text",
        /// A list of selections.
        Selection = "selection",
    }
}
