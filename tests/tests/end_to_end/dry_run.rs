//! `--dry-run` and `show`: what would be computed, without computing.

use std::path::Path;

use serde_json::Value;
use spinhebb_experiments::experiment::Registered;
use spinhebb_experiments::registry::EXPERIMENTS;

use crate::calibration::counts;
use crate::case::golden;
use crate::images::folder_of_bars;
use crate::program::{number, results, spinhebb};

/// Arguments that an experiment cannot do without.
fn needed(experiment: &Registered) -> &'static [&'static str] {
    match experiment.name {
        "calibrate" => &["counts.csv"],
        "network evaluate" => &["--checkpoint", "state", "--mnist", "bars"],
        _ => &[],
    }
}

/// What `--dry-run` prints on standard output; the cost stands on the other.
fn printed(folder: &Path, experiment: &Registered, more: &[&str]) -> String {
    let output =
        spinhebb(folder).args(experiment.name.split(' ')).args(more).arg("--dry-run").assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stderr).to_string();
    assert!(said.starts_with(&format!("{}: ", experiment.name)), "{said}");
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

#[test]
fn what_is_printed_is_valid_and_resolves_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("counts.csv"), counts(45.0, 0.4, 0)).unwrap();
    folder_of_bars(folder.path());
    let train = ["network", "train", "--mnist", "bars", "--neurons", "4", "--checkpoint", "state", "--json"];
    results(folder.path(), &[&train[..], &["--out", "earlier"]].concat());
    for experiment in EXPERIMENTS {
        let once = printed(folder.path(), experiment, needed(experiment));
        std::fs::write(folder.path().join("resolved.toml"), &once).unwrap();
        let again = printed(folder.path(), experiment, &["-c", "resolved.toml"]);
        assert_eq!(again, once, "{}", experiment.name);
        assert!(once.starts_with("seed = 1\n"), "{}: {once}", experiment.name);
    }
    assert!(!folder.path().join("runs").exists(), "something was computed");
}

/// The same for configurations in which hardly a key has its default.
#[test]
fn rich_configurations_resolve_to_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    for entry in std::fs::read_dir(golden()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let of = |experiment: &&Registered| file.starts_with(&experiment.stem()) && file.ends_with(".toml");
        let Some(experiment) = EXPERIMENTS.iter().filter(of).max_by_key(|e| e.name.len()) else { continue };
        // Data, checkpoints and devices of runs are made by the cases.
        if matches!(experiment.name, "calibrate" | "network evaluate") || file.contains("calibrated") {
            continue;
        }
        let once = printed(folder.path(), experiment, &["-c", &file]);
        std::fs::write(folder.path().join("resolved.toml"), &once).unwrap();
        assert_eq!(printed(folder.path(), experiment, &["-c", "resolved.toml"]), once, "{file}");
        seen += 1;
    }
    assert!(seen > 20, "{seen} configurations");
    assert!(!folder.path().join("runs").exists(), "something was computed");
}

#[test]
fn show_says_what_a_system_amounts_to() {
    let folder = tempfile::tempdir().unwrap();
    let shown = |arguments: &[&str]| {
        let output = spinhebb(folder.path()).arg("show").args(arguments).assert().success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&shown(&[arguments, &["--json"]].concat())).unwrap()
    };
    let lines = shown(&[]);
    let defaults = json(&[]);
    for key in [
        "parallel/stability",
        "anti-parallel/critical_voltage",
        "parallel/conductance",
        "network/devices",
        "network/tiles",
    ] {
        assert!(lines.contains(&format!("{key}: ")) && number(&defaults, key) != 0.0, "{key}: {lines}");
    }
    // 6272 lines of 500 neurons on arrays of 56 by 50.
    assert_eq!(
        (number(&defaults, "network/devices"), number(&defaults, "network/tiles")),
        (3_136_000.0, 1120.0)
    );
    let smaller = json(&["--set", "array.outputs=25", "--set", "device.from=in-plane"]);
    assert_eq!(number(&smaller, "network/tiles"), 2240.0);
    assert_eq!(smaller["device"], "in-plane");
    // A wanted probability is that of the pulse shown.
    let asked = json(&["--set", "pulses.potentiation=0.25"]);
    assert!((number(&asked, "pulses/potentiation/first_stage/probability") - 0.25).abs() < 1e-6, "{asked}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
}
