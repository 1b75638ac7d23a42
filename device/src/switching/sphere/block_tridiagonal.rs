//! Solver for `(1 - s L) x = r`, L coupling neighbouring blocks of degrees only.
//!
//! # Formula
//! Block elimination: `S_b = D_b - A_b S_{b-1}^{-1} C_{b-1}` with the blocks D on, A left of and C right of the
//! diagonal. The inverses of the S are kept; A and C stay sparse. Work: some 2 n^3 per block of n.

use nalgebra::DMatrix;

use super::harmonics::Basis;
use super::operator::Sparse;
use crate::error::DeviceError;

/// BlockFactors of `1 - s L`.
#[derive(Debug)]
pub struct BlockFactors {
    /// First row of each block, and the number of rows.
    first: Vec<usize>,
    inverse: Vec<DMatrix<f64>>,
    /// Entries of `-s L` between blocks, by rows: (row, column, value).
    left: Vec<Vec<(usize, usize, f64)>>,
    right: Vec<Vec<(usize, usize, f64)>>,
}

/// Blocks of consecutive degrees such that L couples neighbours only.
fn blocks(matrix: &Sparse, basis: &Basis) -> Vec<usize> {
    let reach = matrix
        .rows
        .iter()
        .enumerate()
        .flat_map(|(i, row)| row.iter().map(move |(k, _)| (i, *k)))
        .map(|(i, k)| (basis.functions[i].0 - basis.functions[k].0).unsigned_abs() as usize)
        .max()
        .unwrap_or(1)
        .max(1);
    let mut first: Vec<usize> = basis.first.iter().copied().step_by(reach).collect();
    if first.last() != Some(&basis.len()) {
        first.push(basis.len());
    }
    first.dedup();
    first
}

impl BlockFactors {
    /// BlockFactors of `1 - scale matrix`.
    ///
    /// # Errors
    /// [`DeviceError::NotConverged`] if a block is singular.
    pub fn new(matrix: &Sparse, basis: &Basis, scale: f64) -> Result<Self, DeviceError> {
        let first = blocks(matrix, basis);
        let count = first.len() - 1;
        let (mut left, mut right) = (vec![vec![]; count], vec![vec![]; count]);
        let mut inverse: Vec<DMatrix<f64>> = Vec::with_capacity(count);
        for b in 0..count {
            let (start, end) = (first[b], first[b + 1]);
            let mut block = DMatrix::identity(end - start, end - start);
            for i in start..end {
                for &(k, value) in &matrix.rows[i] {
                    let value = -scale * value;
                    if k < start {
                        left[b].push((i - start, k - first[b - 1], value));
                    } else if k < end {
                        block[(i - start, k - start)] += value;
                    } else {
                        right[b].push((i - start, k - end, value));
                    }
                }
            }
            if b > 0 {
                // S_{b-1}^{-1} C_{b-1}, then the rows that A_b picks.
                let before = &inverse[b - 1];
                let mut carried = DMatrix::<f64>::zeros(before.nrows(), end - start);
                for &(k, j, value) in &right[b - 1] {
                    carried.column_mut(j).axpy(value, &before.column(k), 1.0);
                }
                for j in 0..end - start {
                    let (from, mut to) = (carried.column(j), block.column_mut(j));
                    for &(i, k, value) in &left[b] {
                        to[i] -= value * from[k];
                    }
                }
            }
            let singular = DeviceError::NotConverged {
                what: "a step of the Fokker-Planck equation on the sphere (singular block)",
                iterations: b,
                residual: scale,
                advice: "use another tolerance, the ensemble or splitting",
            };
            inverse.push(block.try_inverse().ok_or(singular)?);
        }
        Ok(Self { first, inverse, left, right })
    }

    fn part(&self, b: usize) -> std::ops::Range<usize> {
        self.first[b]..self.first[b + 1]
    }

    /// `x <- (1 - s L)^{-1} x`.
    pub fn solve(&self, x: &mut [f64]) {
        let count = self.inverse.len();
        for b in 0..count {
            if b > 0 {
                let (done, rest) = x.split_at_mut(self.first[b]);
                let before = &done[self.first[b - 1]..];
                self.left[b].iter().for_each(|(i, k, value)| rest[*i] -= value * before[*k]);
            }
            apply(&self.inverse[b], &mut x[self.part(b)]);
        }
        for b in (0..count - 1).rev() {
            let mut change = vec![0.0; self.part(b).len()];
            let after = &x[self.part(b + 1)];
            self.right[b].iter().for_each(|(i, k, value)| change[*i] += value * after[*k]);
            apply(&self.inverse[b], &mut change);
            x[self.part(b)].iter_mut().zip(&change).for_each(|(x, c)| *x -= c);
        }
    }

    /// `x <- (1 - s L)^{-T} x`.
    pub fn solve_transposed(&self, x: &mut [f64]) {
        let count = self.inverse.len();
        for b in 0..count {
            if b > 0 {
                let (done, rest) = x.split_at_mut(self.first[b]);
                let before = &done[self.first[b - 1]..];
                self.right[b - 1].iter().for_each(|(i, k, value)| rest[*k] -= value * before[*i]);
            }
            apply_transposed(&self.inverse[b], &mut x[self.part(b)]);
        }
        for b in (0..count - 1).rev() {
            let mut change = vec![0.0; self.part(b).len()];
            let after = &x[self.part(b + 1)];
            self.left[b + 1].iter().for_each(|(i, k, value)| change[*k] += value * after[*i]);
            apply_transposed(&self.inverse[b], &mut change);
            x[self.part(b)].iter_mut().zip(&change).for_each(|(x, c)| *x -= c);
        }
    }
}

/// `x <- matrix x`.
fn apply(matrix: &DMatrix<f64>, x: &mut [f64]) {
    let mut sum = vec![0.0; x.len()];
    for (column, x) in matrix.as_slice().chunks_exact(x.len()).zip(x.iter()) {
        sum.iter_mut().zip(column).for_each(|(s, a)| *s += a * x);
    }
    x.copy_from_slice(&sum);
}

/// `x <- matrix^T x`.
fn apply_transposed(matrix: &DMatrix<f64>, x: &mut [f64]) {
    let sum: Vec<f64> = matrix
        .as_slice()
        .chunks_exact(x.len())
        .map(|column| {
            // Eight partial sums, so that the loop is not one chain of additions.
            let mut parts = [0.0; 8];
            let mut pairs = column.chunks_exact(8).zip(x.chunks_exact(8));
            for (a, x) in &mut pairs {
                for lane in 0..8 {
                    parts[lane] += a[lane] * x[lane];
                }
            }
            let rest = column.len() / 8 * 8;
            let tail: f64 = column[rest..].iter().zip(&x[rest..]).map(|(a, x)| a * x).sum();
            parts.iter().sum::<f64>() + tail
        })
        .collect();
    x.copy_from_slice(&sum);
}
