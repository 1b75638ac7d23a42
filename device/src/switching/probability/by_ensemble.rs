use super::{SwitchingProbability, by_rising_widths};
use crate::dynamics::ensemble::{Ensemble, switching_count, switching_counts_by_width};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::switching::estimate::ProbabilityEstimate;

/// Back end `ensemble`.
#[derive(Debug, Clone, PartialEq)]
pub struct ByEnsemble(pub Ensemble);

impl SwitchingProbability for ByEnsemble {
    fn probability(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        switching_count(mtj, pulse, start, &self.0).map(ProbabilityEstimate::from_count)
    }

    fn by_width(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        by_rising_widths(widths_s, |rising| {
            let counts = switching_counts_by_width(mtj, volts, rising, start, &self.0)?;
            Ok(counts.into_iter().map(ProbabilityEstimate::from_count).collect())
        })
    }
}
