//! Exact linear map of a whole array: hierarchical elimination of all inner nodes.
//!
//! # Formula
//! The array is a network of conductances between nodes; the sources are its terminals.
//! Eliminating node k adds a_ik a_kj / sum_l a_kl to the conductance between every pair
//! (i, j) of its neighbours (star-mesh transformation, which is Gaussian elimination without its
//! subtractions, so that every entry keeps its relative accuracy). Blocks of cells are joined two
//! by two: the nodes on the seam are eliminated, the nodes on the rim stay. For N x N cells
//! this takes of the order of N^3 operations instead of the N^4 of line after line, and
//! serves any number of inputs afterwards.
//!
//! # References
//! A. George, SIAM J. Numer. Anal. 10, 345 (1973) (nested dissection); W. K. Grassmann,
//! M. I. Taksar, D. P. Heyman, Oper. Res. 33, 1107 (1985) (elimination without subtraction).

use multiversion::multiversion;
use nalgebra::{DMatrix, DVector};

use crate::array::cell::{Cell, Cells};
use crate::array::crossbar::{Array, End};
use crate::error::CircuitError;
use crate::solve::line::{LineKind, LineSet};

/// One driven line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Terminal {
    /// Left end of a word line (first end of a parallel source line).
    Left(usize),
    /// Right end of a word line (last end of a parallel source line).
    Right(usize),
    /// Top end of a bit line.
    Top(usize),
    /// Bottom end of a bit line.
    Bottom(usize),
}

/// An array of linear cells reduced to the sources at its line ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// Driven line ends, T in all.
    pub terminals: Vec<Terminal>,
    /// Conductance between each pair of terminals in S, T x T; the diagonal is 0.
    pub siemens: DMatrix<f64>,
    /// Present source voltage of each terminal in V.
    pub volts: DVector<f64>,
}

impl Transfer {
    /// Reduces `array` to its terminals.
    ///
    /// # Errors
    /// A faulty description, or cells that are not linear.
    pub fn new(array: &Array) -> Result<Self, CircuitError> {
        array.validate()?;
        if let Cells::Devices(cells) = &array.cells
            && !cells.iter().all(Cell::is_linear)
        {
            return Err(CircuitError::NeedsLinear { method: "the transfer matrix" });
        }
        let (rows, cols) = array.shape();
        let network = TileNetwork {
            rows,
            cols,
            siemens: array.zero_bias_siemens(),
            word: LineSet::word(array)?,
            bit: LineSet::bit(array)?,
        };
        let whole = CellBlock { top: 0, bottom: rows, left: 0, right: cols };
        let front = network.reduce(whole);
        let terminals: Vec<Terminal> = front.nodes.iter().map(|&node| network.terminal(node)).collect();
        let size = terminals.len();
        let mut siemens = DMatrix::from_row_slice(size, size, &front.siemens);
        siemens.fill_diagonal(0.0);
        let volts = terminals.iter().map(|&terminal| source_volts(array, terminal));
        let volts = DVector::from_iterator(size, volts);
        Ok(Self { terminals, siemens, volts })
    }

    /// Currents out of the array through every terminal in A, T entries, for source voltages in V.
    ///
    /// # Formula
    /// I_t = sum_s a_ts (V_s - V_t)
    #[must_use]
    pub fn currents(&self, volts: &DVector<f64>) -> DVector<f64> {
        DVector::from_fn(self.terminals.len(), |t, _| {
            let row = self.siemens.column(t);
            row.iter().zip(volts.iter()).map(|(a, v)| a * (v - volts[t])).sum()
        })
    }

    /// Conductances from the left word-line ends to the bottom bit-line ends in S, M x N: the
    /// effective weights of a read with bit lines at 0 V. Ends that are not driven give 0.
    #[must_use]
    pub fn effective_siemens(&self, rows: usize, cols: usize) -> DMatrix<f64> {
        let mut effective = DMatrix::zeros(rows, cols);
        for (s, &from) in self.terminals.iter().enumerate() {
            for (t, &to) in self.terminals.iter().enumerate() {
                if let (Terminal::Left(i), Terminal::Bottom(j)) = (from, to) {
                    effective[(i, j)] = self.siemens[(s, t)];
                }
            }
        }
        effective
    }
}

impl Array {
    /// Effective weights of a read: output current of bit line j per volt at the left end of word line
    /// i in S, M x N, with all other sources at 0 V.
    ///
    /// # Errors
    /// As [`Transfer::new`].
    pub fn effective_siemens(&self) -> Result<DMatrix<f64>, CircuitError> {
        let (rows, cols) = self.shape();
        Ok(Transfer::new(self)?.effective_siemens(rows, cols))
    }
}

fn source_volts(array: &Array, terminal: Terminal) -> f64 {
    let end = match terminal {
        Terminal::Left(i) => array.word.first[i],
        Terminal::Right(i) => array.word.last[i],
        Terminal::Top(j) => array.bit.first[j],
        Terminal::Bottom(j) => array.bit.last[j],
    };
    match end {
        End::Driven { volts, .. } => volts,
        End::Floating => 0.0,
    }
}

/// Cells of rows `top..bottom` and columns `left..right`, with the wire segments to their right and
/// below; blocks at the left and top edges also hold the first segments.
#[derive(Debug, Clone, Copy)]
struct CellBlock {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

/// A reduced block: conductances between the nodes on its rim.
struct Front {
    /// Node numbers, ascending.
    nodes: Vec<usize>,
    /// Conductances, row by row; symmetric, diagonal meaningless.
    siemens: Vec<f64>,
}

struct TileNetwork {
    rows: usize,
    cols: usize,
    siemens: DMatrix<f64>,
    word: LineSet,
    bit: LineSet,
}

impl TileNetwork {
    // Node numbers: w[i,j], then b[i,j], then the sources left, right, top, bottom.
    fn word_node(&self, i: usize, j: usize) -> usize {
        let (line, _) = self.word.place(j * self.rows + i);
        match self.word.kind[line] {
            LineKind::Segmented => j * self.rows + i,
            LineKind::Ideal => self.word.at(line, 0),
            LineKind::Fixed(_) if self.word.first_ohm[line] == 0.0 => self.source(Terminal::Left(line)),
            LineKind::Fixed(_) => self.source(Terminal::Right(line)),
        }
    }

    fn bit_node(&self, i: usize, j: usize) -> usize {
        let cells = self.rows * self.cols;
        match self.bit.kind[j] {
            LineKind::Segmented => cells + j * self.rows + i,
            LineKind::Ideal => cells + j * self.rows,
            LineKind::Fixed(_) if self.bit.first_ohm[j] == 0.0 => self.source(Terminal::Top(j)),
            LineKind::Fixed(_) => self.source(Terminal::Bottom(j)),
        }
    }

    fn source(&self, terminal: Terminal) -> usize {
        let base = 2 * self.rows * self.cols;
        match terminal {
            Terminal::Left(i) => base + i,
            Terminal::Right(i) => base + self.word.count + i,
            Terminal::Top(j) => base + 2 * self.word.count + j,
            Terminal::Bottom(j) => base + 2 * self.word.count + self.cols + j,
        }
    }

    fn terminal(&self, node: usize) -> Terminal {
        let k = node - 2 * self.rows * self.cols;
        let words = self.word.count;
        if k < words {
            Terminal::Left(k)
        } else if k < 2 * words {
            Terminal::Right(k - words)
        } else if k < 2 * words + self.cols {
            Terminal::Top(k - 2 * words)
        } else {
            Terminal::Bottom(k - 2 * words - self.cols)
        }
    }

    /// Whether every branch of `node` lies inside `block`.
    fn complete(&self, node: usize, block: CellBlock) -> bool {
        let cells = self.rows * self.cols;
        if node >= 2 * cells {
            return false;
        }
        let lines = if node < cells { &self.word } else { &self.bit };
        let (line, k) = lines.place(node % cells);
        let (start, end) = if lines.across { (block.left, block.right) } else { (block.top, block.bottom) };
        match lines.kind[line] {
            LineKind::Segmented => (start < k || k == 0) && k < end,
            _ => start == 0 && end == lines.length,
        }
    }

    fn reduce(&self, block: CellBlock) -> Front {
        let (rows, cols) = (block.bottom - block.top, block.right - block.left);
        if rows <= 2 && cols <= 2 {
            return self.leaf(block);
        }
        let (a, b) = if rows > cols {
            let seam = block.top + rows / 2;
            (CellBlock { bottom: seam, ..block }, CellBlock { top: seam, ..block })
        } else {
            let seam = block.left + cols / 2;
            (CellBlock { right: seam, ..block }, CellBlock { left: seam, ..block })
        };
        let (a, b) = (self.reduce(a), self.reduce(b));
        self.join(block, &[a, b])
    }

    fn leaf(&self, block: CellBlock) -> Front {
        let mut branches: Vec<(usize, usize, f64)> = Vec::new();
        for j in block.left..block.right {
            for i in block.top..block.bottom {
                let (w, b) = (self.word_node(i, j), self.bit_node(i, j));
                branches.push((w, b, self.siemens[(i, j)]));
                let index = j * self.rows + i;
                let (line, k) = self.word.place(index);
                if k == 0 {
                    branches.push((self.source(Terminal::Left(line)), w, self.word.first[line]));
                }
                if k + 1 == self.word.length {
                    branches.push((w, self.source(Terminal::Right(line)), self.word.last[line]));
                } else {
                    let next = index + self.word.node_stride;
                    let next = self.word_node(next % self.rows, next / self.rows);
                    branches.push((w, next, self.word.between(line, k)));
                }
                if i == 0 {
                    branches.push((self.source(Terminal::Top(j)), b, self.bit.first[j]));
                }
                if i + 1 == self.rows {
                    branches.push((b, self.source(Terminal::Bottom(j)), self.bit.last[j]));
                } else {
                    branches.push((b, self.bit_node(i + 1, j), self.bit.between(j, i)));
                }
            }
        }
        // A branch without conductance still says that its node reaches beyond the block, but
        // a source without conductance is a floating end: no terminal.
        let sources = 2 * self.rows * self.cols;
        branches.retain(|&(a, b, siemens)| a != b && (siemens > 0.0 || (a < sources && b < sources)));
        let mut nodes: Vec<usize> = branches.iter().flat_map(|&(a, b, _)| [a, b]).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let size = nodes.len();
        let mut siemens = vec![0.0; size * size];
        for (a, b, value) in branches {
            let at = |node| nodes.binary_search(&node).expect("every node of a branch is listed");
            let (a, b) = (at(a), at(b));
            siemens[a * size + b] += value;
            siemens[b * size + a] += value;
        }
        self.join(block, &[Front { nodes, siemens }])
    }

    /// Adds the parts and eliminates every node that has no branch outside `block`.
    fn join(&self, block: CellBlock, parts: &[Front]) -> Front {
        let mut all: Vec<usize> = parts.iter().flat_map(|part| part.nodes.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        let (mut order, kept): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|&&node| self.complete(node, block));
        let inner = order.len();
        order.extend_from_slice(&kept);
        let size = order.len();
        let position = |node: usize| match order[..inner].binary_search(&node) {
            Ok(at) => at,
            Err(_) => inner + kept.binary_search(&node).expect("a node is inner or kept"),
        };
        let mut siemens = vec![0.0; size * size];
        for part in parts {
            let at: Vec<usize> = part.nodes.iter().map(|&node| position(node)).collect();
            // A part that no source and no neighbour touches has no nodes left.
            for (row, &i) in part.siemens.chunks_exact(at.len().max(1)).zip(&at) {
                let target = &mut siemens[i * size..(i + 1) * size];
                for (&value, &j) in row.iter().zip(&at) {
                    target[j] += value;
                }
            }
        }
        let siemens = eliminate(siemens, size, inner);
        Front { nodes: kept, siemens }
    }
}

/// Eliminates the first `inner` of `size` nodes; returns the conductances of the others.
fn eliminate(mut a: Vec<f64>, size: usize, inner: usize) -> Vec<f64> {
    // Rows of the nodes to be eliminated, one after the other; `share` is a_ik / sum_l a_kl.
    let mut inverse = vec![0.0; inner];
    for k in 0..inner {
        let (above, below) = a.split_at_mut((k + 1) * size);
        let pivot_row = &above[k * size..];
        let sum: f64 = pivot_row[k + 1..size].iter().sum();
        inverse[k] = if sum > 0.0 { 1.0 / sum } else { 0.0 };
        for i in k + 1..inner {
            let share = pivot_row[i] * inverse[k];
            if share != 0.0 {
                let row = &mut below[(i - k - 1) * size..(i - k) * size];
                add_multiple(&mut row[k + 1..], share, &pivot_row[k + 1..size]);
            }
        }
    }
    // The rim, upper triangle: a_ij += sum_k a_ki a_kj / d_k.
    let outer = size - inner;
    let (panel, rim) = a.split_at(inner * size);
    let mut kept = vec![0.0; outer * outer];
    for i in 0..outer {
        kept[i * outer + i..(i + 1) * outer].copy_from_slice(&rim[i * size + inner + i..(i + 1) * size]);
    }
    add_products(&mut kept, panel, size, &inverse);
    for i in 0..outer {
        for j in 0..i {
            kept[i * outer + j] = kept[j * outer + i];
        }
    }
    kept
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn add_multiple(row: &mut [f64], share: f64, pivot_row: &[f64]) {
    for (a, &p) in row.iter_mut().zip(pivot_row) {
        *a += share * p;
    }
}

/// kept_ij += sum_k panel_ki panel_kj inverse_k for i <= j, four pivots and two rows at a time. `panel` has a row of `size`
/// for each pivot.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn add_products(kept: &mut [f64], panel: &[f64], size: usize, inverse: &[f64]) {
    let inner = inverse.len();
    let outer = size - inner;
    let row = |k: usize| &panel[k * size + inner..(k + 1) * size];
    let mut k = 0;
    while k < inner {
        let four = inner - k >= 4;
        if four {
            let (p, q, r, s) = (row(k), row(k + 1), row(k + 2), row(k + 3));
            let mut i = 0;
            while i < outer {
                let share = |i: usize| {
                    [p[i] * inverse[k], q[i] * inverse[k + 1], r[i] * inverse[k + 2], s[i] * inverse[k + 3]]
                };
                let (upper, lower) = kept.split_at_mut((i + 1) * outer);
                let one = &mut upper[i * outer + i..];
                let f = share(i);
                if i + 1 < outer {
                    let g = share(i + 1);
                    // Columns from i on for both rows; the entry below the diagonal is not read.
                    let two = &mut lower[i..outer];
                    let (p, q, r, s) = (&p[i..], &q[i..], &r[i..], &s[i..]);
                    let length = one.len();
                    let (two, p, q, r, s) =
                        (&mut two[..length], &p[..length], &q[..length], &r[..length], &s[..length]);
                    for j in 0..length {
                        one[j] += (f[0] * p[j] + f[1] * q[j]) + (f[2] * r[j] + f[3] * s[j]);
                        two[j] += (g[0] * p[j] + g[1] * q[j]) + (g[2] * r[j] + g[3] * s[j]);
                    }
                } else {
                    one[0] += (f[0] * p[i] + f[1] * q[i]) + (f[2] * r[i] + f[3] * s[i]);
                }
                i += 2;
            }
            k += 4;
        } else {
            let p = row(k);
            for i in 0..outer {
                let share = p[i] * inverse[k];
                for (a, &p) in kept[i * outer + i..(i + 1) * outer].iter_mut().zip(&p[i..]) {
                    *a += share * p;
                }
            }
            k += 1;
        }
    }
}
