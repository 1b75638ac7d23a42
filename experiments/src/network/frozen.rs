//! The frozen control beside an accuracy: the same recipe with pulses that switch nothing, read out in the same way.
//!
//! What a trained network reads better than its control is what its devices have learned; labels and read-out do the rest.
//! `network evaluate` has no control: it trains nothing, and what the devices were before is not in a checkpoint.

use std::sync::Arc;

use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::training::hardware::Hardware;
use spinhebb_network::training::recipe::Recipe;

use crate::error::ExperimentError;
use crate::experiment::Outcome;

/// Accuracy of the control by `recipe`, with the ends of Wilson's 95 % interval.
///
/// # Errors
/// Recipe, hardware and images do not fit together.
pub(super) fn control(
    recipe: &Recipe,
    hardware: Option<&Arc<Hardware>>,
    parts: &ImageParts<'_>,
    seed: u64,
) -> Result<[f64; 3], ExperimentError> {
    let mut network = Committee::frozen(recipe, hardware, &parts.train, seed)?;
    network.advance(&parts.train, u64::MAX)?;
    let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
    let (_, found) = network.examine(&recipe.network, train, test, parts.classes)?;
    let (low, high) = found.interval_95();
    Ok([found.accuracy(), low, high])
}

/// Adds the accuracy of a control under `key`.
pub(crate) fn add_control(outcome: &mut Outcome, key: impl Into<String>, [accuracy, low, high]: [f64; 3]) {
    let meaning = "accuracy of the frozen control: the same recipe with write pulses of probability 0, read out alike; 1 seed, \
                   interval after Wilson";
    outcome.scalar(key, accuracy, "1", meaning).interval(low, high);
}
