//! Linear nodal solves: conjugate gradients on the word-line Schur complement.
//!
//! # Formula
//! With T_w and T_b the tridiagonal matrices of the word and bit lines (cell conductances on
//! their diagonals) and D the diagonal of cell conductances, the nodal equations are
//! T_w w - D b = f_w and T_b b - D w = f_b. Eliminating w leaves
//! S b = f_b + D T_w^-1 f_w with S = T_b - D T_w^-1 D, which is symmetric and positive definite;
//! it is solved by conjugate gradients preconditioned with T_b. About 5 + 1.9 sqrt(Lambda)
//! iterations reach 1e-12 ([`crate::array::Array::severity`]).
//!
//! Products with S are formed from wire and cell currents, so that the rounding errors of
//! large wire conductances cancel along each line. An ideal line is one unknown: vectors are
//! constant along it and residuals are averaged over it. A line at a fixed voltage has no unknown.

mod lanczos;
mod substitution;

use crate::solve::line::{LineKind, LineSet, Tridiagonal};
use lanczos::Lanczos;
use substitution::{solve_along_columns, substitute};

/// Columns that advance together through the bit-line recurrences.
const LANES: usize = 8;

/// Outcome of one linear solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CgReport {
    pub iterations: usize,
    /// Estimated size of the correction that was due at the start, in V.
    pub due_volts: f64,
    /// Smallest eigenvalue of the preconditioned matrix, as seen by the iteration.
    pub smallest: f64,
}

/// When a linear solve may stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    /// Wanted error in V.
    pub volts: f64,
    /// Wanted error relative to the correction; the weaker of the two demands holds.
    pub relative: f64,
    /// In Newton's method, the voltage scale: a step then needs only the relative error
    /// that the next one leaves, (due/scale) but at most 0.01; 0 for a full solve.
    pub scale_volts: f64,
    /// Smallest eigenvalue of the preconditioned matrix known so far, 1 if none.
    pub smallest: f64,
    pub most_iterations: usize,
}

/// A linearised array with its factors and work space. Arrays are M x N by columns.
#[derive(Debug, Clone)]
pub(crate) struct Schur {
    pub rows: usize,
    pub cols: usize,
    pub word: LineSet,
    pub bit: LineSet,
    /// Differential conductances of the cells.
    pub siemens: Vec<f64>,
    word_factor: Tridiagonal,
    bit_factor: Tridiagonal,
    direction: Vec<f64>,
    work: Vec<f64>,
    solution: Vec<f64>,
    column: Vec<f64>,
    whole: Vec<f64>,
}

impl Schur {
    pub(crate) fn new(word: LineSet, bit: LineSet, rows: usize, cols: usize) -> Self {
        Self {
            rows,
            cols,
            word,
            bit,
            siemens: Vec::new(),
            word_factor: Tridiagonal::default(),
            bit_factor: Tridiagonal::default(),
            direction: Vec::new(),
            work: Vec::new(),
            solution: Vec::new(),
            column: vec![0.0; rows],
            whole: vec![0.0; rows.max(cols)],
        }
    }

    /// Takes the cell conductances from `self.siemens` into the factors.
    pub(crate) fn factorise(&mut self) {
        self.factorise_word();
        self.factorise_bit();
    }

    /// The factors of the word lines alone.
    pub(crate) fn factorise_word(&mut self) {
        self.word_factor.factorise(&self.word, &self.siemens);
    }

    /// The factors of the bit lines alone.
    pub(crate) fn factorise_bit(&mut self) {
        self.bit_factor.factorise(&self.bit, &self.siemens);
    }

    /// T_w^-1 in place.
    pub(crate) fn solve_word(&mut self, f: &mut [f64]) {
        let m = self.rows;
        if !self.word.across {
            solve_along_columns(&self.word, &self.word_factor, m, f);
            return;
        }
        self.whole.fill(0.0);
        let ideal = !self.word.all_segmented();
        for j in 0..self.cols {
            if ideal {
                for (sum, &value) in self.whole.iter_mut().zip(&f[j * m..][..m]) {
                    *sum += value;
                }
            }
            if j > 0 {
                let (before, after) = f.split_at_mut(j * m);
                let previous = &before[(j - 1) * m..];
                let coupling = &self.word_factor.coupling[(j - 1) * m..][..m];
                for ((y, &c), &p) in after[..m].iter_mut().zip(coupling).zip(previous) {
                    *y += c * p;
                }
            }
        }
        for (whole, &inverse) in self.whole.iter_mut().zip(&self.word_factor.whole) {
            *whole *= inverse;
        }
        // `column` is the segmented part of the voltages of the column to the right.
        self.column.fill(0.0);
        for j in (0..self.cols).rev() {
            let inverse = &self.word_factor.inverse[j * m..][..m];
            let coupling = &self.word_factor.coupling[j * m..][..m];
            let y = &mut f[j * m..][..m];
            for i in 0..m {
                let w = y[i] * inverse[i] + coupling[i] * self.column[i];
                self.column[i] = w;
                y[i] = w + self.whole[i];
            }
        }
    }

    /// Averages over ideal bit lines and clears fixed ones: the dual of a constant line.
    pub(crate) fn project(&self, r: &mut [f64]) {
        for (column, kind) in r.chunks_exact_mut(self.rows).zip(&self.bit.kind) {
            match kind {
                LineKind::Segmented => {}
                LineKind::Ideal => {
                    let mean = column.iter().sum::<f64>() / column.len() as f64;
                    column.fill(mean);
                }
                LineKind::Fixed(_) => column.fill(0.0),
            }
        }
    }

    /// z = T_b^-1 r; returns the largest |z|.
    pub(crate) fn precondition(&self, r: &[f64], z: &mut [f64]) -> f64 {
        let m = self.rows;
        let mut largest = 0.0_f64;
        let mut j = 0;
        while j < self.cols {
            let lanes = LANES.min(self.cols - j);
            let block = j * m..(j + lanes) * m;
            let (r, z) = (&r[block.clone()], &mut z[block.clone()]);
            let inverse = &self.bit_factor.inverse[block.clone()];
            let coupling = &self.bit_factor.coupling[block];
            let top = if lanes == LANES {
                substitute::<LANES>(m, r, z, inverse, coupling)
            } else {
                let mut top = 0.0_f64;
                for l in 0..lanes {
                    let line = l * m..(l + 1) * m;
                    let (r, z) = (&r[line.clone()], &mut z[line.clone()]);
                    top = top.max(substitute::<1>(m, r, z, &inverse[line.clone()], &coupling[line]));
                }
                top
            };
            largest = largest.max(top);
            for l in 0..lanes {
                if self.bit.kind[j + l] == LineKind::Ideal {
                    let value = r[l * m] * m as f64 * self.bit_factor.whole[j + l];
                    z[l * m..(l + 1) * m].fill(value);
                    largest = largest.max(value.abs());
                }
            }
            j += lanes;
        }
        largest
    }

    /// out = S p, projected.
    fn apply(&mut self, p: &[f64], out: &mut [f64]) {
        for ((y, &g), &p) in out.iter_mut().zip(&self.siemens).zip(p) {
            *y = g * p;
        }
        self.solve_word(out);
        let m = self.rows;
        for j in 0..self.cols {
            let span = j * m..(j + 1) * m;
            let (p, g, out) = (&p[span.clone()], &self.siemens[span.clone()], &mut out[span]);
            for i in 0..m {
                out[i] = g[i] * (p[i] - out[i]);
            }
            add_wire_currents(&self.bit, j, p, out);
        }
        self.project(out);
    }

    /// Solves the linearised nodal equations for a correction.
    ///
    /// `into_word` and `into_bit` hold the net currents into the nodes (M x N by columns) and are
    /// overwritten with the voltage corrections. Stops when the estimated error falls
    /// below the target.
    pub(crate) fn correct(
        &mut self,
        into_word: &mut [f64],
        into_bit: &mut [f64],
        target: Target,
    ) -> CgReport {
        let n = self.rows * self.cols;
        let mut p = std::mem::take(&mut self.direction);
        let mut t = std::mem::take(&mut self.work);
        let mut x = std::mem::take(&mut self.solution);
        for buffer in [&mut p, &mut t, &mut x] {
            buffer.resize(n, 0.0);
        }
        self.solve_word(into_word);
        for ((r, &g), &w) in into_bit.iter_mut().zip(&self.siemens).zip(into_word.iter()) {
            *r += g * w;
        }
        let word_due = into_word.iter().fold(0.0_f64, |a, w| a.max(w.abs()));
        let r = into_bit;
        self.project(r);
        x.fill(0.0);
        let mut largest = self.precondition(r, &mut t);
        p.copy_from_slice(&t);
        let mut rz = dot(r, &t);
        let mut lanczos = Lanczos::new(target.smallest);
        let mut due_volts = word_due.max(largest / lanczos.smallest);
        let bit_due = largest;
        let mut wanted = target.volts.max(target.relative * due_volts);
        if target.scale_volts > 0.0 {
            wanted = wanted.max(due_volts * (due_volts / target.scale_volts).min(0.01));
        }
        let mut iterations = 0;
        while largest > wanted * lanczos.smallest && rz > 0.0 && iterations < target.most_iterations {
            self.apply(&p, &mut t);
            let curvature = dot(&p, &t);
            if curvature.is_nan() || curvature <= 0.0 {
                break;
            }
            let alpha = rz / curvature;
            for ((x, r), (&p, &t)) in x.iter_mut().zip(r.iter_mut()).zip(p.iter().zip(&t)) {
                *x += alpha * p;
                *r -= alpha * t;
            }
            largest = self.precondition(r, &mut t);
            let next = dot(r, &t);
            let beta = next / rz;
            rz = next;
            for (p, &z) in p.iter_mut().zip(&t) {
                *p = z + beta * *p;
            }
            lanczos.push(alpha, beta);
            iterations += 1;
        }
        // w follows exactly from b.
        for ((y, &g), &x) in t.iter_mut().zip(&self.siemens).zip(&x) {
            *y = g * x;
        }
        self.solve_word(&mut t);
        for (w, &t) in into_word.iter_mut().zip(&t) {
            *w += t;
        }
        r.copy_from_slice(&x);
        self.direction = p;
        self.work = t;
        self.solution = x;
        due_volts = due_volts.max(bit_due / lanczos.smallest);
        CgReport { iterations, due_volts, smallest: lanczos.smallest }
    }
}

/// Adds to `out` the currents that leave the nodes of bit line `line` through wires and ends,
/// for node voltages `p` with all sources at 0 V.
fn add_wire_currents(bit: &LineSet, line: usize, p: &[f64], out: &mut [f64]) {
    let last = p.len() - 1;
    out[0] += bit.first[line] * p[0];
    out[last] += bit.last[line] * p[last];
    if bit.kind[line] != LineKind::Segmented {
        return;
    }
    if bit.broken.is_empty() {
        let s = bit.segment[line];
        if last > 0 {
            out[0] += s * (p[0] - p[1]);
            out[last] -= s * (p[last - 1] - p[last]);
            for i in 1..last {
                out[i] = (out[i] + s * (p[i] - p[i + 1])) - s * (p[i - 1] - p[i]);
            }
        }
    } else {
        for i in 0..last {
            let q = bit.between(line, i) * (p[i] - p[i + 1]);
            out[i] += q;
            out[i + 1] -= q;
        }
    }
}

/// Scalar product with a fixed order of additions: sixteen partial sums, then their sum.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let tail: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for l in 0..16 {
            lanes[l] += a[l] * b[l];
        }
    }
    lanes.iter().sum::<f64>() + tail
}
