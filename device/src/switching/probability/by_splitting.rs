use super::{SwitchingProbability, by_rising_widths};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::switching::estimate::{BackEnd, ProbabilityEstimate};
use crate::switching::splitting::escape::{LARGEST_SHARE, escape_rate};
use crate::switching::splitting::write_error::{FLOOR, write_error, write_errors_by_width};
use crate::switching::splitting::{Repeats, Splitting};
use spinhebb_data::proportion::wilson_95;

/// Back end `splitting`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySplitting(pub Splitting);

/// Name of the method where it does not hold.
const MODEL: &str = "rare-event splitting";

/// Least width for which a constant rate describes a sub-critical pulse, in settling times `tau_D/(1 - V/V_c)`.
const SHORTEST_FOR_RATE: f64 = 10.0;

impl BySplitting {
    /// Share of the critical voltage, above which no rate is given.
    fn share(mtj: &Mtj, volts: f64, start: State) -> f64 {
        mtj.critical_voltage(start).map_or(0.0, |critical| (volts / critical).max(0.0))
    }

    /// Switching by a constant rate, for widths of at least [`SHORTEST_FOR_RATE`] settling times; none otherwise.
    pub(super) fn by_rate(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<Option<ProbabilityEstimate>>, DeviceError> {
        let mtj = junction.macrospin(MODEL)?;
        let share = Self::share(mtj, volts, start);
        let settling_s = mtj.damping_time_s() / (1.0 - share);
        let long = |width: f64| share < LARGEST_SHARE && width >= SHORTEST_FOR_RATE * settling_s;
        if !widths_s.iter().any(|width| long(*width)) {
            return Ok(vec![None; widths_s.len()]);
        }
        let escape = escape_rate(mtj, volts, start, &self.0)?;
        let rate = escape.rate.mean;
        let estimate = |width: f64| {
            let kept = (-rate * width).exp();
            // The rate is not there from the start: the settling time is an upper bound of the delay.
            let error = (escape.error() * width + rate * settling_s) * kept;
            let p = (-(-rate * width).exp_m1(), error);
            ProbabilityEstimate::from_smaller(p, (kept, error), BackEnd::Splitting)
        };
        Ok(widths_s.iter().map(|width| long(*width).then(|| estimate(*width))).collect())
    }

    /// Write errors of all widths from the same runs, at any voltage.
    pub(super) fn by_survival(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let mtj = junction.macrospin(MODEL)?;
        by_rising_widths(widths_s, |rising| {
            let kept = write_errors_by_width(mtj, volts, rising, start, &self.0)?;
            Ok(kept.iter().map(|kept| self.survival(kept)).collect())
        })
    }

    /// Estimate from the repeats of a write error.
    fn survival(&self, kept: &Repeats) -> ProbabilityEstimate {
        let mut error = kept.half_width();
        if kept.mean == 0.0 {
            error = FLOOR;
        } else if error == 0.0 {
            // No copy has switched: the upper end of Wilson's interval.
            let copies = self.0.copies as u64 * kept.values.len() as u64;
            error = wilson_95(0, copies).1;
        }
        let mean = kept.mean.min(1.0);
        ProbabilityEstimate::from_p(mean, error, BackEnd::Splitting).opposite()
    }
}

impl SwitchingProbability for BySplitting {
    /// Of rectangular pulses as [`Self::by_width`]; of others the complement by [`write_error`].
    fn probability(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let mtj = junction.macrospin(MODEL)?;
        match pulse.as_rectangular() {
            Some((volts, width_s)) if Self::share(mtj, volts, start) < LARGEST_SHARE => {
                Ok(self.by_width(junction, volts, &[width_s], start)?[0])
            }
            _ => {
                let kept = write_error(mtj, pulse, start, &self.0)?;
                Ok(self.survival(&kept))
            }
        }
    }

    /// From 95% of the critical voltage on the complement by [`write_errors_by_width`]; below it `1 - exp(-rate width)`
    /// with the rate of [`escape_rate`], for pulses of at least ten settling times `tau_D/(1 - V/V_c)`.
    fn by_width(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let mtj = junction.macrospin(MODEL)?;
        let share = Self::share(mtj, volts, start);
        if share >= LARGEST_SHARE {
            return self.by_survival(junction, volts, widths_s, start);
        }
        let least_s = SHORTEST_FOR_RATE * mtj.damping_time_s() / (1.0 - share);
        if let Some(short) = widths_s.iter().find(|width| **width < least_s) {
            return Err(DeviceError::NotApplicable {
                model: "splitting of a pulse below the critical voltage",
                reason: format!(
                    "the width {short:e} s is below ten settling times, {least_s:e} s at {volts} V, so that no rate is \
                     established; use the back end `auto`, the ensemble or longer pulses"
                ),
            });
        }
        Ok(self.by_rate(junction, volts, widths_s, start)?.into_iter().flatten().collect())
    }
}
