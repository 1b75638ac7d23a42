//! First derivatives of a problem: gradient and expected information.

use nalgebra::{DMatrix, DVector};

use super::error::CalibrationError;
use super::likelihood;
use super::parameter::Scale;
use super::problem::Problem;
use crate::switching::closed_form::LogProbability;

/// First derivatives at a point of the search.
pub struct Slope {
    /// Derivative of the log-odds of every point. Shape: N x d.
    pub log_odds: DMatrix<f64>,
    /// Derivative of minus the log-posterior. Shape: d.
    pub gradient: DVector<f64>,
    /// Expected (Fisher) information with the curvature of the prior. Shape: d x d.
    pub information: DMatrix<f64>,
}

/// Step of the central differences in coordinate `j`: an eighth of the conditional standard error where
/// `information` tells it, within what the model resolves.
fn step(problem: &Problem<'_>, j: usize, information: Option<&DMatrix<f64>>) -> f64 {
    let (low, high) = problem.bounds()[j];
    let range = high - low;
    let resolution = match problem.parameters()[problem.free()[j]].scale {
        Scale::Log => problem.resolution(),
        Scale::Linear => problem.resolution() * range,
    };
    let wanted = information.map_or(1e-4 * range, |i| 0.125 / i[(j, j)].max(1e-300).sqrt());
    wanted.clamp(resolution, (0.01 * range).max(resolution))
}

/// Derivatives at `u`, where the model predicts `predictions`, by central differences.
///
/// # Errors
/// Those of the model.
pub fn slope(
    problem: &Problem<'_>,
    u: &[f64],
    predictions: &[LogProbability],
    information: Option<&DMatrix<f64>>,
) -> Result<Slope, CalibrationError> {
    let (points, d) = (predictions.len(), u.len());
    let dispersion = problem.overdispersion_coordinate();
    let mut log_odds = DMatrix::zeros(points, d);
    for j in (0..d).filter(|&j| Some(j) != dispersion) {
        let h = step(problem, j, information);
        let (low, high) = problem.bounds()[j];
        let shifted = |x: f64| {
            let mut v = u.to_vec();
            v[j] = x.clamp(low, high);
            problem.predict(&v).map(|p| (v[j], p))
        };
        let (above, up) = shifted(u[j] + h)?;
        let (below, down) = shifted(u[j] - h)?;
        for i in 0..points {
            let slope = (up[i].log_odds() - down[i].log_odds()) / (above - below);
            // Where an outcome is certain to all digits no count says anything of the parameter.
            log_odds[(i, j)] = if slope.is_finite() { slope } else { 0.0 };
        }
    }
    Ok(slope_of(problem, u, predictions, log_odds))
}

/// Derivatives at `u`, where the model predicts `predictions` and the log-odds have the derivatives `log_odds` (N x d).
#[must_use]
pub fn slope_of(
    problem: &Problem<'_>,
    u: &[f64],
    predictions: &[LogProbability],
    log_odds: DMatrix<f64>,
) -> Slope {
    let (points, d) = (predictions.len(), u.len());
    let values = problem.values(u);
    let rho = problem.overdispersion(&values);
    let dispersion = problem.overdispersion_coordinate();
    let mut gradient = DVector::zeros(d);
    let mut information = DMatrix::zeros(d, d);
    for i in 0..points {
        let (count, p) = (problem.counts()[i], predictions[i]);
        let n = count.trials as f64;
        // d ln L / d log-odds and its expected square.
        let (score, weight) = match rho {
            None => {
                (count.switched as f64 - n * p.probability(), likelihood::variance(count.trials, p, None))
            }
            Some(rho) => {
                let h = 1e-5;
                let at =
                    |x: f64| likelihood::log_likelihood(count, LogProbability::from_log_odds(x), Some(rho));
                let x = p.log_odds();
                let ratio = 1.0 + (n - 1.0) * rho;
                ((at(x + h) - at(x - h)) / (2.0 * h), likelihood::variance(count.trials, p, None) / ratio)
            }
        };
        for a in 0..d {
            gradient[a] -= score * log_odds[(i, a)];
            for b in 0..d {
                information[(a, b)] += weight * log_odds[(i, a)] * log_odds[(i, b)];
            }
        }
    }
    if let Some(j) = dispersion {
        let at = |shift: f64| {
            let rho = (u[j] + shift).exp() + problem.simulation_correlation();
            let sum: f64 = problem
                .counts()
                .iter()
                .zip(predictions)
                .map(|(&c, &p)| likelihood::log_likelihood(c, p, Some(rho)))
                .sum();
            -sum
        };
        let h = 1e-3;
        let (above, here, below) = (at(h), at(0.0), at(-h));
        gradient[j] = (above - below) / (2.0 * h);
        information[(j, j)] = ((above - 2.0 * here + below) / (h * h)).max(0.1);
    }
    for (j, &k) in problem.free().iter().enumerate() {
        let p = &problem.parameters()[k];
        if let Some(prior) = p.prior {
            let jacobian = if p.scale == Scale::Log { values[k] } else { 1.0 };
            gradient[j] += (values[k] - prior.mean) / (prior.sd * prior.sd) * jacobian;
            information[(j, j)] += (jacobian / prior.sd).powi(2);
        }
    }
    Slope { log_odds, gradient, information }
}
