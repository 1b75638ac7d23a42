//! Binomial and beta-binomial likelihood of switching counts.
//!
//! # Formula
//! Binomial: `ln L = y ln p + (n - y) ln(1 - p) + ln C(n, y)`.
//! Beta-binomial with intra-class correlation rho: `L = C(n, y) B(y + a, n - y + b)/B(a, b)`, `a = p (1 - rho)/rho`,
//! `b = (1 - p)(1 - rho)/rho`; the variance of the fraction is
//! `p (1 - p) (1 + (n - 1) rho)/n`.
//!
//! # References
//! J. G. Skellam, J. R. Stat. Soc. B 10, 257 (1948), doi:10.1111/j.2517-6161.1948.tb00014.x (beta-binomial).

use statrs::function::gamma::ln_gamma;

use crate::switching::closed_form::LogProbability;

/// Counts of one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Pulses that switched.
    pub switched: u64,
    /// Pulses.
    pub trials: u64,
}

/// `x * y` with 0 * -inf = 0, as counts weigh logarithms.
fn weigh(count: f64, logarithm: f64) -> f64 {
    if count == 0.0 { 0.0 } else { count * logarithm }
}

fn ln_choose(n: f64, y: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(y + 1.0) - ln_gamma(n - y + 1.0)
}

/// Binomial log-likelihood without the constant ln C(n, y).
#[must_use]
pub fn binomial_kernel(count: Count, p: LogProbability) -> f64 {
    let (y, n) = (count.switched as f64, count.trials as f64);
    weigh(y, p.switched) + weigh(n - y, p.unswitched)
}

/// Logarithm of the rising factorial `Gamma(y + a)/Gamma(a)` with `ln_a` = ln a.
fn ln_rising(y: f64, ln_a: f64) -> f64 {
    if y == 0.0 {
        return 0.0;
    }
    let a = ln_a.exp();
    if a > 1e3 {
        // Stirling's series of both gamma functions, subtracted term by term.
        return (a + y - 0.5) * (y / a).ln_1p() + y * (ln_a - 1.0) - y / (12.0 * a * (a + y));
    }
    ln_a + ln_gamma(y + a) - ln_gamma(1.0 + a)
}

/// Log-likelihood of one point; `overdispersion` is rho, `None` for the binomial law.
#[must_use]
pub fn log_likelihood(count: Count, p: LogProbability, overdispersion: Option<f64>) -> f64 {
    let (y, n) = (count.switched as f64, count.trials as f64);
    match overdispersion {
        None => ln_choose(n, y) + binomial_kernel(count, p),
        Some(rho) => {
            let ln_total = (1.0 - rho).ln() - rho.ln();
            ln_choose(n, y) + ln_rising(y, ln_total + p.switched) + ln_rising(n - y, ln_total + p.unswitched)
                - ln_rising(n, ln_total)
        }
    }
}

/// Signed square root of the deviance of one point: its sum of squares over points is the deviance.
#[must_use]
pub fn deviance_residual(count: Count, p: LogProbability) -> f64 {
    let (y, n) = (count.switched as f64, count.trials as f64);
    let saturated = weigh(y, (y / n).ln()) + weigh(n - y, ((n - y) / n).ln());
    let half = (saturated - binomial_kernel(count, p)).max(0.0);
    (2.0 * half).sqrt().copysign(y / n - p.probability())
}

/// Variance of the number that switched.
#[must_use]
pub fn variance(trials: u64, p: LogProbability, overdispersion: Option<f64>) -> f64 {
    let n = trials as f64;
    n * (p.switched + p.unswitched).exp() * overdispersion.map_or(1.0, |rho| 1.0 + (n - 1.0) * rho)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_laws_sum_to_one_and_have_the_stated_variance() {
        for rho in [None, Some(1e-6), Some(0.02), Some(0.4)] {
            for x in [-9.0, -0.7, 2.0] {
                let p = LogProbability::from_log_odds(x);
                let trials = 60;
                let weights: Vec<f64> = (0..=trials)
                    .map(|switched| log_likelihood(Count { switched, trials }, p, rho).exp())
                    .collect();
                let moment =
                    |k: i32| weights.iter().zip(0..).map(|(w, y)| w * f64::from(y).powi(k)).sum::<f64>();
                let mean = moment(1);
                assert!((moment(0) - 1.0).abs() < 1e-9, "{rho:?} {x}: {}", moment(0));
                assert!((mean - 60.0 * p.probability()).abs() < 1e-7);
                let expected = variance(trials, p, rho);
                assert!((moment(2) - mean * mean - expected).abs() < 1e-7 * expected.max(1.0));
            }
        }
    }

    #[test]
    fn deviance_is_zero_only_where_the_model_meets_the_data() {
        let count = Count { switched: 3, trials: 10 };
        assert!(deviance_residual(count, LogProbability::from_switched(0.3f64.ln())).abs() < 1e-7);
        let d = deviance_residual(count, LogProbability::from_switched(0.5f64.ln()));
        let expected = 2.0 * (3.0 * 0.6f64.ln() + 7.0 * 1.4f64.ln());
        assert!(d < 0.0 && (d * d - expected).abs() < 1e-12);
        let none =
            deviance_residual(Count { switched: 0, trials: 10 }, LogProbability::from_switched(-700.0));
        assert!(none.abs() < 1e-100);
    }
}
