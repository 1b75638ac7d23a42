//! One step of TR-BDF2 for the birth-death chain, without loss of relative precision.
//!
//! # Formula
//! With gamma = 2 - sqrt 2 and c = 1 - 1/sqrt 2, both stages share the matrix 1 - c dt L:
//! `(1 - c dt L) p* = (1 + c dt L) p`,
//! `(1 - c dt L) p' = (p* - (1 - gamma)^2 p) / (gamma (2 - gamma))`.
//! The scheme is of second order and L-stable. The matrix is factored by a recurrence of
//! positive terms only: its columns sum to one, and the part of each pivot that is
//! left of that one is carried instead of being formed by a difference, so the smallest
//! cell probabilities keep their digits at any step.
//!
//! # References
//! - R. E. Bank et al., IEEE Trans. Electron Devices 32, 1992 (1985), doi:10.1109/T-ED.1985.22232.
//! - M. E. Hosea and L. F. Shampine, Appl. Numer. Math. 20, 21 (1996), doi:10.1016/0168-9274(95)00115-8.

use std::f64::consts::SQRT_2;

use super::operator::Operator;

const GAMMA: f64 = 2.0 - SQRT_2;
const C: f64 = 1.0 - 1.0 / SQRT_2;
/// Constant of the local error dt^3 p''' of TR-BDF2.
const ERROR: f64 = (-3.0 * GAMMA * GAMMA + 4.0 * GAMMA - 2.0) / (12.0 * (2.0 - GAMMA));

/// Which equation is stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Probabilities forward in time, `dp/dt = L p`.
    Forward,
    /// Expectations backward in time, `du/dt = L^T u`.
    Backward,
}

/// LU factors of 1 - c dt L for one step length.
#[derive(Debug, Clone)]
struct Factors {
    /// Reciprocal pivots.
    inverse: Vec<f64>,
    /// Entries below the diagonal, with the sign turned: c dt up.
    below: Vec<f64>,
    /// Entries above the diagonal, with the sign turned: c dt down.
    above: Vec<f64>,
}

impl Factors {
    fn new(operator: &Operator, dt: f64) -> Self {
        let scale = C * dt;
        let below: Vec<f64> = operator.up.iter().map(|r| scale * r).collect();
        let above: Vec<f64> = operator.down.iter().map(|r| scale * r).collect();
        let mut inverse = vec![0.0; below.len()];
        let mut kept = 0.0; // pivot minus its `below`, over the pivot, of the cell before
        for j in 0..below.len() {
            let excess = 1.0 + above[j] * kept;
            inverse[j] = 1.0 / (excess + below[j]);
            kept = excess * inverse[j];
        }
        Self { inverse, below, above }
    }

    /// Solves (1 - c dt L) x = x in place.
    fn solve(&self, x: &mut [f64]) {
        let n = x.len();
        for j in 1..n {
            x[j] += self.below[j - 1] * self.inverse[j - 1] * x[j - 1];
        }
        x[n - 1] *= self.inverse[n - 1];
        for j in (0..n - 1).rev() {
            x[j] = (x[j] + self.above[j + 1] * x[j + 1]) * self.inverse[j];
        }
    }

    /// Solves (1 - c dt L)^T x = x in place.
    fn solve_transposed(&self, x: &mut [f64]) {
        let n = x.len();
        x[0] *= self.inverse[0];
        for j in 1..n {
            x[j] = (x[j] + self.above[j] * x[j - 1]) * self.inverse[j];
        }
        for j in (0..n - 1).rev() {
            x[j] += self.below[j] * self.inverse[j] * x[j + 1];
        }
    }
}

/// Steps one equation with one operator at a time; factors are kept while neither changes.
#[derive(Debug)]
pub struct Stepper {
    direction: Direction,
    factors: Option<(f64, Factors)>,
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
            self.factors = Some((dt, Factors::new(operator, dt)));
        }
        let Some((_, factors)) = &self.factors else { unreachable!("factors were just made") };
        Self::rate(self.direction, operator, p, &mut self.rate_start);
        for ((m, p), r) in self.middle.iter_mut().zip(p.iter()).zip(&self.rate_start) {
            *m = p + C * dt * r;
        }
        let solve = |x: &mut [f64]| match self.direction {
            Direction::Forward => factors.solve(x),
            Direction::Backward => factors.solve_transposed(x),
        };
        solve(&mut self.middle);
        let weight = 1.0 / (GAMMA * (2.0 - GAMMA));
        let old = (1.0 - GAMMA) * (1.0 - GAMMA);
        for (p, m) in p.iter_mut().zip(&self.middle) {
            *p = (m - old * *p) * weight;
        }
        solve(p);
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
