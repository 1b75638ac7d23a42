//! From many calibrated devices to the distribution of their parameters.
//!
//! # Formula
//! Search coordinates `u_i` of device i with covariance `C_i` are taken as
//! `u_i ~ N(mu, Sigma + C_i)`; mu and Sigma by maximum likelihood (EM), so that the uncertainty of
//! each fit is not counted as device-to-device variation.
//!
//! # References
//! A. P. Dempster, D. B. Rubin and R. K. Tsutakawa, J. Am. Stat. Assoc. 76, 341 (1981),
//! doi:10.1080/01621459.1981.10477653 (EM for covariance components).

use nalgebra::{DMatrix, DVector};

use super::analysis::Calibration;
use super::error::CalibrationError;
use super::parameter::Scale;

/// Distribution of the parameters over devices. d parameters, all with the same free set.
#[derive(Debug, Clone)]
pub struct Population {
    /// Names of the parameters. Shape: d.
    pub names: Vec<String>,
    /// Search coordinate of each: mean and covariance are those of the logarithm for [`Scale::Log`]. Shape: d.
    pub scales: Vec<Scale>,
    /// Mean in search coordinates. Shape: d.
    pub mean: DVector<f64>,
    /// Covariance between devices in search coordinates. Shape: d x d.
    pub covariance: DMatrix<f64>,
    /// Number of devices.
    pub devices: usize,
}

impl Population {
    /// Median value of parameter `j`, SI.
    #[must_use]
    pub fn median(&self, j: usize) -> f64 {
        match self.scales[j] {
            Scale::Log => self.mean[j].exp(),
            Scale::Linear => self.mean[j],
        }
    }

    /// Standard deviation between devices of parameter `j`, in its search coordinate (relative for
    /// positive parameters).
    #[must_use]
    pub fn deviation(&self, j: usize) -> f64 {
        self.covariance[(j, j)].sqrt()
    }

    /// Correlation between devices. Shape: d x d.
    #[must_use]
    pub fn correlation(&self) -> DMatrix<f64> {
        DMatrix::from_fn(self.names.len(), self.names.len(), |a, b| {
            if a == b {
                1.0
            } else {
                self.covariance[(a, b)] / (self.deviation(a) * self.deviation(b)).max(1e-300)
            }
        })
    }
}

/// Distribution over `devices` that were calibrated with the same model and the same free parameters;
/// unknown amplitudes and the overdispersion are no properties of a device and are left out.
///
/// # Errors
/// [`CalibrationError::Setting`] for fewer than three devices or differing free parameters.
pub fn population(devices: &[Calibration]) -> Result<Population, CalibrationError> {
    let refuse = |value: String, expected: &str| CalibrationError::Setting {
        key: "population".to_string(),
        value,
        expected: expected.to_string(),
    };
    if devices.len() < 3 {
        return Err(refuse(format!("{} devices", devices.len()), "a distribution needs at least three"));
    }
    let own = |c: &Calibration| -> Vec<usize> {
        (0..c.free.len())
            .filter(|&j| {
                let name = &c.parameters[c.free[j]].name;
                !name.starts_with("amplitude:") && name != super::problem::OVERDISPERSION
            })
            .collect()
    };
    let names = |c: &Calibration| -> Vec<String> {
        own(c).iter().map(|&j| c.parameters[c.free[j]].name.clone()).collect()
    };
    let first = names(&devices[0]);
    if let Some(other) = devices.iter().find(|c| names(c) != first) {
        return Err(refuse(names(other).join(", "), &format!("another device has {}", first.join(", "))));
    }
    let d = first.len();
    let scales: Vec<Scale> =
        own(&devices[0]).iter().map(|&j| devices[0].parameters[devices[0].free[j]].scale).collect();
    let estimates: Vec<(DVector<f64>, DMatrix<f64>)> = devices
        .iter()
        .map(|c| {
            let chosen = own(c);
            let u = DVector::from_iterator(
                d,
                chosen.iter().map(|&j| c.parameters[c.free[j]].coordinate(c.values[c.free[j]])),
            );
            (u, DMatrix::from_fn(d, d, |a, b| c.covariance[(chosen[a], chosen[b])]))
        })
        .collect();
    let (mean, covariance) = between_and_within(&estimates);
    Ok(Population { names: first, scales, mean, covariance, devices: devices.len() })
}

/// Maximum-likelihood mean and covariance of `u_i ~ N(mu, Sigma + C_i)` by EM.
#[must_use]
pub fn between_and_within(estimates: &[(DVector<f64>, DMatrix<f64>)]) -> (DVector<f64>, DMatrix<f64>) {
    let n = estimates.len() as f64;
    let d = estimates[0].0.len();
    let mut mean = estimates.iter().fold(DVector::zeros(d), |sum, (u, _)| sum + u) / n;
    let mut sigma = estimates
        .iter()
        .fold(DMatrix::zeros(d, d), |sum, (u, _)| sum + (u - &mean) * (u - &mean).transpose())
        / n
        + DMatrix::identity(d, d) * 1e-12;
    for _ in 0..2000 {
        let mut centre = DVector::zeros(d);
        let mut scatter = DMatrix::zeros(d, d);
        let mut posterior = Vec::with_capacity(estimates.len());
        for (u, c) in estimates {
            let total = &sigma + c;
            let Some(inverse) = total.cholesky().map(|f| f.inverse()) else { return (mean, sigma) };
            let gain = &sigma * inverse;
            let m = &mean + &gain * (u - &mean);
            let v = &sigma - &gain * &sigma;
            centre += &m;
            posterior.push((m, v));
        }
        centre /= n;
        for (m, v) in posterior {
            scatter += (&m - &centre) * (&m - &centre).transpose() + v;
        }
        scatter /= n;
        let change = (&scatter - &sigma).norm() + (&centre - &mean).norm();
        let done = change < 1e-10 * (1e-12 + sigma.norm());
        (mean, sigma) = (centre, scatter);
        if done {
            break;
        }
    }
    (mean, sigma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};
    use spinhebb_data::random_stream::Streams;

    /// The spread between devices is found although the fits are twice as uncertain.
    #[test]
    fn fit_uncertainty_is_not_counted_as_variation() {
        let mut rng = Streams::new(5, "test/population").rng(0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let truth = DMatrix::from_row_slice(2, 2, &[0.01, 0.006, 0.006, 0.01]);
        let within = DMatrix::from_row_slice(2, 2, &[0.04, -0.02, -0.02, 0.02]);
        let (a, b) = (truth.clone().cholesky().unwrap().l(), within.clone().cholesky().unwrap().l());
        let estimates: Vec<_> = (0..4000)
            .map(|_| {
                let u = DVector::from_vec(vec![1.0, 2.0])
                    + &a * DVector::from_vec(vec![normal(), normal()])
                    + &b * DVector::from_vec(vec![normal(), normal()]);
                (u, within.clone())
            })
            .collect();
        let (mean, sigma) = between_and_within(&estimates);
        // Standard errors: sqrt(0.05/4000) = 0.0035 of the mean, sqrt(2/4000) 0.05 = 0.0011 of the variance.
        assert!((mean[0] - 1.0).abs() < 0.014 && (mean[1] - 2.0).abs() < 0.014, "{mean}");
        for (found, exact) in sigma.iter().zip(truth.iter()) {
            assert!((found - exact).abs() < 0.0045, "{sigma}");
        }
    }
}
