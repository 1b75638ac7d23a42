//! Everything that can go wrong in this crate.

/// Error of the network layer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// A configured value lies outside its range.
    #[error("{key} = {value}: expected {expected}")]
    OutOfRange {
        /// Configuration key, with its table.
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
    /// A source of dendrite currents or of probabilities failed.
    #[error("{what} failed: {reason}")]
    Source {
        /// What was asked for.
        what: &'static str,
        /// The message of the failing layer.
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
}
