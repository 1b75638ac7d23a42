//! Critical voltage of one macrospin, from its energy, and of coupled layers, from their modes.

use super::coupled;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;

/// Voltage in V at which the state `start` of `junction` loses its stability at zero temperature, with the sign that
/// switches it (positive from anti-parallel, negative from parallel).
///
/// # Errors
/// Those of [`crate::junction::mtj::Mtj::critical_voltage`] and of [`coupled::critical_voltage`].
pub fn critical_voltage(junction: &Junction, start: State) -> Result<f64, DeviceError> {
    match junction {
        Junction::Single(mtj) => mtj.critical_voltage(start),
        Junction::Coupled(pair) => coupled::critical_voltage(pair, start),
    }
}
