//! What can go wrong in a calibration.

use crate::error::DeviceError;
use crate::measurement::MeasurementError;

/// Error of a calibration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// The measured data cannot be read.
    #[error(transparent)]
    Measurement(#[from] MeasurementError),
    /// A setting that does not fit.
    #[error("`{key}` is {value}, but {expected}")]
    Setting {
        /// Key of the setting.
        key: String,
        /// The value as given.
        value: String,
        /// What would be accepted.
        expected: String,
    },
    /// A parameter name that the model does not have.
    #[error("model `{model}` has no parameter `{name}`; it has {known}")]
    UnknownParameter {
        /// The name as given.
        name: String,
        /// The model.
        model: String,
        /// Its parameters.
        known: String,
    },
    /// Too few data for the number of free parameters.
    #[error(
        "{points} points with outcomes cannot fix {free} free parameters; measure more points or fix parameters"
    )]
    TooFewPoints {
        /// Points with at least one trial.
        points: usize,
        /// Free parameters.
        free: usize,
    },
    /// The search never found a finite likelihood.
    #[error(
        "no starting point of {tried} has a finite likelihood under `{model}`; check units and signs of the data, or the bounds"
    )]
    NoStart {
        /// Starting points tried.
        tried: usize,
        /// The model.
        model: String,
    },
    /// The device layer refused a parameter set.
    #[error(transparent)]
    Device(#[from] DeviceError),
}
