//! Runs of the program in a folder of their own.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// The program, to be run in `folder`.
pub fn spinhebb(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spinhebb-under-test"));
    command.current_dir(folder);
    command
}

/// A new folder with `small.toml`.
pub fn folder_with(configuration: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.toml"), configuration).unwrap();
    folder
}

/// Results of the summary that `arguments`, `--json` among them, print; nothing else may be said in a pipe.
pub fn results(folder: &Path, arguments: &[&str]) -> Value {
    let output = spinhebb(folder).args(arguments).assert().success().get_output().clone();
    assert!(output.stderr.is_empty(), "a pipe is quiet: {}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    summary["results"].clone()
}
