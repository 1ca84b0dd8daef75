//! Tiles: documented samples, the old templates, and what is refused.
#![allow(clippy::unwrap_used)]

use push_wns::*;

fn xml(tile: Tile) -> String {
    let encoded = Notification::tile(tile).encode().unwrap();
    String::from_utf8(encoded.body().to_vec()).unwrap()
}

fn problems(tile: Tile) -> Vec<String> {
    let invalid = Notification::tile(tile).encode().unwrap_err();
    invalid.problems().iter().map(ToString::to_string).collect()
}

/// After Microsoft, "Create adaptive tiles" and "Adaptive tile templates: schema and guidance".
#[test]
fn an_adaptive_tile_has_all_its_attributes() {
    let medium = TileBinding::medium()
        .text(
            Text::new("Ada & Charles")
                .style(TextStyle::Subtitle)
                .wrap(true)
                .max_lines(3)
                .min_lines(1)
                .align(TextAlign::Center)
                .lang("en-GB"),
        )
        .background(Image::new("Assets/sea.jpg").overlay(60))
        .peek(
            Image::new("https://example.org/ada.png")
                .overlay(20)
                .crop(Crop::Circle),
        )
        .text_stacking(TextStacking::Bottom)
        .overlay(30)
        .branding(Branding::Name);
    let wide = TileBinding::wide()
        .group(
            Group::new()
                .subgroup(
                    Subgroup::new().weight(33).image(
                        Image::new("ada.png")
                            .align(ImageAlign::Left)
                            .remove_margin(true)
                            .add_image_query(false),
                    ),
                )
                .subgroup(
                    Subgroup::new()
                        .text_stacking(TextStacking::Center)
                        .text("Hi"),
                ),
        )
        .lock_detailed_status1("1 letter")
        .lock_detailed_status2("from Ada")
        .lock_detailed_status3("<3");
    let tile = Tile::new(medium).binding(wide).visual(
        TileVisual::new()
            .branding(Branding::NameAndLogo)
            .display_name("Letters")
            .content_id("7")
            .arguments("letter=7"),
    );
    assert_eq!(
        xml(tile),
        "<tile><visual branding=\"nameAndLogo\" contentId=\"7\" displayName=\"Letters\" arguments=\"letter=7\">\
         <binding template=\"TileMedium\" branding=\"name\" hint-textStacking=\"bottom\" hint-overlay=\"30\">\
         <image placement=\"background\" src=\"Assets/sea.jpg\" hint-overlay=\"60\"/>\
         <image placement=\"peek\" src=\"https://example.org/ada.png\" hint-crop=\"circle\" hint-overlay=\"20\"/>\
         <text lang=\"en-GB\" hint-style=\"subtitle\" hint-wrap=\"true\" hint-maxLines=\"3\" hint-minLines=\"1\" hint-align=\"center\">Ada &amp; Charles</text></binding>\
         <binding template=\"TileWide\" hint-lockDetailedStatus1=\"1 letter\" hint-lockDetailedStatus2=\"from Ada\" hint-lockDetailedStatus3=\"&lt;3\">\
         <group><subgroup hint-weight=\"33\"><image src=\"ada.png\" addImageQuery=\"false\" hint-align=\"left\" hint-removeMargin=\"true\"/></subgroup>\
         <subgroup hint-textStacking=\"center\"><text>Hi</text></subgroup></group></binding></visual></tile>"
    );
}

/// Every template of Microsoft's catalogue, as images/texts.
#[test]
fn every_template_has_its_numbers_of_images_and_texts() {
    let catalogue = [
        (
            "TileSquare150x150",
            "Image 1/0; Block 0/2; Text01 0/4; Text02 0/2; Text03 0/4; Text04 0/1; \
             PeekImageAndText01 1/4; PeekImageAndText02 1/2; PeekImageAndText03 1/4; \
             PeekImageAndText04 1/1",
        ),
        (
            "TileWide310x150",
            "Image 1/0; ImageCollection 5/0; ImageAndText01 1/1; ImageAndText02 1/2; \
             BlockAndText01 0/6; BlockAndText02 0/3; PeekImageCollection01 5/2; \
             PeekImageCollection02 5/5; PeekImageCollection03 5/1; PeekImageCollection04 5/1; \
             PeekImageCollection05 6/2; PeekImageCollection06 6/1; PeekImageAndText01 1/1; \
             PeekImageAndText02 1/5; PeekImage01 1/2; PeekImage02 1/5; PeekImage03 1/1; \
             PeekImage04 1/1; PeekImage05 2/2; PeekImage06 2/1; SmallImageAndText01 1/1; \
             SmallImageAndText02 1/5; SmallImageAndText03 1/1; SmallImageAndText04 1/2; \
             SmallImageAndText05 1/2; Text01 0/5; Text02 0/9; Text03 0/1; Text04 0/1; Text05 0/5; \
             Text06 0/10; Text07 0/9; Text08 0/10; Text09 0/2; Text10 0/9; Text11 0/10",
        ),
        (
            "TileSquare310x310",
            "BlockAndText01 0/9; BlockAndText02 1/7; Image 1/0; ImageAndText01 1/1; \
             ImageAndText02 1/2; ImageAndTextOverlay01 1/1; ImageAndTextOverlay02 1/2; \
             ImageAndTextOverlay03 1/4; ImageCollection 5/0; ImageCollectionAndText01 5/1; \
             ImageCollectionAndText02 5/2; SmallImagesAndTextList01 3/9; \
             SmallImagesAndTextList02 3/3; SmallImagesAndTextList03 3/6; \
             SmallImagesAndTextList04 3/6; SmallImagesAndTextList05 3/10; SmallImageAndText01 1/3; \
             Text01 0/10; Text02 0/19; Text03 0/11; Text04 0/22; Text05 0/19; Text06 0/22; \
             Text07 0/19; Text08 0/22; Text09 0/5; TextList01 0/9; TextList02 0/3; TextList03 0/6",
        ),
        (
            "Tile",
            "Square71x71IconWithBadge 1/0; Square71x71Image 1/0; Square150x150IconWithBadge 1/0; \
             Wide310x150IconWithBadgeAndText 1/3; Tall150x310Image 1/0",
        ),
    ];
    let mut seen = 0;
    for (family, members) in catalogue {
        for member in members.split("; ") {
            let (rest, counts) = member.trim().split_once(' ').unwrap();
            let (images, texts) = counts.split_once('/').unwrap();
            let (images, texts): (usize, usize) = (images.parse().unwrap(), texts.parse().unwrap());
            let name = format!("{family}{rest}");
            let template: TileTemplate = name.parse().unwrap();
            assert_eq!(template.as_str(), name);
            assert_eq!(
                (template.images(), template.texts()),
                (images, texts),
                "{name}"
            );
            seen += 1;

            let filled = |images: usize, texts: usize| {
                let binding = TemplateBinding::new(template).texts(vec!["x"; texts]);
                let images = std::iter::repeat_n("a.png", images);
                Tile::new(images.fold(binding, TemplateBinding::image))
            };
            let xml = xml(filled(images, texts));
            assert_eq!(xml.matches("<image id=").count(), images, "{xml}");
            assert_eq!(xml.matches("<text id=").count(), texts, "{xml}");
            assert_eq!(problems(filled(images, texts + 1)).len(), 1);
            assert_eq!(problems(filled(images + 1, texts)).len(), 1);
            if let Some(texts) = texts.checked_sub(1) {
                assert_eq!(problems(filled(images, texts)).len(), 1);
            }
        }
    }
    assert_eq!(TileTemplate::ALL.len(), seen);
}

#[test]
fn a_template_has_the_names_of_its_versions() {
    let tile = |template, version: Option<u32>| {
        let binding = TemplateBinding::new(template).text("x");
        let binding = if template.images() > 0 {
            binding.image("a.png")
        } else {
            binding
        };
        let visual = TileVisual::new();
        Tile::new(binding).visual(match version {
            Some(version) => visual.version(version),
            None => visual,
        })
    };
    let wide = TileTemplate::TileWide310x150ImageAndText01;
    assert!(xml(tile(wide, None)).contains(
        "<visual version=\"2\"><binding template=\"TileWide310x150ImageAndText01\" fallback=\"TileWideImageAndText01\">"
    ));
    assert!(
        xml(tile(wide, Some(1)))
            .contains("<visual version=\"1\"><binding template=\"TileWideImageAndText01\">")
    );
    let large = TileTemplate::TileSquare310x310ImageAndText01;
    assert!(xml(tile(large, None)).contains(
        "<visual version=\"2\"><binding template=\"TileSquare310x310ImageAndText01\"><image"
    ));
    assert_eq!(
        problems(tile(large, Some(1))),
        ["the tile.visual.version is 1: TileSquare310x310ImageAndText01 needs version 2 or later"]
    );
    assert_eq!(
        "TileSquareText04".parse(),
        Ok(TileTemplate::TileSquare150x150Text04)
    );
    assert!("TileSquareText05".parse::<TileTemplate>().is_err());
    let lean = TemplateBinding::new(TileTemplate::TileSquare150x150Text04)
        .text("x")
        .without_fallback();
    assert!(!xml(Tile::new(lean)).contains("fallback"));
}

/// After Microsoft, "Special tile templates": an icon beside an adaptive binding.
#[test]
fn old_and_new_bindings_stand_in_one_tile() {
    let icon = TemplateBinding::new(TileTemplate::TileSquare150x150IconWithBadge)
        .image(Image::new("Iconic.png").alt("mail"));
    let tile = Tile::new(icon.clone()).binding(TileBinding::wide().text("7 letters"));
    assert_eq!(
        xml(tile),
        "<tile><visual version=\"3\"><binding template=\"TileSquare150x150IconWithBadge\">\
         <image id=\"1\" src=\"Iconic.png\" alt=\"mail\"/></binding>\
         <binding template=\"TileWide\"><text>7 letters</text></binding></visual></tile>"
    );
    let square = TemplateBinding::new(TileTemplate::TileSquare150x150Text04).text("x");
    let both = xml(Tile::new(square).binding(icon.clone()));
    assert!(both.starts_with("<tile><visual version=\"3\">"), "{both}");
    let old = Tile::new(icon).visual(TileVisual::new().version(2));
    assert_eq!(
        problems(old),
        ["the tile.visual.version is 2: TileSquare150x150IconWithBadge needs version 3"]
    );
    let photos = TileBinding::large()
        .presentation(Presentation::Photos)
        .image("a.jpg")
        .image("b.jpg");
    assert!(xml(Tile::new(photos)).contains(
        "<binding template=\"TileLarge\" hint-presentation=\"photos\"><image src=\"a.jpg\"/>"
    ));
    assert_eq!(
        xml(Tile::new(TileBinding::small())),
        "<tile><visual><binding template=\"TileSmall\"/></visual></tile>"
    );
}

#[test]
fn what_windows_would_not_show_is_told() {
    let people = (0..10).fold(
        TileBinding::medium().presentation(Presentation::People),
        |binding, _| binding.image("a.png"),
    );
    let tile = Tile::new(people)
        .binding(TileBinding::small().presentation(Presentation::People))
        .binding(
            TileBinding::large()
                .presentation(Presentation::Photos)
                .text("x")
                .overlay(101)
                .lock_detailed_status1("x"),
        )
        .binding(
            TileBinding::large()
                .background(Image::new("x y").overlay(200))
                .image(Image::new("a.png").overlay(5)),
        );
    assert_eq!(
        problems(tile),
        [
            "the tile.bindings[3].size is \"TileLarge\", as another one is: give each its own",
            "the tile.bindings[0].items has 10: at most 9 are taken",
            "the tile.bindings[1].presentation is \"people\": give photos on a small tile, which does not show people",
            "the tile.bindings[2].overlay is \"101\": give 0 to 100",
            "the tile.bindings[2].lock_detailed_status1 is given to another tile than a wide one: leave it out",
            "the tile.bindings[2].items is \"a text or a group\": give nothing but images with a presentation",
            "the tile.bindings[3].background.src is \"x y\": give an address that begins with https://, http://, ms-appx:///, ms-appdata:///local/ or file:///, or a relative one, without white space",
            "the tile.bindings[3].background.overlay is \"200\": give 0 to 100",
            "the tile.bindings[3].items[0].overlay is given for an image that is neither the background of a tile nor peeks in: leave it out",
        ]
    );
    assert_eq!(
        problems(Tile::default()),
        ["the tile.bindings is empty: give at least one"]
    );
}
