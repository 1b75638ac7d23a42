//! A run beside its archived results.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::case::{Case, golden};
use crate::rendering::render;

/// Differing lines that are printed.
const SHOWN: usize = 10;
/// Characters of a line printed around the first that differs.
const WINDOW: usize = 160;

/// Runs the case and compares it with its archived results, or writes these anew.
pub fn check(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let directory = Case::named(name).run(folder.path());
    if let Some(kept) = std::env::var_os("SPINHEBB_GOLDEN_RUNS") {
        copy(&directory, &PathBuf::from(kept).join(name));
    }
    let found = render(&directory);
    let archived = golden().join(format!("{name}.txt"));
    if std::env::var("SPINHEBB_GOLDEN").is_ok_and(|mode| mode == "write") {
        std::fs::write(&archived, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&archived).unwrap_or_else(|e| panic!("{archived:?}: {e}"));
    if let Some(report) = difference(&expected, &found) {
        panic!("{name}: {report}");
    }
}

/// The lines that differ, the first ten in full; `None` if none does.
fn difference(expected: &str, found: &str) -> Option<String> {
    let (old, new) = (by_key(expected), by_key(found));
    let order = expected.lines().chain(found.lines().filter(|line| !old.contains_key(key(line))));
    let differing: Vec<&str> = order.map(key).filter(|key| old.get(key) != new.get(key)).collect();
    if differing.is_empty() {
        return None;
    }
    let mut report = format!("{} lines differ from the archived ones", differing.len());
    for key in differing.iter().take(SHOWN) {
        let [old, new] = [&old, &new].map(|lines| lines.get(key).copied());
        let first = match (old, new) {
            (Some(old), Some(new)) => old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count(),
            _ => 0,
        };
        let [old, new] =
            [old, new].map(|value| value.map_or("(no such line)".to_string(), |v| cut(v, first)));
        write!(report, "\n{key}\n    expected {old}\n    found    {new}").unwrap();
    }
    Some(report)
}

fn by_key(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.split_once(" = "));
    let map: BTreeMap<_, _> = lines.collect();
    assert_eq!(map.len(), text.lines().count(), "every line has a key of its own");
    map
}

fn key(line: &str) -> &str {
    line.split_once(" = ").map_or(line, |(key, _)| key)
}

/// The part of a long value around its character `first`.
fn cut(value: &str, first: usize) -> String {
    let start = first.saturating_sub(WINDOW / 4);
    let part: String = value.chars().skip(start).take(WINDOW).collect();
    let (before, after) = (start > 0, value.chars().count() > start + WINDOW);
    format!("{}{part}{}", if before { "... " } else { "" }, if after { " ..." } else { "" })
}

/// Copies a directory with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap_or_else(|e| panic!("{to:?}: {e}"));
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn differences_are_told() {
    let old = "a = 1\nb = 2 3\nc = 4\n";
    assert_eq!(difference(old, old), None);
    let report = difference(old, "a = 1\nb = 2 5\nd = 4\n").unwrap();
    assert!(report.starts_with("3 lines differ"), "{report}");
    assert!(report.contains("b\n    expected 2 3\n    found    2 5"), "{report}");
    assert!(report.contains("c\n    expected 4\n    found    (no such line)"), "{report}");
    assert!(report.contains("d\n    expected (no such line)\n    found    4"), "{report}");
}
