//! One network trained and tested, in a form that survives an interruption.

use spinhebb_data::labelled::{Attribute, Dataset, Values, Variable};
use spinhebb_data::proportion::wilson_95;
use spinhebb_data::random_stream::Streams;
use spinhebb_network::images::ImageParts;
use spinhebb_network::rules::readout::Readout;
use spinhebb_network::training::network::Network;
use spinhebb_network::training::recipe::Recipe;

use super::FIELDS;
use crate::error::ExperimentError;
use crate::experiment::Sealable;
use crate::network::digits_in_time::{early, labelled_and_judged};

/// Neurons that vote.
pub(super) const VOTERS: usize = 10;
/// Name of the sealed data.
const NETWORK: &str = "network";

/// A network to be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) neurons: usize,
    /// Devices per pixel and neuron.
    pub(super) copies: u8,
    pub(super) repetition: u32,
    /// Whether its receptive fields and devices are shown.
    pub(super) shown: bool,
}

impl Job {
    /// Name of the unit of work.
    pub(super) fn key(&self) -> String {
        let Self { neurons, copies, repetition, shown } = self;
        format!("digits {neurons} x {copies}, repetition {repetition}{}", if *shown { ", shown" } else { "" })
    }
}

/// What a network learned.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trained {
    /// Test images.
    pub(super) tested: u64,
    /// Test images recognised by the single winner.
    pub(super) single: u64,
    /// Test images recognised by the vote of ten.
    pub(super) vote: u64,
    /// Test images by true class and class read from the single winner, row-major.
    pub(super) confusion: Vec<u32>,
    /// Receptive fields of the first neurons before, early and after, one after the other; empty unless shown.
    pub(super) fields: Vec<f64>,
    /// Digits of all neurons early and at the end, -1 where there is none, by the training images that label neurons on the way; empty
    /// unless shown.
    pub(super) digits: Vec<i16>,
    /// Numbers of P devices, neuron-major; empty unless shown.
    pub(super) weights: Vec<u8>,
    /// Test images that the single winner of the frozen control recognises; of the first repetition.
    pub(super) frozen: Option<u64>,
}

impl Trained {
    /// Share of the test images that the single winner recognises.
    pub(super) fn single_accuracy(&self) -> f64 {
        self.single as f64 / self.tested as f64
    }

    /// Share of the test images that the frozen control recognises, with the ends of Wilson's 95 % interval.
    pub(super) fn frozen_accuracy(&self) -> Option<[f64; 3]> {
        let correct = self.frozen?;
        let (low, high) = wilson_95(correct, self.tested);
        Some([correct as f64 / self.tested as f64, low, high])
    }

    /// Share of the test images that the vote of ten recognises.
    pub(super) fn vote_accuracy(&self) -> f64 {
        self.vote as f64 / self.tested as f64
    }
}

/// Trains and tests the network of `job`.
///
/// # Errors
/// Recipe and images do not fit together.
pub(super) fn train(
    job: &Job,
    recipe: &Recipe,
    parts: &ImageParts<'_>,
    seed: u64,
) -> Result<Trained, ExperimentError> {
    let block = Streams::new(seed, "mnist/repetition").block(u64::from(job.repetition), 0);
    let seed = u64::from(block[0]) << 32 | u64::from(block[1]);
    let mut network = Network::new(recipe, None, &parts.train, seed, 0)?;
    let fields = |network: &Network| {
        let first = 0..FIELDS.min(job.neurons);
        first.flat_map(|neuron| network.receptive_field(neuron)).collect::<Vec<f64>>()
    };
    let frozen = match job.repetition {
        0 => Some(frozen(network.clone(), recipe, parts)?),
        _ => None,
    };
    let (mut looks, mut seen) = (Vec::new(), Vec::new());
    if job.shown {
        looks.extend(fields(&network));
        network.advance(&parts.train, early(network.total()))?;
        looks.extend(fields(&network));
        seen.extend(digits(&network, parts)?);
    }
    network.advance(&parts.train, u64::MAX)?;
    if job.shown {
        looks.extend(fields(&network));
        seen.extend(digits(&network, parts)?);
    }
    let config = &recipe.network;
    let labelling = network.label(parts.train.at(&config.label_shifts), parts.train_labels, parts.classes)?;
    let test = |readout| {
        network.evaluate(&labelling, readout, parts.test.at(&config.test_shifts), parts.test_labels)
    };
    let single = test(Readout::SingleWinner)?;
    let vote = test(Readout::WeightedVote { neurons: VOTERS })?;
    let classes = 0..parts.classes;
    let cells = classes.clone().flat_map(|truth| classes.clone().map(move |found| (truth, found)));
    Ok(Trained {
        tested: u64::from(single.total()),
        single: u64::from(single.correct()),
        vote: u64::from(vote.correct()),
        confusion: cells.map(|(truth, found)| single.confusion(truth, found)).collect(),
        fields: looks,
        digits: seen,
        weights: if job.shown { network.rows() } else { Vec::new() },
        frozen,
    })
}

/// Test images that `network`, untrained, recognises by its single winner after a training whose pulses switch nothing.
fn frozen(network: Network, recipe: &Recipe, parts: &ImageParts<'_>) -> Result<u64, ExperimentError> {
    let (mut network, config) = (network.freeze(), &recipe.network);
    network.advance(&parts.train, u64::MAX)?;
    let labelling = network.label(parts.train.at(&config.label_shifts), parts.train_labels, parts.classes)?;
    let test = parts.test.at(&config.test_shifts);
    let found = network.evaluate(&labelling, Readout::SingleWinner, test, parts.test_labels)?;
    Ok(u64::from(found.correct()))
}

/// Digit of each neuron by the first training images, -1 where there is none.
fn digits(network: &Network, parts: &ImageParts<'_>) -> Result<Vec<i16>, ExperimentError> {
    let (labelled, _) = labelled_and_judged(parts.train.len());
    let images = parts.train.slice(labelled.clone())?;
    let labelling = network.label(images.still(), &parts.train_labels[labelled], parts.classes)?;
    Ok(labelling.labels().into_iter().map(|label| label.map_or(-1, i16::from)).collect())
}

impl Sealable for Trained {
    fn to_datasets(&self) -> Result<Vec<Dataset>, ExperimentError> {
        let along = |name: &str, words: &str, values: Values| Variable::along(name, name, "1", words, values);
        let confusion = along("confusion", "by true class and class read", self.confusion.clone().into());
        let mut sealed = Dataset::new(NETWORK)
            .attribute("tested", self.tested)
            .attribute("single", self.single)
            .attribute("vote", self.vote)
            .with(confusion)?;
        if let Some(frozen) = self.frozen {
            sealed = sealed.attribute("frozen", frozen);
        }
        if !self.weights.is_empty() {
            let digits: Vec<i64> = self.digits.iter().map(|&digit| i64::from(digit)).collect();
            sealed.push(along("digits", "digits early and at the end", digits.into()))?;
            sealed.push(along("fields", "receptive fields", self.fields.clone().into()))?;
            sealed.push(along("weights", "numbers of P devices", self.weights.clone().into()))?;
        }
        Ok(vec![sealed])
    }

    fn from_datasets(datasets: Vec<Dataset>) -> Result<Self, ExperimentError> {
        let lacks =
            |what: &str| ExperimentError::Unit { reason: format!("a trained network lacks `{what}`") };
        let data = datasets.into_iter().find(|d| d.name == NETWORK).ok_or_else(|| lacks(NETWORK))?;
        let count = |name: &str| match data.attributes.get(name) {
            Some(Attribute::U64(n)) => Ok(*n),
            _ => Err(lacks(name)),
        };
        let values = |name: &str| data.variable(name).map(|variable| variable.values.clone());
        Ok(Self {
            tested: count("tested")?,
            single: count("single")?,
            vote: count("vote")?,
            confusion: match values("confusion") {
                Some(Values::U32(values)) => values,
                _ => return Err(lacks("confusion")),
            },
            fields: match values("fields") {
                Some(Values::F64(values)) => values,
                _ => Vec::new(),
            },
            digits: match values("digits") {
                Some(Values::I64(values)) => values.iter().map(|&digit| digit as i16).collect(),
                _ => Vec::new(),
            },
            frozen: count("frozen").ok(),
            weights: match values("weights") {
                Some(Values::U8(values)) => values,
                _ => Vec::new(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_comes_back_from_its_seal() {
        let network = Trained {
            tested: 10,
            single: 6,
            vote: 7,
            confusion: vec![3, 1, 1, 3],
            fields: vec![0.125, 1.0],
            digits: vec![3, -1],
            weights: vec![1, 8],
            frozen: Some(2),
        };
        let bare = Trained {
            fields: Vec::new(),
            digits: Vec::new(),
            weights: Vec::new(),
            frozen: None,
            ..network.clone()
        };
        for trained in [network, bare] {
            assert_eq!(Trained::from_datasets(trained.to_datasets().unwrap()).unwrap(), trained);
        }
        assert!(Trained::from_datasets(Vec::new()).is_err());
    }
}
