//! Sensitivities of the output currents to every cell and source, by one adjoint solve.
//!
//! # Formula
//! For L = sum_j c_j I_j with I_j the current out of the bottom end of bit line j, let a be the
//! node voltages of the same array, linearised at the solution, with all sources at 0 V and the
//! bottom ends at -c_j. Then dL/dG_ij = v_ij a_ij with v, a the cell voltages of the two states
//! (Tellegen), and dL/dV_s is the current through source s in the adjoint state, reversed.
//!
//! # References
//! S. W. Director, R. A. Rohrer, IEEE Trans. Circuit Theory 16, 318 (1969).

use nalgebra::{DMatrix, DVector};

use crate::array::cell::Cells;
use crate::array::crossbar::{Array, End};
use crate::error::CircuitError;
use crate::solve::nodal::Solution;

/// Derivatives of a weighted sum of output currents.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// dL/dG for a conductance added in parallel to each cell, in A/S times the weight, M x N.
    pub to_siemens: DMatrix<f64>,
    /// dL/dV of each source at the left end of a word line, in S times the weight, M.
    pub to_word_volts: DVector<f64>,
}

impl Array {
    /// Sensitivity of `sum_j weights[j] I_j` at a solved state, I_j the output current of bit line j.
    ///
    /// # Errors
    /// Wrong number of weights, or no convergence of the adjoint solve.
    pub fn sensitivity(&self, solution: &Solution, weights: &[f64]) -> Result<Sensitivity, CircuitError> {
        let (_, cols) = self.shape();
        if weights.len() != cols {
            return Err(CircuitError::Count {
                what: "weights of outputs",
                given: weights.len(),
                expected: cols,
            });
        }
        let volts = solution.cell_volts();
        let tangent = match &self.cells {
            Cells::Linear(siemens) => siemens.clone(),
            Cells::Devices(cells) => cells.zip_map(&volts, |cell, volts| cell.at(volts).slope_siemens),
        };
        let mut adjoint = Self { cells: Cells::Linear(tangent), ..self.clone() };
        let silent = |ends: &mut Vec<End>| {
            for end in ends {
                if let End::Driven { volts, .. } = end {
                    *volts = 0.0;
                }
            }
        };
        silent(&mut adjoint.word.first);
        silent(&mut adjoint.word.last);
        silent(&mut adjoint.bit.first);
        for (end, weight) in adjoint.bit.last.iter_mut().zip(weights) {
            if let End::Driven { volts, .. } = end {
                *volts = -weight;
            }
        }
        let state = adjoint.solve()?;
        Ok(Sensitivity {
            to_siemens: volts.component_mul(&state.cell_volts()),
            to_word_volts: -state.terminals.left,
        })
    }
}
