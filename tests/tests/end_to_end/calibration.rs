//! Calibration end to end: measured counts to a device file and a variation file, and these into other commands.

use std::fmt::Write as _;

use predicates::prelude::*;
use rand_distr::{Distribution, StandardNormal};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::calibration::goodness::draw;
use spinhebb_device::switching::closed_form::butler;

use crate::program::{results, spinhebb};

const TRIALS: u64 = 1000;
const RELAXATION_S: f64 = 0.3e-9;

/// Counts of a device that follows Butler's form exactly: fourteen voltages at two widths.
fn counts(delta: f64, critical_v: f64, device: u64) -> String {
    let mut rng = Streams::new(8, "test/counts").rng(device);
    let mut csv = format!("# device {device}\ndevice,voltage [V],width [ns],trials,switched\n");
    for width_ns in [1.0, 2.0] {
        for step in 0..14 {
            let volts = 0.36 + 0.04 * f64::from(step);
            let p = butler(delta, volts / critical_v, width_ns * 1e-9 / RELAXATION_S);
            let switched = draw(TRIALS, p, None, &mut rng).switched;
            writeln!(csv, "d{device},{volts:.3},{width_ns},{TRIALS},{switched}").unwrap();
        }
    }
    csv
}

const QUICK: &str = "profiles = false\nposterior = false\nhold_out = false\n";

#[test]
fn a_fitted_device_is_the_device_of_another_command() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("curve.csv"), counts(45.0, 0.4, 0)).unwrap();
    std::fs::write(folder.path().join("quick.toml"), QUICK).unwrap();
    let fitted = results(
        folder.path(),
        &["calibrate", "curve.csv", "--config", "quick.toml", "--json", "--name", "fit"],
    );
    let fit = &fitted["d0"];
    for (name, truth) in [("delta", 45.0), ("critical_voltage", 0.4), ("relaxation_time", RELAXATION_S)] {
        let interval = &fit["parameters"][name]["normal"];
        let (low, high) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
        // Twice the 95 % interval: one in ten thousand seeds would fail.
        let (middle, half) = (0.5 * (low + high), high - low);
        assert!((truth - middle).abs() < half, "{name}: {low} to {high}");
    }
    // The file names the device of a table; its critical voltage and stability are those of the fit.
    let table = "preset = \"runs/fit/device.toml\"\nwidths = [\"1 ns\"]\nlowest_voltage = \"0.4 V\"\n\
                 highest_voltage = \"0.8 V\"\nvoltages = 3\nmost_voltages = 3\ntrials = 64\n";
    std::fs::write(folder.path().join("table.toml"), table).unwrap();
    let results =
        results(folder.path(), &["device", "table", "--config", "table.toml", "--json", "--name", "table"]);
    let value = |key: &str| results[key].as_f64().unwrap_or_else(|| panic!("{key}: {results}"));
    let fitted = |name: &str| fit["parameters"][name]["value"].as_f64().unwrap();
    assert!((value("anti-parallel.critical_voltage_v") / fitted("critical_voltage") - 1.0).abs() < 1e-3);
    assert!((value("parallel.stability") / fitted("delta") - 1.0).abs() < 1e-3);
    assert!((value("damping_time_s") / fitted("relaxation_time") - 1.0).abs() < 1e-3);
}

#[test]
fn many_devices_become_the_variation_of_an_array() {
    const DEVICES: u64 = 12;
    const SPREAD: [(&str, f64); 2] = [("delta", 0.10), ("critical_voltage", 0.05)];
    let folder = tempfile::tempdir().unwrap();
    let mut rng = Streams::new(4, "test/devices").rng(0);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let mut arguments = vec!["calibrate".to_string()];
    for device in 0..DEVICES {
        let (delta, critical) = (45.0 * (SPREAD[0].1 * normal()).exp(), 0.4 * (SPREAD[1].1 * normal()).exp());
        let name = format!("{device}.csv");
        std::fs::write(folder.path().join(&name), counts(delta, critical, device)).unwrap();
        arguments.push(name);
    }
    std::fs::write(folder.path().join("quick.toml"), QUICK).unwrap();
    let fixed = ["--fix", "relaxation_time=0.3 ns", "--config", "quick.toml", "--json", "--name", "many"];
    arguments.extend(fixed.map(str::to_string));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let results = results(folder.path(), &arguments);
    for (name, truth) in SPREAD {
        let interval = &results["population"][name]["deviation_interval"];
        let (low, high) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
        assert!((low..=high).contains(&truth), "{name}: {truth} is not in {low} to {high}");
        assert!(high < 2.5 * truth, "{name}: {low} to {high} says nothing");
    }
    assert!(folder.path().join("runs/many/figures/calibration-population.svg").is_file());
    // The circuit commands take the variation file as it stands, and the mean device as theirs.
    let write = "preset = \"runs/many/device-mean.toml\"\n";
    std::fs::write(folder.path().join("write.toml"), write).unwrap();
    spinhebb(folder.path())
        .args(["circuit", "write", "--config", "write.toml", "--dry-run"])
        .args(["--variation", "runs/many/variation.toml"])
        .assert()
        .success()
        .stdout(predicate::str::contains("device-mean.toml").and(predicate::str::contains("log-normal")));
}

#[test]
fn malformed_counts_are_refused_by_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.csv"), counts(45.0, 0.4, 0)).unwrap();
    let bad = "voltage [V],width [ns],trials,switched\nNaN,1,100,3\n0.4,1,-2,3\n0.5,1,100,101\n";
    std::fs::write(folder.path().join("bad.csv"), bad).unwrap();
    std::fs::write(folder.path().join("noise.csv"), [0x89u8, b'\n', 0, 0xff]).unwrap();
    spinhebb(folder.path())
        .args(["calibrate", "good.csv", "bad.csv", "noise.csv"])
        .assert()
        .failure()
        .stderr(predicate::str::contains("bad.csv:2:1"))
        .stderr(predicate::str::contains("bad.csv:3:3"))
        .stderr(predicate::str::contains("bad.csv:4"))
        .stderr(predicate::str::contains("noise.csv:2:1"));
    assert!(!folder.path().join("runs").exists(), "something was written");
}
