//! What a trained network answers: labels for its neurons, votes and accuracy.

use crate::encoding::Shown;
use crate::error::NetworkError;
use crate::readout::evaluation::Evaluation;
use crate::readout::labelling::Labelling;
use crate::readout::rule::{Ballot, vote};
use crate::rules::readout::Readout;
use crate::training::network::{Network, each};

impl Network {
    /// Labels the neurons; see [`Labelling::by_activity`].
    ///
    /// # Errors
    /// As [`Labelling::by_activity`].
    pub fn label(&self, shown: Shown<'_>, labels: &[u8], classes: usize) -> Result<Labelling, NetworkError> {
        each!(self, trainer => Labelling::by_activity(trainer, shown, labels, classes))
    }

    /// Adds what the network votes to `ballot`; see [`vote`].
    ///
    /// # Errors
    /// As [`vote`].
    pub fn vote(
        &self,
        labelling: &Labelling,
        readout: Readout,
        shown: Shown<'_>,
        ballot: &mut Ballot,
    ) -> Result<(), NetworkError> {
        each!(self, trainer => vote(trainer, labelling, readout, shown, ballot))
    }

    /// Tests the network.
    ///
    /// # Errors
    /// As [`vote`] and [`Ballot::evaluate`].
    pub fn evaluate(
        &self,
        labelling: &Labelling,
        readout: Readout,
        shown: Shown<'_>,
        labels: &[u8],
    ) -> Result<Evaluation, NetworkError> {
        let mut ballot = Ballot::new(shown.images.len(), labelling.classes());
        self.vote(labelling, readout, shown, &mut ballot)?;
        ballot.evaluate(labels)
    }
}
