//! One array through the phases of learning steps, step after step.

use nalgebra::DMatrix;

use super::compensation::KnownLines;
use super::sources::{Request, Sources};
use super::{Compensation, LearningStep, WriteDrivers, WritePhase, WriteScheme};
use crate::array::cell::{Cell, Cells};
use crate::array::crossbar::{Array, End, Lines};
use crate::error::CircuitError;
use crate::solve::newton::{SolveOptions, Solver};
use crate::solve::nodal::Solution;

/// An array that is written again and again, with its solver.
///
/// Conductances are those that [`WriteTile::set_cell`] last gave, so that they may change between the phases of a step.
#[derive(Debug, Clone)]
pub struct WriteTile {
    scheme: WriteScheme,
    drivers: WriteDrivers,
    /// Cells with their transistors switched on.
    cells: DMatrix<Cell>,
    /// Wires and breaks.
    word: Lines,
    bit: Lines,
    solver: Solver,
    /// The dendrite that is not cut off, where others are.
    open: Option<usize>,
}

/// Potential of a dendrite under feedback that counts as 0, over the largest voltage.
const HELD: f64 = 1e-12;
/// Corrections of a feedback amplifier at most.
const MOST_CORRECTIONS: usize = 30;

impl WriteTile {
    /// `array`, whose own line ends do not count, solved to `tolerance` relative to the largest source voltage.
    ///
    /// # Errors
    /// A faulty array.
    pub fn new(
        array: &Array,
        scheme: WriteScheme,
        drivers: WriteDrivers,
        tolerance: f64,
    ) -> Result<Self, CircuitError> {
        let (rows, cols) = array.shape();
        let cells = DMatrix::from_fn(rows, cols, |i, j| array.cells.get(i, j));
        let floating = |lines: &Lines, count| Lines {
            first: vec![End::Floating; count],
            last: vec![End::Floating; count],
            ..lines.clone()
        };
        let (word, bit) = (floating(&array.word, rows), floating(&array.bit, cols));
        let solved = match scheme {
            WriteScheme::CutOff => cells.map(|cell| drivers.cut_off(cell)),
            _ => cells.clone(),
        };
        let ready =
            Array { word: word.clone(), bit: bit.clone(), ..Array::new(Cells::Devices(solved), 0.0, 0.0) };
        let solver = Solver::with_options(ready, SolveOptions { tolerance, ..SolveOptions::default() })?;
        Ok(Self { scheme, drivers, cells, word, bit, solver, open: None })
    }

    /// Replaces one cell.
    ///
    /// # Errors
    /// No such cell, or a parameter out of range.
    pub fn set_cell(&mut self, row: usize, col: usize, cell: Cell) -> Result<(), CircuitError> {
        let cut_off = self.scheme == WriteScheme::CutOff && self.open != Some(col);
        self.solver.set_cell(row, col, if cut_off { self.drivers.cut_off(cell) } else { cell })?;
        self.cells[(row, col)] = cell;
        Ok(())
    }

    /// Solves the phase of `step` that drives depression and potentiation as `driven` says, with the present cells.
    ///
    /// # Errors
    /// A faulty step, or no convergence.
    pub fn phase(&mut self, step: &LearningStep<'_>, driven: [bool; 2]) -> Result<WritePhase, CircuitError> {
        self.open_dendrite(step.dendrite)?;
        let Sources { word, selected, others } = self.sources(step, driven);
        let mut foot = selected;
        let mut before: Option<(f64, f64)> = None;
        let mut corrections = 0;
        let solution = loop {
            let (word, bit) = self.lines(step, &word, (foot, others));
            self.solver.set_lines(word, bit)?;
            let solution = self.solver.solve()?;
            let excess = self.excess(&solution, step.dendrite, selected);
            let largest = step.potentiation_volts.max(-step.depression_volts);
            let Some(excess) = excess.filter(|excess| excess.abs() > HELD * largest) else { break solution };
            // Secant steps; the dendrite follows its foot, at first as if one to one.
            let slope = before.map_or(1.0, |(at, then)| (excess - then) / (foot - at));
            let corrected = foot - excess / slope;
            before = Some((foot, excess));
            corrections += 1;
            if corrected == foot || !corrected.is_finite() || corrections == MOST_CORRECTIONS {
                break solution;
            }
            foot = corrected;
        };
        Ok(WritePhase {
            driven: step.active.iter().map(|&active| driven[usize::from(active)]).collect(),
            device_volts: solution.device_volts(self.solver.array()),
            energy_joules: solution.power_watts(self.solver.array()) * step.width_s,
            certificate: solution.certificate,
        })
    }

    /// Forgets the last solution, so that the next does not depend on it.
    pub fn cold(&mut self) {
        self.solver.cold();
    }

    /// Switches the transistors of `dendrite` on and those of the one before off.
    fn open_dendrite(&mut self, dendrite: usize) -> Result<(), CircuitError> {
        if self.scheme != WriteScheme::CutOff || self.open == Some(dendrite) {
            return Ok(());
        }
        let before = self.open.replace(dendrite);
        for row in 0..self.cells.nrows() {
            for col in before.into_iter().chain([dendrite]) {
                self.set_cell(row, col, self.cells[(row, col)])?;
            }
        }
        Ok(())
    }

    fn sources(&self, step: &LearningStep<'_>, driven: [bool; 2]) -> Sources {
        let known = self.known_lines();
        let above = known.parallel_above_siemens();
        let request = Request {
            scheme: self.scheme,
            compensation: self.drivers.compensation,
            dendrite: step.dendrite,
            active: step.active,
            volts: [step.depression_volts, step.potentiation_volts],
            driven,
            contacts: step.contacts,
        };
        request.sources(&known, |row| self.cells[(row, step.dendrite)].law.zero_bias_siemens() > above)
    }

    fn known_lines(&self) -> KnownLines {
        let (rows, cols) = self.cells.shape();
        let WriteDrivers { word_ohm, dendrite_ohm, tail_ohm, nominal, .. } = self.drivers;
        let (word_wire, bit_wire) = (self.word.segment_ohm[0], self.bit.segment_ohm[0]);
        KnownLines {
            rows,
            cols,
            word_ohm: [word_ohm, word_wire],
            bit_ohm: [dendrite_ohm + bit_wire + tail_ohm, bit_wire],
            nominal,
        }
    }

    /// The lines with their ends: sources of the words, of the selected and of the other dendrites.
    fn lines(
        &self,
        step: &LearningStep<'_>,
        word_volts: &[f64],
        (selected, others): (f64, Option<f64>),
    ) -> (Lines, Lines) {
        let (mut word, mut bit) = (self.word.clone(), self.bit.clone());
        let WriteDrivers { word_ohm, dendrite_ohm, tail_ohm, .. } = self.drivers;
        for (row, &volts) in word_volts.iter().enumerate() {
            let contact = step.contacts.map_or(0.0, |contacts| contacts.word_ohm[row]);
            word.first[row] = End::Driven { volts, ohm: word_ohm + contact };
        }
        for col in 0..bit.last.len() {
            let contact = step.contacts.map_or(0.0, |contacts| contacts.dendrite_ohm[col]);
            let volts = if col == step.dendrite { Some(selected) } else { others };
            if let Some(volts) = volts {
                bit.last[col] = End::Driven { volts, ohm: dendrite_ohm + contact + tail_ohm };
                if col == step.dendrite && self.drivers.compensation == Compensation::BothEnds {
                    bit.first[col] = End::Driven { volts, ohm: dendrite_ohm + contact };
                }
            }
        }
        (word, bit)
    }

    /// Mean potential of the two ends of `dendrite` over `wanted`, where an amplifier holds it there.
    fn excess(&self, solution: &Solution, dendrite: usize, wanted: f64) -> Option<f64> {
        let last = self.cells.nrows() - 1;
        let ends = solution.bit_volts[(0, dendrite)] + solution.bit_volts[(last, dendrite)];
        (self.drivers.compensation == Compensation::Feedback).then_some(0.5 * ends - wanted)
    }
}

impl WriteDrivers {
    /// The cell with its transistor switched off.
    fn cut_off(&self, cell: Cell) -> Cell {
        Cell { access_ohm: cell.access_ohm.max(self.off_ohm), ..cell }
    }
}
