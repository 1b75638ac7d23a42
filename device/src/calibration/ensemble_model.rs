//! The macrospin by LLGS ensembles as a model to fit: any device, with the noise of a finite ensemble.
//!
//! Common random numbers: trial k of a point sees the same thermal field whatever the parameters, so that
//! differences between parameter sets are far less noisy than the probabilities. The noise that remains in
//! the probabilities enters the likelihood as a correlation of 1/(N + 1) between the outcomes of a point: a
//! probability known from N trials has a beta law, and the counts so a beta-binomial one.
//!
//! # References
//! M. A. Fu, in Simulation, Handbooks in OR and MS 13, 575 (2006), doi:10.1016/S0927-0507(06)13019-4 (common random numbers).

use rayon::prelude::*;
use spinhebb_data::quantity::{ThermalResistance, Time};

use super::error::CalibrationError;
use super::macrospin::{Entry, configure, entries, grouped, junction_at};
use super::measurement::MeasuredData;
use super::model::{Condition, Model, WIDTH_LOSS, shortest_width};
use super::parameter::{Parameter, Scale};
use crate::closed_form::LogProbability;
use crate::ensemble::{Ensemble, switching_count};
use crate::error::DeviceError;
use crate::mtj::MtjConfig;
use crate::pulse::Pulse;
use crate::thermal::JouleHeatingConfig;

/// Thermal time constant in s for fitted Joule heating where the base device states none.
const DEFAULT_THERMAL_TIME_S: f64 = 1e-9;

/// The macrospin by ensembles. Parameters: those of
/// [`MacrospinModel`](super::macrospin::MacrospinModel) without the voltage offset, and
/// `thermal_resistance` (R_th, held unless set free).
pub struct EnsembleModel {
    base: MtjConfig,
    entries: Vec<Entry>,
    shortest_s: f64,
    trials: u64,
    seed: u64,
}

impl EnsembleModel {
    /// The device `base` as the model of `data`, with `trials` trials per point keyed by `seed`.
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
        Ok(Self { entries: entries(&base)?, base, shortest_s: shortest_width(data), trials, seed })
    }

    /// The base device with the fitted `values` (order of [`Model::parameters`]).
    #[must_use]
    pub fn device(&self, values: &[f64]) -> MtjConfig {
        let mut config = configure(&self.base, &self.entries, values);
        let resistance = values[self.entries.len() + 1];
        match &mut config.thermal.joule_heating {
            Some(heating) => heating.resistance = ThermalResistance(resistance),
            None if resistance > 0.0 => {
                config.thermal.joule_heating = Some(JouleHeatingConfig {
                    resistance: ThermalResistance(resistance),
                    time_constant: Time(DEFAULT_THERMAL_TIME_S),
                });
            }
            None => {}
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
        let t = self.shortest_s;
        list.push(
            Parameter::free(
                WIDTH_LOSS,
                "part of the pulse width that does not act (rise and fall)",
                Some(Time::KIND),
                Scale::Linear,
                [-0.9 * t, 0.9 * t],
                0.0,
            )
            .held(),
        );
        let heating = self.base.thermal.joule_heating.as_ref().map_or(0.0, |h| h.resistance.si());
        list.push(
            Parameter::free(
                "thermal_resistance",
                "temperature rise per power R_th",
                Some(ThermalResistance::KIND),
                Scale::Linear,
                [0.0, 1e7],
                heating,
            )
            .held(),
        );
        list
    }

    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError> {
        let config = self.device(values);
        let loss = values[self.entries.len()];
        let mut found = vec![LogProbability::from_log_odds(0.0); conditions.len()];
        let same_junction = |a: &Condition, b: &Condition| {
            (a.temperature_k, a.field_a_per_m) == (b.temperature_k, b.field_a_per_m)
        };
        let ensemble = Ensemble::new(self.trials, self.seed);
        for junction in grouped(conditions, same_junction) {
            let mtj = junction_at(&config, &conditions[junction[0]])?;
            let counts = junction
                .par_iter()
                .map(|&i| {
                    let c = &conditions[i];
                    let pulse = Pulse::rectangular(c.volts, c.width_s - loss);
                    Ok((i, switching_count(&mtj, &pulse, c.start, &ensemble)?))
                })
                .collect::<Result<Vec<_>, DeviceError>>()?;
            for (i, count) in counts {
                // Half a count on either side keeps the logarithms finite and the log-odds nearly unbiased.
                let (k, n) = (count.switched as f64 + 0.5, count.trials as f64 + 1.0);
                found[i] = LogProbability { switched: (k / n).ln(), unswitched: ((n - k) / n).ln() };
            }
        }
        Ok(found)
    }

    fn resolution(&self) -> f64 {
        // Wide differences: the ensemble moves in whole counts.
        0.03
    }

    fn simulation_correlation(&self) -> f64 {
        1.0 / (self.trials as f64 + 1.0)
    }

    fn is_slow(&self) -> bool {
        true
    }
}
