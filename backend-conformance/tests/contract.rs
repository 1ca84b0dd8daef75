//! The contracts of the traits and the cases of the suite name each other.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use backend_conformance::cases;

const SOURCES: [&str; 2] = [
    include_str!("../../push-core/src/backend.rs"),
    include_str!("../../push-core/src/compose.rs"),
];

/// The items of all `# Contract` lists, each in one line.
fn items() -> Vec<String> {
    let mut items = Vec::<String>::new();
    for source in SOURCES {
        let mut inside = false;
        for line in source.lines() {
            match line.strip_prefix("///").map(str::trim) {
                Some("# Contract") => inside = true,
                Some(text) if inside && text.starts_with("- ") => items.push(text.to_owned()),
                Some(text) if inside => {
                    let item = items.last_mut().unwrap();
                    item.push(' ');
                    item.push_str(text);
                }
                Some(_) => {}
                None => inside = false,
            }
        }
    }
    items
}

/// The cases that an item names at its end: (case `this`), (cases `this`, `that`).
fn named(item: &str) -> Vec<&str> {
    let cases = item.rsplit_once("(case").map_or("", |(_, cases)| cases);
    cases.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_item_of_a_contract_names_its_cases() {
    let items = items();
    assert!(items.len() > 30, "only {} items were found", items.len());
    let without = items
        .iter()
        .filter(|item| named(item).is_empty())
        .collect::<Vec<_>>();
    assert!(without.is_empty(), "no case checks these: {without:#?}");
}

#[test]
fn the_contracts_name_the_cases_that_there_are() {
    let items = items();
    let named = items
        .iter()
        .flat_map(|item| named(item))
        .collect::<BTreeSet<_>>();
    let there_are = cases()
        .iter()
        .map(|case| case.name())
        .collect::<BTreeSet<_>>();
    let (unknown, unnamed) = (&named - &there_are, &there_are - &named);
    assert!(
        unknown.is_empty() && unnamed.is_empty(),
        "there are no cases {unknown:?}, and no contract names {unnamed:?}"
    );
}

#[test]
fn no_two_cases_have_the_same_name() {
    let names = cases()
        .iter()
        .map(|case| case.name())
        .collect::<BTreeSet<_>>();
    assert_eq!(names.len(), cases().len());
}
