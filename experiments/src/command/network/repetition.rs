//! Repetitions of one recipe with different seeds, side by side.

use std::ops::Range;

use rayon::prelude::*;
use serde::Serialize;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::recipe::Recipe;

use super::evaluate::examine;
use super::images::Parts;
use crate::error::ExperimentError;
use crate::run::RunOptions;

/// Settings of `grid` and `ablation`, for the record.
#[derive(Serialize)]
pub(super) struct Sweep<'a> {
    pub(super) neurons: &'a [usize],
    pub(super) copies: &'a [u8],
    pub(super) seeds: Range<u64>,
}

/// The seeds of `count` repetitions: from the run's seed (1 if not given) upwards.
///
/// # Errors
/// A configuration file was given, which sweeps do not read, or there is no repetition.
pub(super) fn seeds(options: &RunOptions, count: u64) -> Result<Range<u64>, ExperimentError> {
    if let Some(path) = &options.config {
        return Err(ExperimentError::Value {
            key: "--config".into(),
            value: path.display().to_string(),
            expected: "no file: this command is set by its options alone".into(),
        });
    }
    let first = options.seed.unwrap_or(1);
    match first.checked_add(count) {
        Some(end) if count > 0 => Ok(first..end),
        _ => Err(ExperimentError::Value {
            key: "--seeds".into(),
            value: count.to_string(),
            expected: "at least 1, and a last seed below 2^64".into(),
        }),
    }
}

/// Trains with several seeds and examines each; seeds run side by side.
pub(super) fn accuracies(
    recipe: &Recipe,
    parts: &Parts<'_>,
    seeds: Range<u64>,
) -> Result<Vec<f64>, ExperimentError> {
    seeds
        .into_par_iter()
        .map(|seed| {
            let mut network = Committee::new(recipe, &parts.train, seed)?;
            network.advance(&parts.train, u64::MAX)?;
            Ok(examine(recipe, &network, parts)?.1.accuracy())
        })
        .collect()
}

pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}
