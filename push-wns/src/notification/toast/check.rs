//! What is wrong with a toast, all of it.

use super::{ActivationType, Toast, ToastItem};
use crate::notification::adaptive::Placement;
use crate::notification::checker::Checker;
use crate::notification::problem::{Fault, shortened};
use crate::notification::timestamp;

const MAX_TEXTS: usize = 3;
const MAX_INPUTS: usize = 5;
/// Entries of the context menu among them.
const MAX_BUTTONS: usize = 5;

impl Toast {
    pub(in crate::notification) fn check(&self, at: &mut Checker) {
        self.check_extra(at);
        if self.activation_type == Some(ActivationType::System) {
            let expected = "foreground, background or protocol";
            at.unexpected("activation_type", "system", expected);
        }
        if let Some(time) = self.display_timestamp
            && timestamp::iso8601(time).is_none()
        {
            at.unexpected(
                "display_timestamp",
                "a time of another age",
                "one of the years 0 to 9999",
            );
        }
        at.within("visual", |at| self.visual.check(at));
        at.within("binding", |at| self.binding.check(at));
        self.check_content(at);
        self.check_actions(at);
        if let Some(audio) = &self.audio {
            at.within("audio", |at| audio.check(at, self.duration));
        }
        if let Some(header) = &self.header {
            at.within("header", |at| header.check(at));
        }
        if let Some(commands) = &self.commands {
            at.within("commands", |at| commands.check(at));
        }
    }

    fn check_content(&self, at: &mut Checker) {
        if self.texts.is_empty() {
            let expected = "at least one";
            at.found("texts", Fault::Empty { expected });
        }
        at.at_most("texts", self.texts.len(), MAX_TEXTS);
        at.each("texts", &self.texts, |at, text| text.check(at));
        if let Some(attribution) = &self.attribution {
            at.within("attribution", |at| attribution.check(at));
        }
        if let Some(logo) = &self.logo {
            at.within("logo", |at| logo.check(at, Placement::Logo));
        }
        if let Some(hero) = &self.hero {
            at.within("hero", |at| hero.check(at, Placement::Hero));
        }
        at.each("body", &self.body, |at, item| match item {
            ToastItem::Image(image) => image.check(at, Placement::Inline),
            ToastItem::Group(group) => group.check(at),
            ToastItem::Progress(progress) => progress.check(at),
        });
    }

    fn check_actions(&self, at: &mut Checker) {
        at.at_most("inputs", self.inputs.len(), MAX_INPUTS);
        at.each("inputs", &self.inputs, |at, input| input.check(at));
        at.ids("inputs", self.inputs.iter().map(|input| input.id.as_str()));
        at.at_most("buttons", self.buttons.len(), MAX_BUTTONS);
        at.each("buttons", &self.buttons, |at, button| {
            button.check(at);
            if button.style.is_some() && self.use_button_style != Some(true) {
                let needs = "use_button_style of the toast";
                at.found("style", Fault::Needs { needs });
            }
            if let Some(id) = &button.input_id {
                let given = || shortened(id);
                match self.inputs.iter().find(|input| input.id == *id) {
                    None => {
                        let (given, expected) = (given(), "an input of the toast");
                        at.found("input_id", Fault::NoSuchId { given, expected });
                    }
                    Some(input) if button.is_snooze() && !input.has_minutes() => {
                        let given = given();
                        let expected = "an input whose selections have minutes as ids, such as 15";
                        at.found("input_id", Fault::NoSuchId { given, expected });
                    }
                    Some(_) => {}
                }
            }
        });
        if self.snooze_and_dismiss {
            let place = "beside snooze_and_dismiss, by which Windows makes them";
            if !self.inputs.is_empty() {
                at.found("inputs", Fault::Misplaced { place });
            }
            if self.buttons.iter().any(|button| !button.context_menu) {
                at.found("buttons", Fault::Misplaced { place });
            }
        }
    }
}
