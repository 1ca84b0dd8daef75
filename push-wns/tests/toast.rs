//! Toasts: documented samples, the old templates, and what is refused.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use push_wns::*;

fn xml(notification: impl Into<Notification>) -> String {
    let encoded = notification.into().encode().unwrap();
    String::from_utf8(encoded.body().to_vec()).unwrap()
}

/// Each problem on a line of its own.
fn problems(notification: impl Into<Notification>) -> Vec<String> {
    let invalid = notification.into().encode().unwrap_err();
    invalid.problems().iter().map(ToString::to_string).collect()
}

/// After Microsoft, "App notification content": visual, columns, buttons.
#[test]
fn a_toast_has_the_order_of_the_schema() {
    let toast = Toast::new("Launch party")
        .audio(Audio::file("ms-appx:///Audio/Ring.mp3"))
        .button(Button::new("Archive", "action=archive&id=7"))
        .group(
            Group::new()
                .subgroup(
                    Subgroup::new()
                        .text(Text::new("52 guests").style(TextStyle::Base))
                        .text(Text::new("23 minutes").style(TextStyle::CaptionSubtle)),
                )
                .subgroup(
                    Subgroup::new()
                        .weight(40)
                        .text_stacking(TextStacking::Bottom)
                        .text(Text::new("1 Main Street").align(TextAlign::Right)),
                ),
        )
        .image(Image::new("Assets/map.png").alt("a map"))
        .logo(Image::new("https://example.org/48?a=1&b=2").crop(Crop::Circle))
        .hero("ms-appx:///hero.png")
        .attribution("via SMS")
        .text("4 pm")
        .header(ToastHeader::new("camping", "Camping!", "page=4"))
        .launch("event=7");
    assert_eq!(
        xml(toast),
        "<toast launch=\"event=7\"><visual><binding template=\"ToastGeneric\">\
         <text>Launch party</text><text>4 pm</text><text placement=\"attribution\">via SMS</text>\
         <image placement=\"appLogoOverride\" src=\"https://example.org/48?a=1&amp;b=2\" hint-crop=\"circle\"/>\
         <image placement=\"hero\" src=\"ms-appx:///hero.png\"/>\
         <group><subgroup><text hint-style=\"base\">52 guests</text>\
         <text hint-style=\"captionSubtle\">23 minutes</text></subgroup>\
         <subgroup hint-weight=\"40\" hint-textStacking=\"bottom\"><text hint-align=\"right\">1 Main Street</text></subgroup></group>\
         <image src=\"Assets/map.png\" alt=\"a map\"/></binding></visual>\
         <actions><action content=\"Archive\" arguments=\"action=archive&amp;id=7\"/></actions>\
         <audio src=\"ms-appx:///Audio/Ring.mp3\"/>\
         <header id=\"camping\" title=\"Camping!\" arguments=\"page=4\"/></toast>"
    );
}

/// After the same page: a call with coloured buttons, a quick reply, a list.
#[test]
fn buttons_and_inputs_have_their_attributes() {
    let call = Toast::new(ToastText::new("Ada").call_scenario_center_align(true))
        .scenario(Scenario::IncomingCall)
        .use_button_style(true)
        .button(
            Button::icon("ms-appx:///Images/Video.png", "video=1")
                .style(ButtonStyle::Success)
                .tool_tip("Answer"),
        )
        .menu_item(Button::new("Mute", "mute").activation_type(ActivationType::Background));
    assert_eq!(
        xml(call),
        "<toast scenario=\"incomingCall\" useButtonStyle=\"true\"><visual><binding template=\"ToastGeneric\">\
         <text hint-callScenarioCenterAlign=\"true\">Ada</text></binding></visual><actions>\
         <action content=\"\" arguments=\"video=1\" imageUri=\"ms-appx:///Images/Video.png\" hint-buttonStyle=\"Success\" hint-toolTip=\"Answer\"/>\
         <action placement=\"contextMenu\" content=\"Mute\" arguments=\"mute\" activationType=\"background\"/>\
         </actions></toast>"
    );

    let reminder = Toast::new("Stand-up")
        .input(Input::text("reply").placeholder("Type a reply"))
        .input(
            Input::selection("time")
                .title("Again in")
                .default("15")
                .option("15", "a quarter of an hour")
                .option("60", "an hour"),
        )
        .button(Button::snooze().input_id("time"))
        .button(Button::dismiss().content("No"))
        .button(
            Button::new("Open", "https://example.org/")
                .activation_type(ActivationType::Protocol)
                .protocol_target("Example_8wekyb3d8bbwe")
                .after_activation(AfterActivation::PendingUpdate)
                .input_id("reply"),
        );
    let xml = xml(reminder);
    let actions = &xml[xml.find("<actions>").unwrap()..];
    assert_eq!(
        actions,
        "<actions><input id=\"reply\" type=\"text\" placeHolderContent=\"Type a reply\"/>\
         <input id=\"time\" type=\"selection\" title=\"Again in\" defaultInput=\"15\">\
         <selection id=\"15\" content=\"a quarter of an hour\"/><selection id=\"60\" content=\"an hour\"/></input>\
         <action content=\"\" arguments=\"snooze\" activationType=\"system\" hint-inputId=\"time\"/>\
         <action content=\"No\" arguments=\"dismiss\" activationType=\"system\"/>\
         <action content=\"Open\" arguments=\"https://example.org/\" activationType=\"protocol\" \
         afterActivationBehavior=\"pendingUpdate\" hint-inputId=\"reply\" \
         protocolActivationTargetApplicationPfn=\"Example_8wekyb3d8bbwe\"/></actions></toast>"
    );
}

#[test]
fn the_rest_of_a_toast_is_written_too() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_492_285_500_999);
    let toast = Toast::new("Download")
        .display_timestamp(time)
        .duration(ToastDuration::Long)
        .activation_type(ActivationType::Protocol)
        .visual(
            ToastVisual::new()
                .version(1)
                .lang("en-GB")
                .base_uri("https://example.org/")
                .add_image_query(true)
                .branding(Branding::NameAndLogo),
        )
        .binding(ToastBinding::new().fallback("ToastText01").lang("de"))
        .progress(
            Progress::new(0.25, "Downloading")
                .title("Song")
                .value_text("1/4"),
        )
        .progress(Progress::indeterminate("Waiting"))
        .audio(Audio::sound(Sound::LoopingAlarm2).repeat(true))
        .commands(
            Commands::alarm()
                .command(CommandId::Snooze)
                .command(Command::new(CommandId::Dismiss).arguments("x")),
        )
        .extra("hint-people", "mailto:ada@example.org");
    assert_eq!(
        xml(toast),
        "<toast displayTimestamp=\"2017-04-15T19:45:00Z\" duration=\"long\" activationType=\"protocol\" hint-people=\"mailto:ada@example.org\">\
         <visual version=\"1\" lang=\"en-GB\" baseUri=\"https://example.org/\" addImageQuery=\"true\" branding=\"nameAndLogo\">\
         <binding template=\"ToastGeneric\" fallback=\"ToastText01\" lang=\"de\"><text>Download</text>\
         <progress status=\"Downloading\" value=\"0.25\" title=\"Song\" valueStringOverride=\"1/4\"/>\
         <progress status=\"Waiting\" value=\"indeterminate\"/></binding></visual>\
         <audio src=\"ms-winsoundevent:Notification.Looping.Alarm2\" loop=\"true\"/>\
         <commands scenario=\"alarm\"><command id=\"snooze\"/><command id=\"dismiss\" arguments=\"x\"/></commands></toast>"
    );
    let asked = Toast::new("Tea").snooze_and_dismiss();
    assert!(xml(asked).contains("<actions hint-systemCommands=\"SnoozeAndDismiss\"/>"));
    assert!(xml(Toast::new("Tea").audio(Audio::none())).contains("<audio silent=\"true\"/>"));
}

#[test]
fn every_template_has_its_numbers_of_texts_and_images() {
    for (name, texts, images) in [
        ("ToastText01", 1, 0),
        ("ToastText02", 2, 0),
        ("ToastText03", 2, 0),
        ("ToastText04", 3, 0),
        ("ToastImageAndText01", 1, 1),
        ("ToastImageAndText02", 2, 1),
        ("ToastImageAndText03", 2, 1),
        ("ToastImageAndText04", 3, 1),
    ] {
        let template: ToastTemplate = name.parse().unwrap();
        assert_eq!(
            (template.texts(), template.images()),
            (texts, images),
            "{name}"
        );
        for given_texts in 0..=4_usize {
            for given_images in 0..=1_usize {
                let toast = TemplateToast::new(vec!["x"; given_texts]).template(template);
                let toast = if given_images == 1 {
                    toast.image("a.png")
                } else {
                    toast
                };
                let fits = (given_texts, given_images) == (texts, images);
                assert_eq!(Notification::from(toast).encode().is_ok(), fits, "{name}");
            }
        }
    }
    assert_eq!(ToastTemplate::ALL.len(), 8);
}

#[test]
fn a_template_is_chosen_by_what_is_there() {
    for (texts, image, name) in [
        (1, false, "ToastText01"),
        (2, false, "ToastText02"),
        (3, false, "ToastText04"),
        (1, true, "ToastImageAndText01"),
        (2, true, "ToastImageAndText02"),
        (3, true, "ToastImageAndText04"),
    ] {
        let toast = TemplateToast::new((1..=texts).map(|number| format!("text {number}")));
        let toast = if image { toast.image("a.png") } else { toast };
        let xml = xml(toast);
        assert!(xml.contains(&format!("template=\"{name}\"")), "{xml}");
        for number in 1..=texts {
            let text = format!("<text id=\"{number}\">text {number}</text>");
            assert!(xml.contains(&text), "{xml}");
        }
    }
    assert_eq!(
        problems(TemplateToast::new(["a", "b", "c", "d"])),
        ["the template_toast.texts has 4: the templates have 1, 2 or 3"]
    );
    assert_eq!(
        problems(TemplateToast::new(["a"]).template(ToastTemplate::ToastImageAndText03)),
        [
            "the template_toast.texts has 1: the template ToastImageAndText03 has 2, give as many (empty texts for those that stay empty)",
            "the template_toast.image has 0: the template ToastImageAndText03 has 1, give as many (empty texts for those that stay empty)",
        ]
    );
}

#[test]
fn the_limits_of_a_toast_are_told() {
    let mut toast = Toast::new("1");
    for text in ["2", "3", "4"] {
        toast = toast.text(text);
    }
    for number in 0..6 {
        let input = (0..6).fold(Input::selection(number.to_string()), |input, option| {
            input.option(option.to_string(), "")
        });
        toast = toast.input(input);
    }
    for number in 0..4 {
        toast = toast.button(Button::new("a", number.to_string()));
    }
    toast = toast
        .menu_item(Button::new("b", ""))
        .menu_item(Button::new("c", ""));
    let told = problems(toast);
    assert_eq!(told[0], "the toast.texts has 4: at most 3 are taken");
    assert_eq!(told[1], "the toast.inputs has 6: at most 5 are taken");
    assert_eq!(
        told[2],
        "the toast.inputs[0].selections has 6: at most 5 are taken"
    );
    assert_eq!(told[8], "the toast.buttons has 6: at most 5 are taken");
    assert_eq!(told.len(), 9);
    assert_eq!(
        problems(Toast::default()),
        ["the toast.texts is empty: give at least one"]
    );
}

#[test]
fn what_belongs_together_is_asked_for() {
    let toast = Toast::new("a")
        .activation_type(ActivationType::System)
        .input(Input::text("a").option("1", "x"))
        .input(
            Input::selection("a")
                .default("2")
                .option("1", "x")
                .option("1", "y"),
        )
        .input(Input::selection("\u{1}").default("x"))
        .button(Button::new("", "x"))
        .button(
            Button::new("x", "x")
                .style(ButtonStyle::Critical)
                .input_id("b"),
        )
        .button(Button::new("x", "x").activation_type(ActivationType::System))
        .button(Button::snooze().input_id("a"))
        .button(
            Button::new("x", "x")
                .protocol_target("x")
                .input_id("a")
                .context_menu(),
        )
        .audio(Audio::sound(Sound::LoopingCall).repeat(true))
        .header(ToastHeader::new("", "", "").activation_type(ActivationType::Background))
        .commands(Commands::incoming_call().command(CommandId::Snooze))
        .progress(Progress::new(1.5, ""))
        .progress(Progress::new(f64::NAN, "x"));
    assert_eq!(
        problems(toast),
        [
            "the toast.activation_type is \"system\": give foreground, background or protocol",
            "the toast.body[0].status is empty: give a text",
            "the toast.body[0].value is \"1.5\": give 0.0 to 1.0, or indeterminate",
            "the toast.body[1].value is \"NaN\": give 0.0 to 1.0, or indeterminate",
            "the toast.inputs[0].selections is given to a box for text: leave it out",
            "the toast.inputs[1].selections[1].id is \"1\", as another one is: give each its own",
            "the toast.inputs[1].default is \"2\": give the id of one of the selections",
            "the toast.inputs[2].selections is empty: give at least one",
            "the toast.inputs[2].default is \"x\": give the id of one of the selections",
            "the toast.inputs[1].id is \"a\", as another one is: give each its own",
            "the toast.inputs[2].id is empty: give a name",
            "the toast.buttons[0].content is empty: give a label, or an icon by image_uri",
            "the toast.buttons[1].style needs use_button_style of the toast: give it too, or leave this out",
            "the toast.buttons[1].input_id is \"b\": give the id of an input of the toast",
            "the toast.buttons[2].arguments is \"x\": give snooze or dismiss, which is what Windows does by itself",
            "the toast.buttons[3].input_id is \"a\": give the id of an input whose selections have minutes as ids, such as 15",
            "the toast.buttons[4].protocol_target needs the activation type protocol: give it too, or leave this out",
            "the toast.buttons[4].input_id is given to an entry of the context menu: leave it out",
            "the toast.audio.repeat needs a toast of the duration long: give it too, or leave this out",
            "the toast.header.id is empty: give a name",
            "the toast.header.activation_type is \"background\": give foreground or protocol",
            "the toast.commands.commands[0].id is \"snooze\": give video, voice or decline for a call",
        ]
    );
    let beside = Toast::new("a")
        .snooze_and_dismiss()
        .input(Input::text("a"))
        .button(Button::new("x", "x"));
    assert_eq!(
        problems(beside),
        [
            "the toast.inputs is given beside snooze_and_dismiss, by which Windows makes them: leave it out",
            "the toast.buttons is given beside snooze_and_dismiss, by which Windows makes them: leave it out",
        ]
    );
}

#[test]
fn addresses_numbers_and_attributes_are_checked_wherever_they_stand() {
    let column = Subgroup::new()
        .weight(101)
        .image("data:image/png,x")
        .text(Text::new("x").min_lines(3).max_lines(2))
        .extra("hint-weight", "5");
    let toast = Toast::new(ToastText::new("a").max_lines(0))
        .visual(ToastVisual::new().base_uri("Assets/"))
        .logo(Image::new("").overlay(20))
        .group(Group::new().subgroup(column))
        .group(Group::new())
        .binding(ToastBinding::new().extra("template", "x"))
        .audio(Audio::file("https://example.org/ring.mp3"))
        .launch("x")
        .extra("launch", "y")
        .extra("no name", "z")
        .extra("xmlns", "z");
    let told = problems(toast);
    let fields: Vec<&str> = told
        .iter()
        .map(|told| told.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "toast.extra.launch",
            "toast.extra.no",
            "toast.extra.xmlns",
            "toast.visual.base_uri",
            "toast.binding.extra.template",
            "toast.texts[0].max_lines",
            "toast.logo.src",
            "toast.logo.overlay",
            "toast.body[0].subgroups[0].extra.hint-weight",
            "toast.body[0].subgroups[0].weight",
            "toast.body[0].subgroups[0].items[0].src",
            "toast.body[0].subgroups[0].items[1].min_lines",
            "toast.body[1].subgroups",
            "toast.audio.src",
        ],
        "{told:#?}"
    );
    assert_eq!(
        told[1],
        "the toast.extra.no name is no name of an attribute: give one of letters, digits, - , _ and full stops, without a prefix"
    );
}

#[test]
fn a_time_without_four_digits_for_its_year_is_told() {
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    let toast = Toast::new("a").display_timestamp(far);
    assert_eq!(
        problems(toast.clone()),
        [
            "the toast.display_timestamp is \"a time of another age\": give one of the years 0 to 9999"
        ]
    );
    assert!(serde_json::to_string(&toast).is_err());
}
