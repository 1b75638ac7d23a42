//! Memory and time of a training, before it begins.

use spinhebb_network::images::ImagesConfig;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};

use crate::experiment::Cost;

/// Pixels of an image of the shipped set.
const PIXELS: f64 = 784.0;
/// Bytes of a synapse on the way: its devices, its switching events, its row in the order of a draw.
const SYNAPSE_BYTES: f64 = 4.0;
/// Bytes of a device with conductances of its own.
const DEVICE_BYTES: f64 = 16.0;
/// Seconds of one core for an image and synapse: alike devices, and devices that differ.
const SYNAPSE_SECONDS: f64 = 5e-11;
const DEVICE_SECONDS: f64 = 1e-9;

/// Memory and time of a training, with the labelling of as many images.
pub(super) fn of_training(network: &NetworkConfig, images: &ImagesConfig) -> Cost {
    let shown = images.available().map_or(0.0, |available| images.shown(available) as f64);
    let lines = PIXELS * network.encoding.thresholds.len() as f64;
    let share = match network.fields.len() {
        0 => 1.0,
        count => {
            network.fields.iter().map(|f| (f.width * f.height) as f64).sum::<f64>() / PIXELS / count as f64
        }
    };
    let synapses = network.neurons as f64 * lines * share;
    let reads = shown * (f64::from(network.passes) + network.label_shifts.len() as f64);
    let (bytes, seconds) = match network.synapses {
        SynapseModel::Ideal => (SYNAPSE_BYTES, SYNAPSE_SECONDS),
        SynapseModel::Devices | SynapseModel::Array => (
            SYNAPSE_BYTES + DEVICE_BYTES * f64::from(network.copies),
            DEVICE_SECONDS * f64::from(network.copies),
        ),
    };
    Cost::new(synapses * bytes, synapses * reads * seconds)
}

/// Memory and time of `repetitions` trainings by each recipe, the repetitions side by side.
pub(super) fn of_trainings(
    recipes: impl Iterator<Item = NetworkConfig>,
    repetitions: f64,
    images: &ImagesConfig,
) -> Cost {
    let mut all = Cost::new(0.0, 0.0);
    for one in recipes.map(|network| of_training(&network, images)) {
        all.bytes = all.bytes.max(repetitions * one.bytes);
        let seconds = one.core_seconds.unwrap_or(0.0) * repetitions;
        all.core_seconds = all.core_seconds.map(|sum| sum + seconds);
    }
    all
}
