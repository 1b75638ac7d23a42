//! The commands that no other file here runs: trajectories, presets, evaluation, grid, synapses on an array, ablation, costs.

use serde_json::Value;
use spinhebb_device::junction::preset;

use crate::digits;
use crate::program::{archive, at, interval, number, results, spinhebb};

/// A folder with the first of the handwritten digits, in `digits`.
fn with_digits() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    digits::write(&folder.path().join("digits"));
    folder
}

/// What a command on the digits gives.
fn on_digits(folder: &tempfile::TempDir, name: &str, arguments: &[&str]) -> Value {
    let common = ["--mnist", "digits", "--json", "--name", name];
    results(folder.path(), &[&["network"], arguments, &common[..]].concat())
}

#[test]
fn a_strong_pulse_turns_the_magnetisation_over() {
    let folder = tempfile::tempdir().unwrap();
    let trajectory = |name: &str, voltage: &str| {
        let voltage = format!("trajectory.voltage={voltage}");
        let arguments = ["device", "trajectory", "--set", "trajectory.trajectories=3", "--set", &voltage];
        results(folder.path(), &[&arguments[..], &["--json", "--name", name]].concat())
    };
    let (strong, weak) = (trajectory("strong", "0.9 V"), trajectory("weak", "0.01 V"));
    assert_eq!((number(&strong, "switched"), number(&weak, "switched")), (3.0, 0.0));
    let data = archive(folder.path(), "strong").dataset("device/trajectory").unwrap();
    assert_eq!(data.length("trajectory"), Some(3));
    // A unit vector at every time.
    let parts = ["m_x", "m_y", "m_z"].map(|name| data.numbers(name).unwrap());
    for k in 0..parts[0].len() {
        let length = parts.iter().map(|part| part[k] * part[k]).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn presets_give_a_source_for_every_parameter() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |arguments: &[&str]| {
        let output = spinhebb(folder.path()).arg("presets").args(arguments).assert().success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    let all: Value = serde_json::from_str(&printed(&["--json"])).unwrap();
    let list = printed(&[]);
    for name in preset::names() {
        let parameters = all[name]["parameters"].as_object().unwrap();
        assert!(list.contains(&format!("{name}: ")) && parameters.len() > 5, "{name}");
        for (key, parameter) in parameters {
            assert!(parameter["source"].as_str().is_some_and(|source| source.len() > 10), "{name}: {key}");
            assert!(!parameter["value"].is_null(), "{name}: {key} has no value");
        }
        assert!(!printed(&[name]).contains("\n\n\n"));
    }
    let refused = spinhebb(folder.path()).args(["presets", "nobody"]).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("nobody"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
}

#[test]
fn an_evaluation_finds_what_the_training_found() {
    let folder = with_digits();
    let small = ["train", "--neurons", "20", "--copies", "2", "--checkpoint", "state"];
    let trained = on_digits(&folder, "train", &small);
    let evaluated = on_digits(&folder, "evaluate", &["evaluate", "--checkpoint", "state"]);
    assert!(number(&trained, "accuracy") > 0.3, "{trained}");
    assert_eq!(at(&evaluated, "accuracy"), at(&trained, "accuracy"));
    assert_eq!(at(&evaluated, "accounting"), at(&trained, "accounting"));
    // Another read-out needs no training.
    let vote = ["evaluate", "--checkpoint", "state", "--set", "network.readout={kind=\"vote\",neurons=5}"];
    let voted = on_digits(&folder, "vote", &vote);
    assert!(at(&voted, "accuracy") != at(&trained, "accuracy"));
    assert_eq!(at(&voted, "accounting"), at(&trained, "accounting"));
}

#[test]
fn a_grid_has_every_network_of_the_list() {
    let folder = with_digits();
    let grid = ["grid", "--neurons", "10,40", "--copies", "1,2", "--set", "grid.repetitions=2"];
    let found = on_digits(&folder, "grid", &grid);
    for copies in [1, 2] {
        let accuracy = |neurons: i32| number(&found, &format!("accuracy/n{neurons}_r{copies}"));
        assert!(accuracy(40) > accuracy(10) && accuracy(10) > 0.2, "{found}");
        let (low, high) = interval(&found, &format!("accuracy/n40_r{copies}"));
        assert!(low < accuracy(40) && accuracy(40) < high);
    }
    assert_eq!(found["accuracy"].as_object().unwrap().len(), 4);
}

const ON_ARRAY: &str = r#"
[network]
synapses = "array"
neurons = 12
copies = 1
refresh = 100

[images]
train = 300

[array]
inputs = 49
outputs = 8

[table]
method = "fokker-planck"
voltages = 21
"#;

#[test]
fn a_network_on_an_array_stands_beside_the_ideal_one() {
    let folder = with_digits();
    std::fs::write(folder.path().join("array.toml"), ON_ARRAY).unwrap();
    let found = on_digits(&folder, "array", &["train", "--config", "array.toml"]);
    assert_eq!(number(&found, "tiles"), 16.0 * 2.0, "784 lines by 49, 12 neurons by 8");
    for kind in ["potentiation", "depression"] {
        let write = |key: &str| number(&found, &format!("write/{kind}/{key}"));
        let [least, mean, most] =
            ["least", "mean", "most"].map(|which| write(&format!("voltage_share_{which}")));
        assert!(0.3 < least && least <= mean && mean <= most && most < 1.6, "{least} to {most}");
        assert!((0.0..=1.0).contains(&write("probability_mean")));
    }
    assert_eq!(number(&found, "write/pulses_per_event"), 1.0, "both pulses at once");
    assert_eq!(number(&found, "silent_images"), number(&found, "accounting/silent_images"));
    for key in ["accuracy", "accuracy_ideal"] {
        let (low, high) = interval(&found, key);
        assert!(low < number(&found, key) && number(&found, key) < high && low > 0.1, "{key}: {found}");
    }
    // The ideal network is that of a training of its own.
    let ideal = on_digits(&folder, "ideal", &["train", "--config", "array.toml", "--synapses", "ideal"]);
    assert_eq!(number(&ideal, "accuracy"), number(&found, "accuracy_ideal"));
    assert!(ideal["accuracy_ideal"].is_null());
}

#[test]
fn an_ablation_goes_from_the_paper_to_the_best() {
    let folder = with_digits();
    let ablation = [
        "ablation",
        "--set",
        "ablation.neurons=45",
        "--set",
        "ablation.repetitions=1",
        "--set",
        "images.train=500",
    ];
    let found = on_digits(&folder, "ablation", &ablation);
    let accuracy = found["accuracy"].as_object().unwrap();
    assert!(accuracy.len() > 4, "{found}");
    let keys: Vec<&String> = accuracy.keys().collect();
    assert!(
        keys.iter().any(|key| key.starts_with("paper")) && keys.iter().any(|key| key.ends_with("(best)")),
        "{keys:?}"
    );
    for (key, value) in accuracy {
        assert!(value["value"].as_f64().unwrap() > 0.1, "{key}: {value}");
    }
}

#[test]
fn a_training_tells_its_energy_and_time() {
    let folder = with_digits();
    let small = ["train", "--neurons", "20", "--copies", "1", "--set", "images.train=400"];
    let ideal = on_digits(&folder, "ideal", &small);
    let found = on_digits(&folder, "costs", &[&small[..], &["--costs"]].concat());
    assert!(ideal["hardware"].is_null());
    assert_eq!(number(&found, "hardware/tiles"), 14.0, "784 lines by 56, 20 neurons by 50");
    for (key, unit) in
        [("read_energy_per_image", "J"), ("write_energy_per_image", "J"), ("time_per_image", "s")]
    {
        let path = format!("hardware/{key}");
        assert!(number(&found, &path) > 0.0, "{key}");
        assert_eq!(at(&found, &path)["unit"], unit);
    }
    // The pulses have become voltages of the device, one for each polarity.
    assert!(
        number(&found, "potentiation_voltage/first") > 0.0
            && number(&found, "depression_voltage/first") < 0.0
    );
    // A wider pulse takes longer and more energy.
    let wide = [&small[..], &["--costs", "--set", "pulses.width=10 ns"]].concat();
    let wide = on_digits(&folder, "wide", &wide);
    let more = |key: &str| number(&wide, key) > number(&found, key);
    assert!(more("hardware/time_per_image") && more("hardware/write_energy_per_image"), "{wide}");
}

/// In a pipe nothing is said but the results.
#[test]
fn a_pipe_is_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["device", "trajectory", "--set", "trajectory.trajectories=1", "--json"];
    let output = spinhebb(folder.path()).args(arguments).assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stderr).to_string();
    assert!(said.is_empty(), "{said}");
}
