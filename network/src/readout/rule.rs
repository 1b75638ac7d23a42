//! From firing neurons to a class.

use crate::encoding::Shown;
use crate::error::NetworkError;
use crate::readout::evaluation::Evaluation;
use crate::readout::labelling::{Labelling, TEST, check_labels, for_each_response};
use crate::rules::readout::Readout;
use crate::synapses::Synapses;
use crate::training::trainer::Trainer;
use spinhebb_data::config::Check;

impl Readout {
    /// What `neuron` adds to each class when it votes first; `None` when it has no label.
    #[must_use]
    pub fn votes(self, labelling: &Labelling, neuron: usize) -> Option<Vec<f64>> {
        let firings = labelling.firings(neuron);
        let total = f64::from(firings.iter().sum::<u32>());
        let label = labelling.label(neuron)?;
        Some(match self {
            Self::SingleWinner | Self::Vote { .. } => {
                (0..firings.len()).map(|class| f64::from(u8::from(class == usize::from(label)))).collect()
            }
            Self::WeightedVote { .. } => firings.iter().map(|&n| f64::from(n) / total).collect(),
            Self::LikelihoodVote { prior, .. } => {
                let all = total + prior * firings.len() as f64;
                firings.iter().map(|&n| libm::log((f64::from(n) + prior) / all)).collect()
            }
        })
    }

    /// Weight of the vote of the neuron that fired in place `rank`, from 0.
    fn weight(self, rank: usize) -> f64 {
        match self {
            // The earlier of two neurons decides a tie.
            Self::SingleWinner | Self::Vote { .. } => 1.0 - 1e-6 * rank as f64,
            Self::WeightedVote { .. } | Self::LikelihoodVote { .. } => 1.0 / (rank + 1) as f64,
        }
    }
}

/// Votes cast for every class of every image.
#[derive(Debug, Clone, PartialEq)]
pub struct Ballot {
    classes: usize,
    /// `[image * classes + class]`.
    votes: Vec<f64>,
    cast: Vec<bool>,
    /// Whether any neuron fired on the image.
    fired: Vec<bool>,
}

impl Ballot {
    /// No votes yet.
    #[must_use]
    pub fn new(images: usize, classes: usize) -> Self {
        Self {
            classes,
            votes: vec![0.0; images * classes],
            cast: vec![false; images],
            fired: vec![false; images],
        }
    }

    /// Class with the most votes for `image`, the lowest among equals; `None` when no labelled neuron voted.
    #[must_use]
    pub fn class(&self, image: usize) -> Option<u8> {
        let votes = &self.votes[image * self.classes..(image + 1) * self.classes];
        let best = votes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        votes.iter().position(|&v| v == best && self.cast[image]).map(|class| class as u8)
    }

    /// Compares with the labels; an image without a vote counts as wrong.
    ///
    /// # Errors
    /// [`NetworkError::Length`] and [`NetworkError::OutOfRange`] when labels do not fit images or classes.
    pub fn evaluate(&self, labels: &[u8]) -> Result<Evaluation, NetworkError> {
        check_labels(self.cast.len(), labels, self.classes)?;
        let mut evaluation = Evaluation::new(self.classes);
        for (image, &label) in labels.iter().enumerate() {
            evaluation.add(label, self.class(image));
        }
        evaluation.set_silent(self.fired.iter().filter(|fired| !**fired).count() as u32);
        Ok(evaluation)
    }
}

/// Reads every image at every displacement and adds the votes to `ballot`.
///
/// # Errors
/// [`NetworkError::OutOfRange`] when more neurons are to vote than there are, or there is no displacement;
/// [`NetworkError::Length`] when the ballot is for other images or classes.
pub fn vote<S: Synapses>(
    trainer: &Trainer<S>,
    labelling: &Labelling,
    readout: Readout,
    shown: Shown<'_>,
    ballot: &mut Ballot,
) -> Result<(), NetworkError> {
    readout.first_fault()?;
    let neurons = trainer.layer().synapses().neurons();
    NetworkError::require(
        readout.neurons() <= neurons,
        "readout.neurons",
        readout.neurons(),
        &format!("at most the {neurons} neurons"),
    )?;
    NetworkError::require(!shown.shifts.is_empty(), "shifts", 0, "at least one displacement ([0, 0])")?;
    for (what, found, expected) in [
        ("the ballot", ballot.cast.len(), shown.images.len()),
        ("the classes", ballot.classes, labelling.classes()),
    ] {
        if found != expected {
            return Err(NetworkError::Length { what, found, expected, why: "of the images to be read" });
        }
    }
    let votes: Vec<Option<Vec<f64>>> = (0..neurons).map(|n| readout.votes(labelling, n)).collect();
    for_each_response(trainer, (shown, TEST), readout.neurons(), |image, ranked| {
        ballot.fired[image] |= !ranked.is_empty();
        for (rank, &(neuron, _)) in ranked.iter().enumerate() {
            if let Some(votes) = &votes[neuron] {
                ballot.cast[image] = true;
                let weight = readout.weight(rank);
                let all = &mut ballot.votes[image * ballot.classes..(image + 1) * ballot.classes];
                for (sum, vote) in all.iter_mut().zip(votes) {
                    *sum += weight * vote;
                }
            }
        }
    });
    Ok(())
}
