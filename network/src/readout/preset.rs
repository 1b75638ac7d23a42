//! Ready-made recipes for MNIST and sets like it.

use crate::encoding::{EncodingConfig, Field};
use crate::neuron::LeakyIntegrator;
use crate::readout::recipe::{CROSS, Recipe, SQUARE};
use crate::readout::rule::Readout;
use crate::rules::homeostasis::Form;
use crate::training::trainer::{Order, Schedule, TrainingConfig};

/// Ratio of depression to potentiation probability in the paper: 30 % to 35 %.
pub const DEPRESSION_RATIO: f64 = 0.30 / 0.35;

/// The paper's experiment: one pass, constant probabilities.
///
/// Probabilities and gain follow the number of images `w` each neuron will win: `p = clamp(6/w, 0.05, 0.35)`, depression at
/// 30/35 of it, gain `min(2.5/w, 0.15)`; the cap of 0.15 is the best of
/// 0.08 to 0.3 on training images kept out (N = 10,000, r = 8).
#[must_use]
pub fn paper(neurons: usize, copies: u8, images: usize) -> TrainingConfig {
    let wins = images as f64 / neurons as f64;
    let potentiation = (6.0 / wins).clamp(0.05, 0.35);
    TrainingConfig {
        neurons,
        copies,
        encoding: EncodingConfig::default(),
        neuron: LeakyIntegrator { retention: 1.0, cycles: 50 },
        reference: 0.0,
        threshold: 1.0,
        homeostasis: Form::Ratio,
        gain: Schedule::constant((2.5 / wins).min(0.15)),
        fraction: 1.0,
        potentiation: Schedule::constant(potentiation),
        depression: Schedule::constant(DEPRESSION_RATIO * potentiation),
        stages: 1,
        passes: 1,
        order: Order::Stored,
        saccade: Vec::new(),
        winners: 1,
        initial_parallel: 0.5,
    }
}

/// Several passes in which gain and pulses are annealed.
#[must_use]
pub fn annealed(neurons: usize, copies: u8, images: usize, passes: u32) -> TrainingConfig {
    let wins = images as f64 * f64::from(passes) / neurons as f64;
    // Few wins per neuron need strong pulses and a homeostasis that ends almost still.
    let (gain, rest, first, last) =
        if neurons <= 3000 { (12.0, 0.03, 0.2, 0.02) } else { (14.4, 0.01, 0.5, 0.15) };
    TrainingConfig {
        gain: Schedule::linear(gain / wins, gain * rest / wins),
        potentiation: Schedule::linear(first, last),
        depression: Schedule::linear(0.8 * first, 0.8 * last),
        stages: 100,
        passes,
        order: Order::Shuffled,
        ..paper(neurons, copies, images)
    }
}

/// Thresholds of the thermometer code of [`best`].
pub const THERMOMETER: [u8; 4] = [32, 80, 128, 192];

/// Fields of 14 x 14 pixels, seven pixels apart, over an image of 28 x 28 pixels: nine of them.
#[must_use]
pub fn fields() -> Vec<Field> {
    let starts = || (0..=14).step_by(7);
    starts().flat_map(|top| starts().map(move |left| Field { left, top, width: 14, height: 14 })).collect()
}

/// The most accurate recipe that stays with MTJ pulses and simple CMOS: `neurons` in all, shared out among the [`fields`].
///
/// The likelihood vote needs one table of ten small numbers per neuron (logarithms of its firings per class) and one adder
/// per class.
#[must_use]
pub fn best(neurons: usize, images: usize) -> Recipe {
    let fields = fields();
    let each = (neurons / fields.len()).max(1);
    let training = TrainingConfig {
        encoding: EncodingConfig { thresholds: THERMOMETER.to_vec(), ..EncodingConfig::default() },
        saccade: CROSS.to_vec(),
        ..annealed(each, 2, images, PASSES)
    };
    Recipe {
        label_shifts: CROSS.to_vec(),
        test_shifts: SQUARE.to_vec(),
        fields,
        ..Recipe::new(training, Readout::LikelihoodVote { neurons: 1, prior: PRIOR })
    }
}

/// Passes of [`best`].
const PASSES: u32 = 3;

/// Prior firings of the likelihood vote of [`best`].
const PRIOR: f64 = 0.001;

/// From the paper's experiment to [`best`], one ingredient after the other: name and recipe.
#[must_use]
pub fn ablation(neurons: usize, images: usize) -> Vec<(&'static str, Recipe)> {
    let best = best(neurons, images);
    let vote = Readout::WeightedVote { neurons: 5.min(neurons) };
    let single = Recipe::new(paper(neurons, 8, images), Readout::SingleWinner);
    let weighted = Recipe { readout: vote, ..single.clone() };
    let passes = Recipe { training: annealed(neurons, 8, images, PASSES), ..weighted.clone() };
    let mut moved = Recipe {
        label_shifts: best.label_shifts.clone(),
        test_shifts: best.test_shifts.clone(),
        ..passes.clone()
    };
    moved.training.saccade = best.training.saccade.clone();
    let mut code = moved.clone();
    code.training.encoding = best.training.encoding.clone();
    code.training.copies = 2;
    let fields = Recipe { readout: Readout::WeightedVote { neurons: 1 }, ..best.clone() };
    vec![
        ("paper: one pass, constant pulses, single winner", single),
        ("+ weighted vote of five", weighted),
        ("+ three passes, pulses and homeostasis annealed", passes),
        ("+ images moved by a pixel in training, labelling and reading", moved),
        ("+ thermometer code of four thresholds, two devices per line", code),
        ("+ nine fields of 14 x 14 pixels with a winner each", fields),
        ("+ votes by likelihood (best)", best),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ablation_ends_at_the_best_recipe_and_every_row_is_valid() {
        for neurons in [1, 50, 10_000] {
            let rows = ablation(neurons, 60_000);
            assert_eq!(rows.last().unwrap().1, best(neurons, 60_000));
            for (name, recipe) in rows {
                recipe.validate().unwrap_or_else(|e| panic!("{name}: {e}"));
            }
        }
    }
}
