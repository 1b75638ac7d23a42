//! Runs that are killed and started again: what was finished is kept, and the bytes are those of an undisturbed run.
//!
//! Nothing here depends on how fast the machine is: a run is killed when a finished piece lies in `<name>.partial/units`,
//! and one that was over before it could be killed is started anew; a kill in the middle of writing is made by a limit
//! on the size of files, at which the system ends the process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::case::Case;
use crate::images::bars;
use crate::program::{PROGRAM, archive_bytes};

/// Starts of a run until one is killed before its end.
const MOST_STARTS: usize = 50;

fn start(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).args(arguments).args(["--name", "run"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Finished pieces of the run under way in `folder`.
fn pieces(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder.join("runs/run.partial/units")).into_iter().flatten().flatten();
    entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')).count()
}

/// Kills the run of `arguments` when `is_time`; gives the number of its finished pieces.
fn kill(folder: &Path, arguments: &[&str], is_time: impl Fn() -> bool, clean: impl Fn()) -> usize {
    for _ in 0..MOST_STARTS {
        let mut child = start(folder, arguments).spawn().unwrap();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{arguments:?} failed by itself");
                break;
            }
            if is_time() {
                child.kill().unwrap();
                let killed = !child.wait().unwrap().success();
                if killed && !folder.join("runs/run").exists() {
                    return pieces(folder);
                }
                break;
            }
            std::thread::yield_now();
        }
        // It was over before.
        std::fs::remove_dir_all(folder.join("runs/run")).unwrap();
        clean();
    }
    panic!("{arguments:?} is always over before it can be killed");
}

/// Starts the run of `arguments` again; gives what it says.
fn finish(folder: &Path, arguments: &[&str]) -> String {
    let output = start(folder, arguments).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).to_string();
    assert!(output.status.success(), "{said}");
    said
}

/// Files of the run in `folder`, but for what may differ between equal runs.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, all) } else { all.push(path) }
        }
    }
    let run = folder.join("runs/run");
    let mut all = Vec::new();
    walk(&run, &mut all);
    // The page has the date.
    all.retain(|path| !path.ends_with("provenance.json") && !path.ends_with("report.html"));
    all.into_iter()
        .map(|path| (path.strip_prefix(&run).unwrap().to_path_buf(), std::fs::read(&path).unwrap()))
        .collect()
}

/// The runs in the folders `one` and `other` are the same, file by file.
fn assert_equal(one: &Path, other: &Path) {
    let (one, other) = (files(one), files(other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (path, bytes) in &one {
        assert!(bytes == &other[path], "{} differs", path.display());
    }
}

/// The case `name` killed after its first piece, then started again, beside one left alone.
fn killed_and_finished(name: &str) {
    let (killed, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let case = Case::named(name);
    for folder in [&killed, &whole] {
        case.lay(folder.path());
    }
    let arguments = case.all_arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let finished = kill(killed.path(), &arguments, || pieces(killed.path()) > 0, || ());
    assert!(finished > 0, "{name}: the pieces did not survive");
    assert!(!killed.path().join("runs/run").exists(), "{name}: half a run has the name of a whole one");

    // Another run may not take its place, the same one goes on.
    let mut otherwise = arguments.clone();
    match otherwise.iter().position(|argument| *argument == "--seed") {
        Some(seed) => otherwise[seed + 1] = "99",
        None => otherwise.extend(["--seed", "99"]),
    }
    let other = start(killed.path(), &otherwise).stderr(Stdio::piped()).output().unwrap();
    assert!(!other.status.success() && pieces(killed.path()) == finished, "{name}");
    assert!(String::from_utf8_lossy(&other.stderr).contains("another configuration"), "{name}");
    let said = finish(killed.path(), &arguments);
    assert!(said.contains(&format!("going on from {finished} finished units")), "{name}: {said}");

    assert!(!finish(whole.path(), &arguments).contains("going on"));
    assert_equal(killed.path(), whole.path());
}

#[test]
fn a_grid_goes_on() {
    killed_and_finished("network-grid");
}

#[test]
fn a_calibration_goes_on() {
    killed_and_finished("calibrate-population");
}

#[test]
fn an_ablation_goes_on() {
    killed_and_finished("network-ablation");
}

#[test]
fn writes_on_an_array_go_on() {
    killed_and_finished("circuit-write");
}

#[test]
fn sensitivities_go_on() {
    killed_and_finished("network-sensitivity");
}

/// A folder of 6000 images, and the words of a training on them.
fn training(recipe: &[&'static str]) -> (tempfile::TempDir, Vec<&'static str>) {
    let folder = tempfile::tempdir().unwrap();
    bars(folder.path(), "train", 6000);
    bars(folder.path(), "t10k", 30);
    let words = [&["network", "train", "--mnist", ".", "--every", "100"], recipe].concat();
    (folder, words)
}

/// A training killed after its first checkpoint, then finished, leaves the run of one that was left alone.
#[test]
fn a_killed_training_goes_on_bit_for_bit() {
    for recipe in [["--preset", "paper", "--neurons", "300"], ["--preset", "best", "--neurons", "90"]] {
        let (killed, words) = training(&recipe);
        let finished = kill(killed.path(), &words, || pieces(killed.path()) > 0, || ());
        assert!(finished > 0, "the checkpoint did not survive");
        assert!(finish(killed.path(), &words).contains("going on"));
        let (whole, _) = training(&recipe);
        finish(whole.path(), &words);
        assert_equal(killed.path(), whole.path());
    }
}

/// The same with a checkpoint of the user's, which stays; a damaged one is named and refused.
#[test]
fn a_checkpoint_of_the_user_serves_again() {
    let recipe = ["--preset", "paper", "--neurons", "300", "--checkpoint", "state"];
    let (killed, words) = training(&recipe);
    let checkpoint = killed.path().join("state");
    kill(killed.path(), &words, || checkpoint.exists(), || std::fs::remove_file(&checkpoint).unwrap());
    finish(killed.path(), &words);
    let (whole, _) = training(&recipe);
    finish(whole.path(), &words);
    assert_equal(killed.path(), whole.path());

    let mut bytes = std::fs::read(&checkpoint).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&checkpoint, bytes).unwrap();
    std::fs::rename(killed.path().join("runs"), killed.path().join("earlier")).unwrap();
    let output = start(killed.path(), &words).stderr(Stdio::piped()).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && message.contains("state"), "{message}");
    assert!(!killed.path().join("runs/run").exists() && !killed.path().join("runs/run.partial").exists());
}

/// A process that ends while it writes the archive: the run has not its name yet, and is finished by the next start.
#[test]
fn a_kill_in_the_middle_of_writing_leaves_no_half_run() {
    let (killed, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let words = ["device", "table", "--set", "table.voltages=5", "--set", "table.widths=[\"1 ns\"]"];
    finish(whole.path(), &words);
    let blocks = archive_bytes(whole.path(), "run").len() / 512;
    // The system ends a process that writes beyond the limit, in blocks of 512 bytes: here in the last block.
    let mut limited = Command::new("sh");
    limited
        .args(["-c", &format!("ulimit -f {}; ulimit -c 0; exec \"$0\" \"$@\"", blocks - 1), PROGRAM])
        .args(words);
    limited.args(["--name", "run"]).current_dir(killed.path());
    let status = limited.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success(), "the archive is longer than the limit");
    assert!(!killed.path().join("runs/run").exists(), "half a run has the name of a whole one");
    assert!(killed.path().join("runs/run.partial").is_dir());
    assert!(finish(killed.path(), &words).contains("going on"), "the table was computed before");
    assert_equal(killed.path(), whole.path());
}
