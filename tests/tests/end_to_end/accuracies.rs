//! What stands beside an accuracy, and what it is taken from: control, terms, seeds, test set, classes, inputs, checkpoint.

use std::path::Path;

use serde_json::Value;

use crate::digits;
use crate::images::{bars, folder_of_bars, idx};
use crate::program::{archive, at, interval, number, refused_with, results, spinhebb};

/// A folder with the first of the handwritten digits, in `digits`.
fn with_digits() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    digits::write(&folder.path().join("digits"));
    folder
}

/// What `network` with `arguments` gives on the first digits.
fn on_digits(folder: &tempfile::TempDir, name: &str, arguments: &[&str]) -> Value {
    let common = ["--mnist", "digits", "--json", "--name", name];
    results(folder.path(), &[&["network"], arguments, &common[..]].concat())
}

/// The whole summary, warnings among it, of a small training on `bars`.
fn on_bars(folder: &Path, name: &str) -> Value {
    let arguments = ["network", "train", "--mnist", "bars", "--neurons", "12", "--json", "--name", name];
    let output = spinhebb(folder).args(arguments).assert().success().get_output().clone();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn warnings(summary: &Value) -> String {
    let list = summary["warnings"].as_array().unwrap();
    list.iter().map(|warning| warning.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

fn page(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("runs").join(name).join("report.html")).unwrap()
}

/// The control is the training with pulses of probability 0, whatever the synapses are, and changes nothing beside it.
#[test]
fn the_control_is_a_training_that_writes_nothing() {
    let folder = with_digits();
    let common = ["train", "--neurons", "30", "--copies", "2", "--set", "images.train=800"];
    let zero = ["--set", "pulses.potentiation=0", "--set", "pulses.depression=0"];
    for synapses in ["ideal", "devices"] {
        let named = |part: &str| format!("{synapses}-{part}");
        let model = ["--synapses", synapses];
        let found = on_digits(&folder, &named("both"), &[&common[..], &model].concat());
        let unwritten = on_digits(&folder, &named("zero"), &[&common[..], &model, &zero].concat());
        assert_eq!(at(&found, "frozen/accuracy/value"), at(&unwritten, "accuracy/value"), "{synapses}");
        let (_, high) = interval(&found, "frozen/accuracy");
        assert!(interval(&found, "accuracy").0 > high, "{synapses}: nothing was learned: {found}");
        let without = [&common[..], &model, &["--set", "train.frozen=false"]].concat();
        let without = on_digits(&folder, &named("without"), &without);
        assert!(without["frozen"].is_null());
        assert_eq!(without["accuracy"], found["accuracy"]);
        assert!(page(folder.path(), &named("both")).contains("frozen: write pulses of probability 0"));
    }
}

#[test]
fn an_accuracy_says_what_it_rests_on() {
    let folder = with_digits();
    let vote = "network.readout={kind=\"weighted-vote\",neurons=3}";
    let moved = "network.label_shifts=[[0,0],[1,0]]";
    let arguments = ["train", "--neurons", "20", "--copies", "2", "--set", vote, "--set", moved];
    let found = on_digits(&folder, "run", &arguments);
    for (key, expected) in [
        ("neurons", 20.0),
        ("devices", 20.0 * 784.0 * 2.0),
        ("passes", 1.0),
        ("labels_used", 4000.0),
        ("seeds", 1.0),
    ] {
        assert_eq!(number(&found, key), expected, "{key}");
    }
    assert_eq!(found["readout"], "a weighted vote of 3");
    let sentence = found["rests_on"].as_str().unwrap();
    for words in ["a weighted vote of 3", "31360 devices", "4000 labels used", "95 % interval", "unknown"] {
        assert!(sentence.contains(words), "{words}: {sentence}");
    }
    assert!(page(folder.path(), "run").contains(sentence));
}

/// The mean of repetitions is that of trainings with their seeds alone; one training has no deviation anywhere.
#[test]
fn repeated_trainings_are_those_of_their_seeds() {
    let folder = with_digits();
    let common = ["train", "--neurons", "20", "--copies", "1", "--set", "images.train=600"];
    let found = on_digits(&folder, "three", &[&common[..], &["--repeats", "3"]].concat());
    let data = archive(folder.path(), "three").dataset("network/seeds").unwrap();
    let accuracies = data.numbers("accuracy").unwrap();
    let Some(spinhebb_data::labelled::Values::U64(seeds)) = data.variable("seed").map(|seed| &seed.values)
    else {
        panic!("no seeds")
    };
    for (k, (seed, accuracy)) in seeds.iter().zip(&accuracies).enumerate() {
        let seed = seed.to_string();
        let alone = on_digits(&folder, &format!("seed{k}"), &[&common[..], &["--seed", &seed]].concat());
        assert_eq!(number(&alone, "accuracy"), *accuracy, "seed {seed}");
        assert!(alone["deviation"].is_null());
        assert!(!page(folder.path(), &format!("seed{k}")).contains('±'));
    }
    let mean = accuracies.iter().sum::<f64>() / 3.0;
    let variance = accuracies.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>() / 2.0;
    assert!((number(&found, "accuracy") - mean).abs() < 1e-12);
    assert!((number(&found, "deviation") - variance.sqrt()).abs() < 1e-12);
    // Student's t of two degrees of freedom is 4.3027 (tables); the images add to it.
    let (low, high) = interval(&found, "accuracy");
    let of_seeds = 4.3027 * (variance / 3.0).sqrt();
    assert!(mean - low > of_seeds && high - mean > of_seeds, "{low} {mean} {high}");
    assert!(found["rests_on"].as_str().unwrap().ends_with("mean of 3 seeds"));
    assert_eq!(number(&found, "seeds"), 3.0);
}

#[test]
fn a_grid_has_a_control_and_terms_for_each_network() {
    let folder = with_digits();
    let grid = ["grid", "--neurons", "10,40", "--copies", "2", "--seeds", "1"];
    let found = on_digits(&folder, "grid", &grid);
    for neurons in [10.0, 40.0] {
        let label = format!("n{neurons}_r2");
        let of = |part: &str| format!("{part}/{label}");
        assert!(interval(&found, &of("frozen")).1 < interval(&found, &of("accuracy")).0, "{label}: {found}");
        assert_eq!(number(&found, &of("devices")), neurons * 784.0 * 2.0);
        assert_eq!(number(&found, &of("labels_used")), 2000.0);
        assert!(at(&found, &of("rests_on")).as_str().unwrap().contains("spread over seeds is unknown"));
    }
    assert!(found["deviation"].is_null());
    let page = page(folder.path(), "grid");
    assert!(!page.contains('±') && page.contains("frozen"), "one repetition has no deviation");
}

/// Other labels of the test images leave all that is measured on the way as it is.
#[test]
fn the_test_set_is_read_once() {
    let folder = with_digits();
    let arguments = ["train", "--neurons", "20", "--copies", "1"];
    let found = on_digits(&folder, "first", &arguments);
    let labels: Vec<u8> = (0..500).map(|k| (k % 10) as u8).collect();
    idx(&folder.path().join("digits"), "t10k-labels-idx1-ubyte", &[500], &labels);
    let relabelled = on_digits(&folder, "second", &arguments);
    assert!(number(&relabelled, "accuracy") < number(&found, "accuracy"));
    assert_eq!(relabelled["fields"], found["fields"]);
    let curve = |name: &str| archive(folder.path(), name).dataset("network/curve").unwrap();
    assert_eq!(curve("first"), curve("second"));
    let numbers = |name: &str| curve("first").numbers(name).unwrap();
    assert_eq!(numbers("images_seen"), [0.0, 333.0, 1000.0, 2000.0]);
    // What is learned is read better from images that did not label the neurons, too.
    let accuracy = numbers("accuracy");
    assert!(accuracy[3] > accuracy[0] + 0.1, "{accuracy:?}");
    assert!(page(folder.path(), "first").contains("on training images"));
}

#[test]
fn neurons_that_change_their_digit_are_counted() {
    let folder = with_digits();
    let found = on_digits(&folder, "run", &["train", "--neurons", "40", "--copies", "1"]);
    let data = archive(folder.path(), "run").dataset("network/digits_in_time").unwrap();
    let counts = data.numbers("neurons").unwrap();
    assert_eq!(counts.iter().sum::<f64>(), 40.0);
    // Ten digits and none.
    let of = |keep: &dyn Fn(usize, usize) -> bool| -> f64 {
        (0..121).filter(|k| keep(k / 11, k % 11)).map(|k| counts[k]).sum()
    };
    let field = |key: &str| number(&found, &format!("fields/neurons_{key}"));
    assert_eq!(field("labelled_early"), of(&|early, _| early < 10));
    assert_eq!(field("labelled_late"), of(&|_, late| late < 10));
    assert_eq!(field("labelled_at_both"), of(&|early, late| early < 10 && late < 10));
    assert_eq!(field("changed"), of(&|early, late| early < 10 && late < 10 && early != late));
    assert!(field("changed") > 0.0, "a sixth of 2,000 images is early");
    assert!(page(folder.path(), "run").contains("have changed it"));
}

/// Labels 7, 31 and 200 are three classes with these names; a class that is only tested is told.
#[test]
fn classes_are_the_labels_that_occur() {
    let folder = tempfile::tempdir().unwrap();
    folder_of_bars(folder.path());
    let plain = on_bars(folder.path(), "plain");
    assert_eq!(warnings(&plain), "");
    let relabel = |name: &str, count: u32, label: &dyn Fn(u32) -> u8| {
        let labels: Vec<u8> = (0..count).map(label).collect();
        idx(&folder.path().join("bars"), name, &[count], &labels);
    };
    let names = [7, 31, 200];
    relabel("train-labels-idx1-ubyte", 300, &|k| names[k as usize % 3]);
    relabel("t10k-labels-idx1-ubyte", 90, &|k| names[k as usize % 3]);
    let renamed = on_bars(folder.path(), "renamed");
    assert_eq!(warnings(&renamed), "");
    assert_eq!(renamed["results"]["accuracy"], plain["results"]["accuracy"]);
    for (name, place) in [("7", "0"), ("31", "1"), ("200", "2")] {
        assert_eq!(renamed["results"]["recall"][name], plain["results"]["recall"][place]);
    }
    assert_eq!(renamed["results"]["recall"].as_object().unwrap().len(), 3);
    // A tenth of the test images has a class that no network can know.
    relabel("t10k-labels-idx1-ubyte", 90, &|k| if k % 10 == 0 { 99 } else { names[k as usize % 3] });
    let foreign = on_bars(folder.path(), "foreign");
    let told = warnings(&foreign);
    assert!(told.contains("no training image has the class `99` (9 images)"), "{told}");
    assert_eq!(number(&foreign["results"], "recall/99"), 0.0);
    let lost = number(&plain["results"], "accuracy") - number(&foreign["results"], "accuracy");
    assert!((lost - 0.1).abs() < 0.02, "{lost}");
}

#[test]
fn a_file_may_have_256_classes() {
    let folder = tempfile::tempdir().unwrap();
    folder_of_bars(folder.path());
    let images = folder.path().join("bars");
    bars(&images, "train", 512);
    let labels: Vec<u8> = (0..512u32).map(|k| k as u8).collect();
    idx(&images, "train-labels-idx1-ubyte", &[512], &labels);
    let summary = on_bars(folder.path(), "all");
    assert_eq!(summary["results"]["recall"].as_object().unwrap().len(), 256);
}

/// Dark and inverted images are told with their reason, sound ones are not.
#[test]
fn images_that_drive_no_line_are_told() {
    let folder = tempfile::tempdir().unwrap();
    folder_of_bars(folder.path());
    let images = folder.path().join("bars");
    let read =
        |part: &str| std::fs::read(images.join(format!("{part}-images-idx3-ubyte"))).unwrap()[16..].to_vec();
    let (train, test) = (read("train"), read("t10k"));
    let sound = on_bars(folder.path(), "sound");
    assert_eq!(warnings(&sound), "");
    let driven = train.iter().filter(|&&pixel| pixel > 64).count() as f64 / train.len() as f64;
    assert!((number(&sound["results"], "inputs/active_fraction") - driven).abs() < 1e-12);
    let write = |part: &str, pixels: &[u8], change: &dyn Fn(u8) -> u8| {
        let changed: Vec<u8> = pixels.iter().map(|&pixel| change(pixel)).collect();
        let count = (pixels.len() / 784) as u32;
        idx(&images, &format!("{part}-images-idx3-ubyte"), &[count, 28, 28], &changed);
    };
    let both = |name: &str, change: &dyn Fn(u8) -> u8| {
        write("train", &train, change);
        write("t10k", &test, change);
        warnings(&on_bars(folder.path(), name))
    };
    let dark = both("dark", &|pixel| pixel / 200);
    for words in ["all of the first 300 training images", "run from 0 to 1, the thresholds from 64", "0..255"]
    {
        assert!(dark.contains(words), "{words}: {dark}");
    }
    assert_eq!(dark.lines().count(), 1, "{dark}");
    let inverted = both("inverted", &|pixel| 255 - pixel);
    assert!(
        inverted.contains("the training images look inverted") && inverted.lines().count() == 1,
        "{inverted}"
    );
    // Only what is tested is dark.
    write("train", &train, &|pixel| pixel);
    write("t10k", &test, &|pixel| pixel / 200);
    let told = warnings(&on_bars(folder.path(), "test"));
    assert!(told.contains("all of the first 90 images to be tested drive no input line"), "{told}");
}

/// Read-out and displacements of a `best` network come from its checkpoint.
#[test]
fn a_best_network_is_evaluated_as_it_was_trained() {
    let folder = with_digits();
    let few = ["--set", "images.train=500"];
    let train = ["train", "--preset", "best", "--neurons", "45", "--checkpoint", "state"];
    let trained = on_digits(&folder, "train", &[&train[..], &few].concat());
    let evaluate = ["evaluate", "--checkpoint", "state"];
    let evaluated = on_digits(&folder, "evaluate", &[&evaluate[..], &few].concat());
    for key in ["accuracy", "recall", "readout", "rests_on", "neurons", "devices", "labels_used", "passes"] {
        assert_eq!(evaluated[key], trained[key], "{key}");
    }
    assert_eq!(number(&trained, "labels_used"), 500.0 * 5.0);
    assert_eq!(trained["readout"], "a likelihood vote of 1 (prior 0.001)");
    // Written keys win.
    let still =
        ["--set", "network.label_shifts=[[0,0]]", "--set", "network.readout={kind=\"single-winner\"}"];
    let written = on_digits(&folder, "written", &[&evaluate[..], &few, &still].concat());
    assert_eq!(
        (number(&written, "labels_used"), &written["readout"]),
        (500.0, &Value::from("the single winner"))
    );
}

#[test]
fn the_best_recipe_takes_the_copies_that_are_written() {
    let folder = with_digits();
    let common = ["train", "--preset", "best", "--neurons", "18", "--set", "images.train=100"];
    let devices = |name: &str, more: &[&str]| {
        number(&on_digits(&folder, name, &[&common[..], more].concat()), "devices")
    };
    // 18 neurons of 14 x 14 pixels and four thresholds.
    let lines = 18.0 * 196.0 * 4.0;
    assert_eq!(devices("as-is", &[]), 2.0 * lines);
    assert_eq!(devices("three", &["--copies", "3"]), 3.0 * lines);
    assert_eq!(devices("eight", &["--set", "network.copies=8"]), 8.0 * lines);
}

#[test]
fn no_training_at_all_is_refused() {
    refused_with(
        &["network", "train"],
        &[
            ("[train]\nrepeats = 0", &["train.repeats", "0", "1 to 10000", "small.toml:2"]),
            ("[train]\nfrozen = 1", &["frozen", "small.toml:2"]),
        ],
    );
    for command in ["grid", "ablation"] {
        let text = format!("[{command}]\nrepetitions = 0");
        let key = format!("{command}.repetitions");
        refused_with(&["network", command], &[(&text, &[&key, "1 to 10000", "small.toml:2"])]);
    }
}
