//! Failures of an array of bits.

use super::rate_law::RateLaw;

/// Bits of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBits {
    /// Number of bits.
    pub bits: f64,
    /// Rates at which they are lost.
    pub rates: RateLaw,
}

impl StoredBits {
    /// Mean probability that a bit has failed within `time_s`.
    #[must_use]
    pub fn failure_probability(&self, time_s: f64) -> f64 {
        self.rates.probability(time_s)
    }

    /// Probability that at least one of the bits has failed within `time_s`.
    #[must_use]
    pub fn any_failure(&self, time_s: f64) -> f64 {
        -(self.bits * (-self.failure_probability(time_s)).ln_1p()).exp_m1()
    }

    /// Failures of all bits in 1e9 hours, at the mean rate over the first `time_s`.
    #[must_use]
    pub fn fit(&self, time_s: f64) -> f64 {
        self.bits * self.failure_probability(time_s) / time_s * 3600.0 * 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::retention::EscapeRate;
    use crate::switching::estimate::BackEnd;

    #[test]
    fn a_gigabit_of_one_fit_bits() {
        let rate =
            EscapeRate { per_second: 1.0 / (3600.0 * 1e9), error: 0.0, back_end: BackEnd::FokkerPlanck };
        let bits = StoredBits { bits: 1e9, rates: RateLaw::equal(&rate) };
        assert!((bits.fit(1.0) / 1e9 - 1.0).abs() < 1e-6);
        // One failure expected: 1 - 1/e.
        let found = bits.any_failure(3600.0);
        assert!((found - (1.0 - (-1.0_f64).exp())).abs() < 1e-6, "{found}");
    }
}
