//! The closed forms of the switching probability as models to fit.

use spinhebb_data::quantity::{Time, Voltage};

use super::condition::Condition;
use super::error::CalibrationError;
use super::model::{Model, WIDTH_LOSS, shortest_width, typical};
use super::parameter::{Parameter, Scale};
use crate::junction::state::State;
use crate::measurement::points::MeasuredData;
use crate::switching::closed_form::{self, LogProbability};

/// The closed forms of [`crate::switching::closed_form`] as models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedForm {
    /// Thermally activated with exponent n.
    ThermalActivation,
    /// Sun's ballistic form.
    Sun,
    /// Butler's ballistic form.
    Butler,
    /// Butler's form and thermal activation together.
    Crossover,
}

impl ClosedForm {
    /// All closed forms.
    pub const ALL: [Self; 4] = [Self::ThermalActivation, Self::Sun, Self::Butler, Self::Crossover];

    /// Name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ThermalActivation => "thermal-activation",
            Self::Sun => "sun",
            Self::Butler => "butler",
            Self::Crossover => "crossover",
        }
    }
}

/// A closed form with the starting values taken from the data it is to describe.
///
/// # Formula
/// Drive `i = (V - V_0)/V_c`, duration `(t - t_0)/tau_D`, stability `Delta(T) = Delta T_ref/T` with T_ref = 300 K. Where both
/// transitions are measured, P -> AP has its own `V_c` and `Delta` by their ratios.
///
/// # Not modelled
/// The applied field; curves in a field need the Fokker-Planck or the ensemble model.
#[derive(Debug, Clone)]
pub struct ClosedFormModel {
    form: ClosedForm,
    typical_v: f64,
    typical_s: f64,
    shortest_s: f64,
    both_transitions: bool,
}

/// Temperature in K at which the closed forms state Delta.
pub const REFERENCE_TEMPERATURE_K: f64 = 300.0;

impl ClosedFormModel {
    /// `form` with starting values fit for `data`.
    #[must_use]
    pub fn new(form: ClosedForm, data: &MeasuredData) -> Self {
        let (typical_v, typical_s) = typical(data);
        let has = |state| data.points.iter().any(|m| m.start == state);
        let shortest_s = shortest_width(data);
        Self {
            form,
            typical_v,
            typical_s,
            shortest_s,
            both_transitions: has(State::Parallel) && has(State::AntiParallel),
        }
    }
}

impl Model for ClosedFormModel {
    fn name(&self) -> String {
        self.form.name().to_string()
    }

    fn parameters(&self) -> Vec<Parameter> {
        let volts = Some(Voltage::KIND);
        let v = self.typical_v;
        let critical = if self.form == ClosedForm::ThermalActivation { 1.3 * v } else { 0.5 * v };
        let mut list = vec![
            Parameter::free(
                "delta",
                "thermal stability E_b/(kB T) at 300 K",
                None,
                Scale::Log.over([2.0, 500.0], 40.0),
            ),
            Parameter::free(
                "critical_voltage",
                "critical voltage at zero temperature",
                volts,
                Scale::Log.over([0.02 * v, 20.0 * v], critical),
            ),
        ];
        if self.form == ClosedForm::ThermalActivation {
            list.push(
                Parameter::free(
                    "attempt_time",
                    "inverse attempt rate",
                    Some(Time::KIND),
                    Scale::Log.over([1e-12, 1e-6], 1e-9),
                )
                .held(),
            );
            list.push(
                Parameter::free(
                    "exponent",
                    "exponent n of the barrier law",
                    None,
                    Scale::Log.over([0.5, 4.0], 2.0),
                )
                .held(),
            );
        } else {
            let t = self.typical_s;
            list.push(Parameter::free(
                "relaxation_time",
                "tau_D = (1 + alpha^2)/(alpha gamma0 Hk)",
                Some(Time::KIND),
                Scale::Log.over([1e-3 * t, 1e3 * t], 0.5 * t),
            ));
        }
        list.push(
            Parameter::free(
                "voltage_offset",
                "voltage at which the drive vanishes",
                volts,
                Scale::Linear.over([-v, v], 0.0),
            )
            .held(),
        );
        let shortest = self.shortest_s;
        list.push(
            Parameter::free(
                WIDTH_LOSS,
                "part of the pulse width that does not act (rise and fall)",
                Some(Time::KIND),
                Scale::Linear.over([-0.9 * shortest, 0.9 * shortest], 0.0),
            )
            .held(),
        );
        if self.both_transitions {
            for (name, meaning) in [
                ("critical_voltage_ratio", "critical voltage of P -> AP over that of AP -> P"),
                ("delta_ratio", "thermal stability of P over that of AP"),
            ] {
                list.push(Parameter::free(name, meaning, None, Scale::Log.over([0.05, 20.0], 1.0)));
            }
        }
        list
    }

    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError> {
        let thermal = self.form == ClosedForm::ThermalActivation;
        let (offset, loss) = if thermal { (values[4], values[5]) } else { (values[3], values[4]) };
        let ratios = if self.both_transitions { &values[values.len() - 2..] } else { &[1.0, 1.0] };
        Ok(conditions
            .iter()
            .map(|c| {
                let (critical, delta) = match c.start {
                    State::AntiParallel => (values[1], values[0]),
                    State::Parallel => (values[1] * ratios[0], values[0] * ratios[1]),
                };
                let delta = delta * REFERENCE_TEMPERATURE_K / c.temperature_k;
                let drive = (c.volts - offset) * c.start.switching_polarity() / critical;
                let duration = (c.width_s - loss) / values[2];
                match self.form {
                    ClosedForm::ThermalActivation => {
                        closed_form::thermal_activation(delta, drive, values[3], duration)
                    }
                    ClosedForm::Sun => closed_form::sun(delta, drive, duration),
                    ClosedForm::Butler => closed_form::butler(delta, drive, duration),
                    ClosedForm::Crossover => closed_form::crossover(delta, drive, duration),
                }
            })
            .collect())
    }
}
