//! The macrospin by LLGS ensembles as a model to fit: any device, with the noise of a finite ensemble.
//!
//! Common random numbers: trial k of a point sees the same thermal field whatever the parameters, so that
//! differences between parameter sets are far less noisy than the probabilities. While the search is far from
//! the maximum, the noise of the probabilities enters the likelihood as a correlation of 1/(M + 1) between the outcomes
//! of a point: a probability known from M trials has a beta law, and the counts so a beta-binomial one. About the
//! maximum [`simulated_likelihood`](super::simulated_likelihood) takes over. A fitted `width_loss` or amplitude changes
//! the pulse, and with it the noise that the trials see: such fits are noisier, and their intervals say so.
//!
//! # References
//! M. A. Fu, in Simulation, Handbooks in OR and MS 13, 575 (2006), doi:10.1016/S0927-0507(06)13019-4 (common random numbers).

use rayon::prelude::*;

use super::condition::Condition;
use super::device_entries::{Entry, by_junction, configure, entries, heat, thermal_resistance, width_loss};
use super::error::CalibrationError;
use super::model::{Model, shortest_width};
use super::parameter::Parameter;
use super::simulation::{BATCHES, BatchCounts, Simulation, smoothed};
use crate::dynamics::ensemble::{Ensemble, SwitchingCount, switching_count};
use crate::dynamics::lanes::Stepping;
use crate::dynamics::pulse::Pulse;
use crate::junction::mtj::{Mtj, MtjConfig};
use crate::measurement::points::MeasuredData;
use crate::switching::closed_form::LogProbability;

/// Thermal time constant in s for fitted Joule heating where the base device states none.
const DEFAULT_THERMAL_TIME_S: f64 = 1e-9;

/// The macrospin by ensembles. Parameters: those of
/// [`MacrospinModel`](super::macrospin::MacrospinModel) without the voltage offset, and
/// `thermal_resistance` (R_th, held unless set free).
pub struct EnsembleModel {
    base: MtjConfig,
    resolved: Mtj,
    entries: Vec<Entry>,
    shortest_s: f64,
    /// Trials of each batch.
    batch: u64,
    seed: u64,
}

impl EnsembleModel {
    /// The device `base` as the model of `data`, with `trials` trials per point (rounded up to
    /// whole batches) keyed by `seed`.
    ///
    /// # Errors
    /// What the device layer refuses of `base`; [`CalibrationError::Setting`] for fewer than 100 trials.
    pub fn new(
        base: MtjConfig,
        data: &MeasuredData,
        trials: u64,
        seed: u64,
    ) -> Result<Self, CalibrationError> {
        if trials < 100 {
            return Err(CalibrationError::Setting {
                key: "ensemble_trials".to_string(),
                value: trials.to_string(),
                expected: "at least 100 are needed".to_string(),
            });
        }
        Ok(Self {
            resolved: base.resolve()?,
            entries: entries(&base)?,
            base,
            shortest_s: shortest_width(data),
            batch: trials.div_ceil(BATCHES),
            seed,
        })
    }

    /// Step in s for pulses of `peak_volts` (magnitude): that of the base device times a power of two, within what the
    /// integrator recommends for `mtj`. A step that followed the parameters would shift the noise against the
    /// pulse, and no random number would be common.
    fn step_s(&self, mtj: &Mtj, peak_volts: f64) -> f64 {
        let longest = |mtj: &Mtj| Stepping::default().integrator.largest_step_s(mtj, peak_volts);
        // The base device lies in the middle of its octave.
        let own = longest(&self.resolved) * std::f64::consts::FRAC_1_SQRT_2;
        own * (longest(mtj) / own).log2().floor().exp2()
    }

    /// The base device with the fitted `values` (order of [`Model::parameters`]).
    #[must_use]
    pub fn device(&self, values: &[f64]) -> MtjConfig {
        let mut config = configure(&self.base, &self.entries, values);
        let resistance = values[self.entries.len() + 1];
        if resistance > 0.0 || config.thermal.joule_heating.is_some() {
            heat(&mut config, resistance, DEFAULT_THERMAL_TIME_S);
        }
        config
    }
}

impl Model for EnsembleModel {
    fn name(&self) -> String {
        "ensemble".to_string()
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list: Vec<Parameter> = self.entries.iter().map(|e| e.parameter.clone()).collect();
        list.push(width_loss(self.shortest_s));
        let heating = self.base.thermal.joule_heating.as_ref().map_or(0.0, |h| h.resistance.si());
        list.push(thermal_resistance(heating));
        list
    }

    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError> {
        let total = |batches: &BatchCounts| {
            smoothed(batches.iter().fold(SwitchingCount::default(), |sum, c| sum.plus(*c)))
        };
        Ok(self.batch_counts(values, conditions)?.iter().map(total).collect())
    }

    fn simulation(&self) -> Option<&dyn Simulation> {
        Some(self)
    }

    fn resolution(&self) -> f64 {
        // Wide differences: the ensemble moves in whole counts.
        0.03
    }

    fn simulation_correlation(&self) -> f64 {
        1.0 / ((BATCHES * self.batch) as f64 + 1.0)
    }

    fn is_slow(&self) -> bool {
        true
    }
}

impl Simulation for EnsembleModel {
    fn batch_counts(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<BatchCounts>, CalibrationError> {
        let config = self.device(values);
        let loss = values[self.entries.len()];
        by_junction(&config, conditions, |mtj, own| {
            own.par_iter()
                .map(|&i| {
                    let c = &conditions[i];
                    let pulse = Pulse::rectangular(c.volts, c.width_s - loss);
                    let stepping =
                        Stepping { step_s: Some(self.step_s(mtj, c.volts.abs())), ..Stepping::default() };
                    (0..BATCHES)
                        .map(|b| {
                            let trials = b * self.batch..(b + 1) * self.batch;
                            let ensemble = Ensemble { trials, seed: self.seed, stepping };
                            switching_count(mtj, &pulse, c.start, &ensemble)
                        })
                        .collect()
                })
                .collect()
        })
    }
}
