//! Guaranteed two-sided bounds: a fast approximation that comes with its certificate.
//!
//! # Formula
//! The nodal matrix is an M-matrix: solving line by line never overshoots. Started with
//! all bit lines at the lowest source voltage, alternating exact solves of all word lines and of
//! all bit lines rise towards the solution from below; started at the highest they fall towards
//! it from above. After every sweep the solution lies between the two. The gap shrinks by about
//! Lambda/(1 + Lambda) per sweep.
//!
//! # References
//! A. Berman, R. J. Plemmons, Nonnegative Matrices in the Mathematical Sciences (SIAM, 1994), ch. 7
//! (monotone iteration with regular splittings).

use nalgebra::{DMatrix, DVector};

use crate::array::Array;
use crate::cell::{Cell, Cells};
use crate::error::CircuitError;
use crate::line::LineSet;
use crate::schur::Schur;

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
    /// `most_sweeps` are made; the bounds hold in either case.
    ///
    /// A part of the array that no source reaches keeps the whole range.
    ///
    /// Rounding is covered by widening every bound by 1e-14 of the largest source voltage.
    ///
    /// # Errors
    /// A faulty description, or cells that are not linear.
    pub fn bounds(&self, gap_volts: f64, most_sweeps: usize) -> Result<Bounds, CircuitError> {
        self.validate()?;
        if let Cells::Devices(cells) = &self.cells
            && !cells.iter().all(Cell::is_linear)
        {
            return Err(CircuitError::NeedsLinear { method: "the two-sided bounds" });
        }
        let (rows, cols) = self.shape();
        let (word, bit) = (LineSet::word(self)?, LineSet::bit(self)?);
        let sources = || source_volts(&word).chain(source_volts(&bit));
        // 0 V is what a solve gives to parts of the array that no source reaches.
        let lowest = sources().fold(0.0, f64::min);
        let highest = sources().fold(0.0, f64::max);
        let mut schur = Schur::new(word, bit, rows, cols);
        schur.siemens = self.zero_bias_siemens().as_slice().to_vec();
        schur.factorise();

        let count = rows * cols;
        let mut low = (vec![0.0; count], vec![lowest; count]);
        let mut high = (vec![0.0; count], vec![highest; count]);
        let mut gap = f64::INFINITY;
        let mut sweeps = 0;
        while sweeps < most_sweeps.max(1) && gap > gap_volts {
            schur.sweep(&mut low.0, &mut low.1);
            schur.sweep(&mut high.0, &mut high.1);
            let widest = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0_f64, |w, (a, b)| w.max(b - a));
            gap = widest(&low.0, &high.0).max(widest(&low.1, &high.1));
            sweeps += 1;
        }
        let margin = 1e-14 * lowest.abs().max(highest.abs());
        let matrix =
            |volts: &[f64], margin: f64| DMatrix::from_iterator(rows, cols, volts.iter().map(|v| v + margin));
        let mut bounds = Bounds {
            word_low: matrix(&low.0, -margin),
            word_high: matrix(&high.0, margin),
            bit_low: matrix(&low.1, -margin),
            bit_high: matrix(&high.1, margin),
            output_low: DVector::zeros(cols),
            output_high: DVector::zeros(cols),
            gap_volts: gap + 2.0 * margin,
            sweeps,
        };
        bounds.output_low = outputs(&schur, &bounds.word_low, &bounds.bit_high);
        bounds.output_high = outputs(&schur, &bounds.word_high, &bounds.bit_low);
        Ok(bounds)
    }
}

/// Output currents if every cell carried G (w - b): increasing in w, decreasing in b.
fn outputs(schur: &Schur, word_volts: &DMatrix<f64>, bit_volts: &DMatrix<f64>) -> DVector<f64> {
    let rows = schur.rows;
    let current = |j: usize, i: usize| schur.siemens[j * rows + i] * (word_volts[(i, j)] - bit_volts[(i, j)]);
    DVector::from_vec(schur.bit.end_currents(current).1)
}

/// Voltages of the sources that reach a line.
fn source_volts(lines: &LineSet) -> impl Iterator<Item = f64> + '_ {
    (0..lines.count).flat_map(move |line| {
        let first = lines.first_ohm[line].is_finite().then_some(lines.first_volts[line]);
        let last = lines.last_ohm[line].is_finite().then_some(lines.last_volts[line]);
        first.into_iter().chain(last)
    })
}

impl Schur {
    /// One sweep: word lines from the bit lines, then bit lines from the word lines.
    /// Pieces of line that reach no source and no cell get 0 V, as in a solve.
    fn sweep(&mut self, w: &mut [f64], b: &mut [f64]) {
        for (w, (g, b)) in w.iter_mut().zip(self.siemens.iter().zip(b.iter())) {
            *w = g * b;
        }
        add_sources(&self.word, w);
        self.solve_word(w);
        self.word.hold_fixed(w);
        let mut f: Vec<f64> = self.siemens.iter().zip(w.iter()).map(|(g, w)| g * w).collect();
        add_sources(&self.bit, &mut f);
        self.project(&mut f);
        self.precondition(&f, b);
        self.bit.hold_fixed(b);
    }
}

fn add_sources(lines: &LineSet, f: &mut [f64]) {
    for line in 0..lines.count {
        f[lines.at(line, 0)] += lines.first[line] * lines.first_volts[line];
        f[lines.at(line, lines.length - 1)] += lines.last[line] * lines.last_volts[line];
    }
}
