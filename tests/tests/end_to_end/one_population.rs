//! One population moves the results of the whole chain, and every one of them is a mean over the same devices.

use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::{Junction, preset};
use spinhebb_device::population::DeviceFactors;
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{ByFokkerPlanck, SwitchingProbability};

use crate::digits;
use crate::program::{archive, interval, number, results};

/// Ideal lines, so that every cell sees its driver's voltage; all devices of the array are anti-parallel and get the pulse.
const WHOLE: &str = r#"
seed = 5
[device]
from = "perpendicular-40nm"
[table]
method = "fokker-planck"
widths = ["2 ns"]
[pulses]
width = "2 ns"
potentiation = "0.43 V"
depression = "-0.43 V"
[array]
inputs = 2000
outputs = 2
word_wire = "0 ohm"
bit_wire = "0 ohm"
driver = "0 ohm"
sense = "0 ohm"
write_driver = "0 ohm"
scheme = "cut-off"
[pattern]
parallel = 0.0
active = 1.0
[write]
dendrite = 1
sizes = []
[map]
inputs = 30
outputs = 20
[wer]
voltages = ["0.45 V"]
longest_width = "4 ns"
widths = 2
[network]
synapses = "devices"
neurons = 16
copies = 1
[images]
train = 300
"#;

const COMMANDS: [&str; 5] = ["device table", "device wer", "circuit write", "circuit map", "network train"];

const VOLTS: f64 = 0.43;
const WIDTH_S: f64 = 2e-9;

/// Mean over a normal spread of 5 % of whatever `device` makes of the factor, by quadrature, of the probability that a pulse
/// switches, or not, by the back end for each device's own macrospin.
fn quadrature(device: impl Fn(f64) -> DeviceFactors, volts: f64, kept: bool) -> f64 {
    let junction = Junction::new(&preset::load("perpendicular-40nm").unwrap().device).unwrap();
    let nominal = junction.macrospin("a test").unwrap();
    let step = 0.1;
    let (mut sum, mut weights) = (0.0, 0.0);
    for k in -50..=50 {
        let z = step * f64::from(k);
        let weight = (-0.5 * z * z).exp();
        let own = Junction::Single(Box::new(device(1.0 + 0.05 * z).macrospin(nominal).unwrap()));
        let pulse = Pulse::rectangular(volts, WIDTH_S);
        let found = ByFokkerPlanck(Resolution::TABLE).probability(&own, &pulse, State::AntiParallel).unwrap();
        sum += weight * if kept { found.complement } else { found.p };
        weights += weight;
    }
    sum / weights
}

/// A deviation of the mean from `expected`, in standard errors.
fn agrees(what: &str, mean: f64, error: f64, expected: f64) {
    assert!((mean - expected).abs() <= 3.0 * error, "{what}: {mean} +- {error}, by quadrature {expected}");
}

#[test]
fn one_population_moves_the_whole_chain() {
    let folder = tempfile::tempdir().unwrap();
    digits::write(&folder.path().join("digits"));
    std::fs::write(folder.path().join("whole.toml"), WHOLE).unwrap();
    let run = |command: &str, name: &str, more: &[&str]| {
        let mut words: Vec<&str> = command.split(' ').collect();
        words.extend(["-c", "whole.toml", "--json", "--name", name]);
        if command == "network train" {
            words.extend(["--mnist", "digits"]);
        }
        words.extend(more);
        results(folder.path(), &words)
    };
    let named = |command: &str, case: &str| format!("{case}-{}", command.replace(' ', "-"));
    let spreads = [
        ("resistance_area", "population.resistance_area.relative=0.05"),
        ("barrier", "population.barrier.relative=0.05"),
    ];
    for command in COMMANDS {
        run(command, &named(command, "alike"), &[]);
    }
    for (parameter, setting) in spreads {
        let found = COMMANDS.map(|command| run(command, &named(command, parameter), &["--set", setting]));
        let data = |case: &str, command: &str, dataset: &str, variable: &str| {
            archive(folder.path(), &named(command, case)).dataset(dataset).unwrap().numbers(variable).unwrap()
        };
        let moved = |command: &str, dataset: &str, variable: &str| {
            data(parameter, command, dataset, variable) != data("alike", command, dataset, variable)
        };
        assert!(moved("circuit write", "circuit/write/cut-off", "flip_probability"));
        assert!(moved("network train", "network/state", "threshold"));
        // Conductances do not know of barriers.
        assert_eq!(moved("circuit map", "circuit/map", "conductance"), parameter == "resistance_area");
        assert_eq!(moved("circuit map", "circuit/map", "effective"), parameter == "resistance_area");

        let device = |factor: f64| match parameter {
            "barrier" => DeviceFactors { barrier: factor, ..DeviceFactors::NOMINAL },
            _ => DeviceFactors { resistance_area: factor, ..DeviceFactors::NOMINAL },
        };
        let expected = quadrature(device, VOLTS, false);
        // The table: its cell nearest to the pulse.
        let column = |name: &str| data(parameter, "device table", "device/population", name);
        let (volts, mean, error) = (column("voltage"), column("mean"), column("mean_error"));
        let nearest =
            (0..volts.len()).min_by(|a, b| (volts[*a] - VOLTS).abs().total_cmp(&(volts[*b] - VOLTS).abs()));
        let cell = nearest.unwrap();
        agrees("device table", mean[cell], error[cell], quadrature(device, volts[cell], false));
        // Write errors at 2 ns.
        let column = |name: &str| data(parameter, "device wer", "device/population", name);
        agrees(
            "device wer",
            column("mean_kept")[0],
            column("mean_kept_error")[0],
            quadrature(device, 0.45, true),
        );
        // The dendrite that learns: 2000 devices.
        let flips = data(parameter, "circuit write", "circuit/write/cut-off", "flip_probability");
        let written: Vec<f64> = flips.chunks(2).map(|row| row[1]).collect();
        let mean = written.iter().sum::<f64>() / 2000.0;
        let variance = written.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / 1999.0;
        agrees("circuit write", mean, (variance / 2000.0).sqrt(), expected);
        // The devices of the network.
        let train = &found[4];
        let (low, high) = interval(train, "achieved/potentiation/mean");
        agrees(
            "network train",
            number(train, "achieved/potentiation/mean"),
            (high - low) / 2.0 / 1.96,
            expected,
        );
    }
}

/// A table that was computed once serves every command that asks for it, with the same results.
#[test]
fn tables_travel() {
    let folder = tempfile::tempdir().unwrap();
    digits::write(&folder.path().join("digits"));
    std::fs::write(folder.path().join("whole.toml"), WHOLE).unwrap();
    let spread = ["--set", "population.barrier.relative=0.02", "--set", "array.inputs=20"];
    let run = |command: &str, more: &[&str]| {
        let mut words: Vec<&str> = command.split(' ').collect();
        words.extend(["-c", "whole.toml", "--json"]);
        words.extend(spread);
        if command == "network train" {
            words.extend(["--mnist", "digits"]);
        }
        words.extend(more);
        results(folder.path(), &words)
    };
    run("device table", &["--name", "tables"]);
    for command in ["circuit write", "network train"] {
        let computed = run(command, &["--name", "computed"]);
        let read = run(command, &["--name", "read", "--set", "table.from=runs/tables"]);
        assert_eq!(read["table"]["from"], "tables");
        let datasets = ["circuit/write/cut-off", "network/state"];
        let dataset = datasets[usize::from(command == "network train")];
        let [a, b] = ["computed", "read"].map(|name| archive(folder.path(), name).dataset(dataset).unwrap());
        assert!(a == b, "{command}: the table that was read gives other results");
        drop(computed);
        for name in ["computed", "read"] {
            std::fs::remove_dir_all(folder.path().join("runs").join(name)).unwrap();
        }
    }
    // Another population needs other tables, another width others still.
    let refused = |more: &[&str]| {
        let mut words =
            vec!["circuit", "write", "-c", "whole.toml", "--set", "table.from=runs/tables", "--name", "no"];
        words.extend(more);
        let output = crate::program::spinhebb(folder.path()).args(words).assert().failure();
        crate::program::unwrapped(&output.get_output().stderr)
    };
    let shown = refused(&["--set", "population.barrier.relative=0.1"]);
    assert!(shown.contains("table.from") && shown.contains("device table"), "{shown}");
    let shown = refused(&["--set", "pulses.width=3 ns"]);
    assert!(shown.contains("table.from") && shown.contains("3e-9"), "{shown}");
    let shown = refused(&["--set", "table.from=whole.toml"]);
    assert!(shown.contains("whole.toml"), "{shown}");
}
