//! Derived figures of a junction, for the summary.

use std::path::Path;

use spinhebb_device::dynamics::coupled::{CoupledDynamics, critical_voltage, modes, slowest_damping_time_s};
use spinhebb_device::dynamics::integrator::StepWarning;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::coupled::CoupledMtj;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;

use crate::error::ExperimentError;
use crate::experiment::Outcome;

/// Whether the step is too long for the device under `pulse`.
pub(super) fn step_warning(
    junction: &Junction,
    pulse: &Pulse,
    stepping: &Stepping,
) -> Result<Option<StepWarning>, ExperimentError> {
    Ok(match junction {
        Junction::Single(mtj) => Dynamics::new(mtj, pulse, stepping)?.warning(),
        Junction::Coupled(pair) => CoupledDynamics::new(pair, pulse, stepping)?.warning(),
    })
}

/// Name of the preset or file that `device.from` names, with a note where the configuration changed the device.
pub(crate) fn device_name(device: &MtjConfig) -> String {
    let from = device.from.as_deref().unwrap_or("none");
    let own = MtjConfig { from: None, ..device.clone() };
    let name = Path::new(from).file_name().map_or_else(|| from.into(), |name| name.to_string_lossy());
    match preset::open(from) {
        Ok(shipped) if shipped.device == own => name.into_owned(),
        Ok(_) => format!("{name}, changed"),
        Err(_) => "configured device".to_string(),
    }
}

/// Adds name, stability, critical voltages and times of `junction`.
pub(crate) fn summarise(outcome: &mut Outcome, junction: &Junction, name: &str) {
    outcome.text("device", name);
    match junction {
        Junction::Single(mtj) => single(outcome, mtj),
        Junction::Coupled(pair) => coupled(outcome, pair),
    }
}

fn single(outcome: &mut Outcome, mtj: &Mtj) {
    for state in State::BOTH {
        if let Ok(stability) = mtj.stability(state) {
            outcome.scalar(format!("{state}/stability"), stability, "1", "energy barrier over k_B T");
        }
        if let Ok(volts) = mtj.critical_voltage(state) {
            outcome.scalar(
                format!("{state}/critical_voltage"),
                volts,
                "V",
                "voltage at which the state loses stability at 0 K",
            );
        }
    }
    outcome.scalar("damping_time", mtj.damping_time_s(), "s", "time of the slowest damping");
}

fn coupled(outcome: &mut Outcome, pair: &CoupledMtj) {
    for state in State::BOTH {
        if let Ok(volts) = critical_voltage(pair, state) {
            outcome.scalar(
                format!("{state}/critical_voltage"),
                volts,
                "V",
                "voltage at which the state loses stability at 0 K",
            );
        }
        for (k, mode) in modes(pair, state, 0.0).unwrap_or_default().iter().enumerate() {
            let hertz = mode.frequency_rad_per_s / std::f64::consts::TAU;
            outcome.scalar(
                format!("{state}/resonance_{}", k + 1),
                hertz,
                "Hz",
                "resonance of the coupled layers",
            );
        }
    }
    if let Ok(time_s) = slowest_damping_time_s(pair) {
        outcome.scalar("damping_time", time_s, "s", "time of the slowest damping");
    }
}
