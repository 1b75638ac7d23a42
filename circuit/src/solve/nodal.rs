//! Kirchhoff's current law at every node, and the solved state of an array.

use nalgebra::{DMatrix, DVector};

use crate::array::Array;
use crate::array::cell::Cells;
use crate::solve::line::LineSet;

/// How a solution was reached and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// Largest net current into a node, in A (Kirchhoff's current law).
    pub residual_amperes: f64,
    /// Estimate of the largest error of a node voltage, in V: preconditioned residual over the
    /// smallest eigenvalue seen by the iteration.
    pub error_volts: f64,
    /// Conjugate-gradient iterations, summed over Newton steps.
    pub iterations: usize,
    /// Newton steps (corrections); one suffices for linear cells unless digits were refined.
    pub newton_steps: usize,
    /// Severity Lambda of the wire resistance ([`Array::severity`]).
    pub severity: f64,
}

/// Currents through the ends of all lines, in A, positive out of the array into the source.
///
/// Their sum is zero. The current a driver delivers is the negative of its entry.
#[derive(Debug, Clone, PartialEq)]
pub struct TerminalCurrents {
    /// Left ends of the M word lines (first ends of the N source lines where they are parallel).
    pub left: DVector<f64>,
    /// Right ends of the M word lines.
    pub right: DVector<f64>,
    /// Top ends of the N bit lines.
    pub top: DVector<f64>,
    /// Bottom ends of the N bit lines: the outputs of a read.
    pub bottom: DVector<f64>,
}

/// Solved state of an array of M x N cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Voltages w of the word-line nodes in V, M x N.
    pub word_volts: DMatrix<f64>,
    /// Voltages b of the bit-line nodes in V, M x N.
    pub bit_volts: DMatrix<f64>,
    /// Currents through the line ends in A.
    pub terminals: TerminalCurrents,
    /// Residual, error estimate and effort.
    pub certificate: Certificate,
}

impl Solution {
    /// Output currents of the bit lines (bottom ends) in A, N entries.
    #[must_use]
    pub fn output_amperes(&self) -> &DVector<f64> {
        &self.terminals.bottom
    }

    /// Voltage w - b over each whole cell in V, M x N; V > 0 favours P.
    #[must_use]
    pub fn cell_volts(&self) -> DMatrix<f64> {
        &self.word_volts - &self.bit_volts
    }

    /// Voltage over each junction itself (without its access device) in V, M x N; V > 0 favours P.
    #[must_use]
    pub fn device_volts(&self, array: &Array) -> DMatrix<f64> {
        let cell_volts = self.cell_volts();
        match &array.cells {
            Cells::Linear(_) => cell_volts,
            Cells::Devices(cells) => cells.zip_map(&cell_volts, |cell, volts| cell.device_volts(volts)),
        }
    }

    /// Current through each cell in A, M x N, from word to bit line.
    #[must_use]
    pub fn cell_amperes(&self, array: &Array) -> DMatrix<f64> {
        let cell_volts = self.cell_volts();
        match &array.cells {
            Cells::Linear(siemens) => siemens.component_mul(&cell_volts),
            Cells::Devices(cells) => cells.zip_map(&cell_volts, |cell, volts| cell.at(volts).amperes),
        }
    }

    /// Power delivered by all sources in W.
    ///
    /// # Formula
    /// P = -sum over ends of V I with I the current out of the array.
    #[must_use]
    pub fn power_watts(&self, array: &Array) -> f64 {
        let volts = |end: &crate::array::crossbar::End| match *end {
            crate::array::crossbar::End::Floating => 0.0,
            crate::array::crossbar::End::Driven { volts, .. } => volts,
        };
        let t = &self.terminals;
        [
            (&array.word.first, &t.left),
            (&array.word.last, &t.right),
            (&array.bit.first, &t.top),
            (&array.bit.last, &t.bottom),
        ]
        .into_iter()
        .flat_map(|(ends, currents)| ends.iter().zip(currents.iter()))
        .map(|(end, current)| -volts(end) * current)
        .sum()
    }
}

/// Net currents into all nodes, of the word lines and of the bit lines: `into` is filled (M x N by columns) at the node
/// voltages `volts`; `current(index, volts)` is the cell current at a cell voltage.
///
/// Nodes of ideal lines hold their share; lines at a fixed voltage hold 0.
pub(crate) fn net_currents(
    lines: [&LineSet; 2],
    volts: [&[f64]; 2],
    into: [&mut [f64]; 2],
    mut current: impl FnMut(usize, f64) -> f64,
) {
    let ([word, bit], [w, b], [into_word, into_bit]) = (lines, volts, into);
    for index in 0..w.len() {
        let c = current(index, w[index] - b[index]);
        into_word[index] = -c;
        into_bit[index] = c;
    }
    word.add_currents(w, into_word);
    bit.add_currents(b, into_bit);
}
