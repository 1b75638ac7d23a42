//! What can go wrong in a calibration.

use std::fmt;

use crate::error::DeviceError;

/// One malformed place of a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedCell {
    /// Name of the file.
    pub file: String,
    /// Line, counted from 1 with comment lines.
    pub line: u64,
    /// Column, counted from 1; 0 stands for the whole line.
    pub column: usize,
    /// Title of the column; empty for the whole line.
    pub title: String,
    /// What was found, what was expected and what to do.
    pub problem: String,
}

impl fmt::Display for MalformedCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 {
            write!(f, ":{} (`{}`)", self.column, self.title)?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Error of a calibration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// Places of data files that cannot be read; all of them, not the first alone.
    #[error("the measured data have {} malformed place(s):\n{}", .0.len(),
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Malformed(Vec<MalformedCell>),
    /// A file that cannot be opened.
    #[error("cannot read `{file}`: {message}")]
    Unreadable {
        /// Name of the file.
        file: String,
        /// What the system said.
        message: String,
    },
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
