//! Forward and back substitution in the factors of the lines.

use multiversion::multiversion;

use crate::solve::line::{LineKind, LineSet, Tridiagonal};

/// T^-1 in place for lines that run along the columns.
pub(super) fn solve_along_columns(lines: &LineSet, factor: &Tridiagonal, m: usize, f: &mut [f64]) {
    let mut z = vec![0.0; m];
    for (line, column) in f.chunks_exact_mut(m).enumerate() {
        if lines.kind[line] == LineKind::Segmented {
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
pub(super) fn substitute<const L: usize>(
    m: usize,
    r: &[f64],
    z: &mut [f64],
    inverse: &[f64],
    coupling: &[f64],
) -> f64 {
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
