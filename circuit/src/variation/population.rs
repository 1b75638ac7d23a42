//! A calibrated population as the variation of an array.
//!
//! # Formula
//! Calibration finds the mean and the covariance between devices of its search coordinates u: the logarithm of positive
//! parameters, the value of others. What an array needs are factors of the nominal device, which is the population's
//! median. The logarithm of the factor of a positive parameter is u less its mean; the factor of another is
//! 1 + (u - mean)/mean. The names of calibration act on
//!
//! | name | factor of |
//! |---|---|
//! | `delta`, `barrier` | barrier |
//! | `critical_voltage`, `damping`, 1/`polarisation` | critical voltage |
//! | `resistance_area`, `tmr`, `area` | these |
//!
//! Other parameters (times, exponents, offsets) do not enter a crossbar: their rows of the covariance are left out,
//! which for normal distributions leaves the distribution of the rest as it is.

use nalgebra::{DMatrix, Matrix5};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_device::calibration::parameter::Scale;
use spinhebb_device::calibration::population::Population;

use super::config::SpreadShape;
use super::correlation::lower_factor;
use crate::error::CircuitError;

/// Coordinate in which a parameter was calibrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PopulationScale {
    /// Logarithm of the SI value.
    Log,
    /// The SI value.
    Linear,
}

/// One parameter of a population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PopulationParameter {
    /// Name given by calibration.
    pub name: String,
    /// Coordinate of mean and covariance.
    pub scale: PopulationScale,
    /// Mean over devices of the coordinate.
    pub mean: f64,
}

/// A population of devices, as `spinhebb calibrate` finds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PopulationConfig {
    /// Number of devices calibrated.
    pub devices: usize,
    /// Covariance between devices of the coordinates, in the order of `parameters`.
    pub covariance: Vec<Vec<f64>>,
    /// The parameters.
    pub parameters: Vec<PopulationParameter>,
}

impl From<&Population> for PopulationConfig {
    fn from(population: &Population) -> Self {
        let parameters = (0..population.names.len()).map(|k| PopulationParameter {
            name: population.names[k].clone(),
            scale: match population.scales[k] {
                Scale::Log => PopulationScale::Log,
                Scale::Linear => PopulationScale::Linear,
            },
            mean: population.mean[k],
        });
        Self {
            devices: population.devices,
            covariance: population.covariance.row_iter().map(|row| row.iter().copied().collect()).collect(),
            parameters: parameters.collect(),
        }
    }
}

/// Number among (resistance-area, TMR, area, barrier, critical voltage) and power with which a calibrated parameter
/// acts on it; `None` for parameters that do not enter a crossbar.
fn acts_on(name: &str) -> Option<(usize, f64)> {
    match name {
        "resistance_area" => Some((0, 1.0)),
        "tmr" => Some((1, 1.0)),
        "area" => Some((2, 1.0)),
        "delta" | "barrier" => Some((3, 1.0)),
        "critical_voltage" | "damping" => Some((4, 1.0)),
        "polarisation" => Some((4, -1.0)),
        _ => None,
    }
}

/// Distribution of the five factors of a device.
pub(super) struct Factors {
    /// Covariance of their logarithms (of the factors themselves where `shape` is normal).
    pub covariance: Matrix5<f64>,
    /// Shape of each; `None` where the population does not know the factor.
    pub shape: [Option<SpreadShape>; 5],
}

impl PopulationConfig {
    /// Names of the parameters that do not enter a crossbar.
    #[must_use]
    pub fn left_out(&self) -> Vec<&str> {
        let names = self.parameters.iter().map(|parameter| parameter.name.as_str());
        names.filter(|name| acts_on(name).is_none()).collect()
    }

    /// Checks the numbers; says which of (resistance-area, TMR, area, barrier, critical voltage) it knows.
    ///
    /// # Errors
    /// No parameter that enters a crossbar, a covariance of the wrong size or not positive semi-definite, a linear
    /// parameter of mean 0.
    pub fn validate(&self) -> Result<[bool; 5], CircuitError> {
        let d = self.parameters.len();
        let sizes = std::iter::once(self.covariance.len()).chain(self.covariance.iter().map(Vec::len));
        for given in sizes {
            if given != d {
                return Err(CircuitError::Count {
                    what: "rows and columns of variation.population.covariance",
                    given,
                    expected: d,
                });
            }
        }
        for parameter in &self.parameters {
            let linear = parameter.scale == PopulationScale::Linear;
            if !parameter.mean.is_finite() || (linear && parameter.mean == 0.0) {
                return Err(CircuitError::Value {
                    key: "variation.population.parameters.mean",
                    value: parameter.mean,
                    expected: "a finite mean, not 0 on a linear scale",
                });
            }
        }
        let factors = self.factors();
        if factors.shape.iter().all(Option::is_none) {
            return Err(CircuitError::Value {
                key: "variation.population.parameters",
                value: d as f64,
                expected: "at least one of resistance_area, tmr, area, delta, critical_voltage, damping, polarisation",
            });
        }
        lower_factor(&factors.covariance, "variation.population.covariance")?;
        Ok(factors.shape.map(|shape| shape.is_some()))
    }

    /// Distribution of the factors of (resistance-area, TMR, area, barrier, critical voltage).
    pub(super) fn factors(&self) -> Factors {
        let mut shape = [None; 5];
        let mut acting = DMatrix::zeros(5, self.parameters.len());
        for (column, parameter) in self.parameters.iter().enumerate() {
            let Some((row, power)) = acts_on(&parameter.name) else { continue };
            let (relative, this) = match parameter.scale {
                PopulationScale::Log => (1.0, SpreadShape::LogNormal),
                PopulationScale::Linear => (1.0 / parameter.mean, SpreadShape::Normal),
            };
            acting[(row, column)] = power * relative;
            let logarithmic = shape[row] == Some(SpreadShape::LogNormal) || power < 0.0;
            shape[row] = Some(if logarithmic { SpreadShape::LogNormal } else { this });
        }
        let d = self.parameters.len();
        let covariance = DMatrix::from_fn(d, d, |i, j| self.covariance[i][j]);
        let product = &acting * covariance * acting.transpose();
        Factors { covariance: Matrix5::from_fn(|i, j| product[(i, j)]), shape }
    }
}
