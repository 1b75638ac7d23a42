//! The device a command works on: a shipped one by name, or one described in the configuration.

use spinhebb_device::mtj::{Mtj, MtjConfig};
use spinhebb_device::preset;
use spinhebb_device::state::State;

use crate::error::ExperimentError;
use crate::run::Run;

/// The device and its name: `device` if it is given, else `preset`: a shipped one by name, or the path of a device
/// file (.toml) such as `spinhebb calibrate` writes.
///
/// # Errors
/// There is no such preset, or the device is out of range.
pub fn resolve(preset: &str, device: Option<&MtjConfig>) -> Result<(Mtj, String), ExperimentError> {
    match device {
        Some(device) => Ok((device.resolve()?, "configured device".to_string())),
        None => Ok((preset::open(preset)?.device.resolve()?, preset.to_string())),
    }
}

/// Derived figures of the device, for the summary.
pub fn summarise_device(run: &mut Run, mtj: &Mtj, name: &str) {
    run.value("device", name);
    for state in State::BOTH {
        if let (Ok(stability), Ok(volts)) = (mtj.stability(state), mtj.critical_voltage(state)) {
            run.value(&format!("{state}.stability"), stability);
            run.value(&format!("{state}.critical_voltage_v"), volts);
        }
    }
    run.value("damping_time_s", mtj.damping_time_s());
}
