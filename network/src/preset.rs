//! Ready-made training configurations for MNIST and sets like it.

use crate::encoding::EncodingConfig;
use crate::homeostasis::Form;
use crate::neuron::LeakyIntegrator;
use crate::training::{Order, Schedule, TrainingConfig};

/// Ratio of depression to potentiation probability in the paper: 30 % to 35 %.
pub const DEPRESSION_RATIO: f64 = 0.30 / 0.35;

/// The paper's experiment: one pass, constant probabilities, one winner.
///
/// Probabilities and gain follow the number of images `w` each neuron will win: `p = clamp(6/w, 0.05, 0.35)`, depression at
/// 30/35 of it, gain `min(2.5/w, 0.12)`.
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
        gain: Schedule::constant((2.5 / wins).min(0.12)),
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
