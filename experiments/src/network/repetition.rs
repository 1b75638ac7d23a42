//! Repetitions of one recipe with different seeds, side by side.

use std::ops::Range;

use rayon::prelude::*;
use spinhebb_data::config::Faults;
use spinhebb_data::proportion::wilson_95;
use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::training::recipe::Recipe;

use crate::error::ExperimentError;
use crate::experiment::{Context, Json, Outcome};

/// The seeds of `count` repetitions, from `first` upwards.
pub(super) fn seeds(first: u64, count: u64) -> Range<u64> {
    first..first + count
}

/// Adds what is wrong with `count` repetitions from the seed `first`, written at `key`.
pub(super) fn check(key: &str, first: u64, count: u64, faults: &mut Faults) {
    let fine = count > 0 && first.checked_add(count).is_some();
    faults.require(fine, key, count, "at least 1, and a last seed below 2^64");
}

/// Adds what is wrong with a number of neurons.
pub(super) fn check_neurons(key: &str, neurons: usize, faults: &mut Faults) {
    faults.require((1..=1 << 20).contains(&neurons), key, neurons, "between 1 and 1048576 neurons");
}

/// Trains by `recipe` with several seeds, side by side, and tests each: a unit of the run, called `name`.
///
/// # Errors
/// Recipe and images do not fit together.
pub(super) fn accuracies(
    name: &str,
    recipe: &Recipe,
    parts: &ImageParts<'_>,
    seeds: Range<u64>,
    context: &Context,
) -> Result<Vec<f64>, ExperimentError> {
    let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
    let one = |seed| {
        let mut network = Committee::new(recipe, None, &parts.train, seed)?;
        network.advance(&parts.train, u64::MAX)?;
        Ok(network.examine(&recipe.network, train, test, parts.classes)?.1.accuracy())
    };
    let Json(found) = context.unit(name, || {
        let found: Result<Vec<f64>, ExperimentError> = seeds.into_par_iter().map(one).collect();
        found.map(Json)
    })?;
    Ok(found)
}

/// Mean and sample standard deviation.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}

/// Adds mean and standard deviation of the accuracies that `label` reached on `tested` images.
pub(super) fn add_accuracies(outcome: &mut Outcome, label: &str, accuracies: &[f64], tested: usize) {
    let (mean, deviation) = mean_and_deviation(accuracies);
    let (low, high) = wilson_95((mean * tested as f64).round() as u64, tested as u64);
    let meaning = "mean accuracy of the repetitions; interval after Wilson for so many images";
    outcome.scalar(format!("accuracy/{label}"), mean, "1", meaning).interval(low, high);
    let meaning = "standard deviation of the accuracy from repetition to repetition";
    outcome.scalar(format!("deviation/{label}"), deviation, "1", meaning);
}

/// `98.18 ± 0.05`, in per cent.
pub(super) fn in_per_cent(accuracies: &[f64]) -> String {
    let (mean, deviation) = mean_and_deviation(accuracies);
    format!("{:.2} ± {:.2}", 100.0 * mean, 100.0 * deviation)
}
