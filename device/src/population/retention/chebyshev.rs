//! Values between those at Chebyshev points.
//!
//! # Formula
//! `f(x) = sum_j f_j w_j/(x - x_j) / sum_j w_j/(x - x_j)`, `x_j` the extrema of a Chebyshev polynomial on the interval,
//! `w_j = (-1)^j`, half of it at the ends.
//!
//! # References
//! J.-P. Berrut and L. N. Trefethen, SIAM Rev. 46, 501 (2004), doi:10.1137/S0036144502417715, eqs. (4.2), (5.4).

/// Chebyshev points of an interval, rising.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChebyshevPoints(Vec<f64>);

impl ChebyshevPoints {
    /// `count` points, two or more, from `low` to `high`; one where the two are the same.
    pub(super) fn new(low: f64, high: f64, count: usize) -> Self {
        if low >= high {
            return Self(vec![low]);
        }
        let last = (count - 1) as f64;
        let point = |k: usize| {
            // Half of the sine squared is exact at both ends.
            let share = (0.5 * std::f64::consts::PI * k as f64 / last).sin().powi(2);
            low + (high - low) * share
        };
        Self((0..count).map(point).collect())
    }

    /// The points.
    pub(super) fn points(&self) -> &[f64] {
        &self.0
    }

    /// Weights with which the values at the points give the value at `x`; beyond the ends, that of the end.
    pub(super) fn weights(&self, x: f64) -> Vec<f64> {
        let last = self.0.len() - 1;
        let x = x.clamp(self.0[0], self.0[last]);
        if let Some(hit) = self.0.iter().position(|point| *point == x) {
            return (0..=last).map(|k| f64::from(u8::from(k == hit))).collect();
        }
        let share = |(k, point): (usize, &f64)| {
            let end = if k == 0 || k == last { 0.5 } else { 1.0 };
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            sign * end / (x - point)
        };
        let mut weights: Vec<f64> = self.0.iter().enumerate().map(share).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A polynomial of the degree that the points determine comes out whole; beyond the ends the value stays.
    #[test]
    fn polynomials_are_exact() {
        let points = ChebyshevPoints::new(-1.5, 4.0, 6);
        let polynomial = |x: f64| ((((0.3 * x - 1.0) * x + 0.2) * x + 2.0) * x - 1.0) * x + 0.7;
        let between = |x: f64| -> f64 {
            points.points().iter().zip(points.weights(x)).map(|(point, w)| w * polynomial(*point)).sum()
        };
        for k in 0..=50 {
            let x = -1.5 + 5.5 * f64::from(k) / 50.0;
            assert!((between(x) - polynomial(x)).abs() < 1e-11, "{x}");
        }
        assert_eq!(between(9.0), polynomial(4.0));
        let single = ChebyshevPoints::new(2.0, 2.0, 6);
        assert_eq!((single.points(), single.weights(7.0)), (&[2.0][..], vec![1.0]));
    }
}
