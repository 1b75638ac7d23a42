use std::collections::BTreeSet;

use super::sample::{RENAMES, SAMPLE, System, schema};
use crate::config::*;

#[test]
fn every_wrong_leaf_is_refused_at_exactly_that_leaf() {
    let schema = schema();
    let mutations = mutations(&schema, SAMPLE).unwrap();
    for Mutation { path, text, what, line, column } in &mutations {
        let document = Document::from_text("run.toml", text).unwrap_or_else(|e| panic!("{}", e.report()));
        let Err(error) = read::<System>(&document, &schema, &|_| true, RENAMES) else {
            panic!("{what} for `{path}` is accepted:\n{text}")
        };
        let found = error.location();
        assert_eq!(found, Some(("run.toml", *line, *column)), "{what} for `{path}`\n{}", error.report());
    }
    let paths: BTreeSet<&str> = mutations.iter().map(|mutation| mutation.path.as_str()).collect();
    let text = SAMPLE.lines().filter(|line| line.contains(" = "));
    assert!(paths.len() >= text.count() + 8, "every key, and the items of lists: {paths:#?}");
    assert!(mutations.len() > 6 * paths.len(), "{} for {} keys", mutations.len(), paths.len());
}

#[test]
fn mutations_are_made_of_defaults_and_arguments_alike() {
    let defaults = Document::built_in("built-in defaults", SAMPLE).unwrap();
    for (argument, column) in [
        ("device.layers=[{ thickness = 1 }]", 30),
        ("device.start=[0.5, P]", 20),
        ("array.drivers.word.amplitude=2 A", 30),
        ("training.pulse={ values = [2] }", 28),
        ("device.wrong.key=1", 8),
    ] {
        let error = match Document::set(argument) {
            Ok(set) => read::<System>(&set.over(&defaults), &schema(), &|_| true, RENAMES).unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.location(), Some(("--set", 1, column)), "{}", error.report());
    }
}

proptest::proptest! {
    /// Cut, doubled and altered texts give faults or a configuration, never a panic, and reports render.
    #[test]
    fn damaged_texts_never_panic(
        cut in 0..SAMPLE.len(),
        at in 0..SAMPLE.len(),
        with in "[\\x00-\\x7f«µ]{0,4}|[\\[\\]{}=.\"]{1,6}",
        argument in "([a-z]{0,3}[.=\\[\\] «]){0,4}[ -~«]{0,6}",
    ) {
        let mut text = SAMPLE.to_string();
        text.replace_range(at..=at, &with);
        let kept: String = text.chars().take(cut.max(cut / 2 + 200)).collect();
        let base = Document::built_in("defaults", SAMPLE).unwrap();
        for text in [&kept, &text] {
            let document = Document::from_text("run.toml", text).map(|document| document.over(&base));
            let set = Document::set(&argument);
            let document = document.and_then(|document| Ok(set?.over(&document)));
            let read = document.and_then(|d| read::<System>(&d, &schema(), &|_| true, RENAMES));
            if let Err(error) = read {
                proptest::prop_assert!(!error.report().is_empty());
            }
        }
    }
}
