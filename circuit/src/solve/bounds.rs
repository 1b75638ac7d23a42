//! Guaranteed two-sided bounds: a fast approximation that comes with its certificate.
//!
//! # Formula
//! The currents into the nodes are an M-function of the node voltages: each rises with the voltages of the other nodes
//! and falls with its own, because wires and cells carry more current at more voltage (Rheinboldt). Voltages at which
//! no node receives less than it gives away lie below the solution, those at which none receives more lie
//! above it. All nodes at the lowest source voltage are of the first kind, all nodes at the highest of the second.
//!
//! A sweep moves all word lines, then all bit lines. With the other lines held, the cells of one line are replaced by
//! conductances g through their present point (u, I(u)), I(x) = I(u) + g (x - u), and the line is solved exactly.
//! If g is at least every chord between the present voltage and the bound from the other side
//! (module `chord`), the line moves towards the solution and not past it: with A its matrix, w its voltages and w*
//! its solution, A (w* - w) >= f - F(w) = A (w' - w), hence w' <= w* as A^-1 >= 0, and again nothing overshoots.
//! So the low bounds rise, the high bounds fall, and the solution lies between the two after every sweep.
//! For linear cells g is the conductance and the gap shrinks by about Lambda/(1 + Lambda) per sweep; as the bounds of
//! nonlinear cells close in, so do their chords on the slope.
//!
//! Every law of [`crate::array::cell::CellLaw`] rises with voltage for every parameter that the description accepts; what
//! would not (a TMR below 0, a negative conductance) is refused with the cell's place and value.
//!
//! # References
//! W. C. Rheinboldt, J. Math. Anal. Appl. 32, 274 (1970), doi:10.1016/0022-247X(70)90298-2 (M-functions);
//! A. Berman, R. J. Plemmons, Nonnegative Matrices in the Mathematical Sciences (SIAM, 1994), ch. 7
//! (monotone iteration with regular splittings).

use nalgebra::{DMatrix, DVector};

use crate::array::Array;
use crate::array::cell::{Cell, CellLaw, Cells};
use crate::error::CircuitError;
use crate::solve::chord::largest_chord;
use crate::solve::line::LineSet;
use crate::solve::schur::Schur;

/// Interval of every node voltage and output current.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// Lower bounds of the word-line nodes in V, M x N.
    pub word_low: DMatrix<f64>,
    /// Upper bounds of the word-line nodes in V, M x N.
    pub word_high: DMatrix<f64>,
    /// Lower bounds of the bit-line nodes in V, M x N.
    pub bit_low: DMatrix<f64>,
    /// Upper bounds of the bit-line nodes in V, M x N.
    pub bit_high: DMatrix<f64>,
    /// Lower bounds of the currents out of the bottom ends in A, N.
    pub output_low: DVector<f64>,
    /// Upper bounds of the currents out of the bottom ends in A, N.
    pub output_high: DVector<f64>,
    /// Largest width of a voltage interval in V.
    pub gap_volts: f64,
    /// Sweeps made.
    pub sweeps: usize,
}

impl Array {
    /// Bounds on the solution, swept until the largest gap is at most `gap_volts` or
    /// `most_sweeps` are made; the bounds hold in either case, for linear and nonlinear cells.
    ///
    /// A part of the array that no source reaches keeps the whole range.
    ///
    /// Rounding is covered: a sweep adds at most 4 epsilon (M + N) of the largest source voltage and passes
    /// earlier errors on by no more than the factor by which the gap shrinks; every bound is widened by their sum.
    ///
    /// # Errors
    /// A faulty description, or a sinh cell so steep that its current at the source voltages is not finite.
    pub fn bounds(&self, gap_volts: f64, most_sweeps: usize) -> Result<Bounds, CircuitError> {
        self.validate()?;
        let (rows, cols) = self.shape();
        let (word, bit) = (LineSet::word(self)?, LineSet::bit(self)?);
        let sources = || source_volts(&word).chain(source_volts(&bit));
        // 0 V is what a solve gives to parts of the array that no source reaches.
        let lowest = sources().fold(0.0, f64::min);
        let highest = sources().fold(0.0, f64::max);
        let nonlinear = match &self.cells {
            Cells::Devices(cells) if !cells.iter().all(Cell::is_linear) => Some(cells.as_slice()),
            _ => None,
        };
        if let Some(cells) = nonlinear {
            check_steepness(cells, rows, highest - lowest)?;
        }
        let mut schur = Schur::new(word, bit, rows, cols);
        schur.siemens = self.zero_bias_siemens().as_slice().to_vec();
        schur.factorise();

        let count = rows * cols;
        let start = |volts: f64| {
            let mut side = Side { word: vec![volts; count], bit: vec![volts; count] };
            schur.word.hold_fixed(&mut side.word);
            schur.bit.hold_fixed(&mut side.bit);
            side
        };
        let (mut low, mut high) = (start(lowest), start(highest));
        let (mut gap, mut shrinkage) = (f64::INFINITY, 1.0);
        let mut sweeps = 0;
        while sweeps < most_sweeps.max(1) && gap > gap_volts {
            sweep(&mut schur, nonlinear, &mut low, &high, f64::max);
            sweep(&mut schur, nonlinear, &mut high, &low, f64::min);
            let widest = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0_f64, |w, (a, b)| w.max(b - a));
            let before = gap;
            gap = widest(&low.word, &high.word).max(widest(&low.bit, &high.bit));
            shrinkage = if before.is_finite() && before > 0.0 { gap / before } else { 1.0 };
            sweeps += 1;
        }
        let accumulated = (1.0 / (1.0 - shrinkage).max(f64::EPSILON)).min(sweeps as f64);
        let margin =
            4.0 * f64::EPSILON * (rows + cols) as f64 * lowest.abs().max(highest.abs()) * accumulated;
        let matrix =
            |volts: &[f64], margin: f64| DMatrix::from_iterator(rows, cols, volts.iter().map(|v| v + margin));
        let mut bounds = Bounds {
            word_low: matrix(&low.word, -margin),
            word_high: matrix(&high.word, margin),
            bit_low: matrix(&low.bit, -margin),
            bit_high: matrix(&high.bit, margin),
            output_low: DVector::zeros(cols),
            output_high: DVector::zeros(cols),
            gap_volts: gap + 2.0 * margin,
            sweeps,
        };
        bounds.output_low = self.outputs(&schur.bit, &bounds.word_low, &bounds.bit_high);
        bounds.output_high = self.outputs(&schur.bit, &bounds.word_high, &bounds.bit_low);
        Ok(bounds)
    }

    /// Output currents for these node voltages: they rise with the word lines' and fall with the bit lines'.
    fn outputs(&self, bit: &LineSet, word_volts: &DMatrix<f64>, bit_volts: &DMatrix<f64>) -> DVector<f64> {
        let current =
            |j: usize, i: usize| self.cells.get(i, j).at(word_volts[(i, j)] - bit_volts[(i, j)]).amperes;
        DVector::from_vec(bit.end_currents(current).1)
    }
}

/// Node voltages on one side of the solution, M x N by columns.
struct Side {
    word: Vec<f64>,
    bit: Vec<f64>,
}

/// Voltages of the sources that reach a line.
fn source_volts(lines: &LineSet) -> impl Iterator<Item = f64> + '_ {
    (0..lines.count).flat_map(move |line| {
        let first = lines.first_ohm[line].is_finite().then_some(lines.first_volts[line]);
        let last = lines.last_ohm[line].is_finite().then_some(lines.last_volts[line]);
        first.into_iter().chain(last)
    })
}

/// Refuses cells whose conductance over the range of the sources cannot be represented.
fn check_steepness(cells: &[Cell], rows: usize, range_volts: f64) -> Result<(), CircuitError> {
    for (index, cell) in cells.iter().enumerate() {
        if let CellLaw::Sinh { scale_volts, .. } = cell.law
            && !cell.law.slope_siemens(range_volts).is_finite()
        {
            return Err(CircuitError::CellValue {
                key: "scale_volts",
                value: scale_volts,
                row: index % rows,
                col: index / rows,
                expected: "at least 1/700 of the largest voltage between two sources",
            });
        }
    }
    Ok(())
}

/// One sweep of the voltages `side` towards the solution, which lies between them and `other`: word lines with the bit
/// lines held, then bit lines with the word lines held. `nearer` is max for the low side, min for the high side.
/// Pieces of line that reach no source and no cell get 0 V, as in a solve.
fn sweep(
    schur: &mut Schur,
    nonlinear: Option<&[Cell]>,
    side: &mut Side,
    other: &Side,
    nearer: fn(f64, f64) -> f64,
) {
    // Conductance g of cell k on its way to the voltage `to`, and what its line through (u, I(u)) carries at 0 V.
    let lines_through =
        |schur: &mut Schur, side: &Side, to: &dyn Fn(usize) -> f64, carried: &mut Vec<f64>| {
            carried.clear();
            let Some(cells) = nonlinear else {
                carried.resize(side.word.len(), 0.0);
                return;
            };
            for (k, cell) in cells.iter().enumerate() {
                let volts = side.word[k] - side.bit[k];
                let siemens = largest_chord(cell, volts, to(k));
                schur.siemens[k] = siemens;
                carried.push(cell.at(volts).amperes - siemens * volts);
            }
        };
    let mut carried = Vec::new();
    lines_through(schur, side, &|k| other.word[k] - side.bit[k], &mut carried);
    if nonlinear.is_some() {
        schur.factorise_word();
    }
    let mut word: Vec<f64> =
        schur.siemens.iter().zip(&side.bit).zip(&carried).map(|((g, b), c)| g * b - c).collect();
    add_sources(&schur.word, &mut word);
    schur.solve_word(&mut word);
    schur.word.hold_fixed(&mut word);
    side.word.iter_mut().zip(&word).for_each(|(old, &new)| *old = nearer(*old, new));

    lines_through(schur, side, &|k| side.word[k] - other.bit[k], &mut carried);
    if nonlinear.is_some() {
        schur.factorise_bit();
    }
    let mut bit: Vec<f64> =
        schur.siemens.iter().zip(&side.word).zip(&carried).map(|((g, w), c)| g * w + c).collect();
    add_sources(&schur.bit, &mut bit);
    schur.project(&mut bit);
    schur.precondition(&bit, &mut word);
    schur.bit.hold_fixed(&mut word);
    side.bit.iter_mut().zip(&word).for_each(|(old, &new)| *old = nearer(*old, new));
}

fn add_sources(lines: &LineSet, f: &mut [f64]) {
    for line in 0..lines.count {
        f[lines.at(line, 0)] += lines.first[line] * lines.first_volts[line];
        f[lines.at(line, lines.length - 1)] += lines.last[line] * lines.last_volts[line];
    }
}
