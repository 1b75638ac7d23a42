//! Networks that look at different fields of an image and vote together.
//!
//! Each field is wired to a layer of its own, with its own winner; all see the same images, at the same displacements and in
//! the same order. A recipe without fields has one network, which sees the whole image.

use crate::encoding::{Images, Shown};
use crate::error::NetworkError;
use crate::readout::evaluation::Evaluation;
use crate::readout::labelling::Labelling;
use crate::readout::rule::Ballot;
use crate::rules::readout::Readout;
use crate::training::checkpoint::Checkpoint;
use crate::training::config::NetworkConfig;
use crate::training::hardware::Hardware;
use crate::training::network::Network;
use crate::training::recipe::Recipe;
use rayon::prelude::*;
use spinhebb_data::config::Check;
use std::sync::Arc;

/// One network for each field of a recipe.
#[derive(Debug, Clone)]
pub struct Committee {
    members: Vec<Network>,
}

impl Committee {
    /// Untrained networks for `images`; `hardware` stands under synapses that are not ideal, the networks side by side.
    ///
    /// # Errors
    /// [`NetworkError`] when recipe, hardware and images do not fit together.
    pub fn new(
        recipe: &Recipe,
        hardware: Option<&Arc<Hardware>>,
        images: &Images<'_>,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        recipe.first_fault()?;
        let member = |(field, member)| Network::new(&member, hardware, images, seed, field);
        let members = recipe.members().into_iter().enumerate().map(member).collect::<Result<_, _>>()?;
        Ok(Self { members })
    }

    /// As [`Committee::new`], with pulses that switch nothing: the control of a training; see [`Network::freeze`].
    ///
    /// # Errors
    /// As [`Committee::new`].
    pub fn frozen(
        recipe: &Recipe,
        hardware: Option<&Arc<Hardware>>,
        images: &Images<'_>,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let Self { members } = Self::new(recipe, hardware, images, seed)?;
        Ok(Self { members: members.into_iter().map(Network::freeze).collect() })
    }

    /// The networks of `checkpoints`, to go on training on `images`.
    ///
    /// # Errors
    /// As [`Network::resume`].
    pub fn resume(
        checkpoints: Vec<Checkpoint>,
        hardware: Option<&Arc<Hardware>>,
        images: &Images<'_>,
    ) -> Result<Self, NetworkError> {
        let members = checkpoints
            .into_iter()
            .map(|c| Network::resume(c, hardware, images))
            .collect::<Result<_, _>>()?;
        Ok(Self { members })
    }

    /// The networks as they are, to be written to disk.
    #[must_use]
    pub fn checkpoints(&self, images: u64) -> Vec<Checkpoint> {
        self.members.iter().map(|m| m.checkpoint(images)).collect()
    }

    /// The networks, field after field.
    #[must_use]
    pub fn members(&self) -> &[Network] {
        &self.members
    }

    /// Shows up to `count` further images to every network, which learns from them; returns how many were shown.
    ///
    /// # Errors
    /// As [`Network::advance`].
    pub fn advance(&mut self, images: &Images<'_>, count: u64) -> Result<u64, NetworkError> {
        let shown: Vec<u64> =
            self.members.par_iter_mut().map(|m| m.advance(images, count)).collect::<Result<_, _>>()?;
        Ok(shown.into_iter().max().unwrap_or(0))
    }

    /// Whether the networks can be written down here and go on as if they had not been.
    #[must_use]
    pub fn may_be_kept(&self) -> bool {
        self.members.iter().all(Network::may_be_kept)
    }

    /// Images to be shown in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.members.first().map_or(0, Network::total)
    }

    /// Images shown so far.
    #[must_use]
    pub fn shown(&self) -> u64 {
        self.members.first().map_or(0, Network::shown)
    }

    /// Labels the neurons of every network.
    ///
    /// # Errors
    /// As [`Network::label`].
    pub fn label(
        &self,
        shown: Shown<'_>,
        labels: &[u8],
        classes: usize,
    ) -> Result<Vec<Labelling>, NetworkError> {
        self.members.iter().map(|m| m.label(shown, labels, classes)).collect()
    }

    /// Reads every image at every displacement with every network and sums the votes.
    ///
    /// # Errors
    /// As [`Network::vote`]; [`NetworkError::Length`] when there is not one labelling for each network.
    pub fn evaluate(
        &self,
        labelling: &[Labelling],
        readout: Readout,
        shown: Shown<'_>,
        labels: &[u8],
    ) -> Result<Evaluation, NetworkError> {
        if labelling.len() != self.members.len() {
            return Err(NetworkError::Length {
                what: "the labellings",
                found: labelling.len(),
                expected: self.members.len(),
                why: "one for each network",
            });
        }
        let classes = labelling.first().map_or(1, Labelling::classes);
        let mut ballot = Ballot::new(shown.images.len(), classes);
        for (member, labelling) in self.members.iter().zip(labelling) {
            member.vote(labelling, readout, shown, &mut ballot)?;
        }
        ballot.evaluate(labels)
    }
    /// Labels the neurons by `train` and reads `test`, as `config` says.
    ///
    /// # Errors
    /// [`NetworkError`] when labels do not fit the images.
    pub fn examine(
        &self,
        config: &NetworkConfig,
        train: (&Images<'_>, &[u8]),
        test: (&Images<'_>, &[u8]),
        classes: usize,
    ) -> Result<(Vec<Labelling>, Evaluation), NetworkError> {
        let labelling = self.label(train.0.at(&config.label_shifts), train.1, classes)?;
        let evaluation = self.evaluate(&labelling, config.readout, test.0.at(&config.test_shifts), test.1)?;
        Ok((labelling, evaluation))
    }
}
