use super::{Findings, Type, check};

fn toast(inner: &str) -> Findings {
    check(Type::Toast, format!("<toast>{inner}</toast>").as_bytes())
}

/// A toast of today with this in its binding.
fn generic(inner: &str) -> Findings {
    toast(&format!(
        "<visual><binding template='ToastGeneric'>{inner}</binding></visual>"
    ))
}

/// A toast of an old template.
fn old(template: &str, inner: &str) -> Findings {
    toast(&format!(
        "<visual><binding template='{template}'>{inner}</binding></visual>"
    ))
}

fn tile(binding: &str) -> Findings {
    let xml = format!("<tile><visual version='2'>{binding}</visual></tile>");
    check(Type::Tile, xml.as_bytes())
}

#[track_caller]
fn is_good(findings: &Findings) {
    assert_eq!(findings, &Findings::default());
}

#[track_caller]
fn is_wrong(findings: &Findings, part: &str) {
    let found = findings.wrong.iter().any(|line| line.contains(part));
    assert!(found, "no {part:?} in {findings:?}");
}

#[track_caller]
fn is_noted(findings: &Findings, part: &str) {
    let found = findings.notes.iter().any(|line| line.contains(part));
    assert!(
        found && findings.wrong.is_empty(),
        "no {part:?} in {findings:?}"
    );
}

#[test]
fn a_whole_toast_of_today_is_good() {
    let xml = r#"<?xml version="1.0" encoding="utf-8"?>
      <toast launch="a=1&amp;b=2" scenario="reminder" displayTimestamp="2017-04-15T19:45:00Z"
             useButtonStyle="true" duration="long" activationType="foreground">
        <visual lang="en-US" baseUri="ms-appx:///Assets/" addImageQuery="false">
          <binding template="ToastGeneric">
            <text hint-maxLines="1">One</text> <text>Two</text> <text/>
            <text placement="attribution">Via SMS</text>
            <image src="a.png" alt="An image"/>
            <image src="https://a.example/b" placement="hero"/>
            <image src="ms-appdata:///local/c" placement="appLogoOverride" hint-crop="circle"/>
            <group>
              <subgroup hint-weight="1" hint-textStacking="center">
                <text hint-style="captionSubtle" hint-wrap="true" hint-align="center">x</text>
                <image src="d" hint-removeMargin="true" hint-align="stretch"/>
              </subgroup>
            </group>
            <progress title="T" status="Going on" value="0.6" valueStringOverride="6/10"/>
          </binding>
        </visual>
        <actions>
          <input id="t" type="text" placeHolderContent="Say" title="x"/>
          <input id="s" type="selection" defaultInput="2">
            <selection id="1" content="one"/><selection id="2" content="two"/>
          </input>
          <action content="Send" arguments="a" activationType="background" hint-inputId="t"
                  imageUri="e.png" hint-buttonStyle="Success" afterActivationBehavior="pendingUpdate"/>
          <action content="" arguments="snooze" activationType="system" hint-inputId="s"/>
          <action content="More" arguments="" placement="contextMenu"/>
        </actions>
        <audio src="ms-winsoundevent:Notification.Looping.Alarm2" loop="true"/>
        <header id="h" title="Camping" arguments="open" activationType="foreground"/>
      </toast>"#;
    is_good(&check(Type::Toast, xml.as_bytes()));
}

#[test]
fn what_is_no_document_of_its_type_is_refused() {
    let refused = |kind, xml: &str, part: &str| is_wrong(&check(kind, xml.as_bytes()), part);
    refused(Type::Toast, "", "not well formed");
    refused(Type::Toast, "<toast>", "not well formed");
    refused(Type::Toast, "<toast/><toast/>", "not well formed");
    refused(Type::Toast, "<!DOCTYPE toast><toast/>", "not well formed");
    refused(Type::Toast, "<toast>&nbsp;</toast>", "not well formed");
    refused(
        Type::Toast,
        "<tile/>",
        "the root of wns/toast is <toast>, not <tile>",
    );
    refused(Type::Tile, "<Tile/>", "not <Tile>");
    refused(Type::Toast, "<toast xmlns='urn:x'/>", "namespace");
    refused(Type::Badge, "<badge/>", "has no value");
    is_wrong(
        &check(Type::Toast, b"<toast>\xff</toast>"),
        "UTF-8 at byte 7",
    );
}

#[test]
fn elements_stand_where_they_belong_and_often_enough() {
    is_wrong(&toast(""), "<toast> has no <visual>");
    is_wrong(&toast("<visual/>"), "<visual> has no <binding>");
    is_wrong(&toast("<visual/><visual/>"), "2 <visual>");
    is_wrong(&toast("<visual>text</visual>"), "text stands in it");
    is_wrong(&toast("<sound/>"), "<sound> does not belong in <toast>");
    is_wrong(
        &generic("<text><b>x</b></text>"),
        "<b> does not belong in <text>",
    );
    is_wrong(&generic("<group/>"), "<group> has no <subgroup>");
    is_wrong(
        &generic("<x:text xmlns:x='urn:x'/>"),
        "<text> does not belong",
    );
    is_wrong(&generic("<text/><text/><text/><text/>"), "4 <text> outside");
    is_wrong(
        &generic("<text placement='attribution'/><text placement='attribution'/>"),
        "attribution",
    );
    is_wrong(
        &generic("<image src='a' placement='hero'/><image src='b' placement='hero'/>"),
        "hero",
    );
    let two = "<binding template='ToastGeneric'/><binding template='ToastGeneric'/>";
    is_wrong(
        &toast(&format!("<visual>{two}</visual>")),
        "several bindings",
    );
    let six = "<action content='' arguments=''/>".repeat(6);
    is_wrong(&toast(&format!("<actions>{six}</actions>")), "6 <action>");
}

#[test]
fn attributes_are_known_and_have_values_that_they_can_have() {
    is_wrong(
        &generic("<text hint-wrapp='true'/>"),
        "no attribute hint-wrapp",
    );
    is_wrong(&generic("<image/>"), "no src");
    is_wrong(&generic("<image src='ftp://a'/>"), "src of <image> is");
    is_wrong(
        &generic("<image src='a' hint-crop='square'/>"),
        "none, circle",
    );
    is_wrong(&generic("<progress status='s' value='50'/>"), "0.0 to 1.0");
    is_wrong(&generic("<progress value='0.5'/>"), "no status");
    is_wrong(
        &check(Type::Toast, b"<toast duration='forever'/>"),
        "short, long",
    );
    is_noted(
        &generic("<image src='a' hint-crop='Circle'/>"),
        "written circle",
    );
    is_good(&generic(
        "<text xml:lang='de' xml:space='preserve'>x</text>",
    ));
}

#[test]
fn actions_fit_their_inputs() {
    let actions = |inner: &str| {
        let visual = "<visual><binding template='ToastGeneric'/></visual>";
        toast(&format!("{visual}<actions>{inner}</actions>"))
    };
    is_wrong(
        &actions("<action content='' arguments='' hint-inputId='x'/>"),
        "hint-inputId names no input: x",
    );
    is_wrong(
        &actions("<action content='' arguments='go' activationType='system'/>"),
        "snooze or dismiss",
    );
    is_wrong(
        &actions("<input id='a' type='selection'/>"),
        "no <selection>",
    );
    is_wrong(
        &actions("<input id='a' type='text'><selection id='b' content='c'/></input>"),
        "type text has <selection>",
    );
    is_wrong(
        &actions("<input id='a' type='text'/><input id='a' type='text'/>"),
        "several inputs",
    );
    is_wrong(
        &actions("<action content='' arguments='' hint-buttonStyle='success'/>"),
        "written Success",
    );
    is_noted(
        &actions("<action content='' arguments='' hint-buttonStyle='Success'/>"),
        "useButtonStyle",
    );
    is_wrong(&toast("<audio loop='true'/>"), "duration long");
}

#[test]
fn an_old_template_has_its_numbers_of_texts_and_images() {
    is_good(&old("ToastText01", "<text id='1'>Hello</text>"));
    is_good(&old(
        "ToastImageAndText02",
        "<image id='1' src=''/><text id='1'/><text id='2'/>",
    ));
    is_wrong(
        &old("ToastText01", "<text id='1'/><text id='2'/>"),
        "1 text and 0 images, not 2 texts",
    );
    is_wrong(
        &old("ToastText02", "<text id='1'/>"),
        "2 texts and 0 images, not 1 text",
    );
    is_wrong(
        &old("ToastImageAndText01", "<text id='1'/>"),
        "1 image, not 1 text and 0 images",
    );
    is_wrong(
        &old("ToastText02", "<text id='1'/><text id='1'/>"),
        "ids of <text>",
    );
    is_wrong(&old("ToastText01", "<text id='2'/>"), "ids of <text>");
    is_wrong(
        &old("ToastText05", ""),
        "no template of toasts is called ToastText05",
    );
    is_wrong(
        &old("ToastText01", "<text id='1' hint-wrap='true'/>"),
        "no attribute hint-wrap",
    );
    is_noted(&old("ToastText01", "<text>Hello</text>"), "no id");
}

#[test]
fn what_django_takes_for_images_is_passed_over() {
    let img = "<text id='1'>a</text><img src='src1' id='1'/>";
    is_noted(&old("ToastText01", img), "an image is <image>");
    is_noted(&old("ToastImageAndText01", img), "an image is <image>");
    is_noted(&generic(img), "an image is <image>");
}

#[test]
fn tiles_of_today_and_of_old_are_good() {
    let xml = r#"<binding template="TileMedium" branding="nameAndLogo" hint-textStacking="center">
        <image src="a" placement="background" hint-overlay="60"/>
        <image src="b" placement="peek"/>
        <text hint-style="headerNumeralSubtle">9</text>
      </binding>
      <binding template="TileWide" hint-lockDetailedStatus1="x"><group><subgroup/></group></binding>
      <binding template="TileLarge" hint-presentation="photos"><image src="a"/></binding>
      <binding template="TileSquare150x150Text02" fallback="TileSquareText02">
        <text id="1">a</text><text id="2">b</text>
      </binding>"#;
    is_good(&tile(xml));
    let first = "<tile><visual><binding template='TileSquareText04'><text id='1'>a</text></binding></visual></tile>";
    is_good(&check(Type::Tile, first.as_bytes()));
}

#[test]
fn tiles_are_looked_at_as_closely() {
    let one = |name: &str, more: &str| tile(&format!("<binding template='{name}' {more}/>"));
    is_wrong(
        &one("TileHuge", ""),
        "no template of tiles is called TileHuge",
    );
    is_wrong(&one("TileMedium", "hint-overlay='101'"), "0 to 100");
    is_wrong(&one("TileWide310x150Text04", ""), "1 text");
    is_wrong(
        &one("TileSquare150x150Image", "fallback='TileWideImage'"),
        "is TileSquareImage",
    );
    is_wrong(&one("TileSquare71x71Image", ""), "needs the version 3");
    is_noted(
        &one("TileMedium", "hint-lockDetailedStatus1='x'"),
        "TileWide only",
    );
    is_wrong(
        &tile("<binding template='TileSmall'><actions/></binding>"),
        "<actions>",
    );
    let new = "<tile><visual><binding template='TileSquare150x150Text04'><text id='1'/></binding></visual></tile>";
    is_wrong(&check(Type::Tile, new.as_bytes()), "needs the version 2");
    let images = "<image src='a'/>".repeat(13);
    is_wrong(
        &tile(&format!(
            "<binding template='TileLarge' hint-presentation='photos'>{images}</binding>"
        )),
        "at most 12",
    );
}

#[test]
fn a_badge_is_a_number_or_one_of_the_glyphs() {
    let badge = |value: &str| {
        let xml = format!("<badge value='{value}'/>");
        check(Type::Badge, xml.as_bytes())
    };
    for good in ["0", "1", "100", "none", "newMessage"] {
        is_good(&badge(good));
    }
    for bad in ["", "-1", "newmessage", "1.5"] {
        is_wrong(&badge(bad), "not a number nor one of");
    }
}

#[test]
fn no_more_is_told_than_is_read() {
    let many = "<b/>".repeat(500);
    assert_eq!(toast(&many).wrong.len(), super::MOST);
}
