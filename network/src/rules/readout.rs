//! How the class of an image is read from the neurons that fire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};

/// How the class of an image is read from the neurons.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Default)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
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
    /// As the weighted vote, with the logarithm of the share: votes of independent fields and displacements add up to the
    /// likelihood of each class.
    LikelihoodVote {
        /// Number of neurons that vote.
        neurons: usize,
        /// Firings that every neuron is taken to have for every class before it is labelled, above 0.
        prior: f64,
    },
}

impl Readout {
    /// Number of neurons that vote.
    #[must_use]
    pub const fn neurons(self) -> usize {
        match self {
            Self::SingleWinner => 1,
            Self::Vote { neurons }
            | Self::WeightedVote { neurons }
            | Self::LikelihoodVote { neurons, .. } => neurons,
        }
    }
}

impl Check for Readout {
    fn check(&self, faults: &mut Faults) {
        faults.require(self.neurons() >= 1, "neurons", self.neurons(), "at least 1 neuron that votes");
        if let Self::LikelihoodVote { prior, .. } = *self {
            faults.require(prior > 0.0 && prior.is_finite(), "prior", prior, "a number above 0");
        }
    }
}
