//! Small oscillations of the coupled layers about a well: resonance, damping, critical voltage.
//!
//! # Formula
//! The linearised equation `du/dt = J u` on the four tangent coordinates; its eigenvalues
//! `-decay +- i omega` come in two pairs, in ferromagnetic coupling the acoustic (in phase) and the
//! optic mode.
//!
//! # References
//! S. M. Rezende et al., J. Appl. Phys. 84, 958 (1998) (modes of coupled films); J. Z. Sun,
//! Phys. Rev. B 62, 570 (2000) (loss of stability).

use nalgebra::Matrix4;

use super::step::PairEquations;
use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::coupled::{CoupledMtj, Pair};
use crate::junction::state::State;
use crate::junction::vector::{Vector, add_scaled, dot, normalised, transverse_frame};

/// One mode of small oscillations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// Angular frequency in rad/s; 0 for an overdamped mode.
    pub frequency_rad_per_s: f64,
    /// Rate of decay in 1/s; negative where the state is unstable.
    pub decay_per_s: f64,
}

/// Modes about the well of `state` at `volts` (`V > 0` potentiates) and zero temperature, slowest first;
/// overdamped modes come singly.
///
/// # Errors
/// [`DeviceError::NotApplicable`] if `state` is not stable at zero voltage.
pub fn modes(device: &CoupledMtj, state: State, volts: f64) -> Result<Vec<Mode>, DeviceError> {
    about(device, device.well(state)?, volts)
}

fn about(device: &CoupledMtj, well: Pair, volts: f64) -> Result<Vec<Mode>, DeviceError> {
    let equations = PairEquations::new(device, Drive::Voltage)?;
    // Rates: the changes over one second.
    let rates = equations.step(1.0, [volts; 3]);
    let centre = well.map(|m| equations.layers[0].to_frame(m));
    let axes: [[Vector; 2]; 2] = centre.map(|m| {
        let (a, b) = transverse_frame(m);
        [a, b]
    });
    let h = 1e-5;
    let column = |k: usize| -> [f64; 4] {
        let (layer, axis) = (k / 2, axes[k / 2][k % 2]);
        let at = |step: f64| {
            let mut m = centre;
            m[layer] = normalised(add_scaled(m[layer], step, axis));
            let rate = rates.change(m, [[0.0; 3]; 2], &rates.start);
            std::array::from_fn(|i| dot(rate[i / 2], axes[i / 2][i % 2]))
        };
        let (up, down): ([f64; 4], [f64; 4]) = (at(h), at(-h));
        std::array::from_fn(|i| (up[i] - down[i]) / (2.0 * h))
    };
    let columns: [[f64; 4]; 4] = [0, 1, 2, 3].map(column);
    // Scaled to numbers near 1 for the eigenvalue iteration.
    let scale = columns.iter().flatten().fold(f64::MIN_POSITIVE, |most, c| most.max(c.abs()));
    let matrix = Matrix4::from_fn(|row, k| columns[k][row] / scale);
    let mut found: Vec<Mode> = matrix
        .complex_eigenvalues()
        .iter()
        .filter(|value| value.im >= 0.0)
        .map(|value| Mode { frequency_rad_per_s: value.im * scale, decay_per_s: -value.re * scale })
        .collect();
    found.sort_by(|a, b| a.frequency_rad_per_s.total_cmp(&b.frequency_rad_per_s));
    Ok(found)
}

/// Damping time in s of the mode that decays most slowly at zero voltage, over both stable states.
///
/// # Errors
/// [`DeviceError::NotApplicable`] if neither state is stable, or no mode is damped.
pub fn slowest_damping_time_s(device: &CoupledMtj) -> Result<f64, DeviceError> {
    let mut slowest = f64::INFINITY;
    for state in State::BOTH {
        if let Ok(found) = modes(device, state, 0.0) {
            slowest = found.iter().fold(slowest, |least, mode| least.min(mode.decay_per_s));
        }
    }
    if slowest.is_finite() && slowest > 0.0 {
        Ok(1.0 / slowest)
    } else {
        Err(DeviceError::NotApplicable {
            model: "a damping time",
            reason: "no damped state of the coupled layers; give the pulse a `relaxation`".into(),
        })
    }
}

/// Voltage in V at which `start` loses its stability at zero temperature, with the sign that switches it
/// (positive from anti-parallel): the growth rate of one of the modes about the well at zero voltage
/// passes zero. Exact for collinear layers, whose wells the torque does not move.
///
/// # Errors
/// [`DeviceError::NotApplicable`] if the state is not stable at zero voltage or if 1000 V do not suffice.
pub fn critical_voltage(device: &CoupledMtj, start: State) -> Result<f64, DeviceError> {
    let well = device.well(start)?;
    crate::junction::critical_voltage::critical_voltage(start, |volts| {
        Ok(about(device, well, volts)?.iter().all(|mode| mode.decay_per_s > 0.0))
    })
}
