//! Networks end to end: images from a folder, training that survives a kill, sensitivities, what is refused.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use predicates::prelude::*;

use crate::program::{folder_with, results, spinhebb};

/// Writes an idx file of bytes.
fn idx(folder: &Path, name: &str, shape: &[u32], bytes: &[u8]) {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|n| n.to_be_bytes()));
    file.extend(bytes);
    std::fs::write(folder.join(name), file).unwrap();
}

/// Three classes of 28 x 28 images: a bar left, in the middle or right, with a part of it missing in turn.
fn bars(folder: &Path, part: &str, count: u32) {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for image in 0..count {
        let class = image % 3;
        labels.push(class as u8);
        for y in 0..28 {
            for x in 0..28 {
                let bar = x * 3 / 28 == class && y / 5 != image / 3 % 6;
                pixels.push(if bar { 200 } else { 20 });
            }
        }
    }
    idx(folder, &format!("{part}-images-idx3-ubyte"), &[count, 28, 28], &pixels);
    idx(folder, &format!("{part}-labels-idx1-ubyte"), &[count], &labels);
}

#[test]
fn images_of_a_folder_are_learned() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("bars");
    std::fs::create_dir(&images).unwrap();
    bars(&images, "train", 300);
    bars(&images, "t10k", 90);
    let arguments = ["network", "train", "--mnist", "bars", "--neurons", "12", "--json"];
    let found = results(folder.path(), &arguments);
    let accuracy = found["accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.95, "three separate bars: {accuracy}");
    // Every image fires one neuron, every firing pulses all devices of a row.
    let accounting = &found["accounting"];
    let pulses = accounting["potentiation_pulses"].as_u64().unwrap()
        + accounting["depression_pulses"].as_u64().unwrap();
    let fired = 300 - accounting["silent_images"].as_u64().unwrap();
    assert_eq!(pulses, fired * 784 * 8);

    // A label file for other images is refused by name.
    idx(&images, "train-labels-idx1-ubyte", &[299], &[0; 299]);
    spinhebb(folder.path())
        .args(arguments)
        .assert()
        .failure()
        .stderr(predicate::str::contains("train-labels-idx1-ubyte").and(predicate::str::contains("299")));
}

/// A training killed after its first checkpoint, then finished, leaves the archive of one that was left alone.
#[test]
fn a_killed_training_goes_on_bit_for_bit() {
    for preset in [["--preset", "paper", "--neurons", "300"], ["--preset", "best", "--neurons", "90"]] {
        let folder = tempfile::tempdir().unwrap();
        bars(folder.path(), "train", 6000);
        bars(folder.path(), "t10k", 30);
        let checkpoint = folder.path().join("state");
        let train = |name: &str, checkpoint: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_spinhebb-under-test"));
            command.current_dir(folder.path()).args(["network", "train", "--name", name]).args(preset);
            command.args(["--mnist", ".", "--checkpoint", checkpoint, "--every", "100"]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let mut killed = train("killed", "state").spawn().unwrap();
        let started = Instant::now();
        while !checkpoint.exists() {
            assert!(started.elapsed() < Duration::from_secs(120), "no checkpoint");
            assert!(killed.try_wait().unwrap().is_none(), "the training ended before its checkpoint");
            std::thread::sleep(Duration::from_millis(2));
        }
        killed.kill().unwrap();
        assert!(!killed.wait().unwrap().success(), "the training was over before it could be killed");
        assert!(train("resumed", "state").status().unwrap().success());
        assert!(train("whole", "other").status().unwrap().success());
        let archive =
            |name: &str| std::fs::read(folder.path().join("runs").join(name).join("run.h5")).unwrap();
        assert!(archive("resumed") == archive("whole"), "{preset:?}: the archives differ");

        // A damaged checkpoint is named and refused.
        let mut bytes = std::fs::read(&checkpoint).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&checkpoint, bytes).unwrap();
        let output = train("damaged", "state").stderr(Stdio::piped()).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains("state"), "{message}");
    }
}

#[test]
fn sensitivities_agree_with_the_markov_chain() {
    let folder = folder_with("runs = 2000\n[axes]\nprobability = [0.2, 0.6]\nhazard_spread = [1.0]\n");
    let found = results(folder.path(), &["network", "sensitivity", "--config", "small.toml", "--json"]);
    for point in found["probability"].as_array().unwrap() {
        let number = |key: &str| point[key].as_f64().unwrap();
        let (simulated, exact) = (number("learned_within"), number("learned_within_exact"));
        let sigma = (exact * (1.0 - exact) / 2000.0).sqrt();
        assert!((simulated - exact).abs() < 4.5 * sigma, "{simulated} against {exact}");
    }
    assert!(found["hazard_spread"][0]["learned_within_exact"].is_null());
}

#[test]
fn wrong_sensitivities_are_refused_with_key_and_expectation() {
    for (configuration, messages) in [
        ("[axes]\nprobability = [0.5, 1.5]\n", ["axes.probability", "1.5", "between 0 and 1"]),
        ("[axes]\nretention = [-0.1]\n", ["axes.retention", "-0.1", "retention"]),
        ("[axes]\nleak = [0.1]\n", ["leak", "probability", "retention"]),
        ("runs = 0\n", ["runs", "0", "between 1"]),
        ("within = 1000\n", ["within", "1000", "between 1 and 100"]),
        ("read_voltage = \"-0.1 V\"\n", ["read_voltage", "-0.1 V", "above 0 V"]),
        ("preset = \"nothing\"\n", ["nothing", "in-plane", "perpendicular-40nm"]),
    ] {
        let folder = folder_with(configuration);
        let mut assert = spinhebb(folder.path())
            .args(["network", "sensitivity", "--config", "small.toml"])
            .assert()
            .failure();
        for message in messages {
            assert = assert.stderr(predicate::str::contains(message));
        }
        assert!(!folder.path().join("runs").exists(), "refused before anything is computed");
    }
}
