//! How many devices a layer has.

use super::MAX_COPIES;
use crate::error::NetworkError;

/// Size of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerSize {
    /// Number of neurons.
    pub neurons: usize,
    /// Number of input lines.
    pub lines: usize,
    /// Devices per line and neuron (r).
    pub copies: u8,
}

impl LayerSize {
    /// Checks the ranges, and the numbers of P devices `rows` of its synapses.
    pub(super) fn check(self, rows: &[u8]) -> Result<(), NetworkError> {
        let Self { neurons, lines, copies } = self;
        NetworkError::require(
            (1..=1 << 20).contains(&neurons),
            "neurons",
            neurons,
            "between 1 and 1048576 neurons",
        )?;
        NetworkError::require(
            (1..=65_535).contains(&lines),
            "lines",
            lines,
            "between 1 and 65535 input lines",
        )?;
        NetworkError::require(
            (1..=MAX_COPIES as u8).contains(&copies),
            "copies",
            copies,
            "between 1 and 8 devices per line",
        )?;
        if rows.len() != neurons * lines {
            return Err(NetworkError::Length {
                what: "the weights",
                found: rows.len(),
                expected: neurons * lines,
                why: "neurons x lines",
            });
        }
        if let Some(&count) = rows.iter().find(|&&count| count > copies) {
            return Err(NetworkError::OutOfRange {
                key: "weights",
                value: count.to_string(),
                expected: format!("at most {copies} P devices per line"),
            });
        }
        Ok(())
    }

    /// Checks the size of one row, before its devices are drawn.
    pub(super) fn check_row(self) -> Result<(), NetworkError> {
        Self { neurons: 1, ..self }.check(&vec![0; self.lines])
    }
}
