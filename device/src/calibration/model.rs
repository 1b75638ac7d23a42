//! Models that a calibration can fit.

use spinhebb_data::quantity::{Time, Voltage};

use super::error::CalibrationError;
use super::measurement::{Drive, MeasuredData};
use super::parameter::{Parameter, Scale};
use crate::closed_form::{self, LogProbability};
use crate::state::State;

/// The conditions of one measured point, with every unknown filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Pulse voltage in V; V > 0 favours P (drives AP -> P).
    pub volts: f64,
    /// Full width of the pulse in s.
    pub width_s: f64,
    /// State before the pulse.
    pub start: State,
    /// Ambient temperature in K.
    pub temperature_k: f64,
    /// Applied field along the fixed layer in A/m; positive favours P.
    pub field_a_per_m: f64,
}

impl Condition {
    /// Voltage in V, counted positive when it favours leaving the start state.
    #[must_use]
    pub fn drive_v(&self) -> f64 {
        self.volts * self.start.switching_polarity()
    }
}

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

    /// Whether a prediction costs more than microseconds, so that evaluations must be spared.
    fn is_slow(&self) -> bool {
        false
    }
}

/// The closed forms of [`crate::closed_form`] as models.
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

/// Name of the parameter for the part of the pulse width that does not act.
pub const WIDTH_LOSS: &str = "width_loss";

/// Temperature in K at which the closed forms state Delta.
pub const REFERENCE_TEMPERATURE_K: f64 = 300.0;

/// Medians of |V| and of the width where the curves are steepest (outcomes between 10 % and 90 %, else all).
pub(super) fn typical(data: &MeasuredData) -> (f64, f64) {
    let middle = |only_steep: bool| {
        let chosen: Vec<_> = data
            .points
            .iter()
            .filter(|m| !only_steep || (0.1..=0.9).contains(&m.fraction()))
            .map(|m| {
                let volts = match m.drive {
                    Drive::Volts(v) => v.abs(),
                    Drive::Amplitude(i) => data.amplitudes[i].guess_v,
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
                Scale::Log,
                [2.0, 500.0],
                40.0,
            ),
            Parameter::free(
                "critical_voltage",
                "critical voltage at zero temperature",
                volts,
                Scale::Log,
                [0.02 * v, 20.0 * v],
                critical,
            ),
        ];
        if self.form == ClosedForm::ThermalActivation {
            list.push(
                Parameter::free(
                    "attempt_time",
                    "inverse attempt rate",
                    Some(Time::KIND),
                    Scale::Log,
                    [1e-12, 1e-6],
                    1e-9,
                )
                .held(),
            );
            list.push(
                Parameter::free(
                    "exponent",
                    "exponent n of the barrier law",
                    None,
                    Scale::Log,
                    [0.5, 4.0],
                    2.0,
                )
                .held(),
            );
        } else {
            let t = self.typical_s;
            list.push(Parameter::free(
                "relaxation_time",
                "tau_D = (1 + alpha^2)/(alpha gamma0 Hk)",
                Some(Time::KIND),
                Scale::Log,
                [1e-3 * t, 1e3 * t],
                0.5 * t,
            ));
        }
        list.push(
            Parameter::free(
                "voltage_offset",
                "voltage at which the drive vanishes",
                volts,
                Scale::Linear,
                [-v, v],
                0.0,
            )
            .held(),
        );
        let shortest = self.shortest_s;
        list.push(
            Parameter::free(
                WIDTH_LOSS,
                "part of the pulse width that does not act (rise and fall)",
                Some(Time::KIND),
                Scale::Linear,
                [-0.9 * shortest, 0.9 * shortest],
                0.0,
            )
            .held(),
        );
        if self.both_transitions {
            for (name, meaning) in [
                ("critical_voltage_ratio", "critical voltage of P -> AP over that of AP -> P"),
                ("delta_ratio", "thermal stability of P over that of AP"),
            ] {
                list.push(Parameter::free(name, meaning, None, Scale::Log, [0.05, 20.0], 1.0));
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

/// Shape of a switching curve with a location and a scale and no physics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `P = 1/(1 + exp(-x))`.
    Logistic,
    /// `P = Phi(x)`.
    Normal,
    /// `P = exp(-exp(-x))`: steep foot, long shoulder.
    Gumbel,
    /// `P = 1 - exp(-exp(x))`: long foot, steep shoulder.
    ReversedGumbel,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 4] = [Self::Logistic, Self::Normal, Self::Gumbel, Self::ReversedGumbel];

    /// Name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Normal => "normal",
            Self::Gumbel => "gumbel",
            Self::ReversedGumbel => "reversed-gumbel",
        }
    }

    /// Probability at the reduced coordinate `x`.
    #[must_use]
    pub fn probability(self, x: f64) -> LogProbability {
        match self {
            Self::Logistic => LogProbability::from_log_odds(x),
            Self::Normal => {
                // ln(erfc(-x/sqrt 2)/2) from the side that keeps its digits; erfc underflows beyond 37 sigma.
                let tail = |x: f64| {
                    if x > -37.0 {
                        (0.5 * statrs::function::erf::erfc(-x / std::f64::consts::SQRT_2)).ln()
                    } else {
                        -0.5 * x * x - (-x).ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
                    }
                };
                if x < 0.0 {
                    LogProbability::from_switched(tail(x))
                } else {
                    LogProbability::from_unswitched(tail(-x))
                }
            }
            Self::Gumbel => LogProbability::from_switched(-(-x).min(700.0).exp()),
            Self::ReversedGumbel => LogProbability::from_unswitched(-x.min(700.0).exp()),
        }
    }
}

/// The variable along which a curve was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abscissa {
    /// Pulse voltage, counted positive towards switching.
    Voltage,
    /// Pulse width.
    Width,
}

/// A shape with location and scale along one abscissa.
#[derive(Debug, Clone)]
pub struct ShapeModel {
    shape: Shape,
    abscissa: Abscissa,
    location: f64,
    span: f64,
}

impl ShapeModel {
    /// `shape` along the abscissa that varies most in `data`.
    #[must_use]
    pub fn new(shape: Shape, data: &MeasuredData) -> Self {
        let (typical_v, typical_s) = typical(data);
        let spread = |x: &dyn Fn(usize) -> f64| {
            let (low, high) = (0..data.points.len())
                .map(x)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            high - low
        };
        let volts = spread(&|i| match data.points[i].drive {
            Drive::Volts(v) => v * data.points[i].start.switching_polarity(),
            Drive::Amplitude(_) => 0.0,
        });
        let widths = spread(&|i| data.points[i].width_s);
        if volts > 0.0 {
            Self { shape, abscissa: Abscissa::Voltage, location: typical_v, span: volts }
        } else {
            Self { shape, abscissa: Abscissa::Width, location: typical_s, span: widths.max(1e-3 * typical_s) }
        }
    }

    /// The abscissa.
    #[must_use]
    pub const fn abscissa(&self) -> Abscissa {
        self.abscissa
    }
}

impl Model for ShapeModel {
    fn name(&self) -> String {
        self.shape.name().to_string()
    }

    fn parameters(&self) -> Vec<Parameter> {
        let kind = Some(match self.abscissa {
            Abscissa::Voltage => Voltage::KIND,
            Abscissa::Width => Time::KIND,
        });
        let (x, span) = (self.location, self.span);
        vec![
            Parameter::free(
                "location",
                "where the curve lies",
                kind,
                Scale::Linear,
                [x - 3.0 * span, x + 3.0 * span],
                x,
            ),
            Parameter::free(
                "scale",
                "width of the curve",
                kind,
                Scale::Log,
                [1e-4 * span, 10.0 * span],
                0.1 * span,
            ),
        ]
    }

    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError> {
        Ok(conditions
            .iter()
            .map(|c| {
                let x = match self.abscissa {
                    Abscissa::Voltage => c.drive_v(),
                    Abscissa::Width => c.width_s,
                };
                self.shape.probability((x - values[0]) / values[1])
            })
            .collect())
    }
}
