//! What can go wrong in the circuit layer.

use std::fmt::Display;

use spinhebb_data::config::FieldFault;

/// Errors of the circuit layer; every variant holds the offending numbers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CircuitError {
    /// An array without rows or columns.
    #[error("array: {rows} x {cols} cells; expected at least one row and one column")]
    Empty {
        /// Number of word lines given.
        rows: usize,
        /// Number of bit lines given.
        cols: usize,
    },
    /// A list has not one entry per line or cell.
    #[error("{what}: {given} given, {expected} expected")]
    Count {
        /// What was counted.
        what: &'static str,
        /// Number given.
        given: usize,
        /// Number expected.
        expected: usize,
    },
    /// A number outside its range.
    #[error("{key} = {value} at ({row}, {col}); expected {expected}")]
    CellValue {
        /// Name of the cell parameter.
        key: &'static str,
        /// Value given, SI.
        value: f64,
        /// Row (word line), counted from 0.
        row: usize,
        /// Column (bit line), counted from 0.
        col: usize,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A number that belongs to a line is outside its range.
    #[error("{key} = {value} of line {line}; expected {expected}")]
    LineValue {
        /// Name of the line parameter.
        key: &'static str,
        /// Value given, SI.
        value: f64,
        /// Line, counted from 0.
        line: usize,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A field of a configuration, or of what a computation was given, is outside its range.
    #[error(transparent)]
    Value(#[from] FieldFault),
    /// Two zero-ohm drivers of different voltage hold one ideal line.
    #[error(
        "{lines} line {line}: its two ends force {first_volts} V and {last_volts} V through zero ohm; \
         give a wire or driver resistance"
    )]
    Conflict {
        /// `word` or `bit`.
        lines: &'static str,
        /// Line, counted from 0.
        line: usize,
        /// Voltage of its first end.
        first_volts: f64,
        /// Voltage of its last end.
        last_volts: f64,
    },
    /// A wire break on a line without wire resistance.
    #[error("{lines} line {line}: a break at segment {segment} needs a wire resistance above 0 ohm")]
    BreakOfIdealLine {
        /// `word` or `bit`.
        lines: &'static str,
        /// Line, counted from 0.
        line: usize,
        /// Segment, 0 before the first cell.
        segment: usize,
    },
    /// An index outside the array.
    #[error("{what} {index} does not exist; expected 0 to {last}")]
    Index {
        /// What was indexed.
        what: &'static str,
        /// Index given.
        index: usize,
        /// Largest valid index.
        last: usize,
    },
    /// The iteration ended above the wanted error.
    #[error(
        "the array was not solved: estimated error {error_volts:e} V after {iterations} iterations and \
         {newton_steps} Newton steps (wanted {wanted_volts:e} V); check for cells below 1 mohm or above 1 Pohm"
    )]
    NotConverged {
        /// Estimate of the largest error of a node voltage, in V.
        error_volts: f64,
        /// Wanted error, in V.
        wanted_volts: f64,
        /// Conjugate-gradient iterations spent.
        iterations: usize,
        /// Newton steps spent.
        newton_steps: usize,
    },
    /// A method for crossed lines was given parallel ones.
    #[error("{method} drives inputs along rows and needs word lines that cross the bit lines")]
    NeedsCrossed {
        /// Name of the method.
        method: &'static str,
    },
    /// The device layer cannot say how a junction switches.
    #[error("switching of the junction at ({row}, {col}): {source}")]
    Switching {
        /// Row, counted from 0.
        row: usize,
        /// Column, counted from 0.
        col: usize,
        /// The device layer's reason.
        source: Box<spinhebb_device::DeviceError>,
    },
    /// A method for linear cells was given others.
    #[error("{method} needs linear cells; linearise the array first (`Array::linearised`)")]
    NeedsLinear {
        /// Name of the method.
        method: &'static str,
    },
}

impl CircuitError {
    /// Error of what was given as `key` unless it is `fine`.
    pub(crate) fn require(
        fine: bool,
        key: &str,
        value: impl Display,
        expected: impl Display,
    ) -> Result<(), Self> {
        if fine {
            return Ok(());
        }
        let (path, value, expected) = (key.to_string(), value.to_string(), expected.to_string());
        Err(Self::Value(FieldFault { path, value, expected }))
    }
}
