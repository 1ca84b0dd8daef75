//! Toasts.

use std::collections::HashSet;

use roxmltree::Node;

use super::Findings;
use super::adaptive::{
    BRANDING, COUNT, CROP, GROUP, IMAGE_ALIGN, OLD, OLD_IMAGE, STYLE, TEMPLATE, TEXT_ALIGN,
};
use super::element::{ANY_NUMBER, Element, child, elements, elsewhere, may, must, needed};
use super::template::{self, Template};
use super::value::{Value, shown};

const GENERIC: &str = "ToastGeneric";

static TOAST: Element = Element {
    attributes: &[
        may("launch", Value::Any),
        may("duration", Value::OneOf(&["short", "long"])),
        may("displayTimestamp", Value::Time),
        may(
            "scenario",
            Value::OneOf(&["default", "reminder", "alarm", "incomingCall", "urgent"]),
        ),
        may("activationType", ACTIVATION),
        may("useButtonStyle", Value::Boolean),
        may("hint-people", Value::Any),
        may("protocolActivationTargetApplicationPfn", Value::Any),
    ],
    children: &[
        needed("visual", &VISUAL, 1),
        child("actions", &ACTIONS, 1),
        child("audio", &AUDIO, 1),
        child("header", &HEADER, 1),
        child("commands", &COMMANDS, 1),
    ],
    has_text: false,
};

const ACTIVATION: Value = Value::OneOf(&["foreground", "background", "protocol"]);

static VISUAL: Element = Element {
    attributes: &[
        may("version", Value::Number(1, 3)),
        may("lang", Value::Any),
        may("baseUri", Value::Any),
        may("addImageQuery", Value::Boolean),
        may("branding", BRANDING),
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
        may("addImageQuery", Value::Boolean),
        may("branding", BRANDING),
        may("experienceType", Value::Any),
    ],
    children: &[
        child("text", &TEXT, ANY_NUMBER),
        child("image", &IMAGE, ANY_NUMBER),
        child("img", &OLD_IMAGE, ANY_NUMBER),
        child("group", &GROUP, ANY_NUMBER),
        child("progress", &PROGRESS, ANY_NUMBER),
    ],
    has_text: false,
};

static OLD_BINDING: Element = Element {
    attributes: &[
        TEMPLATE,
        may("fallback", Value::Any),
        may("lang", Value::Any),
        may("baseUri", Value::Any),
        may("addImageQuery", Value::Boolean),
        may("branding", BRANDING),
    ],
    children: OLD,
    has_text: false,
};

static TEXT: Element = Element {
    attributes: &[
        may("id", COUNT),
        may("lang", Value::Any),
        may("placement", Value::OneOf(&["attribution"])),
        may("hint-style", STYLE),
        may("hint-wrap", Value::Boolean),
        may("hint-maxLines", COUNT),
        may("hint-minLines", COUNT),
        may("hint-align", TEXT_ALIGN),
        may("hint-callScenarioCenterAlign", Value::Boolean),
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
        may(
            "placement",
            Value::OneOf(&["appLogoOverride", "hero", "inline"]),
        ),
        may("hint-crop", CROP),
        may("hint-align", IMAGE_ALIGN),
        may("hint-removeMargin", Value::Boolean),
        may("spritesheet-src", Value::Image),
        may("spritesheet-height", COUNT),
        may("spritesheet-fps", COUNT),
        may("spritesheet-startingFrame", Value::Number(0, u32::MAX)),
    ],
    children: &[],
    has_text: false,
};

static PROGRESS: Element = Element {
    attributes: &[
        may("title", Value::Any),
        must("status", Value::Any),
        must("value", Value::Progress),
        may("valueStringOverride", Value::Any),
    ],
    children: &[],
    has_text: false,
};

static ACTIONS: Element = Element {
    attributes: &[may(
        "hint-systemCommands",
        Value::OneOf(&["SnoozeAndDismiss"]),
    )],
    children: &[child("input", &INPUT, 5), child("action", &ACTION, 5)],
    has_text: false,
};

static INPUT: Element = Element {
    attributes: &[
        must("id", Value::Any),
        must("type", Value::OneOf(&["text", "selection"])),
        may("placeHolderContent", Value::Any),
        may("title", Value::Any),
        may("defaultInput", Value::Any),
    ],
    children: &[child("selection", &SELECTION, 5)],
    has_text: false,
};

static SELECTION: Element = Element {
    attributes: &[must("id", Value::Any), must("content", Value::Any)],
    children: &[],
    has_text: false,
};

static ACTION: Element = Element {
    attributes: &[
        must("content", Value::Any),
        must("arguments", Value::Any),
        may(
            "activationType",
            Value::OneOf(&["foreground", "background", "protocol", "system"]),
        ),
        may(
            "afterActivationBehavior",
            Value::OneOf(&["default", "pendingUpdate"]),
        ),
        may("placement", Value::OneOf(&["contextMenu"])),
        may("imageUri", Value::Image),
        may("hint-inputId", Value::Any),
        may("hint-buttonStyle", Value::Exactly(&["Success", "Critical"])),
        may("hint-toolTip", Value::Any),
        may("protocolActivationTargetApplicationPfn", Value::Any),
    ],
    children: &[],
    has_text: false,
};

static AUDIO: Element = Element {
    attributes: &[
        may("src", Value::Sound),
        may("loop", Value::Boolean),
        may("silent", Value::Boolean),
    ],
    children: &[],
    has_text: false,
};

static HEADER: Element = Element {
    attributes: &[
        must("id", Value::Any),
        must("title", Value::Any),
        must("arguments", Value::Any),
        may("activationType", Value::OneOf(&["foreground", "protocol"])),
    ],
    children: &[],
    has_text: false,
};

static COMMANDS: Element = Element {
    attributes: &[may("scenario", Value::OneOf(&["alarm", "incomingCall"]))],
    children: &[child("command", &COMMAND, ANY_NUMBER)],
    has_text: false,
};

static COMMAND: Element = Element {
    attributes: &[
        must(
            "id",
            Value::OneOf(&["snooze", "dismiss", "video", "voice", "decline"]),
        ),
        may("arguments", Value::Any),
    ],
    children: &[],
    has_text: false,
};

pub(super) fn check(toast: Node<'_, '_>, findings: &mut Findings) {
    TOAST.check(toast, findings);
    let bindings = elements(toast, "visual").flat_map(|visual| elements(visual, "binding"));
    let mut templates = HashSet::new();
    for binding in bindings {
        let name = binding.attribute("template").unwrap_or_default();
        if !templates.insert(name) {
            findings.wrong(format!(
                "several bindings have the template {}",
                shown(name)
            ));
        }
        match Template::of_toast(name) {
            _ if name == GENERIC => generic(binding, findings),
            Some(template) => {
                OLD_BINDING.check(binding, findings);
                template.check(binding, findings);
            }
            // That it is missing is told anyhow.
            None if name.is_empty() => BINDING.check(binding, findings),
            None => findings.wrong(format!("no template of toasts is called {}", shown(name))),
        }
    }
    for actions in elements(toast, "actions") {
        inputs(actions, findings);
        buttons(toast, actions, findings);
    }
    let is_looped = |audio: &Node<'_, '_>| audio.attribute("loop") == Some("true");
    if elements(toast, "audio").any(|it| is_looped(&it))
        && toast.attribute("duration") != Some("long")
    {
        findings.wrong("loop of <audio> needs the duration long");
    }
}

fn generic(binding: Node<'_, '_>, findings: &mut Findings) {
    BINDING.check(binding, findings);
    template::note_img(binding, findings);
    let placed = |name: &'static str, placement: Option<&str>| {
        elements(binding, name)
            .filter(|it| it.attribute("placement") == placement)
            .count()
    };
    for (count, most, what) in [
        (placed("text", None), 3, "<text> outside of groups"),
        (placed("text", Some("attribution")), 1, "attribution"),
        (placed("image", Some("hero")), 1, "hero image"),
        (placed("image", Some("appLogoOverride")), 1, "logo"),
    ] {
        if count > most {
            findings.wrong(format!(
                "<binding> has {count} {what}, and at most {most} is shown"
            ));
        }
    }
}

/// Whether inputs are told apart, and have what they are to choose from.
fn inputs(actions: Node<'_, '_>, findings: &mut Findings) {
    let mut ids = HashSet::new();
    for input in elements(actions, "input") {
        let id = input.attribute("id").unwrap_or_default();
        if !ids.insert(id) {
            findings.wrong(format!("several inputs have the id {}", shown(id)));
        }
        let mut selections = HashSet::new();
        for selection in elements(input, "selection") {
            let id = selection.attribute("id").unwrap_or_default();
            if !selections.insert(id) {
                findings.wrong(format!("several selections have the id {}", shown(id)));
            }
        }
        match (input.attribute("type"), input.attribute("defaultInput")) {
            (Some("selection"), _) if selections.is_empty() => {
                findings.wrong("an input of type selection has no <selection>");
            }
            (Some("selection"), Some(id)) if !selections.contains(id) => {
                findings.wrong(format!("defaultInput names no selection: {}", shown(id)));
            }
            (Some("text"), _) if !selections.is_empty() => {
                findings.wrong("an input of type text has <selection>");
            }
            _ => {}
        }
    }
    for id in elements(actions, "action").filter_map(|it| it.attribute("hint-inputId")) {
        if !ids.contains(id) {
            findings.wrong(format!("hint-inputId names no input: {}", shown(id)));
        }
    }
}

/// Whether buttons do what they say.
fn buttons(toast: Node<'_, '_>, actions: Node<'_, '_>, findings: &mut Findings) {
    let actions: Vec<_> = elements(actions, "action").collect();
    for action in &actions {
        let arguments = action.attribute("arguments").unwrap_or_default();
        let is_system = action.attribute("activationType") == Some("system");
        if is_system && !matches!(arguments, "snooze" | "dismiss") {
            findings.wrong(format!(
                "an action of the system has the arguments snooze or dismiss, not {:?}",
                shown(arguments)
            ));
        }
    }
    let is_styled = actions
        .iter()
        .any(|it| it.has_attribute("hint-buttonStyle"));
    if is_styled && toast.attribute("useButtonStyle") != Some("true") {
        findings.note("hint-buttonStyle shows only where useButtonStyle of <toast> is true");
    }
    let is_background = |it: &Node<'_, '_>| {
        matches!(
            it.attribute("activationType"),
            Some("background" | "system")
        )
    };
    if toast.attribute("scenario") == Some("reminder") && !actions.iter().any(is_background) {
        findings.note("the scenario reminder is ignored without an action in the background");
    }
}
