//! Training runs: labels stay out of learning, checkpoints resume bit for bit, counters add up.

mod formula;
mod pictures;

use std::sync::Arc;

use formula::{array, hardware, population, pulses, tables, varied};
use pictures::{SIDE, images};
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::Staged;
use spinhebb_network::encoding::Images;
use spinhebb_network::readout::Readout;
use spinhebb_network::readout::preset;
use spinhebb_network::training::checkpoint::Checkpoint;
use spinhebb_network::training::config::{NetworkConfig, Order, SynapseModel};
use spinhebb_network::training::hardware::{DrivenPulses, Hardware};
use spinhebb_network::training::network::Network;
use spinhebb_network::training::recipe::{Recipe, WriteProbabilities};

fn recipe(copies: u8) -> Recipe {
    let network = NetworkConfig {
        passes: 2,
        order: Order::Shuffled,
        saccade: vec![[0, 0], [1, 0], [0, -1]],
        stages: 7,
        gain: Staged::linear(0.1, 0.01),
        ..preset::tuned(80, copies, 600).network
    };
    let pulses = WriteProbabilities {
        potentiation: Staged::linear(0.3, 0.05),
        depression: Staged::linear(0.25, 0.04),
    };
    Recipe { network, pulses }
}

/// The same with devices that differ.
fn on_devices(copies: u8) -> Recipe {
    let Recipe { network, pulses } = recipe(copies);
    Recipe { network: NetworkConfig { synapses: SynapseModel::Devices, ..network }, pulses }
}

/// The same on an array that is solved anew after every 200 images.
fn on_array(copies: u8) -> Recipe {
    let Recipe { network, pulses } = recipe(copies);
    Recipe { network: NetworkConfig { synapses: SynapseModel::Array, refresh: 200, ..network }, pulses }
}

/// Devices that differ in torque too, in lines of some resistance, driven in seven stages.
fn wired() -> Arc<Hardware> {
    let spreads = population("resistance_area = { relative = 0.05 }\nhazard = { relative = 0.3 }");
    let tables = tables(|volts, _| (0.3 + 4.0 * (volts - 0.5)).clamp(0.0, 1.0));
    let pulses = DrivenPulses {
        potentiation_v: (0..7).map(|stage| 0.5 - 0.01 * f64::from(stage)).collect(),
        ..pulses(tables, 7)
    };
    hardware(&spreads, &FaultsConfig::default(), &array(1.0, WriteScheme::CutOff, 48, 20), Some(pulses))
}

#[test]
fn labels_are_used_by_the_labelling_alone() {
    let (pixels, labels) = images(600);
    let images = Images::new(&pixels, SIDE, SIDE).unwrap();
    // `advance` takes no labels; two networks, labelled differently halfway, go on alike.
    let mut first = Network::new(&recipe(4), None, &images, 1, 0).unwrap();
    let mut second = first.clone();
    first.advance(&images, 500).unwrap();
    second.advance(&images, 500).unwrap();
    let shuffled: Vec<u8> = labels.iter().map(|l| (l * 7 + 3) % 10).collect();
    let right = first.label(images.still(), &labels, 10).unwrap();
    let wrong = second.label(images.still(), &shuffled, 10).unwrap();
    assert_ne!(right, wrong);
    first.advance(&images, u64::MAX).unwrap();
    second.advance(&images, u64::MAX).unwrap();
    assert_eq!(first.rows(), second.rows());
    assert_eq!(first.state(), second.state());
    // The network learned something, and shuffled labels only rename it.
    let right = first.label(images.still(), &labels, 10).unwrap();
    for readout in [Readout::SingleWinner, Readout::Vote { neurons: 5 }, Readout::WeightedVote { neurons: 5 }]
    {
        let found = first.evaluate(&right, readout, images.still(), &labels).unwrap();
        assert!(found.accuracy() > 0.95, "{readout:?}: {}", found.accuracy());
        let renamed = first.label(images.still(), &shuffled, 10).unwrap();
        let again = first.evaluate(&renamed, readout, images.still(), &shuffled).unwrap();
        assert!((again.accuracy() - found.accuracy()).abs() < 0.02);
    }
}

#[test]
fn a_resumed_run_is_the_same_bit_for_bit() {
    let (pixels, _) = images(600);
    let images = Images::new(&pixels, SIDE, SIDE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.checkpoint");
    let (varied, wired) = (varied(), wired());
    for (recipe, hardware, stops) in [
        (recipe(1), None, [1, 250, 407]),
        (recipe(8), None, [1, 250, 407]),
        (on_devices(3), Some(&varied), [1, 250, 407]),
        // On an array, where it is solved anew.
        (on_array(2), Some(&wired), [200, 400, 200]),
    ] {
        let fresh = || Network::new(&recipe, hardware, &images, 5, 0).unwrap();
        let mut whole = fresh();
        whole.advance(&images, u64::MAX).unwrap();
        let mut part = fresh();
        for shown in stops {
            part.advance(&images, shown).unwrap();
            Checkpoint::write(&[part.checkpoint(images.fingerprint())], &path).unwrap();
            assert!(part.may_be_kept());
            part = Network::resume(Checkpoint::read(&path).unwrap().remove(0), hardware, &images).unwrap();
        }
        part.advance(&images, u64::MAX).unwrap();
        assert_eq!(part.checkpoint(images.fingerprint()), whole.checkpoint(images.fingerprint()));
        assert!(whole.state().switched.iter().sum::<u64>() > 1000);
    }
}

#[test]
fn damaged_and_foreign_checkpoints_are_refused() {
    let (pixels, _) = images(60);
    let set = Images::new(&pixels, SIDE, SIDE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.checkpoint");
    let network = Network::new(&recipe(2), None, &set, 5, 0).unwrap();
    Checkpoint::write(&[network.checkpoint(set.fingerprint())], &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for damaged in [&bytes[..bytes.len() - 1], &bytes[..10], &[][..]] {
        std::fs::write(&path, damaged).unwrap();
        let message = Checkpoint::read(&path).unwrap_err().to_string();
        assert!(message.contains("state.checkpoint"), "{message}");
    }
    std::fs::write(&path, b"spinhebb checkpoint 1\n20\n").unwrap();
    let message = Checkpoint::read(&path).unwrap_err().to_string();
    assert!(message.contains("format 1") && message.contains("train again"), "{message}");
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    std::fs::write(&path, flipped).unwrap();
    assert!(Checkpoint::read(&path).unwrap_err().to_string().contains("checksum"));
    std::fs::write(&path, bytes).unwrap();
    let other = set.slice(0..59).unwrap();
    let message =
        Network::resume(Checkpoint::read(&path).unwrap().remove(0), None, &other).unwrap_err().to_string();
    assert!(message.contains("59 images"), "{message}");
    // Another chip under the same network.
    let set = set.slice(0..60).unwrap();
    let network = Network::new(&on_devices(2), Some(&varied()), &set, 5, 0).unwrap();
    Checkpoint::write(&[network.checkpoint(set.fingerprint())], &path).unwrap();
    let read = || Checkpoint::read(&path).unwrap().remove(0);
    assert!(Network::resume(read(), Some(&varied()), &set).is_ok());
    for hardware in [None, Some(&wired())] {
        let message = Network::resume(read(), hardware, &set).unwrap_err().to_string();
        assert!(message.contains("hardware") && message.contains("was trained on"), "{message}");
    }
    let nowhere = folder.path().join("no/such/folder");
    assert!(Checkpoint::write(&[network.checkpoint(set.fingerprint())], &nowhere).is_err());
}

/// Pulses: every firing pulses each device of its row once; every switching event is one of them.
#[test]
fn counters_add_up() {
    let (pixels, _) = images(600);
    let images = Images::new(&pixels, SIDE, SIDE).unwrap();
    let varied = varied();
    for mut network in [
        Network::new(&recipe(4), None, &images, 5, 0).unwrap(),
        Network::new(&on_devices(4), Some(&varied), &images, 5, 0).unwrap(),
    ] {
        let before: u64 = network.rows().iter().map(|&w| u64::from(w)).sum();
        network.advance(&images, u64::MAX).unwrap();
        let state = network.state();
        assert_eq!(state.images, 1200);
        let firings: u64 = state.firings.iter().map(|&n| u64::from(n)).sum();
        assert_eq!(firings + state.silent, 1200);
        let devices = (SIDE * SIDE * 4) as u64;
        assert_eq!(state.potentiation_pulses + state.depression_pulses, firings * devices);
        let per_synapse: u64 = state.switched_per_synapse.iter().map(|&n| u64::from(n)).sum();
        assert_eq!(state.switched.iter().sum::<u64>(), per_synapse);
        // Events change the number of P devices by one each, so parity is kept.
        let after: u64 = network.rows().iter().map(|&w| u64::from(w)).sum();
        assert_eq!((before + after) % 2, per_synapse % 2);
    }
}
