//! Retention and disturb: how long a bit lives, and how many of an array fail.
//!
//! # Formula
//! One bit fails within t with `1 - exp(-k t)`. Over a population with normally distributed barrier
//! (mean Delta, deviation sigma) and `k = k_0 exp(-(D - Delta))`, the expected failures of N bits are
//! `N E[1 - exp(-k t)]`, by quadrature over the distribution. Failure rate in FIT: expected failures in
//! 1e9 device hours, `k x 3600 s x 1e9` per bit while failures are few.
//!
//! # References
//! D. Apalkov, B. Dieny and J. M. Slaughter, Proc. IEEE 104, 1796 (2016), doi:10.1109/JPROC.2016.2590142.
//!
//! # Not modelled
//! Changes of the prefactor of the rate with the barrier across the population; correlated devices.

use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::switching::axial::AxialModel;
use crate::switching::estimate::BackEnd;
use crate::switching::fokker_planck::Resolution;
use crate::switching::fokker_planck::eigenvalue::SwitchingRates;
use crate::switching::splitting::Splitting;
use crate::switching::splitting::escape::escape_rate;

/// Rate of leaving a state at constant voltage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EscapeRate {
    /// Rate in 1/s.
    pub per_second: f64,
    /// Its absolute error: grid doubling, or half width of the 95% interval and the bias of the step.
    pub error: f64,
    /// The back end that computed it.
    pub back_end: BackEnd,
}

impl EscapeRate {
    /// Rate out of `start` at constant `volts` (`V > 0` favours parallel): the first eigenvalue of the
    /// Fokker-Planck operator where the device is axially symmetric, else forward flux.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if there are not two wells at this voltage; errors of the back ends.
    pub fn new(mtj: &Mtj, volts: f64, start: State, splitting: &Splitting) -> Result<Self, DeviceError> {
        if let Ok(model) = AxialModel::of(mtj, Drive::Voltage) {
            let rates = SwitchingRates::new(&model, volts, Resolution::STANDARD)?;
            let per_second = rates.out_of(start);
            return Ok(Self {
                per_second,
                error: per_second * rates.relative_error,
                back_end: BackEnd::FokkerPlanck,
            });
        }
        let escape = escape_rate(mtj, volts, start, splitting)?;
        Ok(Self { per_second: escape.rate.mean, error: escape.error(), back_end: BackEnd::Splitting })
    }

    /// Probability of having left within `time_s`.
    #[must_use]
    pub fn probability(&self, time_s: f64) -> f64 {
        -(-self.per_second * time_s).exp_m1()
    }

    /// Time in s after which the probability of having left is `probability`.
    #[must_use]
    pub fn time_for(&self, probability: f64) -> f64 {
        -(-probability).ln_1p() / self.per_second
    }

    /// Failures of one bit in 1e9 hours, by the initial rate.
    #[must_use]
    pub fn fit(&self) -> f64 {
        self.per_second * 3600.0 * 1e9
    }
}

/// Bits with a spread of barriers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoredBits {
    /// Number of bits.
    pub bits: f64,
    /// Standard deviation of the barrier over kB T; 0 for equal bits.
    pub barrier_deviation: f64,
}

/// Points of the quadrature over the barrier.
const POINTS: usize = 4001;
/// Half range of the quadrature around the mean barrier, in standard deviations, beyond the shift.
const RANGE: f64 = 10.0;

impl StoredBits {
    /// Mean probability that a bit has failed within `time_s`, for bits whose mean has `rate`.
    ///
    /// The integrand is largest where the barrier is low, `sigma^2` below the mean for rare failures;
    /// the range covers both places.
    #[must_use]
    pub fn failure_probability(&self, rate: &EscapeRate, time_s: f64) -> f64 {
        let sigma = self.barrier_deviation;
        if sigma == 0.0 {
            return rate.probability(time_s);
        }
        let (low, high) = (-(RANGE + sigma) * sigma, RANGE * sigma);
        let step = (high - low) / (POINTS - 1) as f64;
        let exposure = rate.per_second * time_s;
        (0..POINTS)
            .map(|k| {
                let shift = low + step * k as f64;
                let density = (-0.5 * (shift / sigma).powi(2)).exp();
                -(-exposure * (-shift).exp()).exp_m1() * density
            })
            .sum::<f64>()
            * step
            / (sigma * std::f64::consts::TAU.sqrt())
    }

    /// Probability that at least one of the bits has failed within `time_s`.
    #[must_use]
    pub fn any_failure(&self, rate: &EscapeRate, time_s: f64) -> f64 {
        -(self.bits * (-self.failure_probability(rate, time_s)).ln_1p()).exp_m1()
    }

    /// Failures of the whole population in 1e9 hours, at the mean rate over the first `time_s`.
    #[must_use]
    pub fn fit(&self, rate: &EscapeRate, time_s: f64) -> f64 {
        self.bits * self.failure_probability(rate, time_s) / time_s * 3600.0 * 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: f64) -> EscapeRate {
        EscapeRate { per_second, error: 0.0, back_end: BackEnd::FokkerPlanck }
    }

    /// While failures are rare the mean of exp(-shift) over a normal law is exp(sigma^2/2).
    #[test]
    fn rare_failures_grow_with_the_log_normal_mean() {
        for sigma in [0.0, 1.0, 3.0, 6.0] {
            let population = StoredBits { bits: 1e9, barrier_deviation: sigma };
            let found = population.failure_probability(&rate(1e-30), 1.0);
            let exact = 1e-30 * (0.5 * sigma * sigma).exp();
            assert!((found / exact - 1.0).abs() < 1e-6, "sigma {sigma}: {found:e} {exact:e}");
        }
    }

    #[test]
    fn a_gigabit_of_one_fit_bits() {
        let per_second = 1.0 / (3600.0 * 1e9);
        assert!((rate(per_second).fit() - 1.0).abs() < 1e-12);
        let population = StoredBits { bits: 1e9, barrier_deviation: 0.0 };
        assert!((population.fit(&rate(per_second), 1.0) / 1e9 - 1.0).abs() < 1e-6);
        // One failure expected: 1 - 1/e.
        let found = population.any_failure(&rate(per_second), 3600.0);
        assert!((found - (1.0 - (-1.0_f64).exp())).abs() < 1e-6, "{found}");
        assert!((rate(2.0).probability(rate(2.0).time_for(0.3)) - 0.3).abs() < 1e-12);
    }
}
