//! One step of TR-BDF2 for the birth-death chain, without loss of relative precision.
//!
//! # Formula
//! With gamma = 2 - sqrt 2 and c = 1 - 1/sqrt 2, both stages share the matrix 1 - c dt L:
//! `(1 - c dt L) p* = (1 + c dt L) p`,
//! `(1 - c dt L) p' = (p* - (1 - gamma)^2 p) / (gamma (2 - gamma))`.
//! The scheme is of second order and L-stable. The matrix is factored by a recurrence of
//! positive terms only, from both ends to the middle: its columns sum to one, and the part of each pivot that is
//! left of that one is carried instead of being formed by a difference, so the smallest
//! cell probabilities keep their digits at any step.
//!
//! # References
//! - R. E. Bank et al., IEEE Trans. Electron Devices 32, 1992 (1985), doi:10.1109/T-ED.1985.22232.
//! - M. E. Hosea and L. F. Shampine, Appl. Numer. Math. 20, 21 (1996), doi:10.1016/0168-9274(95)00115-8.

use std::f64::consts::SQRT_2;

use multiversion::multiversion;

use super::operator::Operator;
use crate::switching::direction::Direction;

const GAMMA: f64 = 2.0 - SQRT_2;
const C: f64 = 1.0 - 1.0 / SQRT_2;
/// Constant of the local error dt^3 p''' of TR-BDF2.
const ERROR: f64 = (-3.0 * GAMMA * GAMMA + 4.0 * GAMMA - 2.0) / (12.0 * (2.0 - GAMMA));

/// Factors of 1 - c dt L, or of its transpose, for one step length.
///
/// Elimination runs from both ends to the middle and back: the two halves are chains of their own,
/// so that a processor works on both at a time.
#[derive(Debug, Clone)]
struct TridiagonalFactors {
    /// Reciprocal pivots.
    inverse: Vec<f64>,
    /// What a cell takes on the way in from its neighbour on the outer side; the middle cell has the
    /// one below in its place and the one above in `from_above`.
    inward: Vec<f64>,
    from_above: f64,
    /// What a cell takes on the way out from its neighbour on the inner side.
    outward: Vec<f64>,
}

impl TridiagonalFactors {
    fn new(operator: &Operator, dt: f64, direction: Direction) -> Self {
        let scale = C * dt;
        let up: Vec<f64> = operator.up.iter().map(|r| scale * r).collect();
        let down: Vec<f64> = operator.down.iter().map(|r| scale * r).collect();
        let n = up.len();
        let middle = n / 2;
        let mut inverse = vec![0.0; n];
        // Pivot less what leaves inward, over the pivot, of the cell before: carried from either end.
        let (mut below, mut above) = (0.0, 0.0);
        for j in 0..middle {
            let excess = 1.0 + down[j] * below;
            inverse[j] = 1.0 / (excess + up[j]);
            below = excess * inverse[j];
        }
        for j in (middle + 1..n).rev() {
            let excess = 1.0 + up[j] * above;
            inverse[j] = 1.0 / (excess + down[j]);
            above = excess * inverse[j];
        }
        inverse[middle] = 1.0 / (1.0 + down[middle] * below + up[middle] * above);
        // Entry of row j and column k, with the sign turned.
        let entry = |j: usize, k: usize| match (direction, k < j) {
            (Direction::Forward, true) => up[k],
            (Direction::Forward, false) => down[k],
            (Direction::Backward, true) => down[j],
            (Direction::Backward, false) => up[j],
        };
        let (mut inward, mut outward) = (vec![0.0; n], vec![0.0; n]);
        for j in 0..n {
            if j > 0 && j <= middle {
                inward[j] = entry(j, j - 1) * inverse[j - 1];
            }
            if j > middle && j + 1 < n {
                inward[j] = entry(j, j + 1) * inverse[j + 1];
            }
            if j < middle {
                outward[j] = entry(j, j + 1) * inverse[j];
            }
            if j > middle {
                outward[j] = entry(j, j - 1) * inverse[j];
            }
        }
        let from_above = entry(middle, middle + 1) * inverse[middle + 1];
        Self { inverse, inward, from_above, outward }
    }

    /// Solves for x in place.
    fn solve(&self, x: &mut [f64]) {
        solve(&self.inverse, &self.inward, self.from_above, &self.outward, x);
    }
}

/// Elimination and substitution with the parts of [`TridiagonalFactors`].
///
/// Each cell waits for its neighbour, so that the time is that of the operations in a row: fused ones, of which the
/// result is the same on every processor, halve it.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn solve(inverse: &[f64], inward: &[f64], from_above: f64, outward: &[f64], x: &mut [f64]) {
    let n = x.len();
    let middle = n / 2;
    let (inverse, inward, outward) = (&inverse[..n], &inward[..n], &outward[..n]);
    // The upper half has a cell less if the number is even, the same number if it is odd.
    let upper = n - 1 - middle;
    let (mut low, mut high) = (x[0], x[n - 1]);
    for k in 1..upper {
        low = inward[k].mul_add(low, x[k]);
        high = inward[n - 1 - k].mul_add(high, x[n - 1 - k]);
        x[k] = low;
        x[n - 1 - k] = high;
    }
    for k in upper..middle {
        low = inward[k].mul_add(low, x[k]);
        x[k] = low;
    }
    let centre = from_above.mul_add(high, inward[middle].mul_add(low, x[middle])) * inverse[middle];
    x[middle] = centre;
    (low, high) = (centre, centre);
    for k in 1..=upper {
        let (below, above) = (middle - k, middle + k);
        low = outward[below].mul_add(low, x[below] * inverse[below]);
        high = outward[above].mul_add(high, x[above] * inverse[above]);
        x[below] = low;
        x[above] = high;
    }
    for below in (0..middle - upper).rev() {
        low = outward[below].mul_add(low, x[below] * inverse[below]);
        x[below] = low;
    }
}

/// Steps one equation with one operator at a time; factors are kept while neither changes.
#[derive(Debug)]
pub struct Stepper {
    direction: Direction,
    factors: Option<(f64, TridiagonalFactors)>,
    rate_start: Vec<f64>,
    middle: Vec<f64>,
    rate_middle: Vec<f64>,
    rate_end: Vec<f64>,
}

impl Stepper {
    /// A stepper for `cells` cells.
    #[must_use]
    pub fn new(direction: Direction, cells: usize) -> Self {
        let zeros = || vec![0.0; cells];
        Self {
            direction,
            factors: None,
            rate_start: zeros(),
            middle: zeros(),
            rate_middle: zeros(),
            rate_end: zeros(),
        }
    }

    /// Forgets the factors; to be called when the operator changes.
    pub fn operator_changed(&mut self) {
        self.factors = None;
    }

    fn rate(direction: Direction, operator: &Operator, p: &[f64], out: &mut [f64]) {
        match direction {
            Direction::Forward => operator.forward(p, out),
            Direction::Backward => operator.backward(p, out),
        }
    }

    /// Advances `p` by `dt` (in tau_D) under `operator`.
    pub fn step(&mut self, operator: &Operator, p: &mut [f64], dt: f64) {
        let reuse = matches!(&self.factors, Some((kept, _)) if *kept == dt);
        if !reuse {
            self.factors = Some((dt, TridiagonalFactors::new(operator, dt, self.direction)));
        }
        let Some((_, factors)) = &self.factors else { unreachable!("factors were just made") };
        Self::rate(self.direction, operator, p, &mut self.rate_start);
        for ((m, p), r) in self.middle.iter_mut().zip(p.iter()).zip(&self.rate_start) {
            *m = p + C * dt * r;
        }
        factors.solve(&mut self.middle);
        let weight = 1.0 / (GAMMA * (2.0 - GAMMA));
        let old = (1.0 - GAMMA) * (1.0 - GAMMA);
        for (p, m) in p.iter_mut().zip(&self.middle) {
            *p = (m - old * *p) * weight;
        }
        factors.solve(p);
    }

    /// Local error of the last step, weighted: `sum_j weight_j error_j` for each weight.
    ///
    /// The third derivative is taken from the rates at the three stages.
    pub fn local_error<const K: usize>(
        &mut self,
        operator: &Operator,
        end: &[f64],
        dt: f64,
        weights: [&[f64]; K],
    ) -> [f64; K] {
        Self::rate(self.direction, operator, &self.middle, &mut self.rate_middle);
        Self::rate(self.direction, operator, end, &mut self.rate_end);
        let mut error = [0.0; K];
        for j in 0..end.len() {
            let third = self.rate_start[j] / GAMMA - self.rate_middle[j] / (GAMMA * (1.0 - GAMMA))
                + self.rate_end[j] / (1.0 - GAMMA);
            for (e, w) in error.iter_mut().zip(&weights) {
                *e += 2.0 * ERROR * dt * third * w[j];
            }
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::switching::axial::AxialModel;
    use crate::switching::fokker_planck::operator::Grid;

    /// Solutions put back into the equations, for an even and an odd number of cells and both directions.
    #[test]
    fn solutions_satisfy_the_equations() {
        let model = AxialModel::linear(20.0, 1e-9, 0.1, 1.5).unwrap();
        let full = Operator::new(&model, &Grid::new(24), 1.0);
        for cells in [24, 23] {
            let mut operator = Operator { up: full.up[..cells].to_vec(), down: full.down[..cells].to_vec() };
            operator.up[cells - 1] = 0.0;
            for direction in [Direction::Forward, Direction::Backward] {
                let right: Vec<f64> = (0..cells).map(|j| 1.0 + (j as f64).sin()).collect();
                let mut x = right.clone();
                TridiagonalFactors::new(&operator, 0.3, direction).solve(&mut x);
                let mut rate = vec![0.0; cells];
                Stepper::rate(direction, &operator, &x, &mut rate);
                for j in 0..cells {
                    let found = x[j] - C * 0.3 * rate[j];
                    assert!((found - right[j]).abs() < 1e-12 * (1.0 + operator.up[j] * x[j]), "{j} {found}");
                }
            }
        }
    }
}
