//! A toast as XML.

use super::{Toast, ToastItem};
use crate::notification::adaptive::Placement;
use crate::notification::timestamp;
use crate::notification::xml::{Tag, Xml};

impl Toast {
    pub(in crate::notification) fn xml(&self) -> Vec<u8> {
        let tag = Tag::new("toast");
        let time = self.display_timestamp.and_then(timestamp::iso8601);
        let tag = self.tag(tag.optional("displayTimestamp", time.as_ref()));
        Xml::document(|xml| xml.element(tag, |xml| self.write(xml)))
    }

    fn write(&self, xml: &mut Xml) {
        xml.element(self.visual.tag(Tag::new("visual")), |xml| {
            let binding = Tag::new("binding").attribute("template", "ToastGeneric");
            xml.element(self.binding.tag(binding), |xml| self.write_content(xml));
        });
        self.write_actions(xml);
        if let Some(audio) = &self.audio {
            audio.write(xml);
        }
        if let Some(commands) = &self.commands {
            commands.write(xml);
        }
        if let Some(header) = &self.header {
            header.write(xml);
        }
    }

    /// Texts before all else: later ones can be dropped.
    ///
    /// Source: Microsoft, "Toast content schema", ToastBindingGeneric.
    fn write_content(&self, xml: &mut Xml) {
        for text in &self.texts {
            text.write(xml);
        }
        if let Some(attribution) = &self.attribution {
            attribution.write_attribution(xml);
        }
        if let Some(logo) = &self.logo {
            logo.write(xml, Placement::Logo);
        }
        if let Some(hero) = &self.hero {
            hero.write(xml, Placement::Hero);
        }
        for item in &self.body {
            match item {
                ToastItem::Image(image) => image.write(xml, Placement::Inline),
                ToastItem::Group(group) => group.write(xml),
                ToastItem::Progress(progress) => progress.write(xml),
            }
        }
    }

    fn write_actions(&self, xml: &mut Xml) {
        let tag = Tag::new("actions");
        let tag = match self.snooze_and_dismiss {
            true => tag.attribute("hint-systemCommands", "SnoozeAndDismiss"),
            false => tag,
        };
        if !self.inputs.is_empty() || !self.buttons.is_empty() {
            xml.element(tag, |xml| {
                for input in &self.inputs {
                    input.write(xml);
                }
                for button in &self.buttons {
                    button.write(xml);
                }
            });
        } else if self.snooze_and_dismiss {
            xml.empty(tag);
        }
    }
}
