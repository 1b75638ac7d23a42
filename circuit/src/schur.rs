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

use multiversion::multiversion;

use crate::line::{Kind, LineSet, Tridiagonal};

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
        self.word_factor.factorise(&self.word, &self.siemens);
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
                Kind::Segmented => {}
                Kind::Ideal => {
                    let mean = column.iter().sum::<f64>() / column.len() as f64;
                    column.fill(mean);
                }
                Kind::Fixed(_) => column.fill(0.0),
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
                if self.bit.kind[j + l] == Kind::Ideal {
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
        let mut lanczos = Lanczos { smallest: target.smallest, ..Lanczos::default() };
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
    if bit.kind[line] != Kind::Segmented {
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

/// T^-1 in place for lines that run along the columns.
fn solve_along_columns(lines: &LineSet, factor: &Tridiagonal, m: usize, f: &mut [f64]) {
    let mut z = vec![0.0; m];
    for (line, column) in f.chunks_exact_mut(m).enumerate() {
        if lines.kind[line] == Kind::Segmented {
            let span = line * m..(line + 1) * m;
            substitute::<1>(m, column, &mut z, &factor.inverse[span.clone()], &factor.coupling[span]);
            column.copy_from_slice(&z);
        } else {
            let value = column.iter().sum::<f64>() * factor.whole[line];
            column.fill(value);
        }
    }
}

/// Forward and back substitution of L tridiagonal systems of m unknowns; returns the largest |z|.
///
/// Eight nodes of all lines are brought into a small block and worked on there, so that lines
/// whose length is a power of two do not fight for the same cache sets.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
#[allow(clippy::needless_range_loop, reason = "lanes index several arrays at once")]
fn substitute<const L: usize>(m: usize, r: &[f64], z: &mut [f64], inverse: &[f64], coupling: &[f64]) -> f64 {
    const STEP: usize = 8;
    let (r, z) = (&r[..L * m], &mut z[..L * m]);
    let (inverse, coupling) = (&inverse[..L * m], &coupling[..L * m]);
    let mut y = [0.0; L];
    let mut c = [0.0; L];
    let mut right = [[0.0; L]; STEP];
    let mut next = [[0.0; L]; STEP];
    let mut start = 0;
    while start < m {
        let length = STEP.min(m - start);
        for l in 0..L {
            let at = l * m + start;
            for (k, (&r, &c)) in r[at..at + length].iter().zip(&coupling[at..at + length]).enumerate() {
                right[k][l] = r;
                next[k][l] = c;
            }
        }
        for k in 0..length {
            for l in 0..L {
                y[l] = right[k][l] + c[l] * y[l];
                right[k][l] = y[l];
                c[l] = next[k][l];
            }
        }
        for l in 0..L {
            let at = l * m + start;
            for (k, z) in z[at..at + length].iter_mut().enumerate() {
                *z = right[k][l];
            }
        }
        start += length;
    }
    let mut x = [0.0; L];
    let mut top = [0.0_f64; L];
    while start > 0 {
        let length = STEP.min(start);
        start -= length;
        for l in 0..L {
            let at = l * m + start;
            let (z, inverse) = (&z[at..at + length], &inverse[at..at + length]);
            for (k, ((&z, &inverse), &c)) in z.iter().zip(inverse).zip(&coupling[at..]).enumerate() {
                right[k][l] = z * inverse;
                next[k][l] = c;
            }
        }
        for k in (0..length).rev() {
            for l in 0..L {
                x[l] = right[k][l] + next[k][l] * x[l];
                right[k][l] = x[l];
                top[l] = if x[l].abs() > top[l] { x[l].abs() } else { top[l] };
            }
        }
        for l in 0..L {
            let at = l * m + start;
            for (k, z) in z[at..at + length].iter_mut().enumerate() {
                *z = right[k][l];
            }
        }
    }
    top.into_iter().fold(0.0, f64::max)
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

/// Smallest eigenvalue of the Lanczos matrix that conjugate gradients build.
#[derive(Debug)]
struct Lanczos {
    diagonal: Vec<f64>,
    square: Vec<f64>,
    carried: f64,
    smallest: f64,
}

impl Default for Lanczos {
    fn default() -> Self {
        Self { diagonal: Vec::new(), square: Vec::new(), carried: 0.0, smallest: 1.0 }
    }
}

impl Lanczos {
    /// Adds a step: T_kk = 1/alpha_k + beta_(k-1)/alpha_(k-1), T_(k,k+1)^2 = beta_k/alpha_k^2.
    fn push(&mut self, alpha: f64, beta: f64) {
        self.diagonal.push(1.0 / alpha + self.carried);
        // The smallest eigenvalue only falls as the matrix grows: bisect below the last one for
        // a root of the sequence of pivots, to two digits.
        let (mut low, mut high) = (0.0, self.smallest);
        for _ in 0..60 {
            if high - low <= 0.01 * high {
                break;
            }
            let middle = 0.5 * (low + high);
            if self.has_eigenvalue_below(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.smallest = if low > 0.0 { low } else { high };
        self.square.push(beta / (alpha * alpha));
        self.carried = beta / alpha;
    }

    fn has_eigenvalue_below(&self, bound: f64) -> bool {
        let mut pivot = 1.0;
        for (k, &diagonal) in self.diagonal.iter().enumerate() {
            let square = if k == 0 { 0.0 } else { self.square[k - 1] };
            pivot = diagonal - bound - square / pivot;
            if pivot <= 0.0 {
                return true;
            }
        }
        false
    }
}
