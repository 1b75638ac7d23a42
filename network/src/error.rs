//! Everything that can go wrong in this crate.

use spinhebb_circuit::error::CircuitError;
use spinhebb_data::config::{Faults, FieldFault};
use spinhebb_device::error::DeviceError;

/// Error of the network layer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// A value of a configuration is not what its field takes.
    #[error(transparent)]
    Field(#[from] FieldFault),
    /// The circuit layer refuses.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The device layer refuses.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// An argument lies outside its range.
    #[error("{key} = {value}: expected {expected}")]
    OutOfRange {
        /// Name of the argument.
        key: &'static str,
        /// The offending value.
        value: String,
        /// What is accepted.
        expected: String,
    },
    /// A pattern of inputs is not made of 0 and 1 or has the wrong length.
    #[error("pattern `{text}`: expected {expected}")]
    Pattern {
        /// The text as written.
        text: String,
        /// What is accepted.
        expected: String,
    },
    /// Two arrays that belong together differ in length.
    #[error("{what} has {found} entries: expected {expected} ({why})")]
    Length {
        /// The array.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The wanted length.
        expected: usize,
        /// Where the wanted length comes from.
        why: &'static str,
    },
    /// The exact calculation does not cover the configuration.
    #[error("no exact result: {why}; use the simulation instead")]
    NotExact {
        /// The assumption that fails.
        why: String,
    },
    /// Something has no form as text.
    #[error("{what} cannot be written: {reason}")]
    Unwritable {
        /// What was to be written.
        what: &'static str,
        /// The reason of the format.
        reason: String,
    },
    /// A checkpoint cannot be written or read.
    #[error("checkpoint {path}: {reason}; {remedy}")]
    Checkpoint {
        /// File.
        path: String,
        /// What happened.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
}

impl NetworkError {
    /// Error for `key` unless `accepted`.
    pub(crate) fn require(
        accepted: bool,
        key: &'static str,
        value: impl std::fmt::Display,
        expected: &str,
    ) -> Result<(), Self> {
        if accepted {
            Ok(())
        } else {
            Err(Self::OutOfRange { key, value: value.to_string(), expected: expected.to_string() })
        }
    }

    /// The first fault that `check` finds.
    pub(crate) fn first(check: impl FnOnce(&mut Faults)) -> Result<(), Self> {
        let mut faults = Faults::default();
        check(&mut faults);
        faults.found().first().map_or(Ok(()), |fault| Err(fault.clone().into()))
    }
}
