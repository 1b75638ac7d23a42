//! What the program says of itself, word for word: help, examples, and the report of a bad file.
//!
//! `INSTA_UPDATE=always cargo test -p spinhebb-tests --test end_to_end snapshots` writes the kept texts anew.

use std::path::Path;

use spinhebb_experiments::registry::EXPERIMENTS;

use crate::program::{folder_with, spinhebb};

/// Compares with `tests/tests/snapshots/<name>.snap`.
fn kept(name: &str, text: &str) {
    assert!(
        !text.contains("/tmp") && !text.contains(env!("CARGO_MANIFEST_DIR")),
        "{name} names a place of this machine"
    );
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = spinhebb(folder).env("COLUMNS", "100").args(arguments).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

#[test]
fn help() {
    let folder = tempfile::tempdir().unwrap();
    let help =
        |name: &str, words: &[&str]| kept(name, &printed(folder.path(), &[words, &["--help"]].concat()));
    help("help", &[]);
    for name in ["device", "circuit", "network", "init", "show", "report", "presets"] {
        help(&format!("help-{name}"), &[name]);
    }
    for experiment in EXPERIMENTS {
        let words: Vec<&str> = experiment.name.split(' ').collect();
        help(&format!("help-{}", experiment.stem()), &words);
    }
}

#[test]
fn examples() {
    let folder = tempfile::tempdir().unwrap();
    kept("init", &printed(folder.path(), &["init"]));
    for experiment in EXPERIMENTS {
        let words: Vec<&str> = experiment.name.split(' ').collect();
        kept(
            &format!("init-{}", experiment.stem()),
            &printed(folder.path(), &[&["init"], &words[..]].concat()),
        );
    }
}

/// A bit of everything that can be wrong.
const BAD: &str = r#"preset = "in-plane"
sead = 1

[device]
thermal = { temperature = "30 m" }

[array]
rows = 8
word_wire = "2 olm"
scheme = "cutoff"
inputs = 0

[pattern]
parallel = 1.5
active = "half"

[variation.tmr]
relative = 0.05
"#;

#[test]
fn the_report_of_a_bad_file() {
    let folder = folder_with(BAD);
    let output = spinhebb(folder.path())
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .args(["circuit", "solve", "-c", "small.toml", "--set", "solve.sizes=[0]"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    let text: Vec<&str> = text.lines().map(str::trim_end).collect();
    kept("bad-file", &text.join("\n"));
}
