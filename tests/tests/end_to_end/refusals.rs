//! What is wrong with a configuration is shown at the word that is wrong, for every key of every experiment.

use std::path::Path;

use spinhebb_data::config::mutations;
use spinhebb_experiments::error::ExperimentError;
use spinhebb_experiments::experiment::Registered;
use spinhebb_experiments::registry::EXPERIMENTS;
use spinhebb_experiments::system::{RENAMES, Request, System};

use crate::calibration::counts;
use crate::images::folder_of_bars;
use crate::program::{PROGRAM, folder_with, refusal, results, spinhebb};

/// A folder with what the examples name: measured counts, and the checkpoint of a trained network.
fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("counts.csv"), counts(45.0, 0.4, 0)).unwrap();
    folder_of_bars(folder.path());
    let train =
        ["network", "train", "--mnist", "bars", "--neurons", "4", "--copies", "1", "--checkpoint", "state"];
    results(folder.path(), &[&train[..], &["--json"]].concat());
    folder
}

/// The example of `experiment`, with the inputs that it must name.
fn example(system: &System, experiment: &Registered) -> String {
    let text = system.example(experiment).unwrap();
    match experiment.name {
        "calibrate" => text.replace("data = []", "data = [\"counts.csv\"]"),
        // What the checkpoint says stands under it.
        "network evaluate" => {
            format!("{text}\n[evaluate]\ncheckpoint = \"state\"\n").replacen("[evaluate]\n", "", 1)
        }
        _ => text,
    }
}

/// Loads and checks `text`, which stands in `folder`.
fn prepare(
    system: &System,
    experiment: &Registered,
    folder: &Path,
    text: &str,
) -> Result<(), ExperimentError> {
    let file = folder.join("example.toml");
    std::fs::write(&file, text).unwrap();
    let loaded = system.load(experiment, &Request { files: vec![file], settings: Vec::new() })?;
    system.prepare(experiment, &loaded).map(|_| ())
}

/// Where the first fault is shown.
fn place(error: &ExperimentError) -> Option<(usize, usize)> {
    let ExperimentError::Config(error) = error else { return None };
    error
        .location()
        .filter(|(file, ..)| file.ends_with("example.toml"))
        .map(|(_, line, column)| (line, column))
}

#[test]
fn every_example_is_accepted_and_every_fault_is_shown_at_its_word() {
    let (system, folder) = (System::of(EXPERIMENTS), inputs());
    let mut wrong = Vec::new();
    let mut tried = 0;
    for experiment in EXPERIMENTS {
        let example = example(&system, experiment);
        if let Err(error) = prepare(&system, experiment, folder.path(), &example) {
            wrong.push(format!("{}: its example is refused: {}", experiment.name, shown(&error)));
            continue;
        }
        let mutations = mutations(&system.schema_of(experiment), &example).unwrap();
        assert!(mutations.len() > 10, "{}: {} mutations", experiment.name, mutations.len());
        tried += mutations.len();
        for mutation in mutations {
            let what = format!("{}, {}: {}", experiment.name, mutation.path, mutation.what);
            match prepare(&system, experiment, folder.path(), &mutation.text) {
                Ok(()) => wrong.push(format!("{what}: accepted")),
                Err(error) if place(&error) == Some((mutation.line, mutation.column)) => {}
                Err(error) => {
                    let wanted = (mutation.line, mutation.column);
                    wrong.push(format!("{what}: at {:?}, not {wanted:?}: {}", place(&error), shown(&error)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 1000, "{tried} mutations");
}

fn shown(error: &ExperimentError) -> String {
    match error {
        ExperimentError::Config(error) => {
            error.faults().first().map_or_else(|| error.to_string(), |fault| fault.message.clone())
        }
        other => format!("without a place: {other}"),
    }
}

#[test]
fn faults_of_all_layers_are_reported_together() {
    let folder = folder_with("[array]\nword_wire = \"2 V\"\n");
    std::fs::write(
        folder.path().join("upper.toml"),
        "[array]\nscheme = \"cutoff\"\n[network]\nneurons = 3\n",
    )
    .unwrap();
    let arguments =
        ["circuit", "solve", "-c", "small.toml", "-c", "upper.toml", "--set", "pattern.parallel=1.5"];
    let shown = refusal(folder.path(), &arguments);
    for words in [
        "3 faults",
        "small.toml:2:13",
        "word_wire = \"2 V\"",
        "upper.toml:2:10",
        "scheme = \"cutoff\"",
        "cut-off",
        "--set:1:18",
        "pattern.parallel=1.5",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// Files that do not exist are told with everything else, and what is wrong inside a file is told at its name.
#[test]
fn files_are_at_fault_where_they_are_named() {
    let text = "[device]\nfrom = \"none.toml\"\n[calibrate]\ndata = [\"bad.csv\", \"no.csv\"]\nlaw = 3\n";
    let folder = folder_with(text);
    std::fs::write(folder.path().join("bad.csv"), "voltage,width\n0.5,x\n").unwrap();
    let shown = refusal(folder.path(), &["calibrate", "-c", "small.toml"]);
    for words in ["small.toml:2:8", "none.toml", "small.toml:4:20", "no.csv", "small.toml:5:7"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    std::fs::write(folder.path().join("one.toml"), "[calibrate]\ndata = [\"bad.csv\"]\n").unwrap();
    let shown = refusal(folder.path(), &["calibrate", "-c", "one.toml"]);
    assert!(shown.contains("one.toml:2:9") && shown.contains("data = [\"bad.csv\"]"), "{shown}");
    let shown = refusal(folder.path(), &["calibrate", "bad.csv"]);
    assert!(shown.contains("[bad.csv") && !shown.contains("paths of input files"), "{shown}");
}

/// A device without spin torque keeps its bits; one without damping never comes to rest.
#[test]
fn devices_without_torque_or_damping_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let retention = |name: &str, key: &str| {
        let arguments = ["device", "retention", "--json", "--name", name, "--set", key];
        spinhebb(folder.path()).args(arguments).output().unwrap()
    };
    let passive = retention("passive", "device.spin_transfer.efficiency.polarisation=0");
    assert!(passive.status.success(), "{}", String::from_utf8_lossy(&passive.stderr));
    let undamped = retention("undamped", "device.material.damping=0");
    let shown = String::from_utf8_lossy(&undamped.stderr);
    assert!(!undamped.status.success() && shown.contains("device.material.damping"), "{shown}");
}

/// What the program prints and nobody takes is an error, not a panic.
#[test]
fn a_full_standard_output_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in
        [&["presets"][..], &["init", "circuit", "write"], &["show"], &["device", "table", "--dry-run"]]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut program = std::process::Command::new(PROGRAM);
        let output = program.current_dir(folder.path()).args(arguments).stdout(full).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {shown}");
        assert!(shown.contains("standard output") && !shown.contains("panicked"), "{arguments:?}: {shown}");
    }
}

/// A file that is no configuration at all is refused quickly.
#[test]
fn thousands_of_faults_are_told_at_once() {
    let keys: String = (0..2000).map(|k| format!("x{k} = 1\n")).collect();
    let folder = folder_with(&format!("[table]\ntrials = 0\n{keys}"));
    let shown = refusal(folder.path(), &["device", "table", "-c", "small.toml"]);
    assert!(shown.contains("the first 50 are shown"), "{shown}");
}

/// What a layer beneath says is not at fault where the user wrote something else above it.
#[test]
fn the_word_that_wins_is_blamed() {
    let folder = folder_with("[array]\ninputs = 0\n");
    std::fs::write(folder.path().join("upper.toml"), "[array]\ninputs = 4\n").unwrap();
    let solve = |files: [&str; 2]| {
        let arguments = ["circuit", "solve", "-c", files[0], "-c", files[1], "--dry-run"];
        spinhebb(folder.path()).args(arguments).output().unwrap()
    };
    assert!(solve(["small.toml", "upper.toml"]).status.success());
    let refused = solve(["upper.toml", "small.toml"]);
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("small.toml:2:10")
    );
}

#[test]
fn every_old_key_names_the_new_one() {
    let (system, folder) = (System::of(EXPERIMENTS), tempfile::tempdir().unwrap());
    let experiment = &EXPERIMENTS[0];
    for rename in RENAMES {
        let (old, new) = (rename.old.replace('*', "rest"), rename.new.replace('*', "rest"));
        let error = prepare(&system, experiment, folder.path(), &format!("{old} = 3\n"));
        let error = error.expect_err(&format!("`{old}` is accepted"));
        let message = shown(&error);
        assert!(message.contains(&format!("`{old}`")) && message.contains(&new), "{old}: {message}");
        assert_eq!(place(&error).map(|(line, _)| line), Some(1), "{old}: {message}");
    }
}

#[test]
fn new_names_of_old_keys_exist() {
    let system = System::of(EXPERIMENTS);
    let properties = system.schema().get("properties").and_then(|p| p.as_object()).unwrap();
    for rename in RENAMES {
        for new in rename.new.split([' ', ',']).filter(|word| word.contains('.')) {
            let part = new.split('.').next().unwrap();
            assert!(properties.contains_key(part), "{} -> {new}: there is no [{part}]", rename.old);
        }
    }
}
