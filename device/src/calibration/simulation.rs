//! Models whose probabilities are counts of simulated trials.

use super::condition::Condition;
use super::error::CalibrationError;
use crate::dynamics::ensemble::SwitchingCount;
use crate::switching::closed_form::LogProbability;

/// Batches of trials; the variance of simulation is known from them as a chi-square of one degree less.
pub const BATCHES: u64 = 10;

/// Counts of one point, one entry per batch of independent trials.
pub type BatchCounts = Vec<SwitchingCount>;

/// A model whose probabilities are counts of simulated trials.
pub trait Simulation: Sync {
    /// Counts at `conditions` for parameter `values` (SI), in [`BATCHES`] batches of trials that
    /// see the same noise whatever the values. Shape: as `conditions`.
    ///
    /// # Errors
    /// What the device layer refuses.
    fn batch_counts(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<BatchCounts>, CalibrationError>;
}

/// Log-probability of a simulated count: half a count on either side keeps the logarithms finite and the
/// log-odds nearly unbiased.
#[must_use]
pub fn smoothed(count: SwitchingCount) -> LogProbability {
    let (k, n) = (count.switched as f64 + 0.5, count.trials as f64 + 1.0);
    LogProbability { switched: (k / n).ln(), unswitched: ((n - k) / n).ln() }
}
