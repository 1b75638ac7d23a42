//! One cell of a table: a probability, its 95 % interval, and the numbers it rests on.

use spinhebb_data::proportion::wilson_95;

use crate::dynamics::ensemble::SwitchingCount;
use crate::switching::estimate::ProbabilityEstimate;

/// Estimate of one cell with the numbers it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableCell {
    /// Magnitude of the pulse voltage, V.
    pub magnitude_v: f64,
    /// Probability of switching.
    pub p: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
    /// Trials; 0 for a deterministic back end.
    pub trials: u64,
    /// Trials that switched; 0 for a deterministic back end.
    pub switched: u64,
}

impl TableCell {
    /// Cell of a Monte Carlo count with the Wilson interval.
    #[must_use]
    pub fn counted(magnitude_v: f64, count: SwitchingCount) -> Self {
        let (lower, upper) = wilson_95(count.switched, count.trials);
        Self {
            magnitude_v,
            p: count.fraction(),
            lower,
            upper,
            trials: count.trials,
            switched: count.switched,
        }
    }

    /// Cell of a deterministic back end: probability and absolute error.
    #[must_use]
    pub fn computed(magnitude_v: f64, p: f64, error: f64) -> Self {
        Self {
            magnitude_v,
            p,
            lower: (p - error).max(0.0),
            upper: (p + error).min(1.0),
            trials: 0,
            switched: 0,
        }
    }

    /// Cell of the estimate of a back end.
    #[must_use]
    pub fn estimated(magnitude_v: f64, found: &ProbabilityEstimate) -> Self {
        Self::computed(magnitude_v, found.p, found.p_error)
    }

    /// Probability kept away from 0 and 1 by a quarter of a trial, for the Gumbel scale.
    pub(super) fn moderated(&self) -> f64 {
        let margin = if self.trials > 0 { 0.25 / self.trials as f64 } else { 1e-300 };
        self.p.clamp(margin, 1.0 - margin.max(f64::EPSILON))
    }
}
