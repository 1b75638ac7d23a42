//! What can go wrong while running an experiment, and how the program says it.

use std::path::PathBuf;

use miette::Diagnostic;
use spinhebb_circuit::CircuitError;
use spinhebb_data::DataError;
use spinhebb_data::config::{ConfigError, FieldFault};
use spinhebb_device::error::DeviceError;
use spinhebb_network::error::NetworkError;

/// Errors of experiments: those of the layers below, and those of files and runs.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ExperimentError {
    /// A configuration file is wrong; printed with file, line and caret.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] ConfigError),
    /// From the data layer.
    #[error(transparent)]
    Data(#[from] DataError),
    /// From the device layer.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// From a calibration.
    #[error(transparent)]
    Calibration(#[from] spinhebb_device::calibration::CalibrationError),
    /// From the circuit layer.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// From the network layer.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The run's directory is already there.
    #[error("the run directory `{}` exists already", path.display())]
    #[diagnostic(help("choose another --name or --out, or remove it; finished runs are never overwritten"))]
    RunExists {
        /// The directory.
        path: PathBuf,
    },
    /// Another process computes the run of this name.
    #[error("another process is computing `{}`", path.display())]
    #[diagnostic(help("wait for it, or choose another --name or --out"))]
    RunUnderWay {
        /// Its staging folder.
        path: PathBuf,
    },
    /// An interrupted run of another configuration has this name.
    #[error("`{}` holds what an interrupted run of another configuration or version had finished", path.display())]
    #[diagnostic(help("start that run again to finish it, choose another --name, or remove the folder"))]
    RunInterrupted {
        /// Its staging folder.
        path: PathBuf,
    },
    /// An archive lacks what its page shows.
    #[error("the archive of `{experiment}` cannot be shown: {reason}")]
    Archive {
        /// Words of the command that made it.
        experiment: String,
        /// What is missing.
        reason: String,
    },
    /// A finished unit of work does not read back.
    #[error("a finished unit of this run does not read back: {reason}")]
    Unit {
        /// Why not.
        reason: String,
    },
    /// A run name that cannot be a directory name.
    #[error("`{name}` cannot name a run: expected letters, digits, `-`, `_` and `.`, not starting with `.`")]
    RunName {
        /// The name given.
        name: String,
    },
    /// A file or directory could not be written or read.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// An option of the command line or a value has no meaning here.
    #[error("{key} = {value}: expected {expected}")]
    Value {
        /// The option or key.
        key: String,
        /// What was given.
        value: String,
        /// What would be right.
        expected: String,
    },
}

impl ExperimentError {
    /// Refuses `value` of `key`; `expected` says what would be right.
    ///
    /// # Errors
    /// Always [`ExperimentError::Value`].
    pub(crate) fn refuse<T>(key: &str, value: impl ToString, expected: &str) -> Result<T, Self> {
        Err(Self::Value { key: key.to_string(), value: value.to_string(), expected: expected.to_string() })
    }

    /// For `map_err` on a fault of a configuration, which its check tells first.
    pub(crate) fn field(fault: FieldFault) -> Self {
        Self::Value { key: fault.path, value: fault.value, expected: fault.expected }
    }

    /// For `map_err` on file operations.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
