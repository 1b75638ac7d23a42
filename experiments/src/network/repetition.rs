//! Repetitions of one recipe with different seeds, side by side.

use rayon::prelude::*;
use spinhebb_data::config::Faults;
use spinhebb_data::random_stream::Streams;
use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::mean_interval::{MEANING, mean_and_deviation, mean_interval_95};
use spinhebb_network::training::recipe::Recipe;

use super::frozen::{add_control, control};
use super::terms::Terms;
use crate::error::ExperimentError;
use crate::experiment::{Context, Json, Outcome};

/// Most repetitions of one recipe.
const MOST: u64 = 10_000;

/// The seeds of `count` repetitions: `seed` itself, then those of the stream (`seed`, "repetition", index), which neighbouring
/// seeds do not share.
pub(super) fn seeds(seed: u64, count: u64) -> Vec<u64> {
    let streams = Streams::new(seed, "repetition");
    let derived = |index| {
        let block = streams.block(index, 0);
        // 63 bits, as a file can hold, so that each can be run alone.
        (u64::from(block[0]) | u64::from(block[1]) << 32) >> 1
    };
    (0..count).map(|index| if index == 0 { seed } else { derived(index) }).collect()
}

/// Adds what is wrong with `count` repetitions, written at `key`.
pub(super) fn check(key: &str, count: u64, faults: &mut Faults) {
    faults.require((1..=MOST).contains(&count), key, count, format!("1 to {MOST} trainings"));
}

/// Adds what is wrong with a number of neurons.
pub(super) fn check_neurons(key: &str, neurons: usize, faults: &mut Faults) {
    faults.require((1..=1 << 20).contains(&neurons), key, neurons, "between 1 and 1048576 neurons");
}

/// Accuracies that one recipe reaches.
pub(super) struct Accuracies {
    /// Of each seed, in the order of [`seeds`].
    pub(super) trained: Vec<f64>,
    /// Of the frozen control with the first seed, with the ends of its 95 % interval.
    pub(super) frozen: [f64; 3],
}

/// Trains by `recipe` with several seeds and tests each, and its frozen control with the first, all side by side: a unit of the
/// run, called `name`.
///
/// # Errors
/// Recipe and images do not fit together.
pub(super) fn accuracies(
    name: &str,
    recipe: &Recipe,
    parts: &ImageParts<'_>,
    seeds: &[u64],
    context: &Context,
) -> Result<Accuracies, ExperimentError> {
    let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
    let one = |&seed: &u64| {
        let mut network = Committee::new(recipe, None, &parts.train, seed)?;
        network.advance(&parts.train, u64::MAX)?;
        Ok(network.examine(&recipe.network, train, test, parts.classes)?.1.accuracy())
    };
    let Json((trained, frozen)) = context.unit(name, || {
        let (trained, frozen) = rayon::join(
            || seeds.par_iter().map(one).collect::<Result<Vec<f64>, ExperimentError>>(),
            || control(recipe, None, parts, seeds[0]),
        );
        Ok(Json((trained?, frozen?)))
    })?;
    Ok(Accuracies { trained, frozen })
}

impl Accuracies {
    /// Adds mean and deviation of the accuracies that `label` reached on `tested` images, the control and the terms.
    ///
    /// # Errors
    /// Never: the terms are those of the accuracy added here.
    pub(super) fn add_to(
        &self,
        outcome: &mut Outcome,
        label: &str,
        tested: usize,
        terms: &Terms,
    ) -> Result<(), ExperimentError> {
        let key = format!("accuracy/{label}");
        add_mean(outcome, &key, &self.trained, tested);
        if let Some(deviation) = deviation(&self.trained) {
            let meaning = "standard deviation of the accuracy from repetition to repetition";
            outcome.scalar(format!("deviation/{label}"), deviation, "1", meaning);
        }
        add_control(outcome, format!("frozen/{label}"), self.frozen);
        terms.add_to(outcome, &key, Some(label))
    }
}

/// Adds the mean of `accuracies` on the same `tested` images under `key`, with its interval.
pub(super) fn add_mean(outcome: &mut Outcome, key: &str, accuracies: &[f64], tested: usize) {
    let (low, high) = mean_interval_95(accuracies, tested as u64);
    let meaning = match accuracies.len() {
        1 => "fraction of the images recognised; interval after Wilson, for these images and one seed"
            .to_string(),
        n => format!("fraction of the images recognised, mean of {n} seeds; {MEANING}"),
    };
    outcome.scalar(key, mean_and_deviation(accuracies).0, "1", meaning).interval(low, high);
}

/// Sample standard deviation; `None` for one value, which has none.
pub(crate) fn deviation(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| mean_and_deviation(values).1)
}

/// `98.18 ± 0.05`, in per cent: mean and standard deviation; the mean alone of one value.
pub(super) fn in_per_cent(accuracies: &[f64]) -> String {
    let mean = 100.0 * mean_and_deviation(accuracies).0;
    match deviation(accuracies) {
        None => format!("{mean:.2}"),
        Some(deviation) => format!("{mean:.2} ± {:.2}", 100.0 * deviation),
    }
}

/// `mean and standard deviation of 3 seeds`, or that there is one.
pub(crate) fn over_seeds(count: u64) -> String {
    match count {
        1 => "1 seed, so the spread over seeds is unknown".to_string(),
        n => format!("mean and standard deviation of {n} seeds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Repetitions of neighbouring seeds have no training in common, so that their means are of different networks.
    #[test]
    fn neighbouring_seeds_share_no_repetition() {
        let mut all = BTreeSet::new();
        for seed in (0..200).chain(u64::MAX - 3..=u64::MAX) {
            let own = seeds(seed, 50);
            assert_eq!((own[0], own.len()), (seed, 50));
            assert_eq!(own[..10], seeds(seed, 10), "more repetitions keep those before");
            for (index, one) in own.into_iter().enumerate() {
                assert!(index == 0 || i64::try_from(one).is_ok(), "{one} cannot be written");
                assert!(all.insert(one), "repetition {index} of seed {seed} is also another's");
            }
        }
    }

    #[test]
    fn one_repetition_has_no_deviation() {
        assert_eq!((in_per_cent(&[0.5]), deviation(&[0.5])), ("50.00".to_string(), None));
        assert_eq!(in_per_cent(&[0.4, 0.6]), "50.00 ± 14.14");
    }
}
