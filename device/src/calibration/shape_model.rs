//! Shapes of a switching curve without physics: a location and a scale.

use spinhebb_data::quantity::{Time, Voltage};

use super::condition::Condition;
use super::error::CalibrationError;
use super::model::{Model, typical};
use super::parameter::{Parameter, Scale};
use crate::measurement::points::{MeasuredData, MeasuredVoltage};
use crate::switching::closed_form::LogProbability;

/// Shape of a switching curve with a location and a scale and no physics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurveShape {
    /// `P = 1/(1 + exp(-x))`.
    Logistic,
    /// `P = Phi(x)`.
    Normal,
    /// `P = exp(-exp(-x))`: steep foot, long shoulder.
    Gumbel,
    /// `P = 1 - exp(-exp(x))`: long foot, steep shoulder.
    ReversedGumbel,
}

impl CurveShape {
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
///
/// # Formula
/// `x = (s - location)/scale` with the abscissa s, or `x = ln(s/location)/scale` (power laws: Gumbel in ln s is the
/// Frechet law, reversed Gumbel in ln s that of Weibull).
#[derive(Debug, Clone)]
pub struct ShapeModel {
    shape: CurveShape,
    abscissa: Abscissa,
    logarithmic: bool,
    location: f64,
    span: f64,
}

impl ShapeModel {
    /// `shape` along the abscissa that varies most in `data`.
    #[must_use]
    pub fn new(shape: CurveShape, data: &MeasuredData) -> Self {
        let (typical_v, typical_s) = typical(data);
        let spread = |x: &dyn Fn(usize) -> f64| {
            let (low, high) = (0..data.points.len())
                .map(x)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            high - low
        };
        let volts = spread(&|i| match data.points[i].drive {
            MeasuredVoltage::Volts(v) => v * data.points[i].start.switching_polarity(),
            MeasuredVoltage::Amplitude(_) => 0.0,
        });
        let widths = spread(&|i| data.points[i].width_s);
        if volts > 0.0 {
            Self { shape, abscissa: Abscissa::Voltage, logarithmic: false, location: typical_v, span: volts }
        } else {
            Self {
                shape,
                abscissa: Abscissa::Width,
                logarithmic: false,
                location: typical_s,
                span: widths.max(1e-3 * typical_s),
            }
        }
    }

    /// The same along the logarithm of the abscissa.
    #[must_use]
    pub fn logarithmic(self) -> Self {
        Self { logarithmic: true, ..self }
    }

    /// The abscissa.
    #[must_use]
    pub const fn abscissa(&self) -> Abscissa {
        self.abscissa
    }
}

impl Model for ShapeModel {
    fn name(&self) -> String {
        let abscissa = match self.abscissa {
            Abscissa::Voltage => "voltage",
            Abscissa::Width => "width",
        };
        let scale = if self.logarithmic { format!("ln {abscissa}") } else { abscissa.to_string() };
        format!("{} in {scale}", self.shape.name())
    }

    fn parameters(&self) -> Vec<Parameter> {
        let kind = Some(match self.abscissa {
            Abscissa::Voltage => Voltage::KIND,
            Abscissa::Width => Time::KIND,
        });
        let (x, span) = (self.location, self.span);
        if self.logarithmic {
            let factor = (1.0 + 3.0 * span / x).min(1e3);
            let location = [x / factor, x * factor];
            return vec![
                Parameter::free("location", "where the curve lies", kind, Scale::Log.over(location, x)),
                Parameter::free(
                    "scale",
                    "relative width of the curve",
                    None,
                    Scale::Log.over([1e-4, 10.0], 0.1),
                ),
            ];
        }
        vec![
            Parameter::free(
                "location",
                "where the curve lies",
                kind,
                Scale::Linear.over([x - 3.0 * span, x + 3.0 * span], x),
            ),
            Parameter::free(
                "scale",
                "width of the curve",
                kind,
                Scale::Log.over([1e-4 * span, 10.0 * span], 0.1 * span),
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
                let from_location = if self.logarithmic { (x / values[0]).ln() } else { x - values[0] };
                self.shape.probability(from_location / values[1])
            })
            .collect())
    }
}
