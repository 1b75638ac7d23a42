//! Solving an array: Newton's method with a line search, which for linear cells is one step.
//!
//! # Formula
//! The node voltages minimise the co-content, the sum of the integrals of I dV over all branches
//! (Millar, Phil. Mag. 42, 1150 (1951)), whose gradient is Kirchhoff's current law. All cell
//! laws increase with voltage, hence the co-content is convex, every Newton direction descends and
//! the line search makes the method converge from any start.

use nalgebra::{DMatrix, DVector};

use crate::array::cell::{Cell, CellLaw, Cells};
use crate::array::crossbar::{Array, End, Lines};
use crate::error::CircuitError;
use crate::solve::line::LineSet;
use crate::solve::nodal::{Certificate, Solution, TerminalCurrents, net_currents};
use crate::solve::schur::{Schur, Target, dot};

/// Limits of a solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolveOptions {
    /// Wanted error of the node voltages relative to the largest source voltage.
    pub tolerance: f64,
    /// Most conjugate-gradient iterations per Newton step.
    pub most_iterations: usize,
    /// Most Newton steps.
    pub most_newton_steps: usize,
}

impl Default for SolveOptions {
    fn default() -> Self {
        Self { tolerance: 1e-12, most_iterations: 20_000, most_newton_steps: 60 }
    }
}

/// An array ready to be solved again and again: it keeps its factors, its work space and the
/// last solution as a warm start.
#[derive(Debug, Clone)]
pub struct Solver {
    array: Array,
    schur: Schur,
    /// Whether the factors belong to the present linear cells.
    factorised: bool,
    word_volts: Vec<f64>,
    bit_volts: Vec<f64>,
    options: SolveOptions,
}

impl Array {
    /// Solves the array from a cold start; see [`Solver`] for repeated solves.
    ///
    /// # Errors
    /// A faulty description, or no convergence.
    pub fn solve(&self) -> Result<Solution, CircuitError> {
        Solver::new(self.clone())?.solve()
    }
}

impl Solver {
    /// Checks `array` and prepares to solve it.
    ///
    /// # Errors
    /// A faulty description of the array.
    pub fn new(array: Array) -> Result<Self, CircuitError> {
        Self::with_options(array, SolveOptions::default())
    }

    /// As [`Solver::new`] with limits of one's own.
    ///
    /// # Errors
    /// A faulty description of the array.
    pub fn with_options(array: Array, options: SolveOptions) -> Result<Self, CircuitError> {
        array.validate()?;
        let (rows, cols) = array.shape();
        let schur = Schur::new(LineSet::word(&array)?, LineSet::bit(&array)?, rows, cols);
        let count = rows * cols;
        Ok(Self {
            array,
            schur,
            factorised: false,
            word_volts: vec![0.0; count],
            bit_volts: vec![0.0; count],
            options,
        })
    }

    /// The array as it stands.
    #[must_use]
    pub fn array(&self) -> &Array {
        &self.array
    }

    /// Forgets the last solution: the next solve starts from 0 V.
    pub fn cold(&mut self) {
        self.word_volts.fill(0.0);
        self.bit_volts.fill(0.0);
    }

    /// Replaces the source voltages of the left ends of the word lines, in V.
    ///
    /// # Errors
    /// Wrong count, or a voltage that is not finite.
    pub fn set_word_volts(&mut self, volts: &[f64]) -> Result<(), CircuitError> {
        let expected = self.array.word.first.len();
        if volts.len() != expected {
            return Err(CircuitError::Count { what: "word voltages", given: volts.len(), expected });
        }
        for (line, (end, &new)) in self.array.word.first.iter_mut().zip(volts).enumerate() {
            if !new.is_finite() {
                return Err(CircuitError::LineValue {
                    key: "word.first",
                    value: new,
                    line,
                    expected: "a finite voltage",
                });
            }
            if let End::Driven { volts, .. } = end {
                *volts = new;
            }
        }
        self.schur.word = LineSet::word(&self.array)?;
        Ok(())
    }

    /// Replaces wires, line ends and breaks of the word lines and of the bit lines; cells and the last solution stay.
    ///
    /// # Errors
    /// A faulty description, or another number of lines; nothing is then replaced.
    pub fn set_lines(&mut self, word: Lines, bit: Lines) -> Result<(), CircuitError> {
        let before =
            (std::mem::replace(&mut self.array.word, word), std::mem::replace(&mut self.array.bit, bit));
        let sets = self
            .array
            .validate_lines()
            .and_then(|()| Ok((LineSet::word(&self.array)?, LineSet::bit(&self.array)?)));
        match sets {
            Ok((word, bit)) => (self.schur.word, self.schur.bit) = (word, bit),
            Err(error) => {
                (self.array.word, self.array.bit) = before;
                return Err(error);
            }
        }
        self.factorised = false;
        Ok(())
    }

    /// Replaces one word line of cells, as a learning step does; the last solution stays as warm start.
    ///
    /// # Errors
    /// No such row, wrong count, or a cell parameter out of range.
    pub fn set_row(&mut self, row: usize, cells: &[Cell]) -> Result<(), CircuitError> {
        let (rows, cols) = self.array.shape();
        if row >= rows {
            return Err(CircuitError::Index { what: "row", index: row, last: rows - 1 });
        }
        if cells.len() != cols {
            return Err(CircuitError::Count { what: "cells of a row", given: cells.len(), expected: cols });
        }
        for (col, &cell) in cells.iter().enumerate() {
            self.set_cell(row, col, cell)?;
        }
        Ok(())
    }

    /// Replaces one cell; the last solution stays as warm start.
    ///
    /// # Errors
    /// No such cell, or a parameter out of range.
    pub fn set_cell(&mut self, row: usize, col: usize, cell: Cell) -> Result<(), CircuitError> {
        let (rows, cols) = self.array.shape();
        if row >= rows || col >= cols {
            let (what, index, last) =
                if row >= rows { ("row", row, rows - 1) } else { ("column", col, cols - 1) };
            return Err(CircuitError::Index { what, index, last });
        }
        if let Some((key, value, expected)) = cell.fault() {
            return Err(CircuitError::CellValue { key, value, row, col, expected });
        }
        self.factorised = false;
        if let Cells::Linear(siemens) = &mut self.array.cells {
            if cell.is_linear() {
                siemens[(row, col)] = cell.zero_bias_siemens();
                return Ok(());
            }
            let devices = siemens.map(|siemens| Cell::from(CellLaw::Linear { siemens }));
            self.array.cells = Cells::Devices(devices);
        }
        if let Cells::Devices(devices) = &mut self.array.cells {
            devices[(row, col)] = cell;
        }
        Ok(())
    }

    /// Solves the array, starting from the last solution.
    ///
    /// # Errors
    /// [`CircuitError::NotConverged`] if the error estimate stays above a thousand times the
    /// wanted one.
    pub fn solve(&mut self) -> Result<Solution, CircuitError> {
        let (rows, cols) = self.array.shape();
        let count = rows * cols;
        let largest_volts = self.schur.word.largest_volts().max(self.schur.bit.largest_volts());
        let wanted = self.options.tolerance * largest_volts;
        self.schur.word.hold_fixed(&mut self.word_volts);
        self.schur.bit.hold_fixed(&mut self.bit_volts);
        let linear = match &self.array.cells {
            Cells::Linear(_) => true,
            Cells::Devices(cells) => cells.iter().all(Cell::is_linear),
        };
        if linear && !self.factorised {
            self.schur.siemens.clear();
            self.schur.siemens.extend_from_slice(self.array.zero_bias_siemens().as_slice());
            self.schur.factorise();
        }
        self.factorised = linear;

        let mut word_step = vec![0.0; count];
        let mut bit_step = vec![0.0; count];
        let mut certificate = Certificate {
            residual_amperes: 0.0,
            error_volts: f64::INFINITY,
            iterations: 0,
            newton_steps: 0,
            severity: self.array.severity(),
        };
        let mut smallest = 1.0;
        loop {
            if !linear {
                self.linearise();
            }
            self.net_currents_at(0.0, [&[], &[]], [&mut word_step, &mut bit_step]);
            certificate.residual_amperes =
                self.schur.word.largest_residual(&word_step).max(self.schur.bit.largest_residual(&bit_step));
            let net = if linear { None } else { Some((word_step.clone(), bit_step.clone())) };
            let report = self.schur.correct(
                &mut word_step,
                &mut bit_step,
                Target {
                    volts: wanted,
                    relative: 0.0,
                    scale_volts: if linear { 0.0 } else { largest_volts },
                    smallest,
                    most_iterations: self.options.most_iterations,
                },
            );
            let before = certificate.error_volts;
            certificate.error_volts = report.due_volts;
            // At the rounding floor a correction no longer shrinks the next one.
            let stalled = report.due_volts > 0.5 * before && report.due_volts < 1e3 * wanted;
            if report.due_volts <= wanted
                || stalled
                || certificate.newton_steps == self.options.most_newton_steps
            {
                break;
            }
            smallest = report.smallest;
            certificate.iterations += report.iterations;
            certificate.newton_steps += 1;
            let length = match net {
                None => 1.0,
                Some((word_net, bit_net)) => {
                    let slope = -(dot(&word_net, &word_step) + dot(&bit_net, &bit_step));
                    self.line_search(slope, &word_step, &bit_step)
                }
            };
            add_multiple(&mut self.word_volts, length, &word_step);
            add_multiple(&mut self.bit_volts, length, &bit_step);
        }
        if certificate.error_volts.is_nan() || certificate.error_volts > 1e3 * wanted {
            let Certificate { error_volts, iterations, newton_steps, .. } = certificate;
            self.cold();
            return Err(CircuitError::NotConverged {
                error_volts,
                wanted_volts: wanted,
                iterations,
                newton_steps,
            });
        }
        Ok(self.solution(certificate))
    }

    /// Takes the slopes of the cells at the present voltages into the factors.
    fn linearise(&mut self) {
        if let Cells::Devices(cells) = &self.array.cells {
            let volts = self.word_volts.iter().zip(&self.bit_volts);
            self.schur.siemens.clear();
            self.schur
                .siemens
                .extend(cells.iter().zip(volts).map(|(cell, (w, b))| cell.at(w - b).slope_siemens));
            self.schur.factorise();
        }
    }

    /// Net currents into the nodes at the present voltages plus `length` times a step.
    fn net_currents_at(&self, length: f64, step: [&[f64]; 2], into: [&mut [f64]; 2]) {
        let Schur { word, bit, .. } = &self.schur;
        let [word_step, bit_step] = step;
        let moved = |volts: &[f64], step: &[f64]| -> Vec<f64> {
            volts.iter().zip(step).map(|(v, s)| v + length * s).collect()
        };
        let trial =
            (length != 0.0).then(|| (moved(&self.word_volts, word_step), moved(&self.bit_volts, bit_step)));
        let (w, b) = match &trial {
            Some((w, b)) => (w.as_slice(), b.as_slice()),
            None => (self.word_volts.as_slice(), self.bit_volts.as_slice()),
        };
        match &self.array.cells {
            Cells::Linear(siemens) => {
                let siemens = siemens.as_slice();
                net_currents([word, bit], [w, b], into, |k, volts| siemens[k] * volts);
            }
            Cells::Devices(cells) => {
                let cells = cells.as_slice();
                net_currents([word, bit], [w, b], into, |k, volts| cells[k].at(volts).amperes);
            }
        }
    }

    /// Length of the step along a descent direction on which the co-content has the slope
    /// `slope` < 0 at its start: 1 where the co-content falls to a flatter place there, else
    /// where it is flat to a half, on the falling side.
    fn line_search(&self, slope: f64, word_step: &[f64], bit_step: &[f64]) -> f64 {
        let count = word_step.len();
        let (mut into_word, mut into_bit) = (vec![0.0; count], vec![0.0; count]);
        let mut slope_at = |length: f64| {
            self.net_currents_at(length, [word_step, bit_step], [&mut into_word, &mut into_bit]);
            -(dot(&into_word, word_step) + dot(&into_bit, bit_step))
        };
        let at_one = slope_at(1.0);
        if at_one <= 0.0 {
            return 1.0;
        }
        if at_one <= -0.5 * slope {
            let (start, end) =
                (self.content(0.0, word_step, bit_step), self.content(1.0, word_step, bit_step));
            if end <= start + 1e-12 * start.abs() {
                return 1.0;
            }
        }
        // The slope rises with the length: bisect for its zero, from below.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let here = slope_at(middle);
            if here <= 0.0 {
                low = middle;
                if here >= 0.5 * slope {
                    break;
                }
            } else {
                high = middle;
            }
        }
        low
    }

    /// Co-content of all branches at the present voltages plus `length` times a step, in W.
    fn content(&self, length: f64, word_step: &[f64], bit_step: &[f64]) -> f64 {
        let w = |at: usize| self.word_volts[at] + length * word_step[at];
        let b = |at: usize| self.bit_volts[at] + length * bit_step[at];
        let cells: f64 = match &self.array.cells {
            Cells::Linear(siemens) => {
                siemens.iter().enumerate().map(|(at, g)| 0.5 * g * (w(at) - b(at)) * (w(at) - b(at))).sum()
            }
            Cells::Devices(cells) => {
                cells.iter().enumerate().map(|(at, cell)| cell.content_watts(w(at) - b(at))).sum()
            }
        };
        cells + self.schur.word.content(w) + self.schur.bit.content(b)
    }

    fn solution(&self, certificate: Certificate) -> Solution {
        let Schur { word, bit, rows, cols, .. } = &self.schur;
        let (rows, cols) = (*rows, *cols);
        let current = |at: usize| {
            let volts = self.word_volts[at] - self.bit_volts[at];
            match &self.array.cells {
                Cells::Linear(siemens) => siemens.as_slice()[at] * volts,
                Cells::Devices(cells) => cells.as_slice()[at].at(volts).amperes,
            }
        };
        let amperes: Vec<f64> = (0..rows * cols).map(current).collect();
        let (left, right) = word.end_currents(|line, k| -amperes[word.at(line, k)]);
        let (top, bottom) = bit.end_currents(|line, k| amperes[bit.at(line, k)]);
        Solution {
            word_volts: DMatrix::from_column_slice(rows, cols, &self.word_volts),
            bit_volts: DMatrix::from_column_slice(rows, cols, &self.bit_volts),
            terminals: TerminalCurrents {
                left: DVector::from_vec(left),
                right: DVector::from_vec(right),
                top: DVector::from_vec(top),
                bottom: DVector::from_vec(bottom),
            },
            certificate,
        }
    }
}

fn add_multiple(volts: &mut [f64], length: f64, step: &[f64]) {
    for (volts, step) in volts.iter_mut().zip(step) {
        *volts += length * step;
    }
}
