//! Runs of the program in a folder of their own.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use spinhebb_data::archive::Archive;

/// Path of the program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_spinhebb-under-test");

/// The program, to be run in `folder`.
pub fn spinhebb(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder);
    command
}

/// A new folder with `small.toml`.
pub fn folder_with(configuration: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.toml"), configuration).unwrap();
    folder
}

/// Results of the summary that `arguments`, `--json` among them, print; nothing else may be printed there.
pub fn results(folder: &Path, arguments: &[&str]) -> Value {
    let output = spinhebb(folder).args(arguments).assert().success().get_output().clone();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    summary["results"].clone()
}

/// What stands at `path`, its parts separated by `/`.
pub fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('/').fold(value, |value, part| &value[part])
}

/// The number at `path`, with or without unit.
pub fn number(value: &Value, path: &str) -> f64 {
    let found = at(value, path);
    let found = if found.is_object() { &found["value"] } else { found };
    found.as_f64().unwrap_or_else(|| panic!("{path} is no number in {value}"))
}

/// Lower and upper end of the interval of the number at `path`.
pub fn interval(value: &Value, path: &str) -> (f64, f64) {
    let end = |name: &str| {
        at(value, path)[name].as_f64().unwrap_or_else(|| panic!("{path} has no {name}: {value}"))
    };
    (end("low"), end("high"))
}

/// Archive of the run `name` in `folder`.
pub fn archive(folder: &Path, name: &str) -> Archive {
    Archive::open(&folder.join("runs").join(name).join("run.h5")).unwrap()
}

/// Bytes of the archive of the run `name` in `folder`.
pub fn archive_bytes(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join("runs").join(name).join("run.h5");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A message without the breaks and frames of the terminal.
pub fn unwrapped(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message).replace('│', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What `arguments` are refused with; fails where they are not, and where something was written.
pub fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = spinhebb(folder).args(arguments).output().unwrap();
    let shown = unwrapped(&output.stderr);
    assert!(!output.status.success(), "{arguments:?} was not refused: {shown}");
    assert!(!shown.contains("panicked"), "{arguments:?}: {shown}");
    assert!(!folder.join("runs").exists(), "{arguments:?}: something was written");
    shown
}

/// Each configuration is refused by the command `words`, with all the words that stand beside it.
pub fn refused_with(words: &[&str], cases: &[(&str, &[&str])]) {
    let mut missing = Vec::new();
    for (text, messages) in cases {
        let folder = folder_with(text);
        let shown = refusal(folder.path(), &[words, &["--config", "small.toml"]].concat());
        for message in messages.iter().filter(|message| !shown.contains(**message)) {
            missing.push(format!("{words:?}, {text}: no `{message}` in {shown}"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Whether this is the machine that must check everything: there nothing is skipped.
fn checks_everything() -> bool {
    std::env::var_os("SPINHEBB_PEERS").is_some() || std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Says that `test` is skipped because `what` is missing; fails on the machine that must check everything.
pub fn skip(test: &str, what: &str) {
    assert!(!checks_everything(), "{test}: {what}");
    eprintln!("skipped {test}: {what}");
}
