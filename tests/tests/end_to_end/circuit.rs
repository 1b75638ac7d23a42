//! The circuit commands end to end, small: what they leave behind, the exported netlist in ngspice, what they refuse.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::program::{archive, folder_with, number, refusal, refused_with, skip, spinhebb};

/// Small arrays of varied junctions.
const SMALL: &str = r#"
[array]
inputs = 8
outputs = 6
subtraction = "reference-column"
converter_offset = "10 nA"

[population]
resistance_area = { relative = 0.05 }
tmr = { relative = 0.05 }

[table]
method = "fokker-planck"
highest_voltage = "1.5 V"
voltages = 17

[pulses]
potentiation = 0.35
depression = 0.3

[solve]
sizes = [4, 8]

[write]
dendrite = 2
sizes = [[4, 2], [8, 6]]

[map]
inputs = 20
outputs = 9
"#;

fn results(folder: &Path, action: &str, more: &[&str]) -> Value {
    let arguments = ["circuit", action, "--config", "small.toml", "--json", "--name", action];
    crate::program::results(folder, &[&arguments, more].concat())
}

#[test]
fn reads_writes_and_maps() {
    let folder = folder_with(SMALL);
    let read = results(folder.path(), "solve", &[]);
    assert!(number(&read, "error_estimate") < 1e-12);
    assert!(number(&read, "bound_gap") < 1e-3 && number(&read, "largest_relative_current_error") > 0.0);
    let data = archive(folder.path(), "solve").dataset("circuit/read").unwrap();
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
    // TMRs of 5 % within six deviations, in steps of 0.1; another resistance is another voltage.
    assert_eq!(number(&write, "switching_tables"), 7.0);
    let (up, down) = (number(&write, "potentiation"), number(&write, "depression"));
    assert!(up > 0.0 && down < 0.0);
    for scheme in ["grounded", "floating", "half-bias", "third-bias", "cut-off"] {
        assert!(number(&write, &format!("{scheme}/energy")) > 0.0, "{scheme}");
        assert!(number(&write, &format!("{scheme}/selected/highest_voltage")) <= up - down, "{scheme}");
    }
    // Cut-off junctions see less than a millivolt and do not switch; grounded ones see it all.
    assert!(number(&write, "cut-off/other_dendrite/highest_voltage") < 1e-3);
    assert!(number(&write, "cut-off/expected_flips_elsewhere") < 1e-2);
    assert!(number(&write, "grounded/expected_flips_elsewhere") > 1.0);
    let drive = archive(folder.path(), "write").dataset("circuit/drive").unwrap();
    assert_eq!(drive.numbers("energy").unwrap().len(), 2 * 3 * (3 + 5));

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
        skip("the_exported_netlist_runs_in_ngspice", "ngspice is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).to_string();
    let printed: HashMap<&str, f64> = text
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter_map(|(name, value)| Some((name.trim(), value.trim().parse().ok()?)))
        .collect();
    let data = archive(folder.path(), "spice").dataset("circuit/read").unwrap();
    for (kind, name) in [("w", "word_voltage"), ("b", "bit_voltage")] {
        let ours = data.numbers(name).unwrap();
        assert_eq!(ours.len(), 48);
        for (k, ours) in ours.iter().enumerate() {
            let theirs = printed[format!("{kind}{}_{}", k / 6, k % 6).as_str()];
            assert!((ours - theirs).abs() < 1e-9 * 0.1, "{name} {k}: {ours} and {theirs}");
        }
    }
}

/// The file of a calibrated population: the array is drawn from it, and what was asked holds it.
#[test]
fn arrays_are_drawn_from_a_population() {
    let own = SMALL.replace("resistance_area = { relative = 0.05 }\ntmr = { relative = 0.05 }", "");
    let folder = folder_with(&own);
    let population = "[population]\nbarrier = { relative = 0.1, distribution = \"log-normal\" }\n\
        critical_voltage = { relative = 0.08, distribution = \"log-normal\" }\n\
        correlation = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0.4], [0, 0, 0, 0.4, 1]]\n";
    let file = folder.path().join("population.toml");
    std::fs::write(&file, population).unwrap();
    let write = results(folder.path(), "write", &["--config", "population.toml"]);
    // Barriers of 10 %, log-normal, within six deviations: from 0.55 to 1.81 of the nominal one in steps of 0.1.
    assert_eq!(number(&write, "switching_tables"), 15.0);
    let printed = |files: &[&str]| {
        let mut command = spinhebb(folder.path());
        let command = command.args(["circuit", "write", "--dry-run"]);
        let output =
            files.iter().fold(command, |command, file| command.args(["--config", file])).assert().success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    let asked = printed(&["runs/write/config.toml"]);
    assert!(asked.contains("relative = 0.08"), "{asked}");
    assert_eq!(printed(&["small.toml", "population.toml"]), asked);
    for (wrong, message) in [
        (population.replace("0.4, 1]", "0.3, 1]"), "population.correlation"),
        (population.replace("0.08", "8"), "population.critical_voltage.relative"),
        (population.replace("barrier", "barier"), "barier"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        let arguments = ["circuit", "solve", "--config", "population.toml", "--out", "elsewhere"];
        let output = spinhebb(folder.path()).args(arguments).assert().failure();
        let shown = crate::program::unwrapped(&output.get_output().stderr);
        assert!(shown.contains(message) && shown.contains("population.toml:"), "{message}: {shown}");
        assert!(!folder.path().join("elsewhere").exists());
    }
}

#[test]
fn wrong_configurations_are_refused_with_key_and_expectation() {
    refused_with(
        &["circuit", "solve"],
        &[
            ("[array]\ncell = \"tunnel\"", &["tunnel", "junction", "small.toml:2"]),
            ("[array]\ninputs = 0", &["array.inputs", "small.toml:2"]),
            ("[array]\noutputs = 20000", &["array.outputs", "16384", "small.toml:2"]),
            ("[array]\nword_wire = \"-1 ohm\"", &["word_wire", "small.toml:2"]),
            ("[array]\naccess = \"1 V\"", &["1 V", "resistance", "small.toml:2"]),
            ("[array]\ncell = \"sinh\"\ncell_voltage = \"0 V\"", &["array.cell_voltage", "small.toml:3"]),
            ("[array]\nconverter_bits = 40", &["array.converter_bits", "40", "small.toml:2"]),
            ("[array]\noutputs = 5\nsubtraction = \"pairs\"", &["array.outputs", "even", "small.toml:2"]),
            ("[solve]\nsizes = [0]", &["solve.sizes[0]", "small.toml:2"]),
            ("[population]\ntmr = { relative = -0.1 }", &["population.tmr.relative", "-0.1", "small.toml:2"]),
            ("[faults]\nstuck_open = 2", &["faults.stuck_open", "small.toml:2"]),
            ("device.from = \"nobody\"", &["nobody", "perpendicular-40nm", "small.toml:1"]),
        ],
    );
    refused_with(
        &["circuit", "write"],
        &[
            ("[write]\ndendrite = 64", &["write.dendrite", "64", "small.toml:2"]),
            ("[write]\nsizes = [[4, 0]]", &["write.sizes", "small.toml:2"]),
            ("[table]\nbarrier_step = 0", &["table.barrier_step", "small.toml:2"]),
            ("[table]\ntorques = 2", &["table.torque_step", "small.toml:2"]),
        ],
    );
}

/// Values of parts that a command does not read are not looked at, keys are.
#[test]
fn keys_are_checked_everywhere_and_values_where_they_are_read() {
    let folder = folder_with("[write]\ndendrite = 64\n[wer]\nwidths = 0\n");
    let dry = ["circuit", "solve", "--config", "small.toml", "--dry-run"];
    spinhebb(folder.path()).args(dry).assert().success();
    std::fs::write(folder.path().join("small.toml"), "[wer]\nwidhts = 8\n").unwrap();
    let shown = refusal(folder.path(), &dry);
    assert!(shown.contains("widhts") && shown.contains("did you mean `widths`"), "{shown}");
}
