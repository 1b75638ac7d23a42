//! From many calibrated devices to the distribution of their parameters.
//!
//! # Formula
//! Search coordinates `u_i` of device i with covariance `C_i` are taken as
//! `u_i ~ N(mu, Sigma + C_i)`, so that the uncertainty of each fit is not counted as device-to-device variation. Sigma
//! by restricted maximum likelihood (EM; the uncertainty of mu is integrated out), mu by generalised least squares. The
//! 95 % interval of each spread `tau = sqrt(Sigma_jj)` holds the tau at which
//! `Q(tau) = sum_i (u_ij - mu_j(tau))^2/(tau^2 + C_ijj)` lies between the 2.5 % and 97.5 % quantiles of chi-square with
//! n - 1 degrees of freedom, which is its law if the fits are normal.
//!
//! # References
//! - A. P. Dempster, D. B. Rubin and R. K. Tsutakawa, J. Am. Stat. Assoc. 76, 341 (1981),
//!   doi:10.1080/01621459.1981.10477653 (EM for covariance components).
//! - R. DerSimonian and N. Laird, Control. Clin. Trials 7, 177 (1986), doi:10.1016/0197-2456(86)90046-2 (random effects).
//! - W. Viechtbauer, Stat. Med. 26, 37 (2007), doi:10.1002/sim.2514 (the interval from Q).

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::analysis::Calibration;
use super::error::CalibrationError;
use super::parameter::Scale;

/// Distribution of the parameters over devices. d parameters, all with the same free set.
#[derive(Debug, Clone)]
pub struct DeviceDistribution {
    /// Names of the parameters. Shape: d.
    pub names: Vec<String>,
    /// Search coordinate of each: mean and covariance are those of the logarithm for [`Scale::Log`]. Shape: d.
    pub scales: Vec<Scale>,
    /// Mean in search coordinates. Shape: d.
    pub mean: DVector<f64>,
    /// Standard error of the mean. Shape: d.
    pub mean_error: Vec<f64>,
    /// Covariance between devices in search coordinates. Shape: d x d.
    pub covariance: DMatrix<f64>,
    /// 95 % interval of the standard deviation between devices, in search coordinates. Shape: d.
    pub deviation_interval: Vec<(f64, f64)>,
    /// Of every device the search coordinates and their standard errors. Shape: devices x d.
    pub estimates: Vec<Vec<(f64, f64)>>,
    /// Number of devices.
    pub devices: usize,
}

impl DeviceDistribution {
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
pub fn over_devices(devices: &[Calibration]) -> Result<DeviceDistribution, CalibrationError> {
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
    let (mean, mean_covariance, covariance) = between_and_within(&estimates);
    let each = |j: usize| estimates.iter().map(|(u, c)| (u[j], c[(j, j)])).collect::<Vec<_>>();
    Ok(DeviceDistribution {
        names: first,
        scales,
        mean,
        mean_error: (0..d).map(|j| mean_covariance[(j, j)].sqrt()).collect(),
        covariance,
        deviation_interval: (0..d).map(|j| spread_interval(&each(j))).collect(),
        estimates: estimates
            .iter()
            .map(|(u, c)| (0..d).map(|j| (u[j], c[(j, j)].sqrt())).collect())
            .collect(),
        devices: devices.len(),
    })
}

/// Mean, its covariance, and the covariance between devices of `u_i ~ N(mu, Sigma + C_i)` for `estimates` (u_i, C_i), by
/// restricted maximum likelihood.
#[must_use]
pub fn between_and_within(
    estimates: &[(DVector<f64>, DMatrix<f64>)],
) -> (DVector<f64>, DMatrix<f64>, DMatrix<f64>) {
    let n = estimates.len() as f64;
    let d = estimates[0].0.len();
    let mut mean = estimates.iter().fold(DVector::zeros(d), |sum, (u, _)| sum + u) / n;
    let mut sigma = estimates
        .iter()
        .fold(DMatrix::zeros(d, d), |sum, (u, _)| sum + (u - &mean) * (u - &mean).transpose())
        / (n - 1.0).max(1.0)
        + DMatrix::identity(d, d) * 1e-12;
    let mut mean_covariance = &sigma / n;
    for _ in 0..5000 {
        let weights: Option<Vec<DMatrix<f64>>> =
            estimates.iter().map(|(_, c)| (&sigma + c).cholesky().map(|f| f.inverse())).collect();
        let Some(weights) = weights else { break };
        let total = weights.iter().fold(DMatrix::zeros(d, d), |sum, w| sum + w);
        let Some(inverse) = total.cholesky().map(|f| f.inverse()) else { break };
        let pull = estimates.iter().zip(&weights).fold(DVector::zeros(d), |sum, ((u, _), w)| sum + w * u);
        mean = &inverse * pull;
        mean_covariance = inverse;
        let mut next = DMatrix::zeros(d, d);
        for ((u, _), w) in estimates.iter().zip(&weights) {
            let gain = &sigma * w;
            let effect = &gain * (u - &mean);
            next += &effect * effect.transpose() + &sigma - &gain * &sigma
                + &gain * &mean_covariance * gain.transpose();
        }
        next /= n;
        let done = (&next - &sigma).norm() < 1e-9 * (1e-12 + sigma.norm());
        sigma = next;
        if done {
            break;
        }
    }
    (mean, mean_covariance, sigma)
}

/// 95 % interval of the standard deviation between devices from `estimates` (value, variance of the value).
#[must_use]
pub fn spread_interval(estimates: &[(f64, f64)]) -> (f64, f64) {
    let q = |tau: f64| -> f64 {
        let weights: Vec<f64> = estimates.iter().map(|(_, c)| 1.0 / (tau * tau + c).max(1e-300)).collect();
        let total: f64 = weights.iter().sum();
        let mean = estimates.iter().zip(&weights).map(|((u, _), w)| w * u).sum::<f64>() / total;
        estimates.iter().zip(&weights).map(|((u, _), w)| w * (u - mean).powi(2)).sum()
    };
    let Ok(law) = ChiSquared::new((estimates.len() as f64 - 1.0).max(1.0)) else {
        return (0.0, f64::INFINITY);
    };
    let (low, high) =
        estimates.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), (u, _)| (l.min(*u), h.max(*u)));
    // Q falls from its value at zero; far beyond the range of the estimates it is below any quantile.
    let solve = |level: f64| -> f64 {
        if q(0.0) <= level {
            return 0.0;
        }
        let (mut inside, mut outside) = (0.0, 100.0 * (high - low) + 1e-12);
        for _ in 0..100 {
            let middle = 0.5 * (inside + outside);
            if q(middle) > level { inside = middle } else { outside = middle }
        }
        0.5 * (inside + outside)
    };
    (solve(law.inverse_cdf(0.975)), solve(law.inverse_cdf(0.025)))
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
        let (mean, _, sigma) = between_and_within(&estimates);
        // Standard errors: sqrt(0.05/4000) = 0.0035 of the mean, sqrt(2/4000) 0.05 = 0.0011 of the variance.
        assert!((mean[0] - 1.0).abs() < 0.014 && (mean[1] - 2.0).abs() < 0.014, "{mean}");
        for (found, exact) in sigma.iter().zip(truth.iter()) {
            assert!((found - exact).abs() < 0.0045, "{sigma}");
        }
    }

    /// Twelve devices, fits as uncertain as the spread or more: over 400 populations the intervals hold the true
    /// spread, and the restricted estimate of the variance is unbiased where it is not cut at zero.
    #[test]
    fn the_interval_of_the_spread_covers_and_the_variance_is_unbiased() {
        let streams = Streams::new(6, "test/spread");
        for (tau, errors) in [(0.1, [0.05, 0.15]), (0.1, [0.01, 0.02]), (0.0, [0.05, 0.1])] {
            let (mut covered, mut variance) = (0, 0.0);
            const SETS: u64 = 400;
            for set in 0..SETS {
                let mut rng = streams.rng(set);
                let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
                let estimates: Vec<(f64, f64)> = (0..12)
                    .map(|i| {
                        let error: f64 = errors[i % 2];
                        (tau * normal() + error * normal(), error * error)
                    })
                    .collect();
                let (low, high) = spread_interval(&estimates);
                covered += u32::from((low..=high).contains(&tau));
                if errors[1] < tau {
                    let matrices: Vec<_> = estimates
                        .iter()
                        .map(|&(u, c)| (DVector::from_element(1, u), DMatrix::from_element(1, 1, c)))
                        .collect();
                    variance += between_and_within(&matrices).2[(0, 0)] / SETS as f64;
                }
            }
            let share = f64::from(covered) / SETS as f64;
            println!("tau {tau}: covered {share}, mean variance {variance:.5}");
            // At zero spread only the upper tail can miss it.
            assert!((0.92..=0.99).contains(&share), "tau {tau}: {share}");
            if errors[1] < tau {
                // The variance of twelve devices scatters by sqrt(2/11), its mean over 400 sets by 2 %.
                assert!((variance / (tau * tau) - 1.0).abs() < 0.09, "{variance}");
            }
        }
    }
}
