//! Calibration end to end: measured counts to a device file and a population file, and these into other commands.

use std::fmt::Write as _;
use std::path::Path;

use predicates::prelude::*;
use rand_distr::{Distribution, StandardNormal};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::calibration::goodness::draw;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::closed_form::butler;
use spinhebb_device::switching::table::{SwitchingTable, TableCell};

use crate::digits;
use crate::program::{archive, interval, number, refusal, results, spinhebb};

const TRIALS: u64 = 1000;
const RELAXATION_S: f64 = 0.3e-9;

/// Counts of a device that follows Butler's form exactly: fourteen voltages at two widths.
pub fn counts(delta: f64, critical_v: f64, device: u64) -> String {
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

/// A fit without what takes long.
const QUICK: &str = "[calibrate]\nprofiles = false\nposterior = false\nhold_out = false\n";

#[test]
fn a_fitted_device_is_the_device_of_another_command() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("curve.csv"), counts(45.0, 0.4, 0)).unwrap();
    std::fs::write(folder.path().join("quick.toml"), QUICK).unwrap();
    let fit = results(
        folder.path(),
        &["calibrate", "curve.csv", "--config", "quick.toml", "--json", "--name", "fit"],
    );
    for (name, truth) in [("delta", 45.0), ("critical_voltage", 0.4), ("relaxation_time", RELAXATION_S)] {
        let (low, high) = interval(&fit, &format!("d0/parameters/{name}"));
        // Twice the 95 % interval: one in ten thousand seeds would fail.
        let (middle, half) = (0.5 * (low + high), high - low);
        assert!((truth - middle).abs() < half, "{name}: {low} to {high}");
    }
    // The file names the device of a table; its critical voltage and stability are those of the fit.
    let table = "device.from = \"runs/fit/device.toml\"\n[table]\nwidths = [\"1 ns\"]\nlowest_voltage = \"0.4 V\"\n\
                 highest_voltage = \"0.8 V\"\nvoltages = 3\nmost_voltages = 3\ntrials = 64\n";
    std::fs::write(folder.path().join("table.toml"), table).unwrap();
    let table =
        results(folder.path(), &["device", "table", "--config", "table.toml", "--json", "--name", "table"]);
    for (found, fitted) in [
        ("anti-parallel/critical_voltage", "critical_voltage"),
        ("parallel/stability", "delta"),
        ("damping_time", "relaxation_time"),
    ] {
        let ratio = number(&table, found) / number(&fit, &format!("d0/parameters/{fitted}"));
        assert!((ratio - 1.0).abs() < 1e-3, "{found}: {ratio}");
    }
    // So does the run itself.
    std::fs::write(folder.path().join("run.toml"), "device.from = \"runs/fit\"\n").unwrap();
    let [by_file, by_run] = ["table.toml", "run.toml"].map(|file| {
        let shown = spinhebb(folder.path()).args(["show", "--json", "--config", file]).assert().success();
        let shown: serde_json::Value = serde_json::from_slice(&shown.get_output().stdout).unwrap();
        number(&shown, "parallel/stability").to_bits()
    });
    assert_eq!(by_file, by_run, "a device file and the run that wrote it");
}

#[test]
fn many_devices_become_the_population_of_an_array() {
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
    let fixed = "calibrate.parameters.relaxation_time={fixed=\"0.3 ns\"}";
    let more = ["--set", fixed, "--config", "quick.toml", "--json", "--name", "many"];
    arguments.extend(more.map(str::to_string));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let results = results(folder.path(), &arguments);
    for (name, truth) in SPREAD {
        let (low, high) = interval(&results, &format!("population/deviation/{name}"));
        assert!((low..=high).contains(&truth), "{name}: {truth} is not in {low} to {high}");
        assert!(high < 2.5 * truth, "{name}: {low} to {high} says nothing");
    }
    assert!(folder.path().join("runs/many/figures/calibration-population.svg").is_file());
    // The circuit commands take the population file as a layer, and the mean device as theirs.
    spinhebb(folder.path())
        .args(["circuit", "write", "--config", "runs/many/population.toml", "--dry-run"])
        .args(["--set", "device.from=runs/many/device-mean.toml"])
        .assert()
        .success()
        .stdout(predicate::str::contains("device-mean.toml").and(predicate::str::contains("log-normal")));
    the_population_learns(folder.path());
}

/// The calibrated devices, their table, and a network that learns on an array of them.
fn the_population_learns(folder: &Path) {
    digits::write(&folder.join("digits"));
    std::fs::write(
        folder.join("chain.toml"),
        "seed = 3\ndevice.from = \"runs/many\"\npopulation.from = \"runs/many\"\n\
         [table]\nwidths = [\"2 ns\"]\nvoltages = 20\nhighest_voltage = \"0.9 V\"\n\
         [pulses]\nwidth = \"2 ns\"\n[network]\nneurons = 20\ncopies = 1\nrefresh = 500\n",
    )
    .unwrap();
    let run = |words: &[&str]| results(folder, &[words, &["-c", "chain.toml", "--json"]].concat());
    let table = run(&["device", "table", "--name", "table"]);
    let half = |key: &str| number(&table, &format!("{key}voltage_of_one_half/anti-parallel, 2000 ps"));
    assert!((half("population/") / half("") - 1.0).abs() < 0.02, "{table}");
    let mut train = vec!["network", "train", "--mnist", "digits", "--set", "table.from=runs/table"];
    // Drivers of an array that make up for what its lines take.
    train.extend(["--set", "array.phases=2", "--set", "array.compensation=row"]);
    let [devices, array] = ["devices", "array"]
        .map(|synapses| run(&[&train[..], &["--synapses", synapses, "--name", synapses]].concat()));
    // The nominal device has the probability that was asked for, the population about as much, on its array too.
    let achieved = |trained: &serde_json::Value| {
        number(trained, "write/potentiation/probability_mean")
            / number(trained, "potentiation_probability/first")
    };
    // By the mean over the devices in the table, at the voltage of the pulse.
    let means = archive(folder, "table").dataset("device/population").unwrap();
    let column = |name: &str| means.numbers(name).unwrap();
    let (volts, mean) = (column("voltage"), column("mean"));
    let cells = |start: State, _| {
        let of_start =
            volts.iter().zip(&mean).filter(|(volts, _)| **volts * start.switching_polarity() > 0.0);
        of_start.map(|(volts, mean)| TableCell::computed(volts.abs(), *mean, 0.0)).collect()
    };
    let mean = SwitchingTable::new(&[2e-9], "mean", cells).unwrap();
    let pulse = number(&devices, "potentiation_voltage/first");
    let expected = mean.probability(pulse, 2e-9, State::AntiParallel).unwrap().p;
    let found = number(&devices, "achieved/potentiation/mean");
    assert!((found / expected - 1.0).abs() < 0.04, "{found} {expected}");
    assert!((0.3..2.5).contains(&achieved(&array)), "{} {array}", achieved(&array));
    for trained in [&devices, &array] {
        assert!(number(trained, "accuracy") > 0.3, "ten digits, twenty neurons: {trained}");
    }
    assert!((number(&devices, "accuracy") - number(&devices, "accuracy_ideal")).abs() < 0.15, "{devices}");
}

#[test]
fn malformed_counts_are_refused_by_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.csv"), counts(45.0, 0.4, 0)).unwrap();
    let bad = "voltage [V],width [ns],trials,switched\nNaN,1,100,3\n0.4,1,-2,3\n0.5,1,100,101\n";
    std::fs::write(folder.path().join("bad.csv"), bad).unwrap();
    std::fs::write(folder.path().join("noise.csv"), [0x89u8, b'\n', 0, 0xff]).unwrap();
    let shown = refusal(folder.path(), &["calibrate", "good.csv", "bad.csv", "noise.csv"]);
    for place in ["bad.csv:2:1", "bad.csv:3:3", "bad.csv:4", "noise.csv:2:1"] {
        assert!(shown.contains(place), "{place}: {shown}");
    }
}
