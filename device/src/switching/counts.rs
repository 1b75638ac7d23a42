//! Counts of switches in an ensemble, of either kind of junction.

use crate::dynamics::coupled;
use crate::dynamics::ensemble::{self, Ensemble, SwitchingCount};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;

/// Counts the trials of `pulse` that switch from `start` (`V > 0` potentiates: it switches anti-parallel to parallel).
///
/// # Errors
/// As [`ensemble::switching_count`] and [`coupled::switching_count`].
pub(crate) fn count(
    junction: &Junction,
    pulse: &Pulse,
    start: State,
    ensemble: &Ensemble,
) -> Result<SwitchingCount, DeviceError> {
    match junction {
        Junction::Single(mtj) => ensemble::switching_count(mtj, pulse, start, ensemble),
        Junction::Coupled(pair) => coupled::switching_count(pair, pulse, start, ensemble),
    }
}

/// Counts for several widths of a rectangular pulse of `volts` (`V > 0` potentiates) with the same trials.
///
/// # Errors
/// As [`ensemble::switching_counts_by_width`] and [`coupled::switching_counts_by_width`].
pub(crate) fn counts_by_width(
    junction: &Junction,
    volts: f64,
    widths_s: &[f64],
    start: State,
    ensemble: &Ensemble,
) -> Result<Vec<SwitchingCount>, DeviceError> {
    match junction {
        Junction::Single(mtj) => ensemble::switching_counts_by_width(mtj, volts, widths_s, start, ensemble),
        Junction::Coupled(pair) => coupled::switching_counts_by_width(pair, volts, widths_s, start, ensemble),
    }
}
