//! Notifications of every shape, with any text in them, that have nothing wrong but perhaps their size.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use push_wns::*;

/// Any text, most often one that XML has to escape or can't have.
pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        "[<>&'\"\\]\\t\\r\\n\\x00\\x0b\\x1f\u{fffe}\u{ffff}\u{85}\u{2028} a]{0,10}",
        any::<String>().prop_map(|text| text.chars().take(8).collect()),
    ]
    .boxed()
}

/// What is left of a text in XML.
pub(crate) fn left(text: &str) -> String {
    let is_left = |c: &char| !matches!(*c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(is_left).collect()
}

fn filled() -> BoxedStrategy<String> {
    text().prop_map(|text| format!("x{text}")).boxed()
}

fn address() -> BoxedStrategy<String> {
    prop_oneof![
        "https://example\\.org/[a-z&'\"<>?=]{0,8}",
        "ms-appx:///[a-z]{1,8}",
        "ms-appdata:///local/[a-z]{1,8}",
        "file:///C:/[a-z]{1,8}",
        "[a-z][a-z/&]{0,8}",
    ]
    .boxed()
}

fn base() -> BoxedStrategy<String> {
    prop_oneof![
        "https://example\\.org/[a-z&]{0,8}",
        Just("ms-appx:///".to_owned())
    ]
    .boxed()
}

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> BoxedStrategy<T> {
    select(all).boxed()
}

/// Gives the builder what there is to be given.
macro_rules! given {
    ($builder:ident: $($method:ident = $value:ident),+ $(,)?) => {
        $(let $builder = match $value {
            Some(value) => $builder.$method(value),
            None => $builder,
        };)+
    };
}

fn image(with_overlay: bool) -> BoxedStrategy<Image> {
    let overlay = if with_overlay { 0..=100_u8 } else { 0..=0 };
    (
        address(),
        of(text()),
        of(any::<bool>()),
        of(any_of(Crop::ALL)),
        of(any_of(ImageAlign::ALL)),
        of(any::<bool>()),
        of(overlay),
    )
        .prop_map(move |(src, alt, query, crop, align, margin, overlay)| {
            let image = Image::new(src);
            let overlay = overlay.filter(|_| with_overlay);
            given!(image: alt = alt, add_image_query = query, crop = crop, align = align,
                remove_margin = margin, overlay = overlay);
            image
        })
        .boxed()
}

fn adaptive_text() -> BoxedStrategy<Text> {
    (
        text(),
        of(text()),
        of(any_of(TextStyle::ALL)),
        of(any::<bool>()),
        of(1..9_u32),
        of(any_of(TextAlign::ALL)),
    )
        .prop_map(|(content, lang, style, wrap, lines, align)| {
            let text = Text::new(content);
            given!(text: lang = lang, style = style, wrap = wrap, max_lines = lines,
                min_lines = lines, align = align);
            text
        })
        .boxed()
}

fn group() -> BoxedStrategy<Group> {
    let item = prop_oneof![
        adaptive_text().prop_map(SubgroupItem::Text),
        image(false).prop_map(SubgroupItem::Image),
    ];
    let subgroup = (
        vec(item, 0..3),
        of(0..=100_u8),
        of(any_of(TextStacking::ALL)),
    )
        .prop_map(|(items, weight, stacking)| {
            let subgroup = Subgroup::new();
            given!(subgroup: weight = weight, text_stacking = stacking);
            items
                .into_iter()
                .fold(subgroup, |subgroup, item| match item {
                    SubgroupItem::Text(text) => subgroup.text(text),
                    SubgroupItem::Image(image) => subgroup.image(image),
                    _ => subgroup,
                })
        });
    vec(subgroup, 1..3)
        .prop_map(|subgroups| subgroups.into_iter().fold(Group::new(), Group::subgroup))
        .boxed()
}

fn toast_text() -> BoxedStrategy<ToastText> {
    (text(), of(text()), of(1..5_u32), of(any::<bool>()))
        .prop_map(|(content, lang, lines, center)| {
            let text = ToastText::new(content);
            given!(text: lang = lang, max_lines = lines, call_scenario_center_align = center);
            text
        })
        .boxed()
}

fn visual() -> BoxedStrategy<ToastVisual> {
    (
        of(0..9_u32),
        of(text()),
        of(base()),
        of(any::<bool>()),
        of(any_of(Branding::ALL)),
    )
        .prop_map(|(version, lang, base, query, branding)| {
            let visual = ToastVisual::new();
            given!(visual: version = version, lang = lang, base_uri = base,
                add_image_query = query, branding = branding);
            visual
        })
        .boxed()
}

fn binding() -> BoxedStrategy<ToastBinding> {
    (of(text()), of(text()), of(base()), of(any::<bool>()))
        .prop_map(|(fallback, lang, base, query)| {
            let binding = ToastBinding::new();
            given!(binding: fallback = fallback, lang = lang, base_uri = base,
                add_image_query = query);
            binding
        })
        .boxed()
}

fn progress() -> BoxedStrategy<Progress> {
    (of(0.0..=1.0_f64), filled(), of(text()), of(text()))
        .prop_map(|(value, status, title, value_text)| {
            let progress = match value {
                Some(value) => Progress::new(value, status),
                None => Progress::indeterminate(status),
            };
            given!(progress: title = title, value_text = value_text);
            progress
        })
        .boxed()
}

fn item() -> BoxedStrategy<ToastItem> {
    prop_oneof![
        image(false).prop_map(ToastItem::Image),
        group().prop_map(ToastItem::Group),
        progress().prop_map(ToastItem::Progress),
    ]
    .boxed()
}

fn input(index: usize) -> BoxedStrategy<Input> {
    let id = move || text().prop_map(move |text| format!("{index}{text}"));
    let boxed = id().prop_map(Input::text);
    let list = (id(), vec(text(), 1..=5), any::<bool>()).prop_map(|(id, options, minutes)| {
        let options = options.into_iter().enumerate();
        options.fold(Input::selection(id), |input, (index, content)| {
            let id = if minutes {
                format!("{index}")
            } else {
                format!("id {index}")
            };
            let input = if index == 0 {
                input.default(id.clone())
            } else {
                input
            };
            input.option(id, content)
        })
    });
    (prop_oneof![boxed, list], of(text()), of(text()))
        .prop_map(|(input, placeholder, title)| {
            given!(input: placeholder = placeholder, title = title);
            input
        })
        .boxed()
}

fn button(style: bool) -> BoxedStrategy<Button> {
    let kinds = prop_oneof![
        Just(ActivationType::Foreground),
        Just(ActivationType::Background),
        Just(ActivationType::Protocol),
    ];
    let own = (
        filled(),
        text(),
        of(kinds),
        of(any_of(AfterActivation::ALL)),
        of(address()),
        of(any_of(ButtonStyle::ALL)),
        of(text()),
        of(text()),
        any::<bool>(),
    )
        .prop_map(
            move |(content, arguments, kind, after, icon, colour, tip, target, menu)| {
                let button = Button::new(content, arguments);
                let target = target.filter(|_| kind == Some(ActivationType::Protocol));
                let colour = colour.filter(|_| style);
                given!(button: activation_type = kind, after_activation = after,
                    image_uri = icon, style = colour, tool_tip = tip, protocol_target = target);
                if menu { button.context_menu() } else { button }
            },
        );
    prop_oneof![
        4 => own,
        1 => (address(), text()).prop_map(|(icon, arguments)| Button::icon(icon, arguments)),
        1 => Just(Button::snooze()),
        1 => text().prop_map(|content| Button::dismiss().content(content)),
    ]
    .boxed()
}

fn audio(long: bool) -> BoxedStrategy<Audio> {
    prop_oneof![
        any_of(Sound::ALL).prop_map(Audio::sound),
        "ms-appx:///[a-z&]{1,8}".prop_map(Audio::file),
        any_of(Sound::ALL).prop_map(move |sound| Audio::sound(sound).repeat(long)),
        Just(Audio::none()),
    ]
    .boxed()
}

fn header() -> BoxedStrategy<ToastHeader> {
    let kinds = prop_oneof![
        Just(ActivationType::Foreground),
        Just(ActivationType::Protocol)
    ];
    (filled(), text(), text(), of(kinds))
        .prop_map(|(id, title, arguments, kind)| {
            let header = ToastHeader::new(id, title, arguments);
            given!(header: activation_type = kind);
            header
        })
        .boxed()
}

fn commands() -> BoxedStrategy<Commands> {
    (any::<bool>(), of(text()))
        .prop_map(|(alarm, arguments)| {
            let command = |id| {
                let (command, arguments) = (Command::new(id), arguments.clone());
                given!(command: arguments = arguments);
                command
            };
            match alarm {
                true => Commands::alarm().command(command(CommandId::Snooze)),
                false => Commands::incoming_call()
                    .command(command(CommandId::Video))
                    .command(command(CommandId::Decline)),
            }
        })
        .boxed()
}

fn content(toast: Toast) -> BoxedStrategy<Toast> {
    (
        vec(toast_text(), 0..=2),
        of(toast_text()),
        of(image(false)),
        of(image(false)),
        vec(item(), 0..3),
        visual(),
        binding(),
    )
        .prop_map(
            move |(texts, attribution, logo, hero, items, visual, binding)| {
                let toast = texts.into_iter().fold(toast.clone(), Toast::text);
                given!(toast: attribution = attribution, logo = logo, hero = hero);
                let toast = items.into_iter().fold(toast, |toast, item| match item {
                    ToastItem::Image(image) => toast.image(image),
                    ToastItem::Group(group) => toast.group(group),
                    ToastItem::Progress(progress) => toast.progress(progress),
                    _ => toast,
                });
                toast.visual(visual).binding(binding)
            },
        )
        .boxed()
}

fn actions(toast: Toast) -> BoxedStrategy<Toast> {
    let style = toast.use_button_style == Some(true);
    let long = toast.duration == Some(ToastDuration::Long);
    let inputs = (0..=5_usize).prop_flat_map(|count| (0..count).map(input).collect::<Vec<_>>());
    let own = (
        inputs,
        vec((button(style), any::<bool>()), 0..=5),
        any::<prop::sample::Index>(),
    );
    let ending = (of(audio(long)), of(header()), of(commands()));
    (of(own), ending)
        .prop_map(move |(own, (audio, header, commands))| {
            let mut toast = toast.clone();
            match own {
                Some((inputs, buttons, index)) => {
                    for (button, beside) in buttons {
                        let is_system = button.activation_type == Some(ActivationType::System);
                        let beside = beside && !button.context_menu && !is_system;
                        toast = toast.button(match beside && !inputs.is_empty() {
                            true => button.input_id(index.get(&inputs).id.clone()),
                            false => button,
                        });
                    }
                    toast = inputs.into_iter().fold(toast, Toast::input);
                }
                None => {
                    toast = toast
                        .snooze_and_dismiss()
                        .menu_item(Button::new("later", "later"));
                }
            }
            given!(toast: audio = audio, header = header, commands = commands);
            toast
        })
        .boxed()
}

pub(crate) fn toast() -> BoxedStrategy<Toast> {
    let kinds = prop_oneof![
        Just(ActivationType::Foreground),
        Just(ActivationType::Background),
        Just(ActivationType::Protocol),
    ];
    let time = 0..253_402_300_800_000_u64;
    (
        toast_text(),
        of(text()),
        of(any_of(ToastDuration::ALL)),
        of(any_of(Scenario::ALL)),
        of(kinds),
        of(any::<bool>()),
        of(time.prop_map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms))),
    )
        .prop_map(|(title, launch, duration, scenario, kind, style, time)| {
            let toast = Toast::new(title);
            given!(toast: launch = launch, duration = duration, scenario = scenario,
                activation_type = kind, use_button_style = style, display_timestamp = time);
            toast
        })
        .prop_flat_map(content)
        .prop_flat_map(actions)
        .boxed()
}

pub(crate) fn template_toast() -> BoxedStrategy<TemplateToast> {
    let chosen = (vec(text(), 1..=3), of(image(false))).prop_map(|(texts, image)| {
        let toast = TemplateToast::new(texts);
        given!(toast: image = image);
        toast
    });
    let named =
        (any_of(ToastTemplate::ALL), text(), image(false)).prop_map(|(template, text, image)| {
            let toast = TemplateToast::new(vec![text; template.texts()]).template(template);
            match template.images() {
                0 => toast,
                _ => toast.image(image),
            }
        });
    (
        prop_oneof![chosen, named],
        of(text()),
        of(audio(false)),
        visual(),
    )
        .prop_map(|(toast, launch, audio, visual)| {
            given!(toast: launch = launch, audio = audio);
            toast.visual(visual)
        })
        .boxed()
}

fn tile_binding(size: TileSize) -> BoxedStrategy<TileBinding> {
    let item = prop_oneof![
        3 => adaptive_text().prop_map(TileItem::Text),
        1 => image(false).prop_map(TileItem::Image),
        1 => group().prop_map(TileItem::Group),
    ];
    let contents = (vec(item, 0..4), of(image(true)), of(image(true)));
    let names = (of(text()), of(base()), of(text()), of(text()), of(text()));
    let hints = (
        of(any_of(Branding::ALL)),
        of(any::<bool>()),
        of(any_of(TextStacking::ALL)),
        of(0..=100_u8),
        of(text()),
    );
    (contents, names, hints)
        .prop_map(move |((items, background, peek), names, hints)| {
            let binding = TileBinding::new(size);
            let (lang, base, content_id, display_name, arguments) = names;
            let (branding, query, stacking, overlay, status) = hints;
            let status = status.filter(|_| size == TileSize::Wide);
            given!(binding: background = background, peek = peek, lang = lang, base_uri = base,
                content_id = content_id, display_name = display_name, arguments = arguments,
                branding = branding, add_image_query = query, text_stacking = stacking,
                overlay = overlay, lock_detailed_status2 = status);
            items.into_iter().fold(binding, |binding, item| match item {
                TileItem::Text(text) => binding.text(text),
                TileItem::Image(image) => binding.image(image),
                TileItem::Group(group) => binding.group(group),
                _ => binding,
            })
        })
        .boxed()
}

fn people() -> BoxedStrategy<TileBinding> {
    (any_of(Presentation::ALL), vec(address(), 0..=9))
        .prop_map(|(presentation, images)| {
            let binding = TileBinding::medium().presentation(presentation);
            images.into_iter().fold(binding, TileBinding::image)
        })
        .boxed()
}

fn template_binding() -> BoxedStrategy<TemplateBinding> {
    (
        any_of(TileTemplate::ALL),
        text(),
        image(false),
        any::<bool>(),
        of(any_of(Branding::ALL)),
        of(text()),
    )
        .prop_map(|(template, text, image, fallback, branding, lang)| {
            let binding = TemplateBinding::new(template).texts(vec![text; template.texts()]);
            given!(binding: branding = branding, lang = lang);
            let images = std::iter::repeat_n(image, template.images());
            let binding = images.fold(binding, TemplateBinding::image);
            if fallback {
                binding
            } else {
                binding.without_fallback()
            }
        })
        .boxed()
}

pub(crate) fn tile() -> BoxedStrategy<Tile> {
    let adaptive = proptest::sample::subsequence(TileSize::ALL.to_vec(), 1..=4)
        .prop_flat_map(|sizes| sizes.into_iter().map(tile_binding).collect::<Vec<_>>())
        .prop_map(|bindings| bindings.into_iter().map(Binding::from).collect::<Vec<_>>());
    let bindings = prop_oneof![
        4 => adaptive.clone(),
        1 => people().prop_map(|binding| vec![binding.into()]),
        2 => template_binding().prop_map(|binding| vec![binding.into()]),
        1 => (adaptive, template_binding()).prop_map(|(mut bindings, binding)| {
            bindings.push(binding.into());
            bindings
        }),
    ];
    let names = (of(text()), of(text()), of(text()), of(text()));
    (bindings, names, of(any_of(Branding::ALL)), of(base()))
        .prop_map(|(bindings, (lang, id, name, arguments), branding, base)| {
            let visual = TileVisual::new();
            given!(visual: lang = lang, content_id = id, display_name = name,
                arguments = arguments, branding = branding, base_uri = base);
            let mut bindings = bindings.into_iter();
            let first = bindings.next().unwrap();
            bindings.fold(Tile::new(first).visual(visual), Tile::binding)
        })
        .boxed()
}

pub(crate) fn badge() -> BoxedStrategy<Badge> {
    prop_oneof![
        any::<u32>().prop_map(Badge::number),
        any_of(Glyph::ALL).prop_map(Badge::glyph),
    ]
    .boxed()
}

fn plain() -> BoxedStrategy<Notification> {
    prop_oneof![
        4 => toast().prop_map(Notification::from),
        2 => template_toast().prop_map(Notification::from),
        4 => tile().prop_map(Notification::from),
        1 => badge().prop_map(Notification::from),
        1 => vec(any::<u8>(), 1..40).prop_map(Notification::raw),
        1 => filled().prop_map(|text| Notification::xml(Kind::Raw, text)),
        1 => badge().prop_map(|badge| Notification::xml(Kind::Badge, format!("<badge value='{badge}'/>"))),
    ]
    .boxed()
}

/// A notification with all of its headers.
pub(crate) fn notification() -> BoxedStrategy<Notification> {
    (
        plain(),
        of(0..=i32::MAX.unsigned_abs()),
        of("[A-Za-z0-9]{1,16}"),
        of("[A-Za-z0-9]{1,16}"),
        of(any_of(CachePolicy::ALL)),
        of(any_of(Priority::ALL)),
        of(any::<bool>()),
        of("[A-Za-z0-9+/]{22}\\.[0-9]"),
        of(any::<bool>()),
    )
        .prop_map(
            |(notification, ttl, tag, group, cache, priority, status, vector, popup)| {
                let ttl = ttl.map(|secs| Duration::from_secs(secs.into()));
                let is_toast = notification.kind() == Kind::Toast;
                let group = group.filter(|_| is_toast);
                let popup = popup.filter(|_| is_toast);
                given!(notification: ttl = ttl, tag = tag, group = group, cache_policy = cache,
                priority = priority, request_for_status = status, correlation_vector = vector,
                suppress_popup = popup);
                if popup.is_some() {
                    notification.windows_phone()
                } else {
                    notification
                }
            },
        )
        .boxed()
}
