//! Winner-take-all among neurons that integrate side by side.

use crate::neuron::LeakyIntegrator;
use crate::rules::chance;
use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who wins when several neurons cross their thresholds in the same clock cycle.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum TieRule {
    /// The neuron with the largest current over threshold, which crosses first in continuous time;
    /// an exact tie is drawn at random.
    #[default]
    AnalogRace,
    /// A random one of them.
    Random,
    /// The one with the lowest index.
    LowestIndex,
    /// All of them fire and learn.
    AllFire,
}

/// The neuron that fired and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firing {
    /// Index of the neuron.
    pub neuron: usize,
    /// Clock cycle of the presentation, from 1.
    pub cycle: u32,
}

/// The neurons among `crossed` that may win under `tie`, given `ratio(j) = I_j / theta_j`.
#[must_use]
pub fn candidates(crossed: &[usize], tie: TieRule, ratio: impl Fn(usize) -> f64) -> Vec<usize> {
    match tie {
        // Of neurons that may win, all that fire together are those that may.
        TieRule::Random | TieRule::AllFire => crossed.to_vec(),
        TieRule::LowestIndex => crossed.iter().copied().min().into_iter().collect(),
        TieRule::AnalogRace => {
            let best = crossed.iter().map(|&j| ratio(j)).fold(f64::NEG_INFINITY, f64::max);
            crossed.iter().copied().filter(|&j| ratio(j) == best).collect()
        }
    }
}

/// The first firing of a race from a common reset, by the closed form: the cycle and all possible winners.
///
/// `currents` and `thresholds` are per neuron, in the same unit; returns `None` when no neuron
/// fires during the presentation.
#[must_use]
pub fn race(
    lif: &LeakyIntegrator,
    currents: &[f64],
    thresholds: &[f64],
    tie: TieRule,
) -> Option<(u32, Vec<usize>)> {
    let crossings: Vec<Option<u32>> =
        currents.iter().zip(thresholds).map(|(&i, &theta)| lif.first_crossing(i, theta)).collect();
    let cycle = crossings.iter().flatten().min().copied()?;
    let crossed: Vec<usize> =
        crossings.iter().enumerate().filter(|(_, c)| **c == Some(cycle)).map(|(j, _)| j).collect();
    Some((cycle, candidates(&crossed, tie, |j| overdrive(currents[j], thresholds[j]))))
}

/// `I / theta`; a threshold at or below zero is crossed at once.
#[must_use]
pub fn overdrive(current: f64, threshold: f64) -> f64 {
    if threshold > 0.0 { current / threshold } else { f64::INFINITY }
}

/// One of `candidates`, uniformly; no number is drawn when there is but one.
pub fn draw(candidates: &[usize], rng: &mut impl Rng) -> usize {
    match candidates.len() {
        1 => candidates[0],
        n => candidates[chance::below(n, rng)],
    }
}
