//! The rate of thermal switching: smallest eigenvalue of the Fokker-Planck operator.
//!
//! A barrier of 60 kB T makes this eigenvalue 1e-26 of the largest one, far below the
//! rounding of a general eigenvalue solver. The inverse of a birth-death operator
//! is known in closed form by the probability currents, so inverse iteration runs without
//! a difference of nearly equal numbers.
//!
//! # Formula
//! `L^T u = -lambda u`, `u_{j+1} - u_j = -(lambda / (pi_j up_j)) sum_{k <= j} pi_k u_k`,
//! pi = stationary distribution. Escape rates: `k(A -> B) = lambda pi(B)`.
//! Asymptote (Brown): `k = (1/tau_D) sqrt(Delta/pi) exp(-Delta)` per direction.
//!
//! # References
//! W. F. Brown, Phys. Rev. 130, 1677 (1963), doi:10.1103/PhysRev.130.1677, eqs. (4.28), (4.55).

use super::operator::{Grid, Operator};
use super::{Resolution, extrapolate};
use crate::error::DeviceError;
use crate::junction::state::State;
use crate::switching::axial::AxialModel;

/// Rates of thermally activated switching at constant voltage, in 1/s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwitchingRates {
    /// Smallest non-zero eigenvalue, the decay rate of the difference of populations (1/s).
    pub eigenvalue: f64,
    /// Error of `eigenvalue` from doubling the grid, as a fraction.
    pub relative_error: f64,
    /// Rate AP to P (1/s).
    pub to_parallel: f64,
    /// Rate P to AP (1/s).
    pub to_anti_parallel: f64,
}

impl SwitchingRates {
    /// Rates of `model` at the constant voltage `volts` (> 0 favours P) on grids of half of and all of
    /// the cells of `resolution`.
    ///
    /// # Errors
    /// [`DeviceError::NotConverged`] if the inverse iteration does not settle.
    /// [`DeviceError::NotApplicable`] if the drift leaves no barrier at this voltage.
    pub fn new(model: &AxialModel, volts: f64, resolution: Resolution) -> Result<Self, DeviceError> {
        let cells = resolution.cells.next_multiple_of(4);
        let coarse = Spectrum::new(model, volts, cells / 2)?;
        let fine = Spectrum::new(model, volts, cells)?;
        let (value, error) = extrapolate(coarse.eigenvalue, fine.eigenvalue);
        let per_second = 1.0 / model.relaxation_s();
        Ok(Self {
            eigenvalue: value * per_second,
            relative_error: error / value,
            to_parallel: value * fine.weight_parallel * per_second,
            to_anti_parallel: value * fine.weight_anti_parallel * per_second,
        })
    }

    /// Rate out of `start` (1/s).
    #[must_use]
    pub const fn out_of(&self, start: State) -> f64 {
        match start {
            State::AntiParallel => self.to_parallel,
            State::Parallel => self.to_anti_parallel,
        }
    }
}

/// Largest barrier, in kB T, whose Boltzmann factor a double can hold.
const LARGEST_BARRIER: f64 = 600.0;
const ITERATIONS: usize = 200;

/// First eigenvalue of one grid, per tau_D.
struct Spectrum {
    eigenvalue: f64,
    weight_parallel: f64,
    weight_anti_parallel: f64,
}

impl Spectrum {
    fn new(model: &AxialModel, volts: f64, cells: usize) -> Result<Self, DeviceError> {
        let operator = Operator::new(model, &Grid::new(cells), volts);
        let log = operator.log_stationary();
        let barrier = barrier_cell(&log).ok_or_else(|| DeviceError::NotApplicable {
            model: "thermally activated switching",
            reason: format!("at {volts} V there are not two wells; use a voltage below the critical one"),
        })?;
        let top = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if top - log[barrier] > LARGEST_BARRIER {
            return Err(DeviceError::out_of_range(
                "barrier / kB T",
                top - log[barrier],
                "it must be at most 600 for the rate to be a number",
            ));
        }
        let mut weight: Vec<f64> = log.iter().map(|l| (l - top).exp()).collect();
        let total: f64 = weight.iter().sum();
        weight.iter_mut().for_each(|w| *w /= total);
        let weight_anti_parallel: f64 = weight[..barrier].iter().sum();
        let weight_parallel: f64 = weight[barrier..].iter().sum();

        // Start: a step at the barrier, of zero mean.
        let mut u: Vec<f64> = (0..log.len())
            .map(|j| if j < barrier { -weight_parallel } else { weight_anti_parallel })
            .collect();
        let mut previous = f64::INFINITY;
        for _ in 0..ITERATIONS {
            let next = solve(&operator, &weight, &u, weight_parallel > weight_anti_parallel);
            let norm: f64 = weight.iter().zip(&u).map(|(w, u)| w * u * u).sum();
            let overlap: f64 = weight.iter().zip(&u).zip(&next).map(|((w, u), v)| w * u * v).sum();
            let eigenvalue = norm / overlap;
            if (eigenvalue - previous).abs() <= 1e-13 * eigenvalue {
                return Ok(Self { eigenvalue, weight_parallel, weight_anti_parallel });
            }
            previous = eigenvalue;
            u = next.iter().map(|v| v * eigenvalue).collect();
        }
        Err(DeviceError::NotConverged {
            what: "the first eigenvalue of the Fokker-Planck operator",
            iterations: ITERATIONS,
            residual: previous,
            advice: "the barrier is too low for two separate wells; use the time-dependent solution",
        })
    }
}

/// First cell of the P well: the cell above the face where the stationary density is least.
fn barrier_cell(log: &[f64]) -> Option<usize> {
    // The cell width vanishes at the poles, so the comparison is made with the sine taken out.
    let cells = log.len() as f64;
    let flat = |j: usize| log[j] - ((j as f64 + 0.5) * std::f64::consts::PI / cells).sin().ln();
    let face = |j: usize| flat(j - 1) + flat(j);
    let minimum = (1..log.len()).min_by(|a, b| face(*a).total_cmp(&face(*b)))?;
    (minimum > 1 && minimum < log.len() - 1).then_some(minimum)
}

/// Solves `-L^T v = u` for v of zero mean; u must be increasing and of zero mean.
///
/// v is summed up from the end of the heavier well, where it is nearly constant: under bias the mean
/// of v is this small part of it, and would drown in the large part if summed from the other end.
fn solve(operator: &Operator, weight: &[f64], u: &[f64], heavier_last: bool) -> Vec<f64> {
    let n = u.len();
    let change = u.iter().position(|u| *u >= 0.0).unwrap_or(n);
    // current[j] = -sum_{k <= j} w u = sum_{k > j} w u: each taken from the side where all terms have one sign.
    let mut current = vec![0.0; n];
    let mut sum = 0.0;
    for j in 0..change.min(n - 1) {
        sum -= weight[j] * u[j];
        current[j] = sum;
    }
    sum = 0.0;
    for j in (change..n).rev() {
        current[j] = sum;
        sum += weight[j] * u[j];
    }
    let mut v = vec![0.0; n];
    let step = |j: usize| current[j] / (weight[j] * operator.up[j]);
    if heavier_last {
        for j in (0..n - 1).rev() {
            v[j] = v[j + 1] - step(j);
        }
    } else {
        for j in 0..n - 1 {
            v[j + 1] = v[j] + step(j);
        }
    }
    let mean: f64 = weight.iter().zip(&v).map(|(w, v)| w * v).sum();
    v.iter_mut().for_each(|v| *v -= mean);
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean time from the AP pole to `end` in units of tau_D, by quadrature of the exact double integral
    /// for b = z + i (C. W. Gardiner, Handbook of Stochastic Methods, eq. 5.2.160).
    fn mean_first_passage(delta: f64, i: f64, end: f64) -> f64 {
        const STEPS: usize = 400_000;
        let density = |z: f64| (2.0 * delta * (0.5 * z * z + i * z)).exp();
        let last = end.acos();
        let h = (std::f64::consts::PI - last) / STEPS as f64;
        let (mut inner, mut outer) = (0.0, 0.0);
        for k in 0..STEPS {
            // z = cos theta from the AP pole on; dz = sin theta d theta, middle of each step.
            let theta = std::f64::consts::PI - (k as f64 + 0.5) * h;
            let (z, sine) = (theta.cos(), theta.sin());
            let mass = density(z) * sine * h;
            outer += 2.0 * delta / (sine * density(z)) * (inner + 0.5 * mass) * h;
            inner += mass;
        }
        outer
    }

    /// Under bias nearly everything is in one well: populations of 1e-21 to 1e-243, where the rate out of
    /// the light well is the eigenvalue and the inverse of the mean first-passage time, but for the few tau_D of the way down, some 1e-6 of it here.
    #[test]
    fn biased_rates_are_those_of_the_first_passage() {
        for (delta, i) in [(40.0, 0.3), (60.0, 0.5), (100.0, 0.6), (200.0, 0.7)] {
            let model = AxialModel::linear(delta, 1.0, 0.0, 1.0).unwrap();
            let exact = 1.0 / mean_first_passage(delta, i, 0.9);
            let up = SwitchingRates::new(&model, i, Resolution::FINE).unwrap();
            assert!((up.to_parallel / exact - 1.0).abs() < 2e-5, "{delta} {i}: {up:?} against {exact:e}");
            // The mirror image, with the heavy well at the other end.
            let down = SwitchingRates::new(&model, -i, Resolution::FINE).unwrap();
            assert!((down.to_anti_parallel / exact - 1.0).abs() < 2e-5, "{delta} -{i}: {down:?}");
        }
    }
}
