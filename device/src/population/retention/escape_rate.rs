//! The rate at which one device leaves a state at constant voltage.

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
            return Self::of_axial(&model, volts, start);
        }
        let escape = escape_rate(mtj, volts, start, splitting)?;
        Ok(Self { per_second: escape.rate.mean, error: escape.error(), back_end: BackEnd::Splitting })
    }

    /// As [`Self::new`], for an axially symmetric device.
    pub(super) fn of_axial(model: &AxialModel, volts: f64, start: State) -> Result<Self, DeviceError> {
        let rates = SwitchingRates::new(model, volts, Resolution::STANDARD)?;
        let per_second = rates.out_of(start);
        let error = per_second * rates.relative_error;
        Ok(Self { per_second, error, back_end: BackEnd::FokkerPlanck })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fit_is_a_failure_in_a_billion_hours() {
        let rate = |per_second| EscapeRate { per_second, error: 0.0, back_end: BackEnd::FokkerPlanck };
        assert!((rate(1.0 / (3600.0 * 1e9)).fit() - 1.0).abs() < 1e-12);
        assert!((rate(2.0).probability(rate(2.0).time_for(0.3)) - 0.3).abs() < 1e-12);
    }
}
