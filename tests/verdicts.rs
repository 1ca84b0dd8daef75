//! What to do after a push, at every service: `docs/verdicts.md` says what the code does.
//!
//! Each answer that a service can give is read as a client reads it, and its verdict goes into a page, which has
//! to be the one in `docs/`. `ANYPUSH_WRITE_DOCS=1 cargo test --features full --test verdicts` writes it anew.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod common;

#[path = "verdicts/apns.rs"]
mod apns;
#[path = "verdicts/canned.rs"]
mod canned;
#[path = "verdicts/fcm.rs"]
mod fcm;
#[path = "verdicts/gateway.rs"]
mod gateway;
#[path = "verdicts/gcm.rs"]
mod gcm;
#[path = "verdicts/matrix.rs"]
mod matrix;
#[path = "verdicts/page.rs"]
mod page;
#[path = "verdicts/unanswered.rs"]
mod unanswered;
#[path = "verdicts/web.rs"]
mod web;
#[path = "verdicts/wns.rs"]
mod wns;

use std::path::Path;

use common::{Stack, on_tokio};
use page::Section;

/// What stands before the tables.
const HEAD: &str = include_str!("verdicts/head.md");

#[test]
fn the_page_of_verdicts_says_what_the_code_does() {
    on_tokio(Stack::Rustls, |backend| async move {
        let sections = [
            apns::section(backend.clone()).await,
            gateway::section(backend.clone()).await,
            fcm::section(backend.clone()).await,
            gcm::section(backend.clone()).await,
            wns::section(backend.clone()).await,
            web::section(backend).await,
        ];
        let unanswered = unanswered::section();
        compare(&page(&sections, &unanswered));
    });
}

fn page(sections: &[Section], unanswered: &Section) -> String {
    let mut page = String::from(HEAD);
    page.push_str(&matrix::table(sections));
    for section in sections.iter().chain([unanswered]) {
        page.push('\n');
        page.push_str(&section.to_string());
    }
    page
}

/// The page is that in `docs/`, or is written there where that is asked for.
fn compare(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verdicts.md");
    if std::env::var_os("ANYPUSH_WRITE_DOCS").is_some_and(|write| write == "1") {
        std::fs::write(&path, page).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let pairs = kept.lines().zip(page.lines());
    let differs = pairs.into_iter().find(|(kept, made)| kept != made);
    if let Some((kept, made)) = differs {
        panic!("docs/verdicts.md says\n{kept}\nwhere the code does\n{made}\n{AGAIN}");
    }
    assert_eq!(
        kept.len(),
        page.len(),
        "docs/verdicts.md has another end. {AGAIN}"
    );
}

const AGAIN: &str =
    "If the code is right: ANYPUSH_WRITE_DOCS=1 cargo test --features full --test verdicts";
