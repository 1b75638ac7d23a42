//! A training configuration together with how the trained network is labelled and read.

use crate::encoding::{Images, Shift};
use crate::engine::DeviceSpread;
use crate::error::NetworkError;
use crate::evaluation::Evaluation;
use crate::labelling::Labelling;
use crate::network::Network;
use crate::readout::Readout;
use crate::training::TrainingConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that defines an experiment with a network, apart from images and seed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Displacements at which labelled images are shown while neurons get their labels.
    #[serde(default = "still")]
    pub label_shifts: Vec<Shift>,
    /// Displacements at which an image is read at the test; the votes of all are added.
    #[serde(default = "still")]
    pub test_shifts: Vec<Shift>,
    /// How the class is read from the neurons.
    #[serde(default)]
    pub readout: Readout,
    /// Spread from device to device; without it devices are ideal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<DeviceSpread>,
    /// Network and training.
    pub training: TrainingConfig,
}

fn still() -> Vec<Shift> {
    vec![[0, 0]]
}

/// The displacements by at most one pixel along one axis: none, right, left, down, up.
pub const CROSS: [Shift; 5] = [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]];

impl Recipe {
    /// A recipe with images read once, unshifted, and ideal devices.
    #[must_use]
    pub fn new(training: TrainingConfig, readout: Readout) -> Self {
        Self { label_shifts: still(), test_shifts: still(), readout, spread: None, training }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`], naming key and value.
    pub fn validate(&self) -> Result<(), NetworkError> {
        self.training.validate()?;
        for (key, shifts) in [("label_shifts", &self.label_shifts), ("test_shifts", &self.test_shifts)] {
            NetworkError::require(
                !shifts.is_empty(),
                key,
                "[]",
                "at least one displacement, such as [0, 0]",
            )?;
        }
        self.spread.as_ref().map_or(Ok(()), DeviceSpread::validate)
    }

    /// The untrained network for `images`.
    ///
    /// # Errors
    /// [`NetworkError`] when recipe and images do not fit together.
    pub fn network(&self, images: &Images<'_>, seed: u64) -> Result<Network, NetworkError> {
        self.validate()?;
        match &self.spread {
            Some(spread) => Network::varied(&self.training, spread, images, seed),
            None => Network::ideal(&self.training, images, seed),
        }
    }

    /// Labels the neurons of `network` by `train` and reads `test`.
    ///
    /// # Errors
    /// [`NetworkError`] when labels do not fit the images.
    pub fn examine(
        &self,
        network: &Network,
        train: (&Images<'_>, &[u8]),
        test: (&Images<'_>, &[u8]),
        classes: usize,
    ) -> Result<(Labelling, Evaluation), NetworkError> {
        let labelling = network.label(train.0, train.1, classes, &self.label_shifts)?;
        let evaluation = network.evaluate(&labelling, self.readout, test.0, test.1, &self.test_shifts)?;
        Ok((labelling, evaluation))
    }
}
