//! What stands beside the accuracy of a training: its frozen control, the ideal network, and the same training with other seeds.

use std::sync::Arc;

use rayon::prelude::*;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::training::config::SynapseModel;
use spinhebb_network::training::hardware::Hardware;
use spinhebb_network::training::recipe::Recipe;

use super::frozen::control;
use super::repetition::over_seeds;
use super::train::TrainParts;
use crate::error::ExperimentError;
use crate::experiment::{Context, Json, Outcome};
use crate::present::Page;
use crate::progress::Stage;

/// Images of a network between two marks of progress.
const LOOK: u64 = 5000;

/// What a training is of.
#[derive(Clone, Copy)]
pub(super) struct Training<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) hardware: Option<&'a Arc<Hardware>>,
    pub(super) parts: &'a ImageParts<'a>,
}

impl Training<'_> {
    /// Accuracy, with the ends of its 95 % interval, of a network that is trained anew with `seed`.
    fn accuracy(&self, seed: u64, stage: Option<&Stage>) -> Result<[f64; 3], ExperimentError> {
        let Self { recipe, hardware, parts } = *self;
        let mut network = Committee::new(recipe, hardware, &parts.train, seed)?;
        while network.shown() < network.total() {
            network.advance(&parts.train, LOOK)?;
            if let Some(stage) = stage {
                stage.reach(network.shown());
            }
        }
        let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
        let (_, found) = network.examine(&recipe.network, train, test, parts.classes)?;
        let (low, high) = found.interval_95();
        Ok([found.accuracy(), low, high])
    }
}

/// The frozen control of a training, a unit of the run.
///
/// # Errors
/// Recipe, hardware and images do not fit together.
pub(super) fn frozen(training: Training<'_>, context: &Context) -> Result<[f64; 3], ExperimentError> {
    let Training { recipe, hardware, parts } = training;
    let Json(found) =
        context.unit("frozen control", || Ok(Json(control(recipe, hardware, parts, context.seed())?)))?;
    Ok(found)
}

/// Accuracies of the same training with each of `seeds`, side by side, each a unit of the run; `hardware_of` gives what stands under
/// the synapses with a seed.
///
/// # Errors
/// Recipe, hardware and images do not fit together.
pub(super) fn repeated(
    training: Training<'_>,
    seeds: &[u64],
    hardware_of: &(dyn Fn(u64) -> Result<Option<Arc<Hardware>>, ExperimentError> + Sync),
    context: &Context,
) -> Result<Vec<f64>, ExperimentError> {
    if seeds.is_empty() {
        return Ok(Vec::new());
    }
    let stage = context.stage("training with other seeds", seeds.len() as u64);
    let one = |&seed: &u64| {
        let Json(accuracy) = context.unit(&format!("seed {seed}"), || {
            let hardware = hardware_of(seed)?;
            let training = Training { hardware: hardware.as_ref(), ..training };
            Ok(Json(training.accuracy(seed, None)?[0]))
        })?;
        stage.advance();
        Ok(accuracy)
    };
    seeds.par_iter().map(one).collect()
}

/// Adds the accuracy of each seed, where there are several.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_seeds(
    outcome: &mut Outcome,
    seeds: &[u64],
    accuracies: &[f64],
) -> Result<(), ExperimentError> {
    if seeds.len() < 2 {
        return Ok(());
    }
    outcome.add(
        Dataset::new("network/seeds")
            .with(Variable::along("seed", "training", "1", "seed of the training", seeds.to_vec()))?
            .with(Variable::along(
                "accuracy",
                "training",
                "1",
                "fraction of the images recognised",
                accuracies.to_vec(),
            ))?,
    );
    Ok(())
}

/// Trains the same network on ideal synapses, a unit of the run, and adds its accuracy.
///
/// # Errors
/// Recipe and images do not fit together.
pub(super) fn add_ideal(
    outcome: &mut Outcome,
    recipe: &Recipe,
    parts: &ImageParts<'_>,
    context: &Context,
) -> Result<(), ExperimentError> {
    let Json([accuracy, low, high]) = context.unit("ideal synapses", || {
        let ideal = recipe.ideal();
        let total = parts.train.len() as u64 * u64::from(ideal.network.passes);
        let stage = context.stage("training with ideal synapses", total);
        let training = Training { recipe: &ideal, hardware: None, parts };
        Ok(Json(training.accuracy(context.seed(), Some(&stage))?))
    })?;
    let meaning =
        "accuracy of the same network with devices all alike on ideal lines; 1 seed, interval after Wilson";
    outcome.scalar("accuracy_ideal", accuracy, "1", meaning).interval(low, high);
    Ok(())
}

/// Draws the accuracy beside those of the control and of the ideal network, where they were trained.
///
/// # Errors
/// The outcome holds no accuracy.
pub(super) fn present_beside(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let config: TrainParts = outcome.config()?;
    let synapses = match config.network.synapses {
        SynapseModel::Array => "trained on the array",
        SynapseModel::Devices => "trained, devices of their own",
        SynapseModel::Ideal => "trained",
    };
    outcome.number("accuracy")?;
    let rows: Vec<Vec<String>> = [
        (synapses, "accuracy", config.train.repeats),
        ("frozen: write pulses of probability 0", "frozen/accuracy", 1),
        ("trained, ideal synapses", "accuracy_ideal", 1),
    ]
    .into_iter()
    .filter_map(|(what, key, seeds)| {
        let found = outcome.find(key)?;
        let (low, high) = found.interval?;
        let interval = format!("{:.2} to {:.2}", 100.0 * low, 100.0 * high);
        Some(vec![what.to_string(), format!("{:.2}", 100.0 * found.value), interval, seeds.to_string()])
    })
    .collect();
    page.table(&["network", "accuracy (%)", "95 % interval (%)", "seeds"], &rows);
    if let Some(deviation) = outcome.find("deviation") {
        page.paragraph(&format!(
            "Accuracy of the trained network: {}, the deviation {:.2} %.",
            over_seeds(config.train.repeats),
            100.0 * deviation.value
        ));
    }
    Ok(())
}
