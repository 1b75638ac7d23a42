use super::{SwitchingProbability, by_rising_widths};
use crate::dynamics::ensemble::Ensemble;
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;
use crate::switching::counts::{count, counts_by_width};
use crate::switching::estimate::ProbabilityEstimate;

/// Back end `ensemble`.
#[derive(Debug, Clone, PartialEq)]
pub struct ByEnsemble(pub Ensemble);

impl SwitchingProbability for ByEnsemble {
    fn probability(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        count(junction, pulse, start, &self.0).map(ProbabilityEstimate::from_count)
    }

    fn by_width(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        by_rising_widths(widths_s, |rising| {
            let counts = counts_by_width(junction, volts, rising, start, &self.0)?;
            Ok(counts.into_iter().map(ProbabilityEstimate::from_count).collect())
        })
    }
}
