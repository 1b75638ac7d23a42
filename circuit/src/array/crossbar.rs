//! Description of a crossbar: cells, wires and what holds the ends of the lines.
//!
//! M word lines (rows, i = 0 .. M-1 from the top) cross N bit lines (columns,
//! j = 0 .. N-1 from the left). Cell (i, j) joins the word node `w[i,j]` to the bit node
//! `b[i,j]`. One wire segment lies before the first cell of a line, one between
//! neighbours and one after the last; an end that floats has no branch at all.
//!
//! ```text
//!  (V, R) --r_w-- w[i,0] --r_w-- w[i,1] -- ... -- w[i,N-1] --r_w-- (V, R)
//!                   |              |                 |
//!                 cell           cell              cell     current w -> b, V = w - b
//!                   |              |                 |
//!                 b[i,0]         b[i,1]            b[i,N-1]
//! ```

use nalgebra::DMatrix;

use crate::array::cell::{Cell, CellLaw, Cells};
use crate::error::CircuitError;

/// What holds one end of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    /// Nothing: no branch.
    Floating,
    /// A source of `volts` behind `ohm` (0 for an ideal source).
    Driven {
        /// Source voltage in V.
        volts: f64,
        /// Source resistance in ohm, without the wire segment.
        ohm: f64,
    },
}

impl End {
    /// An ideal source.
    #[must_use]
    pub const fn ideal(volts: f64) -> Self {
        Self::Driven { volts, ohm: 0.0 }
    }
}

/// A broken wire segment: segment 0 lies before the first cell of the line, segment k between
/// cells k-1 and k, the last one after the last cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// Line, counted from 0.
    pub line: usize,
    /// Segment, 0 to the number of cells on the line.
    pub segment: usize,
}

/// All word lines or all bit lines of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Resistance of one wire segment of each line, in ohm; 0 is an ideal line.
    pub segment_ohm: Vec<f64>,
    /// First end of each line: left of a word line, top of a bit line.
    pub first: Vec<End>,
    /// Last end of each line: right of a word line, bottom of a bit line.
    pub last: Vec<End>,
    /// Broken segments.
    pub breaks: Vec<Break>,
}

impl Lines {
    /// `count` lines of `segment_ohm` per segment, with both ends floating.
    #[must_use]
    pub fn floating(count: usize, segment_ohm: f64) -> Self {
        Self {
            segment_ohm: vec![segment_ohm; count],
            first: vec![End::Floating; count],
            last: vec![End::Floating; count],
            breaks: Vec::new(),
        }
    }

    /// Puts ideal sources of these voltages, in V, behind `ohm` at the first ends.
    #[must_use]
    pub fn driven_first(mut self, volts: &[f64], ohm: f64) -> Self {
        self.first = volts.iter().map(|&volts| End::Driven { volts, ohm }).collect();
        self
    }

    /// Puts ideal sources of these voltages, in V, behind `ohm` at the last ends.
    #[must_use]
    pub fn driven_last(mut self, volts: &[f64], ohm: f64) -> Self {
        self.last = volts.iter().map(|&volts| End::Driven { volts, ohm }).collect();
        self
    }

    fn check(&self, names: &LineNames, count: usize, cells: usize) -> Result<(), CircuitError> {
        for (what, given) in [
            (names.segment_ohm, self.segment_ohm.len()),
            (names.first, self.first.len()),
            (names.last, self.last.len()),
        ] {
            if given != count {
                return Err(CircuitError::Count { what, given, expected: count });
            }
        }
        let ohm_expected = "a finite resistance of at least 0 ohm";
        for (line, &ohm) in self.segment_ohm.iter().enumerate() {
            if !(ohm.is_finite() && ohm >= 0.0) {
                let key = names.segment_ohm;
                return Err(CircuitError::LineValue { key, value: ohm, line, expected: ohm_expected });
            }
        }
        for (key, ends) in [(names.first, &self.first), (names.last, &self.last)] {
            for (line, end) in ends.iter().enumerate() {
                let End::Driven { volts, ohm } = *end else { continue };
                if !volts.is_finite() {
                    return Err(CircuitError::LineValue {
                        key,
                        value: volts,
                        line,
                        expected: "a finite voltage",
                    });
                }
                if !(ohm.is_finite() && ohm >= 0.0) {
                    return Err(CircuitError::LineValue { key, value: ohm, line, expected: ohm_expected });
                }
            }
        }
        for broken in &self.breaks {
            if broken.line >= count {
                return Err(CircuitError::Index { what: names.kind, index: broken.line, last: count - 1 });
            }
            if broken.segment > cells {
                return Err(CircuitError::Index { what: "segment", index: broken.segment, last: cells });
            }
            if self.segment_ohm[broken.line] == 0.0 {
                let Break { line, segment } = *broken;
                return Err(CircuitError::BreakOfIdealLine { lines: names.kind, line, segment });
            }
        }
        Ok(())
    }
}

struct LineNames {
    kind: &'static str,
    segment_ohm: &'static str,
    first: &'static str,
    last: &'static str,
}

const WORD: LineNames =
    LineNames { kind: "word line", segment_ohm: "word.segment_ohm", first: "word.first", last: "word.last" };
const SOURCE: LineNames = LineNames {
    kind: "source line",
    segment_ohm: "source.segment_ohm",
    first: "source.first",
    last: "source.last",
};
const BIT: LineNames =
    LineNames { kind: "bit line", segment_ohm: "bit.segment_ohm", first: "bit.first", last: "bit.last" };

/// How the lines at the upper side of the cells run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wiring {
    /// M word (or source) lines cross the N bit lines: passive arrays, and 1T1R arrays whose source lines
    /// cross their bit lines.
    #[default]
    Crossed,
    /// N source lines run beside the N bit lines, from top to bottom: the usual 1T1R array. The
    /// transistors' gate lines select rows.
    Parallel,
}

/// A crossbar of M x N cells.
///
/// In a 1T1R array each [`crate::array::cell::Cell`] has its access resistance, and rows are switched by
/// [`Array::select_rows`]. Series columns (resistance summation) are in the module `resistance_sum`.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Cells, M x N.
    pub cells: Cells,
    /// The M word lines, each of which passes N cells; with [`Wiring::Parallel`] the N source lines,
    /// each of which passes M cells.
    pub word: Lines,
    /// The N bit lines; each passes M cells.
    pub bit: Lines,
    /// Direction of the word lines.
    pub wiring: Wiring,
}

impl Array {
    /// An array whose lines all float; give it ends through `word` and `bit`.
    #[must_use]
    pub fn new(cells: Cells, word_ohm: f64, bit_ohm: f64) -> Self {
        let (rows, cols) = cells.shape();
        let (word, bit) = (Lines::floating(rows, word_ohm), Lines::floating(cols, bit_ohm));
        Self { cells, word, bit, wiring: Wiring::Crossed }
    }

    /// A 1T1R array with source lines parallel to its bit lines, whose lines all float.
    #[must_use]
    pub fn parallel(cells: Cells, source_ohm: f64, bit_ohm: f64) -> Self {
        let cols = cells.shape().1;
        let (word, bit) = (Lines::floating(cols, source_ohm), Lines::floating(cols, bit_ohm));
        Self { cells, word, bit, wiring: Wiring::Parallel }
    }

    /// Switches the access transistors row by row: `on_ohm` where `on[row]`, else `off_ohm` (which may be
    /// infinite).
    ///
    /// # Errors
    /// Wrong number of rows.
    pub fn select_rows(&mut self, on: &[bool], on_ohm: f64, off_ohm: f64) -> Result<(), CircuitError> {
        let (rows, cols) = self.shape();
        if on.len() != rows {
            return Err(CircuitError::Count { what: "rows to select", given: on.len(), expected: rows });
        }
        let cells = DMatrix::from_fn(rows, cols, |i, j| {
            let access_ohm = if on[i] { on_ohm } else { off_ohm };
            Cell { access_ohm, ..self.cells.get(i, j) }
        });
        self.cells = Cells::Devices(cells);
        Ok(())
    }

    /// The usual read: word line i driven from the left with `word_volts[i]` behind `driver_ohm`,
    /// every bit line sensed at 0 V at its bottom behind `sense_ohm`.
    #[must_use]
    pub fn for_read(mut self, word_volts: &[f64], driver_ohm: f64, sense_ohm: f64) -> Self {
        let cols = self.shape().1;
        self.word = self.word.driven_first(word_volts, driver_ohm);
        self.bit = self.bit.driven_last(&vec![0.0; cols], sense_ohm);
        self
    }

    /// Number of word lines M and of bit lines N.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.cells.shape()
    }

    /// Checks every number of the description.
    ///
    /// # Errors
    /// Names the first count, resistance, voltage or cell parameter that is out of range.
    pub fn validate(&self) -> Result<(), CircuitError> {
        let (rows, cols) = self.shape();
        if rows == 0 || cols == 0 {
            return Err(CircuitError::Empty { rows, cols });
        }
        self.validate_lines()?;
        match &self.cells {
            Cells::Linear(siemens) => {
                check_cells(rows, siemens.iter().map(|&siemens| CellLaw::Linear { siemens }.into()))
            }
            Cells::Devices(cells) => check_cells(rows, cells.iter().copied()),
        }
    }

    /// Checks wires, line ends and breaks.
    pub(crate) fn validate_lines(&self) -> Result<(), CircuitError> {
        let (rows, cols) = self.shape();
        match self.wiring {
            Wiring::Crossed => self.word.check(&WORD, rows, cols)?,
            Wiring::Parallel => self.word.check(&SOURCE, cols, rows)?,
        }
        self.bit.check(&BIT, cols, rows)
    }

    /// Severity of the wire resistance: the ideal product is wrong by about this ratio while it
    /// is small, and conjugate gradients need about 5 + 1.9 sqrt(Lambda) iterations.
    ///
    /// # Formula
    /// Lambda = `N^2 r_w <G>` for the word lines plus `M^2 r_b <G>` for the bit lines, halved, which is
    /// `N^2 r <G>` for a square array.
    #[must_use]
    pub fn severity(&self) -> f64 {
        let (rows, cols) = self.shape();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let siemens = mean(self.cells.zero_bias_siemens().as_slice());
        let word_length = if self.wiring == Wiring::Crossed { cols } else { rows } as f64;
        let word = word_length * word_length * mean(&self.word.segment_ohm);
        let bit = (rows * rows) as f64 * mean(&self.bit.segment_ohm);
        0.5 * siemens * (word + bit)
    }

    /// The same array with each cell replaced by its zero-bias conductance.
    #[must_use]
    pub fn linearised(&self) -> Self {
        Self {
            cells: Cells::Linear(self.cells.zero_bias_siemens()),
            word: self.word.clone(),
            bit: self.bit.clone(),
            wiring: self.wiring,
        }
    }

    /// Output currents of ideal lines: the exact product G^T V with bit lines at 0 V.
    ///
    /// `word_volts` has M entries in V; the result has N entries in A.
    #[must_use]
    pub fn ideal_product(&self, word_volts: &[f64]) -> Vec<f64> {
        let (rows, cols) = self.shape();
        (0..cols).map(|j| (0..rows).map(|i| self.cells.get(i, j).at(word_volts[i]).amperes).sum()).collect()
    }

    /// Conductance matrix at zero bias in S, M x N.
    #[must_use]
    pub fn zero_bias_siemens(&self) -> DMatrix<f64> {
        self.cells.zero_bias_siemens()
    }
}

fn check_cells(rows: usize, cells: impl Iterator<Item = Cell>) -> Result<(), CircuitError> {
    for (index, cell) in cells.enumerate() {
        if let Some((key, value, expected)) = cell.fault() {
            let (row, col) = (index % rows, index / rows);
            return Err(CircuitError::CellValue { key, value, row, col, expected });
        }
    }
    Ok(())
}
