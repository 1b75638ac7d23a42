//! The probability that a pulse switches a device, from any of the back ends, with its error.
//!
//! | back end | devices | probabilities | error |
//! |---|---|---|---|
//! | ensemble | all, coupled layers too | above some 10/trials, both sides | 95% binomial interval |
//! | Fokker-Planck | axially symmetric, no heating | 1e-24 to 1 - 1e-24 | grid and step doubling |
//! | sphere | all, no heating; rectangular pulses | above some 1e-5, both sides | fewer degrees and longer steps |
//! | splitting | all with two wells | write errors down to 1e-15; escapes of any rarity | 95% interval of repeats |
//!
//! `auto` takes the Fokker-Planck equation of one variable where it is exact. Elsewhere it takes that on the sphere if
//! [`AFFORDABLE`] coefficients suffice, for pulses where its error is below [`WANTED`] of the smaller probability;
//! for the rest an ensemble, and splitting where a pilot ensemble sees fewer than [`ENOUGH`]
//! events of either kind. Coupled layers go to the ensemble. All widths of a voltage are followed at once.

mod automatic;
mod by_ensemble;
mod by_fokker_planck;
mod by_sphere;
mod by_splitting;

pub use automatic::{AFFORDABLE, Automatic, ENOUGH, Trajectories, WANTED};
pub use by_ensemble::ByEnsemble;
pub use by_fokker_planck::ByFokkerPlanck;
pub use by_sphere::BySphere;
pub use by_splitting::BySplitting;

use rayon::prelude::*;

use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;
use crate::switching::PulseGrid;
use crate::switching::estimate::ProbabilityEstimate;

/// A way to compute switching probabilities. `V > 0` potentiates: it switches anti-parallel to parallel.
pub trait SwitchingProbability: Sync {
    /// Probability that `pulse` switches `junction` out of `start`.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] where the method does not hold for the device or pulse.
    fn probability(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError>;

    /// Probabilities of rectangular pulses of `volts` for several widths, in the order given.
    ///
    /// # Errors
    /// As [`Self::probability`].
    fn by_width(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        widths_s
            .iter()
            .map(|width| self.probability(junction, &Pulse::rectangular(volts, *width), start))
            .collect()
    }

    /// Probabilities over a grid of voltages and widths, voltages in parallel. Shape: volts x widths.
    ///
    /// # Errors
    /// As [`Self::probability`].
    fn grid(
        &self,
        junction: &Junction,
        grid: PulseGrid<'_>,
        start: State,
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        self.grid_with_progress(junction, grid, start, &|| ())
    }

    /// As [`Self::grid`]; `advance` is called after each voltage, from any thread.
    ///
    /// # Errors
    /// As [`Self::probability`].
    fn grid_with_progress(
        &self,
        junction: &Junction,
        grid: PulseGrid<'_>,
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        rows(grid.volts, advance, |volts| self.by_width(junction, volts, grid.widths_s, start))
    }
}

/// Rows of a grid, voltages in parallel.
fn rows(
    volts: &[f64],
    advance: &(dyn Fn() + Sync),
    row: impl Fn(f64) -> Result<Vec<ProbabilityEstimate>, DeviceError> + Sync,
) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
    volts
        .par_iter()
        .map(|volts| {
            let found = row(*volts)?;
            advance();
            Ok(found)
        })
        .collect()
}

/// What `of` finds for the widths in rising order, put back into the order given.
fn by_rising_widths(
    widths_s: &[f64],
    of: impl FnOnce(&[f64]) -> Result<Vec<ProbabilityEstimate>, DeviceError>,
) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
    let mut order: Vec<usize> = (0..widths_s.len()).collect();
    order.sort_by(|a, b| widths_s[*a].total_cmp(&widths_s[*b]));
    let rising: Vec<f64> = order.iter().map(|k| widths_s[*k]).collect();
    let mut found = vec![ProbabilityEstimate::default(); widths_s.len()];
    for (k, estimate) in order.into_iter().zip(of(&rising)?) {
        found[k] = estimate;
    }
    Ok(found)
}
