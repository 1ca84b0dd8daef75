//! The notification that the options describe, for WNS.

use anyhow::{Context, Result, anyhow, bail, ensure};
use anypush::wns::{
    Kind, Notification, TemplateBinding, TemplateToast, Text, TextStyle, Tile, TileBinding,
    TileTemplate, Toast, ToastTemplate,
};

use crate::args::{Wns, WnsDelivery, WnsMessage};
use crate::files::{ensure_apart, read};

/// Reads what there is to read.
pub(super) fn notification(args: &Wns) -> Result<Notification> {
    let message = &args.message;
    for source in message.raw.iter().chain(&message.payload) {
        ensure_apart(source, &args.devices)?;
    }
    let said = match (&message.badge, &message.raw, &message.payload) {
        (Some(badge), ..) => Notification::badge(*badge),
        (_, Some(source), _) => Notification::raw(read(source, "--raw")?),
        (.., Some(source)) => xml(read(source, "the payload")?)?,
        _ if message.toast.is_empty() => tile(message)?.into(),
        _ => toast(message)?,
    };
    Ok(delivered(said, &args.delivery))
}

/// The headers.
fn delivered(mut said: Notification, delivery: &WnsDelivery) -> Notification {
    if let Some(ttl) = delivery.ttl {
        said = said.ttl(ttl);
    }
    if let Some(tag) = &delivery.tag {
        said = said.tag(tag);
    }
    if let Some(group) = &delivery.group {
        said = said.group(group);
    }
    if let Some(policy) = delivery.cache_policy {
        said = said.cache_policy(policy);
    }
    if let Some(priority) = delivery.priority {
        said = said.priority(priority);
    }
    match delivery.request_for_status {
        true => said.request_for_status(true),
        false => said,
    }
}

fn toast(message: &WnsMessage) -> Result<Notification> {
    if let Some(name) = &message.template {
        return template_toast(message, name).map(Notification::from);
    }
    ensure!(
        message.toast.iter().any(|line| !line.trim().is_empty()),
        "--toast has no text: the pop-up would be empty; give at least one line"
    );
    let mut lines = message.toast.iter();
    let mut toast = Toast::new(lines.next().map_or("", String::as_str));
    for line in lines {
        toast = toast.text(line.as_str());
    }
    for image in &message.image {
        toast = toast.image(image.as_str());
    }
    if let Some(logo) = &message.logo {
        toast = toast.logo(logo.as_str());
    }
    if let Some(hero) = &message.hero {
        toast = toast.hero(hero.as_str());
    }
    if let Some(launch) = &message.launch {
        toast = toast.launch(launch);
    }
    Ok(toast.into())
}

fn template_toast(message: &WnsMessage, name: &str) -> Result<TemplateToast> {
    let template: ToastTemplate = name.parse().context("--template")?;
    let mut toast = TemplateToast::new(&message.toast).template(template);
    ensure!(
        message.image.len() <= 1,
        "--image is given {} times: the templates of toasts have room for one",
        message.image.len()
    );
    if let Some(image) = message.image.first() {
        toast = toast.image(image.as_str());
    }
    if let Some(launch) = &message.launch {
        toast = toast.launch(launch);
    }
    Ok(toast)
}

/// The same lines and images in every size that has room for them.
fn tile(message: &WnsMessage) -> Result<Tile> {
    if let Some(name) = &message.template {
        let template: TileTemplate = name.parse().context("--template")?;
        let mut binding = TemplateBinding::new(template);
        for image in &message.image {
            binding = binding.image(image.as_str());
        }
        for line in &message.tile {
            binding = binding.text(line);
        }
        return Ok(Tile::new(binding));
    }
    let filled = |mut binding: TileBinding| {
        let mut styles = [TextStyle::Base].into_iter();
        for line in &message.tile {
            let text = Text::new(line).wrap(true);
            binding = binding.text(match styles.next() {
                Some(style) => text.style(style),
                None => text,
            });
        }
        for image in &message.image {
            binding = binding.image(image.as_str());
        }
        binding
    };
    Ok(Tile::new(filled(TileBinding::medium()))
        .binding(filled(TileBinding::wide()))
        .binding(filled(TileBinding::large())))
}

/// XML as it is. What it is, its root element says.
fn xml(content: Vec<u8>) -> Result<Notification> {
    let text = String::from_utf8(content).map_err(|_| {
        anyhow!("the payload is not UTF-8: save it as UTF-8, or give bytes for the app by --raw")
    })?;
    let kind = match root(&text) {
        Some("toast") => Kind::Toast,
        Some("tile") => Kind::Tile,
        Some("badge") => Kind::Badge,
        Some(other) => bail!(
            "the payload's root element is {:?}: expected toast, tile or badge; --raw sends anything",
            other.chars().take(MOST_CHARS).collect::<String>()
        ),
        None => bail!(
            "the payload is no XML: expected the document of a toast, a tile or a badge; --raw sends \
             anything"
        ),
    };
    Ok(Notification::xml(kind, text))
}

/// So much of a wrong name is shown.
const MOST_CHARS: usize = 32;

/// The name of the first element, without what stands before it. That all is well formed is checked
/// elsewhere.
fn root(xml: &str) -> Option<&str> {
    let mut rest = xml.strip_prefix('\u{feff}').unwrap_or(xml).trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            // Refused where it is checked; here only the way to the root leads past it.
            _ if rest.starts_with("<!") => ">",
            _ => break,
        };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find(|char: char| char.is_ascii_whitespace() || matches!(char, '/' | '>' | '<'));
    Some(&name[..end?]).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_element_is_found_behind_what_may_stand_before_it() {
        for (xml, name) in [
            ("<toast><visual/></toast>", Some("toast")),
            ("<badge value='1'/>", Some("badge")),
            ("<tile/>", Some("tile")),
            (
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- <a> -->\n <toast\nlaunch='x'>",
                Some("toast"),
            ),
            ("<!DOCTYPE toast><toast/>", Some("toast")),
            ("<Toast/>", Some("Toast")),
            ("toast", None),
            ("", None),
            ("<", None),
            ("<>", None),
            ("<?xml", None),
            ("<!-- <toast/>", None),
            ("<toast", None),
        ] {
            assert_eq!(root(xml), name, "{xml}");
        }
    }

    #[test]
    fn what_is_no_notification_says_what_is_expected() {
        for (content, word) in [
            (&b"{\"a\":1}"[..], "no XML"),
            (b"<html></html>", "html"),
            (b"\xff<toast/>", "UTF-8"),
        ] {
            let error = xml(content.to_vec()).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("--raw"), "{error}");
        }
    }
}
