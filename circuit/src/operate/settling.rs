//! Settling of a read: the slowest time constant of wires, cells and line capacitance.
//!
//! # Formula
//! With capacitances C at the nodes, C dv/dt = -A v + f. The slowest time constant is the largest
//! eigenvalue of A^-1 C. A is an M-matrix, so A^-1 C is non-negative and for any positive vector x
//! the smallest and the largest ratio (A^-1 C x)_k / x_k enclose it (Collatz and Wielandt); power
//! iteration closes the interval. The distance of every node from its end value stays
//! below the largest ratio |v_end|/x times x exp(-t/tau), which bounds the settling time.
//!
//! # Not modelled
//! Capacitance between lines (lumped to ground), bandwidth of drivers and sense amplifiers.

use spinhebb_data::config::{Check, Faults};

use crate::array::Array;
use crate::array::cell::Cells;
use crate::error::CircuitError;
use crate::solve::line::{LineKind, LineSet};
use crate::solve::nodal::Solution;
use crate::solve::schur::{Schur, Target};

/// Capacitance of the lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineCapacitance {
    /// Capacitance of a word line per cell, to ground, in F.
    pub word_farad: f64,
    /// Capacitance of a bit line per cell, to ground, in F.
    pub bit_farad: f64,
}

impl Check for LineCapacitance {
    fn check(&self, faults: &mut Faults) {
        for (key, farad) in [("word_farad", self.word_farad), ("bit_farad", self.bit_farad)] {
            let fine = farad.is_finite() && farad > 0.0;
            faults.require(fine, key, farad, "a finite capacitance above 0 F");
        }
    }
}

/// Time a read needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settling {
    /// Lower bound of the slowest time constant in s.
    pub slowest_low_s: f64,
    /// Upper bound of the slowest time constant in s.
    pub slowest_high_s: f64,
    /// Time after which every node is within `tolerance` of its end value, relative to the largest
    /// one, in s: an upper bound.
    pub settled_s: f64,
    /// The tolerance asked for.
    pub tolerance: f64,
    /// Energy stored in the capacitances at the end in J; charging dissipates as much again.
    pub stored_joules: f64,
}

impl Array {
    /// Settling of a step from 0 V to the solved state, with the cells linearised there.
    ///
    /// # Errors
    /// A capacitance or tolerance out of range, or no convergence.
    pub fn settling(
        &self,
        solution: &Solution,
        capacitance: LineCapacitance,
        tolerance: f64,
    ) -> Result<Settling, CircuitError> {
        capacitance.first_fault()?;
        let LineCapacitance { word_farad, bit_farad } = capacitance;
        let fine = tolerance > 0.0 && tolerance < 1.0;
        CircuitError::require(fine, "tolerance", tolerance, "a relative tolerance between 0 and 1")?;
        self.validate()?;
        let (rows, cols) = self.shape();
        let mut schur = Schur::new(LineSet::word(self)?, LineSet::bit(self)?, rows, cols);
        schur.siemens = match &self.cells {
            Cells::Linear(siemens) => siemens.as_slice().to_vec(),
            Cells::Devices(cells) => {
                let slopes =
                    cells.zip_map(&solution.cell_volts(), |cell, volts| cell.at(volts).slope_siemens);
                slopes.as_slice().to_vec()
            }
        };
        schur.factorise();
        let count = rows * cols;
        // Nodes at fixed voltages take no part; isolated ones drop out in the first solve.
        let free = |lines: &LineSet| -> Vec<bool> {
            let line = |at: usize| lines.kind[lines.place(at).0];
            (0..count).map(|at| !matches!(line(at), LineKind::Fixed(_))).collect()
        };
        let (word_free, bit_free) = (free(&schur.word), free(&schur.bit));
        let free_word = |at: usize| word_free[at];
        let free_bit = |at: usize| bit_free[at];
        let one = |free: bool| if free { 1.0 } else { 0.0 };
        let mut w: Vec<f64> = (0..count).map(|at| one(free_word(at))).collect();
        let mut b: Vec<f64> = (0..count).map(|at| one(free_bit(at))).collect();
        let (mut low, mut high) = (0.0, 0.0);
        let mut smallest = 1.0;
        for _ in 0..500 {
            let mut next_w: Vec<f64> = w.iter().map(|x| word_farad * x).collect();
            let mut next_b: Vec<f64> = b.iter().map(|x| bit_farad * x).collect();
            let target =
                Target { relative: 1e-9, volts: 0.0, scale_volts: 0.0, smallest, most_iterations: 20_000 };
            let report = schur.correct(&mut next_w, &mut next_b, target);
            smallest = report.smallest;
            let pairs = || next_w.iter().zip(&w).chain(next_b.iter().zip(&b));
            let ratios = || pairs().filter(|(_, old)| **old > 0.0).map(|(new, old)| new / old);
            low = ratios().fold(f64::INFINITY, f64::min);
            high = ratios().fold(0.0, f64::max);
            let largest = pairs().fold(0.0_f64, |a, (new, _)| a.max(*new));
            if largest <= 0.0 {
                return Ok(Settling {
                    slowest_low_s: 0.0,
                    slowest_high_s: 0.0,
                    settled_s: 0.0,
                    tolerance,
                    stored_joules: 0.0,
                });
            }
            w = next_w.iter().map(|x| x / largest).collect();
            b = next_b.iter().map(|x| x / largest).collect();
            if high <= low * 1.001 {
                break;
            }
        }
        let state = || {
            let word = solution.word_volts.iter().zip(&w).enumerate().filter(|(at, _)| free_word(*at));
            let bit = solution.bit_volts.iter().zip(&b).enumerate().filter(|(at, _)| free_bit(*at));
            word.chain(bit).map(|(_, (v, x))| (v.abs(), *x)).filter(|(_, x)| *x > 0.0)
        };
        let ratio = state().fold(0.0_f64, |a, (v, x)| a.max(v / x));
        let largest = solution.word_volts.amax().max(solution.bit_volts.amax());
        let start = if largest > 0.0 { ratio / largest } else { 0.0 };
        let settled_s = if start > tolerance { high * (start / tolerance).ln() } else { 0.0 };
        let square = |volts: &nalgebra::DMatrix<f64>| volts.iter().map(|v| v * v).sum::<f64>();
        let stored_joules =
            0.5 * (word_farad * square(&solution.word_volts) + bit_farad * square(&solution.bit_volts));
        Ok(Settling { slowest_low_s: low, slowest_high_s: high, settled_s, tolerance, stored_joules })
    }
}
