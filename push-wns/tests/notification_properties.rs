//! Whatever a notification says: its document is one, says the same, and it survives a queue.
#![allow(clippy::unwrap_used)]

mod generated;

use generated::left;
use proptest::prelude::*;
use push_wns::{Binding, Fault, Kind, Notification, Toast};
use roxmltree::{Document, Node};

fn texts<'a>(node: Node<'a, 'a>, path: &[&str]) -> Vec<String> {
    let Some((name, rest)) = path.split_first() else {
        return vec![node.text().unwrap_or_default().to_owned()];
    };
    let children = node.children().filter(|child| child.has_tag_name(*name));
    children.flat_map(|child| texts(child, rest)).collect()
}

/// The body, or `None` where it is too large, which is all that may be wrong.
fn encoded(notification: &Notification) -> Option<String> {
    match notification.encode() {
        Ok(encoded) => {
            let length = encoded.body().len();
            assert_eq!(encoded.headers()["content-length"], length.to_string());
            Some(String::from_utf8(encoded.body().to_vec()).unwrap())
        }
        Err(invalid) => {
            let [problem] = invalid.problems() else {
                panic!("{invalid}");
            };
            assert!(
                matches!(problem.fault, Fault::TooLarge { bytes: 5001.. }),
                "{invalid}"
            );
            None
        }
    }
}

fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(ToOwned::to_owned)
}

proptest! {
    #[test]
    fn every_notification_is_a_document_of_its_kind(notification in generated::notification()) {
        if notification.kind() == Kind::Raw {
            prop_assert!(notification.encode().is_ok());
        } else if let Some(body) = encoded(&notification) {
            let document = Document::parse(&body).unwrap();
            let root = document.root_element();
            prop_assert_eq!(root.tag_name().name(), notification.kind().as_str());
            let is_blank = |node: Node<'_, '_>| node.is_comment() || node.is_pi();
            prop_assert!(!document.descendants().any(is_blank));
            // Nothing but what it needs: it is taken as raw XML too, and gives the same.
            let raw = Notification::xml(notification.kind(), body.clone());
            let raw = raw.encode().unwrap();
            prop_assert_eq!(raw.body().as_ref(), body.as_bytes());
        }
    }

    #[test]
    fn every_notification_survives_a_queue(notification in generated::notification()) {
        let queued = serde_json::to_string(&notification).unwrap();
        let read: Notification = serde_json::from_str(&queued).unwrap();
        prop_assert_eq!(&read, &notification, "{}", queued);
        prop_assert_eq!(
            read.encode().map(|encoded| encoded.body().clone()),
            notification.encode().map(|encoded| encoded.body().clone())
        );
        prop_assert!(!queued.contains("null"), "absent members are left out: {}", queued);
    }

    #[test]
    fn a_toast_says_what_it_was_told(toast in generated::toast()) {
        let Some(body) = encoded(&Notification::toast(toast.clone())) else {
            return Ok(());
        };
        let document = Document::parse(&body).unwrap();
        let root = document.root_element();
        prop_assert_eq!(attribute(root, "launch"), toast.launch.as_deref().map(left));

        let mut expected: Vec<String> = toast.texts.iter().map(|text| left(&text.text)).collect();
        expected.extend(toast.attribution.iter().map(|text| left(&text.text)));
        prop_assert_eq!(texts(root, &["visual", "binding", "text"]), expected);

        let buttons: Vec<_> = root.descendants().filter(|node| node.has_tag_name("action")).collect();
        prop_assert_eq!(buttons.len(), toast.buttons.len());
        for (node, button) in buttons.into_iter().zip(&toast.buttons) {
            prop_assert_eq!(attribute(node, "content").unwrap(), left(&button.content));
            prop_assert_eq!(attribute(node, "arguments").unwrap(), left(&button.arguments));
            prop_assert_eq!(attribute(node, "hint-inputId"), button.input_id.as_deref().map(left));
            let menu = button.context_menu.then(|| "contextMenu".to_owned());
            prop_assert_eq!(attribute(node, "placement"), menu);
        }
    }

    #[test]
    fn a_tile_says_what_it_was_told(tile in generated::tile()) {
        let Some(body) = encoded(&Notification::tile(tile.clone())) else {
            return Ok(());
        };
        let document = Document::parse(&body).unwrap();
        let visual = document.root_element().first_element_child().unwrap();
        prop_assert_eq!(attribute(visual, "displayName"), tile.visual.display_name.as_deref().map(left));
        let bindings: Vec<_> = visual.children().collect();
        prop_assert_eq!(bindings.len(), tile.bindings.len());
        for (node, binding) in bindings.into_iter().zip(&tile.bindings) {
            let count = |name| node.children().filter(|child| child.has_tag_name(name)).count();
            match binding {
                Binding::Adaptive(binding) => {
                    prop_assert_eq!(attribute(node, "template").unwrap(), binding.size.as_str());
                    let images = usize::from(binding.peek.is_some())
                        + usize::from(binding.background.is_some());
                    prop_assert_eq!(
                        count("text") + count("image") + count("group"),
                        binding.items.len() + images
                    );
                }
                Binding::Template(binding) => {
                    let version = attribute(visual, "version").unwrap().parse::<u32>().unwrap();
                    prop_assert!(version >= binding.template.version());
                    prop_assert_eq!(count("text"), binding.template.texts());
                    prop_assert_eq!(count("image"), binding.template.images());
                    let expected: Vec<_> = binding.texts.iter().map(|text| left(text)).collect();
                    prop_assert_eq!(texts(node, &["text"]), expected);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn any_text_goes_through_texts_and_attributes(text in any::<String>()) {
        let toast = Toast::new(text.as_str()).launch(text.as_str()).extra("hint-new", text.as_str());
        if let Some(body) = encoded(&Notification::toast(toast)) {
            let document = Document::parse(&body).unwrap();
            let root = document.root_element();
            prop_assert_eq!(&texts(root, &["visual", "binding", "text"])[0], &left(&text));
            prop_assert_eq!(attribute(root, "launch").unwrap(), left(&text));
            prop_assert_eq!(attribute(root, "hint-new").unwrap(), left(&text));
        }
    }

    /// What is taken as raw XML is XML for another parser too, whatever was typed.
    #[test]
    fn raw_xml_that_is_taken_is_well_formed(
        inside in "(<a>|</a>|<a/>|<a b='1'>|<p:a/>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&amp;|&#1;|&#x20;|&x;|&|<\\?x y\\?>|<|>|\"|'| |b|=|\u{1}|é|1|:){0,8}",
        attributes in "( |\t|b|c|xmlns|=|:|'|\"|'1'|\"2\"|&lt;|&|<|>|/|é){0,7}",
        before in "(|<\\?xml version='1\\.0'\\?>|<\\?xml version=\"1\\.0\" encoding='utf-8'\\?>| |<!-- -->|<!DOCTYPE toast>|x|\u{feff})",
        after in "(| |<!-- -->|<toast/>|x|&amp;)",
    ) {
        let xml = format!("{before}<toast{attributes}>{inside}</toast>{after}");
        let taken = Notification::xml(Kind::Toast, xml.clone()).encode().is_ok();
        let parsed = Document::parse(&xml);
        if taken {
            prop_assert!(parsed.is_ok(), "{xml}: {parsed:?}");
        } else if let Ok(document) = parsed {
            // Only what was asked of it besides.
            let root = document.root_element().tag_name();
            prop_assert!(root.name() != "toast" || root.namespace().is_some(), "refused: {xml}");
        }
    }
}
