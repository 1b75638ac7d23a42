//! The main job end to end, small: what it leaves behind, that threads do not matter, what it refuses.

use predicates::prelude::*;

use crate::program::{folder_with, results, spinhebb};

/// The main job with few trials and small networks.
const SMALL: &str = r#"
[[device]]
preset = "in-plane"
widths = ["10 ns"]
lowest_voltage = "0.15 V"
highest_voltage = "1.2 V"
voltages = 12
trials = 200

[learning]
runs = 400

[mnist]
neurons = 30
copies = 2
grid_neurons = [20]
grid_copies = [1]
repetitions = 1
"#;

#[test]
fn the_whole_chain_runs_and_threads_do_not_matter() {
    let folder = folder_with(SMALL);
    for threads in ["1", "2"] {
        let arguments =
            ["reproduce", "--config", "small.toml", "--json", "--name", threads, "--threads", threads];
        let results = results(folder.path(), &arguments);
        let bins: Vec<f64> =
            serde_json::from_value(results["inference_4x2.ideal"]["bins_g_ap_v"].clone()).unwrap();
        for (bin, expected) in bins.iter().zip([0.9, 0.45, 0.0, -0.45, -0.9]) {
            assert!((bin - expected).abs() < 1e-9, "{bins:?}");
        }
        // The simulated learning time agrees with the exact Markov chain within five standard errors
        // of a distribution whose standard deviation is below its mean.
        let learning = &results["learning_4x2"];
        let (mean, exact) = (
            learning["images_needed_mean"].as_f64().unwrap(),
            learning["images_needed_mean_exact"].as_f64().unwrap(),
        );
        assert!((mean - exact).abs() < 5.0 * exact / 400_f64.sqrt(), "{mean} against {exact}");
        // Thirty neurons recognise far more than the tenth that guessing does.
        let accuracy = results["mnist"]["n30_r2"]["single_winner"].as_f64().unwrap();
        assert!(accuracy > 0.5, "{accuracy}");
    }
    let bytes = |name: &str| std::fs::read(folder.path().join("runs").join(name).join("run.h5")).unwrap();
    assert!(bytes("1") == bytes("2"), "the archive depends on the number of threads");
    for file in ["report.html", "summary.json", "config.toml", "references.bib", "provenance.json"] {
        assert!(folder.path().join("runs/1").join(file).is_file(), "{file} is missing");
    }
    let page = std::fs::read_to_string(folder.path().join("runs/1/report.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script") && !page.contains("<?xml"));

    // The resolved configuration is valid input and resolves to itself.
    let resolved = std::fs::read_to_string(folder.path().join("runs/1/config.toml")).unwrap();
    spinhebb(folder.path())
        .args(["reproduce", "--config", "runs/1/config.toml", "--dry-run"])
        .assert()
        .success()
        .stdout(resolved);

    // A finished run is never overwritten.
    spinhebb(folder.path())
        .args(["reproduce", "--config", "small.toml", "--name", "1"])
        .assert()
        .failure()
        .stderr(predicate::str::contains("exists already"));
}

#[test]
fn wrong_configurations_are_refused_with_file_key_and_expectation() {
    for (configuration, messages) in [
        ("sead = 1", vec!["sead", "did you mean `seed`", "small.toml"]),
        ("[array]\nread_voltage = 0.1", vec!["0.1", "unit", "small.toml"]),
        ("[array]\nread_voltage = \"0.1 A\"", vec!["0.1 A", "voltage"]),
        ("[array]\nword_wire = \"-2 ohm\"", vec!["word_wire", "-2 ohm", "small.toml"]),
        ("[learning]\npotentiation = 1.5", vec!["potentiation", "1.5"]),
        ("[mnist]\ncopies = 9", vec!["copies", "9"]),
        ("[mnist\n", vec!["small.toml"]),
        ("[write]\npreset = \"nobody\"", vec!["nobody", "perpendicular-40nm"]),
        ("[inference]\ntargets = [\"12\"]", vec!["12"]),
    ] {
        let folder = folder_with(configuration);
        let mut assertion =
            spinhebb(folder.path()).args(["reproduce", "--config", "small.toml"]).assert().failure();
        for message in messages {
            assertion = assertion.stderr(predicate::str::contains(message));
        }
        assert!(!folder.path().join("runs").exists(), "{configuration}: something was written");
    }
}

#[test]
fn missing_and_damaged_inputs_are_named() {
    let folder = folder_with(SMALL);
    spinhebb(folder.path())
        .args(["reproduce", "--config", "nowhere.toml"])
        .assert()
        .failure()
        .stderr(predicate::str::contains("nowhere.toml"));
    std::fs::create_dir(folder.path().join("digits")).unwrap();
    spinhebb(folder.path())
        .args(["reproduce", "--config", "small.toml", "--mnist", "digits"])
        .assert()
        .failure()
        .stderr(predicate::str::contains("digits"));
    assert!(!folder.path().join("runs").exists(), "something was left behind");
    // A file where the directory of runs should be.
    std::fs::write(folder.path().join("blocked"), "").unwrap();
    spinhebb(folder.path())
        .args(["reproduce", "--config", "small.toml", "--out", "blocked"])
        .assert()
        .failure()
        .stderr(predicate::str::contains("blocked"));
    spinhebb(folder.path())
        .args(["reproduce", "--config", "small.toml", "--name", "../escape"])
        .assert()
        .failure()
        .stderr(predicate::str::contains("../escape"));
}

#[test]
fn the_printed_example_is_valid_input() {
    let folder = folder_with("");
    let example =
        spinhebb(folder.path()).args(["init", "reproduce"]).assert().success().get_output().stdout.clone();
    std::fs::write(folder.path().join("example.toml"), example).unwrap();
    spinhebb(folder.path()).args(["reproduce", "--config", "example.toml", "--dry-run"]).assert().success();
    spinhebb(folder.path()).args(["init", "reproduce", "-o", "example.toml"]).assert().failure();
}
