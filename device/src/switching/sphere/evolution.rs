//! Time steps on the sphere: an L-stable method of order four that needs one factorisation a step
//! length, and the probabilities between steps.
//!
//! # Formula
//! SDIRK4 with five stages and diagonal 1/4: `(1 - dt L/4) k_i = L (y + dt sum_{j<i} a_ij k_j)`,
//! `y' = y + dt sum_i b_i k_i`; the embedded formula of order three gives the local error. Step lengths
//! are powers of two, so that factors are used again.
//!
//! # References
//! E. Hairer and G. Wanner, Solving Ordinary Differential Equations II (Springer, 1996), table 6.5.

use super::block_tridiagonal::BlockFactors;
use super::harmonics::Basis;
use super::operator::Sparse;
use crate::error::DeviceError;
use crate::switching::direction::Direction;

const DIAGONAL: f64 = 0.25;
const STAGES: [[f64; 4]; 5] = [
    [0.0; 4],
    [0.5, 0.0, 0.0, 0.0],
    [17.0 / 50.0, -1.0 / 25.0, 0.0, 0.0],
    [371.0 / 1360.0, -137.0 / 2720.0, 15.0 / 544.0, 0.0],
    [25.0 / 24.0, -49.0 / 48.0, 125.0 / 16.0, -85.0 / 12.0],
];
const WEIGHTS: [f64; 5] = [25.0 / 24.0, -49.0 / 48.0, 125.0 / 16.0, -85.0 / 12.0, 0.25];
/// Difference of the weights and those of the embedded formula.
const ERROR: [f64; 5] =
    [25.0 / 24.0 - 59.0 / 48.0, -49.0 / 48.0 + 17.0 / 96.0, 125.0 / 16.0 - 225.0 / 32.0, 0.0, 0.25];

/// BlockFactors kept at a time.
const KEPT: usize = 3;
/// Binary logarithm of the first, shortest and longest step in damping times.
const FIRST: i32 = -6;
const SHORTEST: i32 = -14;
const LONGEST: i32 = 0;
/// A step is doubled when its error is below this share of the tolerance.
const DOUBLING: f64 = 1.0 / 24.0;
/// Probability below which the relative tolerance is not kept: rounding of the coefficients.
pub const FLOOR: f64 = 1e-12;

/// Value and first two time derivatives of a probability at a step's end.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub time: f64,
    pub value: [f64; 3],
}

/// How closely a probability is followed.
#[derive(Debug, Clone, Copy)]
pub struct Accuracy {
    /// Local error in the norm and, relative to the smaller of the probability and its complement, in the probability.
    pub tolerance: f64,
    /// Probability below which its relative error does not count.
    pub floor: f64,
}

/// One constant operator with factors of the step lengths in use.
#[derive(Debug)]
pub struct SphereEvolution<'a> {
    matrix: &'a Sparse,
    basis: &'a Basis,
    direction: Direction,
    factors: Vec<(f64, BlockFactors)>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl<'a> SphereEvolution<'a> {
    /// An evolution under `matrix`.
    pub fn new(matrix: &'a Sparse, basis: &'a Basis, direction: Direction) -> Self {
        Self { matrix, basis, direction, factors: Vec::new() }
    }

    fn rate(&self, y: &[f64], out: &mut [f64]) {
        match self.direction {
            Direction::Forward => self.matrix.times(y, out),
            Direction::Backward => self.matrix.transposed_times(y, out),
        }
    }

    fn prepare(&mut self, dt: f64) -> Result<(), DeviceError> {
        if let Some(place) = self.factors.iter().position(|(kept, _)| *kept == dt) {
            let found = self.factors.remove(place);
            self.factors.push(found);
        } else {
            if self.factors.len() == KEPT {
                self.factors.remove(0);
            }
            self.factors.push((dt, BlockFactors::new(self.matrix, self.basis, DIAGONAL * dt)?));
        }
        Ok(())
    }

    /// `y` after a step of `dt`, and the estimate of its local error.
    pub fn step(&mut self, y: &[f64], dt: f64) -> Result<(Vec<f64>, Vec<f64>), DeviceError> {
        self.prepare(dt)?;
        let mut stages: Vec<Vec<f64>> = Vec::with_capacity(5);
        let mut place = vec![0.0; y.len()];
        for row in &STAGES {
            place.copy_from_slice(y);
            for (a, k) in row.iter().zip(&stages) {
                place.iter_mut().zip(k).for_each(|(p, k)| *p += dt * a * k);
            }
            let mut k = vec![0.0; y.len()];
            self.rate(&place, &mut k);
            let (_, factors) = &self.factors[self.factors.len() - 1];
            match self.direction {
                Direction::Forward => factors.solve(&mut k),
                Direction::Backward => factors.solve_transposed(&mut k),
            }
            stages.push(k);
        }
        let mut next = y.to_vec();
        let mut error = vec![0.0; y.len()];
        for ((b, e), k) in WEIGHTS.iter().zip(&ERROR).zip(&stages) {
            next.iter_mut().zip(k).for_each(|(y, k)| *y += dt * b * k);
            error.iter_mut().zip(k).for_each(|(y, k)| *y += dt * e * k);
        }
        Ok((next, error))
    }

    /// Values after `duration`; the local error stays below `tolerance` in the norm.
    pub fn relax(&mut self, start: &[f64], duration: f64, tolerance: f64) -> Result<Vec<f64>, DeviceError> {
        let mut y = start.to_vec();
        let (mut left, mut power) = (duration, FIRST);
        while left > 1e-12 * duration {
            // The last two steps are equal.
            let count = (left / 2.0_f64.powi(power)).ceil();
            let dt = if count <= 2.0 { left / count } else { 2.0_f64.powi(power) };
            let (next, error) = self.step(&y, dt)?;
            let worst = dot(&error, &error).sqrt() / dot(&y, &y).sqrt();
            if worst > tolerance && power > SHORTEST {
                power -= 1;
                continue;
            }
            y = next;
            left -= dt;
            power += i32::from(worst < DOUBLING * tolerance && power < LONGEST);
        }
        Ok(y)
    }

    /// Values at or after `duration`, and the moments of the sum over `read` at the ends of the steps.
    pub fn follow(
        &mut self,
        start: &[f64],
        duration: f64,
        read: &[f64],
        accuracy: Accuracy,
    ) -> Result<(Vec<f64>, Vec<Moment>), DeviceError> {
        let Accuracy { tolerance, floor } = accuracy;
        // read . L y and read . L L y = (L^T read) . (L y).
        let mut back = vec![0.0; start.len()];
        self.matrix.transposed_times(read, &mut back);
        let matrix = self.matrix;
        let moment = |time: f64, y: &[f64]| {
            let mut slope = vec![0.0; y.len()];
            matrix.times(y, &mut slope);
            Moment { time, value: [dot(read, y), dot(&back, y), dot(&back, &slope)] }
        };
        let mut y = start.to_vec();
        let (mut time, mut power) = (0.0, FIRST);
        let mut moments = vec![moment(time, &y)];
        while time < duration {
            let dt = 2.0_f64.powi(power);
            let (next, error) = self.step(&y, dt)?;
            let (p, missed) = (dot(read, &next), dot(read, &error).abs());
            let worst = (dot(&error, &error).sqrt() / dot(&y, &y).sqrt())
                .max(missed / (p.min(1.0 - p).abs() + floor / tolerance));
            if worst > tolerance && power > SHORTEST {
                power -= 1;
                continue;
            }
            y = next;
            time += dt;
            moments.push(moment(time, &y));
            power += i32::from(worst < DOUBLING * tolerance && power < LONGEST);
        }
        Ok((y, moments))
    }
}

/// Value at `time` by the polynomial of degree five through the moments around it.
pub fn between(moments: &[Moment], time: f64) -> f64 {
    let after = moments.partition_point(|m| m.time < time).clamp(1, moments.len() - 1);
    let (a, b) = (moments[after - 1], moments[after]);
    let h = b.time - a.time;
    let s = ((time - a.time) / h).clamp(0.0, 1.0);
    let r = 1.0 - s;
    // Hermite's basis for values, slopes and curvatures at both ends.
    let side = |s: f64, r: f64, value: f64, slope: f64, curvature: f64| {
        r * r
            * r
            * (value * (1.0 + 3.0 * s + 6.0 * s * s) + slope * s * (1.0 + 3.0 * s) + 0.5 * curvature * s * s)
    };
    side(s, r, a.value[0], h * a.value[1], h * h * a.value[2])
        + side(r, s, b.value[0], -h * b.value[1], h * h * b.value[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The conditions of order four on the weights (trees of up to four vertices), and of order three on the
    /// embedded ones.
    #[test]
    fn the_coefficients_satisfy_the_order_conditions() {
        let a = |i: usize, j: usize| {
            if i == j {
                DIAGONAL
            } else if j < i {
                STAGES[i][j]
            } else {
                0.0
            }
        };
        let times = |x: &dyn Fn(usize) -> f64, i: usize| (0..5).map(|j| a(i, j) * x(j)).sum::<f64>();
        let c = |i: usize| times(&|_| 1.0, i);
        let ac = |i: usize| times(&c, i);
        let sum =
            |weights: &[f64; 5], x: &dyn Fn(usize) -> f64| (0..5).map(|i| weights[i] * x(i)).sum::<f64>();
        let embedded: [f64; 5] = std::array::from_fn(|i| WEIGHTS[i] - ERROR[i]);
        for weights in [&WEIGHTS, &embedded] {
            for (found, exact) in [
                (sum(weights, &|_| 1.0), 1.0),
                (sum(weights, &c), 1.0 / 2.0),
                (sum(weights, &|i| c(i) * c(i)), 1.0 / 3.0),
                (sum(weights, &ac), 1.0 / 6.0),
            ] {
                assert!((found - exact).abs() < 1e-13, "{found} {exact}");
            }
        }
        for (found, exact) in [
            (sum(&WEIGHTS, &|i| c(i).powi(3)), 1.0 / 4.0),
            (sum(&WEIGHTS, &|i| c(i) * ac(i)), 1.0 / 8.0),
            (sum(&WEIGHTS, &|i| times(&|j| c(j) * c(j), i)), 1.0 / 12.0),
            (sum(&WEIGHTS, &|i| times(&ac, i)), 1.0 / 24.0),
        ] {
            assert!((found - exact).abs() < 1e-13, "{found} {exact}");
        }
    }

    /// Polynomials of degree five are met exactly between steps.
    #[test]
    fn values_between_steps_are_of_sixth_order() {
        let f = |t: f64| [t.powi(5) - t, 5.0 * t.powi(4) - 1.0, 20.0 * t.powi(3)];
        let moments = [0.5, 1.3].map(|time| Moment { time, value: f(time) });
        for time in [0.5, 0.8, 1.3] {
            assert!((between(&moments, time) - f(time)[0]).abs() < 1e-13);
        }
    }
}
