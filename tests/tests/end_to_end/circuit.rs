//! The circuit commands end to end, small: what they leave behind, the exported netlist in ngspice, what they refuse.

use std::collections::HashMap;
use std::path::Path;

use predicates::prelude::*;
use serde_json::Value;
use spinhebb_data::archive::Archive;

use crate::program::{folder_with, spinhebb};

/// Small arrays of varied junctions.
const SMALL: &str = r#"
[array]
rows = 8
cols = 6

[read]
sizes = [4, 8]
subtraction = "reference-column"
converter_offset = "10 nA"

[write]
dendrite = 2
highest_voltage = "1.5 V"
voltages = 17
trials = 60
sizes = [[4, 2], [8, 6]]

[map]
inputs = 20
outputs = 9
"#;

fn results(folder: &Path, action: &str, more: &[&str]) -> Value {
    let arguments = ["circuit", action, "--config", "small.toml", "--json", "--name", action];
    crate::program::results(folder, &[&arguments, more].concat())
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} is missing in {value}"))
}

#[test]
fn reads_writes_and_maps() {
    let folder = folder_with(SMALL);
    let read = results(folder.path(), "solve", &[]);
    assert!(number(&read, "error_estimate_V") < 1e-12);
    assert!(number(&read, "bound_gap_V") < 1e-3 && number(&read, "largest_relative_current_error") > 0.0);
    let archive = Archive::open(&folder.path().join("runs/solve/run.h5")).unwrap();
    let data = archive.dataset("circuit/read").unwrap();
    let values = |name: &str| data.numbers(name).unwrap();
    let (low, current, high) = (values("output_low"), values("bottom_current"), values("output_high"));
    assert_eq!((current.len(), values("output").len(), values("code").len()), (7, 6, 6));
    for ((low, current), high) in low.iter().zip(&current).zip(&high) {
        assert!(low <= current && current <= high, "{low} {current} {high}");
    }
    // The last column is the reference.
    for (output, column) in values("output").iter().zip(&current) {
        assert!((output - (column - current[6])).abs() < 1e-15);
    }

    let write = results(folder.path(), "write", &[]);
    // Two torques for 5 % of resistance and TMR, one barrier.
    assert_eq!(number(&write, "switching_tables"), 2.0);
    let (up, down) = (number(&write, "potentiation_V"), number(&write, "depression_V"));
    assert!(up > 0.0 && down < 0.0);
    for scheme in ["grounded", "floating", "half-bias", "third-bias", "cut-off"] {
        assert!(number(&write[scheme], "energy_J") > 0.0, "{scheme}");
        assert!(number(&write[scheme]["selected"], "highest_V") <= up - down, "{scheme}");
    }
    // Cut-off junctions see less than a millivolt and do not switch; grounded ones see it all.
    assert!(number(&write["cut-off"], "expected_flips_elsewhere") < 1e-2);
    assert!(number(&write["grounded"], "expected_flips_elsewhere") > 1.0);
    assert_eq!(write["drive"].as_array().unwrap().len(), 2 * 3 * (3 + 5));

    let map = results(folder.path(), "map", &[]);
    assert_eq!((number(&map, "tiles"), number(&map, "cells")), (6.0, 288.0));
    assert!(number(&map, "mean_weight_loss") > 0.0);
}

/// The exported netlist, run by ngspice, has the archived node voltages to 1e-9 of the largest.
#[test]
fn the_exported_netlist_runs_in_ngspice() {
    let folder = folder_with(&SMALL.replace("[array]", "[array]\naccess = \"1 kohm\""));
    results(folder.path(), "spice", &[]);
    let run = folder.path().join("runs/spice");
    let Ok(output) = std::process::Command::new("ngspice").arg("-b").arg(run.join("crossbar.cir")).output()
    else {
        eprintln!("skipped: ngspice is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).to_string();
    let printed: HashMap<&str, f64> = text
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter_map(|(name, value)| Some((name.trim(), value.trim().parse().ok()?)))
        .collect();
    let archive = Archive::open(&run.join("run.h5")).unwrap();
    let data = archive.dataset("circuit/read").unwrap();
    for (kind, name) in [("w", "word_voltage"), ("b", "bit_voltage")] {
        let ours = data.numbers(name).unwrap();
        assert_eq!(ours.len(), 48);
        for (k, ours) in ours.iter().enumerate() {
            let theirs = printed[format!("{kind}{}_{}", k / 6, k % 6).as_str()];
            assert!((ours - theirs).abs() < 1e-9 * 0.1, "{name} {k}: {ours} and {theirs}");
        }
    }
}

/// The variation of a calibrated population: the array is drawn from it, and the resolved configuration holds it.
#[test]
fn arrays_are_drawn_from_a_population() {
    let folder = folder_with(SMALL);
    let variation = "[variation]\nbarrier = { relative = 0.1, shape = \"log-normal\" }\n\
        critical_voltage = { relative = 0.08, shape = \"log-normal\" }\n\
        correlation = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0.4], [0, 0, 0, 0.4, 1]]\n";
    let file = folder.path().join("variation.toml");
    std::fs::write(&file, variation).unwrap();
    let write = results(folder.path(), "write", &["--variation", "variation.toml"]);
    // Two barriers, two torques.
    assert_eq!(number(&write, "switching_tables"), 4.0);
    let resolved = std::fs::read_to_string(folder.path().join("runs/write/config.toml")).unwrap();
    spinhebb(folder.path())
        .args(["circuit", "write", "--config", "runs/write/config.toml", "--dry-run"])
        .assert()
        .success()
        .stdout(resolved);
    for (wrong, message) in [
        (variation.replace("0.4, 1]", "0.3, 1]"), "variation.correlation"),
        (variation.replace("0.08", "8"), "variation.critical_voltage.relative"),
        (variation.replace("barrier", "barier"), "barier"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        spinhebb(folder.path())
            .args(["circuit", "solve", "--variation", "variation.toml"])
            .assert()
            .failure()
            .stderr(predicate::str::contains(message));
    }
}

#[test]
fn wrong_configurations_are_refused_with_key_and_expectation() {
    for (configuration, messages) in [
        ("[array]\ncell = \"tunnel\"", vec!["tunnel", "junction", "small.toml"]),
        ("[array]\nrows = 0", vec!["array.rows", "small.toml"]),
        ("[array]\ncols = 20000", vec!["array.cols", "16384"]),
        ("[array]\nword_wire = \"-1 ohm\"", vec!["array.word_wire", "small.toml"]),
        ("[array]\naccess = \"1 V\"", vec!["resistance"]),
        ("[array]\ncell = \"sinh\"\ncell_voltage = \"0 V\"", vec!["array.cell_voltage"]),
        ("[read]\nsizes = [0]", vec!["read.sizes"]),
        ("[read]\nconverter_bits = 40", vec!["read.converter_bits", "40"]),
        (
            "[read]\nsubtraction = \"pairs\"\n[array]\ncols = 5\n[write]\ndendrite = 0",
            vec!["array.cols", "even"],
        ),
        ("[write]\ndendrite = 64", vec!["write.dendrite", "64"]),
        ("[write]\nsizes = [[4, 0]]", vec!["write.sizes"]),
        ("[write]\ntorque_tables = 0", vec!["write.torque_tables"]),
        ("[variation]\ntmr = { relative = -0.1 }", vec!["variation.tmr.relative", "-0.1", "small.toml"]),
        ("[variation]\nstuck_open = 2", vec!["variation.stuck_open"]),
        ("preset = \"nobody\"", vec!["nobody", "perpendicular-40nm"]),
    ] {
        let folder = folder_with(configuration);
        let mut assertion =
            spinhebb(folder.path()).args(["circuit", "solve", "--config", "small.toml"]).assert().failure();
        for message in messages {
            assertion = assertion.stderr(predicate::str::contains(message));
        }
        assert!(!folder.path().join("runs").exists(), "{configuration}: something was written");
    }
}
