//! From firing neurons to a class.

use crate::encoding::{Encoder, Images, Shift};
use crate::engine::{Layer, Synapses};
use crate::error::NetworkError;
use crate::evaluation::Evaluation;
use crate::labelling::{Labelling, check_labels, for_each_response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the class of an image is read from the neurons.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case", tag = "rule", deny_unknown_fields)]
pub enum Readout {
    /// The label of the first neuron to fire (the paper's).
    #[default]
    SingleWinner,
    /// One vote for its label from each of the first `neurons` to fire.
    Vote {
        /// Number of neurons that vote.
        neurons: usize,
    },
    /// Each of the first `neurons` to fire votes for all classes by the share of its firings during labelling, with weight
    /// 1/rank.
    WeightedVote {
        /// Number of neurons that vote.
        neurons: usize,
    },
}

impl Readout {
    const fn neurons(self) -> usize {
        match self {
            Self::SingleWinner => 1,
            Self::Vote { neurons } | Self::WeightedVote { neurons } => neurons,
        }
    }

    /// Adds the votes of the neurons `ranked` (best first) to `votes`, one entry per class.
    pub fn vote(self, labelling: &Labelling, ranked: &[(usize, f32)], votes: &mut [f64]) {
        for (rank, &(neuron, _)) in ranked.iter().enumerate() {
            match self {
                Self::SingleWinner | Self::Vote { .. } => {
                    if let Some(label) = labelling.label(neuron) {
                        // The earlier of two neurons decides a tie.
                        votes[usize::from(label)] += 1.0 - 1e-6 * rank as f64;
                    }
                }
                Self::WeightedVote { .. } => {
                    let firings = labelling.firings(neuron);
                    let total: u32 = firings.iter().sum();
                    if total > 0 {
                        let weight = 1.0 / ((rank + 1) as f64 * f64::from(total));
                        for (vote, &n) in votes.iter_mut().zip(firings) {
                            *vote += weight * f64::from(n);
                        }
                    }
                }
            }
        }
    }
}

/// Reads every image at every displacement of `shifts`, sums the votes and compares with the labels.
///
/// An image for which no neuron has a label counts as wrong.
///
/// # Errors
/// [`NetworkError::Length`] and [`NetworkError::OutOfRange`] when labels do not fit images or classes.
pub fn evaluate<S: Synapses>(
    layer: &Layer<S>,
    encoder: &Encoder,
    labelling: &Labelling,
    readout: Readout,
    images: &Images<'_>,
    labels: &[u8],
    shifts: &[Shift],
) -> Result<Evaluation, NetworkError> {
    let classes = labelling.classes();
    check_labels(images, labels, classes)?;
    let neurons = layer.synapses().neurons();
    NetworkError::require(
        (1..=neurons).contains(&readout.neurons()),
        "readout.neurons",
        readout.neurons(),
        &format!("between 1 and the {neurons} neurons"),
    )?;
    NetworkError::require(!shifts.is_empty(), "shifts", 0, "at least one displacement ([0, 0])")?;
    let mut evaluation = Evaluation::new(classes);
    let mut votes = vec![0.0; classes];
    let mut reads = 0;
    for_each_response(layer, encoder, images, shifts, readout.neurons(), |image, ranked| {
        readout.vote(labelling, ranked, &mut votes);
        reads += 1;
        if reads == shifts.len() {
            let best = votes.iter().copied().fold(0.0, f64::max);
            let found = votes.iter().position(|&v| v == best && v > 0.0);
            evaluation.add(labels[image], found.map(|class| class as u8));
            votes.fill(0.0);
            reads = 0;
        }
    });
    Ok(evaluation)
}
