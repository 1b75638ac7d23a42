//! A training configuration together with how the trained network is labelled and read.

use crate::encoding::{Field, Shift};
use crate::error::NetworkError;
use crate::readout::rule::Readout;
use crate::synapses::DeviceSpread;
use crate::training::trainer::TrainingConfig;
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
    /// Fields of the image, each wired to a network of its own; without any, one network sees the whole image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Spread from device to device; without it devices are ideal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<DeviceSpread>,
    /// Network and training; of each network when there are several fields.
    pub training: TrainingConfig,
}

fn still() -> Vec<Shift> {
    vec![[0, 0]]
}

/// The displacements by at most one pixel along one axis: none, right, left, down, up.
pub const CROSS: [Shift; 5] = [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]];

/// All displacements by at most one pixel along each axis.
pub const SQUARE: [Shift; 9] = [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1], [-1, 1], [-1, -1]];

impl Recipe {
    /// A recipe with images read once, unshifted, and ideal devices.
    #[must_use]
    pub fn new(training: TrainingConfig, readout: Readout) -> Self {
        Self {
            label_shifts: still(),
            test_shifts: still(),
            readout,
            fields: Vec::new(),
            spread: None,
            training,
        }
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
        NetworkError::require(
            self.fields.is_empty() || self.training.encoding.field.is_none(),
            "training.encoding.field",
            "given",
            "either this one field or the list `fields`",
        )?;
        self.readout.validate()?;
        self.spread.as_ref().map_or(Ok(()), DeviceSpread::validate)
    }

    /// The configuration of the network of each field.
    #[must_use]
    pub fn members(&self) -> Vec<TrainingConfig> {
        if self.fields.is_empty() {
            return vec![self.training.clone()];
        }
        self.fields
            .iter()
            .map(|&field| {
                let mut config = self.training.clone();
                config.encoding.field = Some(field);
                config
            })
            .collect()
    }
}
