//! Networks end to end: images from a folder, sensitivities beside their Markov chain, what is refused.

use crate::images::{folder_of_bars, idx};
use crate::program::{archive, folder_with, number, refused_with, results, spinhebb};

#[test]
fn images_of_a_folder_are_learned() {
    let folder = tempfile::tempdir().unwrap();
    folder_of_bars(folder.path());
    let arguments = ["network", "train", "--mnist", "bars", "--neurons", "12", "--json"];
    let found = results(folder.path(), &arguments);
    let accuracy = number(&found, "accuracy");
    assert!(accuracy > 0.95, "three separate bars: {accuracy}");
    // Every image fires one neuron, every firing pulses all devices of a row.
    let counted = |key: &str| number(&found, &format!("accounting/{key}"));
    let pulses = counted("potentiation_pulses") + counted("depression_pulses");
    let fired = 300.0 - counted("silent_images");
    assert!((pulses - fired * 784.0 * 8.0).abs() < 0.5, "{pulses} pulses of {fired} firings");

    // A label file for other images is refused by name.
    idx(&folder.path().join("bars"), "train-labels-idx1-ubyte", &[299], &[0; 299]);
    let assertion = spinhebb(folder.path()).args(arguments).assert().failure();
    let shown = String::from_utf8_lossy(&assertion.get_output().stderr).to_string();
    assert!(shown.contains("train-labels-idx1-ubyte") && shown.contains("299"), "{shown}");
}

#[test]
fn sensitivities_agree_with_the_markov_chain() {
    let folder = folder_with(
        "[demonstrator]\nruns = 2000\n[pulses]\npotentiation = 0.35\ndepression = 0.3\n\
         [sensitivity]\nprobability = [0.2, 0.6]\nhazard_spread = [1.0]\n",
    );
    let arguments = ["network", "sensitivity", "--config", "small.toml", "--json", "--name", "run"];
    results(folder.path(), &arguments);
    let archive = archive(folder.path(), "run");
    let values = |axis: &str, name: &str| {
        archive.dataset(&format!("sensitivity/{axis}")).unwrap().numbers(name).unwrap()
    };
    let (simulated, exact) =
        (values("probability", "learned_within"), values("probability", "learned_within_exact"));
    assert_eq!(simulated.len(), 2);
    for (simulated, exact) in simulated.iter().zip(&exact) {
        let sigma = (exact * (1.0 - exact) / 2000.0).sqrt();
        assert!((simulated - exact).abs() < 4.5 * sigma, "{simulated} against {exact}");
    }
    assert!(values("hazard_spread", "learned_within_exact")[0].is_nan(), "devices differ: there is no chain");
}

#[test]
fn wrong_sensitivities_are_refused_with_key_and_expectation() {
    refused_with(
        &["network", "sensitivity"],
        &[
            (
                "[sensitivity]\nprobability = [0.5, 1.5]\n",
                &["sensitivity.probability[1]", "1.5", "between 0 and 1", "small.toml:2"],
            ),
            ("[sensitivity]\nretention = [-0.1]\n", &["sensitivity.retention[0]", "-0.1", "small.toml:2"]),
            (
                "[sensitivity]\nhazard_spread = [0.5, 3.5]\n",
                &["sensitivity.hazard_spread[1]", "3.5", "0 to 3", "small.toml:2"],
            ),
            (
                "population.barrier.relative = 0.05\n",
                &["population.barrier", "switching table", "small.toml:1"],
            ),
            ("[sensitivity]\nleak = [0.1]\n", &["leak", "probability", "retention", "small.toml:2"]),
            ("[demonstrator]\nruns = 0\n", &["demonstrator.runs", "0", "small.toml:2"]),
            ("[demonstrator]\nwithin = 100000\n", &["demonstrator.within", "100000", "small.toml:2"]),
            ("[array]\nread_voltage = \"-0.1 V\"\n", &["read_voltage", "-0.1 V", "small.toml:2"]),
            ("device.from = \"nothing\"\n", &["nothing", "in-plane", "perpendicular-40nm", "small.toml:1"]),
        ],
    );
}

#[test]
fn wrong_networks_are_refused_with_key_and_expectation() {
    refused_with(
        &["network", "train"],
        &[
            ("[network]\ncopies = 9", &["network.copies", "9", "small.toml:2"]),
            ("[network]\nneurons = 0", &["network.neurons", "0", "small.toml:2"]),
            ("[network]\nrecipe = \"worst\"", &["worst", "paper", "best", "small.toml:2"]),
            ("[pulses]\npotentiation = 1.5", &["pulses.potentiation", "1.5", "small.toml:2"]),
            ("[images]\ntrain = 0", &["images.train", "0", "small.toml:2"]),
            ("[images]\nfolder = \"nowhere\"", &["nowhere", "small.toml:2"]),
            ("[train]\nevery = 0", &["train.every", "small.toml:2"]),
            (
                "[network]\nsynapses = \"array\"\nrefresh = 3000\n[train]\nevery = 10000",
                &["train.every", "a multiple of `network.refresh`, 3000", "small.toml:5"],
            ),
            (
                "[network]\nsynapses = \"devices\"\n[faults]\nbroken_segment = 0.1",
                &["faults.broken_segment", "no breaks", "small.toml:4"],
            ),
            (
                "[network]\nconverted = true",
                &["network.converted", "unless `synapses` is \"array\"", "small.toml:2"],
            ),
            (
                "[network]\ntie = \"all-fire\"\nwinners = 2",
                &["network.winners", "analog-race", "small.toml:3"],
            ),
            (
                "[network]\nintegration_cycles = 190",
                &["network.integration_cycles", "at most the 100 cycles", "small.toml:2"],
            ),
            (
                "[network]\nsynapses = \"array\"\n[array]\nphases = 3\nsupply_spread = 0.5",
                &["array.phases", "1 or 2", "small.toml:4", "array.supply_spread", "small.toml:5"],
            ),
            ("[network]\nspread.hazard = 0.1", &["population.hazard.relative", "small.toml:2"]),
        ],
    );
    refused_with(
        &["network", "evaluate"],
        &[
            ("[evaluate]", &["the key `checkpoint` is missing", "small.toml:1"]),
            ("[evaluate]\ncheckpoint = \"nowhere\"", &["nowhere", "small.toml:2"]),
        ],
    );
}
