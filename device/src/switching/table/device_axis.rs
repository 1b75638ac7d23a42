//! Tables along a device parameter, for arrays whose devices differ.

use super::curve::{from_gumbel, gumbel};
use super::{Probability, SwitchingTable};
use crate::error::DeviceError;
use crate::junction::state::State;

/// Tables of devices along one parameter, such as the barrier or the critical voltage, so that
/// each device of a varied array has its own lookup.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceAxis {
    parameter: Vec<f64>,
    tables: Vec<SwitchingTable>,
}

impl DeviceAxis {
    /// Tables at increasing values of a device parameter (dimensionless, such as the barrier over its
    /// nominal value).
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] unless there are at least two values and they increase.
    pub fn new(tables: Vec<(f64, SwitchingTable)>) -> Result<Self, DeviceError> {
        let (parameter, tables): (Vec<f64>, Vec<SwitchingTable>) = tables.into_iter().unzip();
        if parameter.len() < 2 || !parameter.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err(DeviceError::out_of_range(
                "device axis",
                format!("{parameter:?}"),
                "at least two increasing parameter values are needed",
            ));
        }
        Ok(Self { parameter, tables })
    }

    /// Probability for the device at `parameter`, interpolated linearly on the Gumbel scale between
    /// its neighbours; `volts > 0` potentiates (anti-parallel to parallel).
    ///
    /// # Errors
    /// [`DeviceError::OutsideTable`] for a parameter, width or voltage outside the tables.
    pub fn probability(
        &self,
        parameter: f64,
        volts: f64,
        width_s: f64,
        start: State,
    ) -> Result<Probability, DeviceError> {
        let last = self.parameter.len() - 1;
        let (low, high) = (self.parameter[0], self.parameter[last]);
        if !(parameter >= low && parameter <= high) {
            return Err(DeviceError::OutsideTable {
                quantity: "device parameter",
                value: parameter,
                low,
                high,
            });
        }
        let upper = self.parameter.partition_point(|value| *value < parameter).clamp(1, last);
        let (x0, x1) = (self.parameter[upper - 1], self.parameter[upper]);
        let weight = (parameter - x0) / (x1 - x0);
        let a = self.tables[upper - 1].probability(volts, width_s, start)?;
        let b = self.tables[upper].probability(volts, width_s, start)?;
        if a.p == 0.0 && b.p == 0.0 {
            return Ok(a);
        }
        let mix = |a: f64, b: f64| {
            let scale = |p: f64| gumbel(p.clamp(1e-300, 1.0 - f64::EPSILON));
            from_gumbel((1.0 - weight) * scale(a) + weight * scale(b))
        };
        Ok(Probability {
            p: mix(a.p, b.p),
            lower: mix(a.lower, b.lower),
            upper: mix(a.upper, b.upper),
            extrapolated: a.extrapolated || b.extrapolated,
        })
    }
}
