//! What a trained network answers: labels for its neurons, votes and accuracy.

use crate::encoding::{Images, Shift};
use crate::error::NetworkError;
use crate::readout::evaluation::Evaluation;
use crate::readout::labelling::Labelling;
use crate::readout::rule::{Ballot, vote};
use crate::rules::readout::Readout;
use crate::training::network::{Network, each};
use crate::training::on_array::ArrayTrainer;
use spinhebb_circuit::operate::write::SwitchingLookup;

impl Network {
    /// Labels the neurons; see [`Labelling::by_activity`].
    ///
    /// # Errors
    /// As [`Labelling::by_activity`].
    pub fn label(
        &self,
        images: &Images<'_>,
        labels: &[u8],
        classes: usize,
        shifts: &[Shift],
    ) -> Result<Labelling, NetworkError> {
        each!(self, trainer => {
            Labelling::by_activity(trainer.layer(), trainer.encoder(), images, labels, classes, shifts)
        })
    }

    /// Adds what the network votes to `ballot`; see [`vote`].
    ///
    /// # Errors
    /// As [`vote`].
    pub fn vote(
        &self,
        labelling: &Labelling,
        readout: Readout,
        images: &Images<'_>,
        shifts: &[Shift],
        ballot: &mut Ballot,
    ) -> Result<(), NetworkError> {
        each!(self, trainer => {
            vote(trainer.layer(), trainer.encoder(), labelling, readout, images, shifts, ballot)
        })
    }

    /// Tests the network.
    ///
    /// # Errors
    /// As [`vote`] and [`Ballot::evaluate`].
    pub fn evaluate(
        &self,
        labelling: &Labelling,
        readout: Readout,
        images: &Images<'_>,
        labels: &[u8],
        shifts: &[Shift],
    ) -> Result<Evaluation, NetworkError> {
        let mut ballot = Ballot::new(images.len(), labelling.classes());
        self.vote(labelling, readout, images, shifts, &mut ballot)?;
        ballot.evaluate(labels)
    }
}

impl<L: SwitchingLookup + Sync> ArrayTrainer<'_, L> {
    /// Labels the neurons by `train` and reads `test`, as the recipe says.
    ///
    /// # Errors
    /// [`NetworkError`] when labels do not fit the images.
    pub fn examine(
        &self,
        train: (&Images<'_>, &[u8]),
        test: (&Images<'_>, &[u8]),
        classes: usize,
    ) -> Result<Evaluation, NetworkError> {
        let (layer, encoder) = (self.trainer().layer(), self.trainer().encoder());
        let config = &self.trainer().recipe().network;
        let labelling =
            Labelling::by_activity(layer, encoder, train.0, train.1, classes, &config.label_shifts)?;
        let mut ballot = Ballot::new(test.0.len(), classes);
        vote(layer, encoder, &labelling, config.readout, test.0, &config.test_shifts, &mut ballot)?;
        ballot.evaluate(test.1)
    }
}
