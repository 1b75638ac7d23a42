//! Models that a calibration can fit.

use super::condition::Condition;
use super::error::CalibrationError;
use super::parameter::Parameter;
use super::simulation::Simulation;
use crate::measurement::points::{MeasuredData, MeasuredVoltage};
use crate::switching::closed_form::LogProbability;

/// A model of the switching probability with named parameters.
pub trait Model: Sync {
    /// Name in settings and reports.
    fn name(&self) -> String;

    /// The parameters with their bounds and starting values.
    fn parameters(&self) -> Vec<Parameter>;

    /// Switching probabilities at `conditions` for parameter `values` (SI, the order of
    /// [`Model::parameters`]). Shape: as `conditions`.
    ///
    /// # Errors
    /// What the device layer refuses.
    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError>;

    /// Smallest relative change of a parameter whose effect stands clear of the numerical error of
    /// [`Model::predict`].
    fn resolution(&self) -> f64 {
        1e-5
    }

    /// Correlation between the outcomes of one point that stands for the simulation noise of
    /// [`Model::predict`]: 1/(N + 1) for a probability estimated from N trials; 0 for an exact one.
    fn simulation_correlation(&self) -> f64 {
        0.0
    }

    /// The simulation behind [`Model::predict`]; `None` if there is none.
    fn simulation(&self) -> Option<&dyn Simulation> {
        None
    }

    /// The same model with the same parameters on a coarser discretisation, for the search of starting points; `None` if that
    /// would gain nothing.
    fn coarser(&self) -> Option<&dyn Model> {
        None
    }

    /// The same model with the same parameters on a finer discretisation, by which the error of this one is stated;
    /// `None` for models without discretisation.
    fn finer(&self) -> Option<&dyn Model> {
        None
    }

    /// Whether a prediction costs more than microseconds, so that evaluations must be spared.
    fn is_slow(&self) -> bool {
        false
    }
}

/// Name of the parameter for the part of the pulse width that does not act.
pub const WIDTH_LOSS: &str = "width_loss";

/// Medians of |V| and of the width where the curves are steepest (outcomes between 10 % and 90 %, else all).
pub(super) fn typical(data: &MeasuredData) -> (f64, f64) {
    let middle = |only_steep: bool| {
        let chosen: Vec<_> = data
            .points
            .iter()
            .filter(|m| !only_steep || (0.1..=0.9).contains(&m.fraction()))
            .map(|m| {
                let volts = match m.drive {
                    MeasuredVoltage::Volts(v) => v.abs(),
                    MeasuredVoltage::Amplitude(i) => data.amplitudes[i].guess_v,
                };
                (volts, m.width_s)
            })
            .collect();
        let median = |mut x: Vec<f64>| {
            x.sort_by(f64::total_cmp);
            x.get(x.len() / 2).copied()
        };
        let volts = median(chosen.iter().map(|c| c.0).collect());
        Some((volts?, median(chosen.iter().map(|c| c.1).collect())?))
    };
    let (v, t) = middle(true).or_else(|| middle(false)).unwrap_or((0.5, 1e-9));
    (if v > 0.0 { v } else { 0.5 }, t)
}

/// Shortest pulse width in s.
pub(super) fn shortest_width(data: &MeasuredData) -> f64 {
    data.points.iter().map(|m| m.width_s).fold(f64::INFINITY, f64::min).min(1.0)
}
