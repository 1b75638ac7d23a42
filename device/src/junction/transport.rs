//! Conductance of the junction: angle, tunnel magnetoresistance and bias.
//!
//! # Formula
//! `G(theta, V) = (G_P + G_AP)/2 + (G_P - G_AP)/2 cos theta`, `G_P = Area/RA`,
//! `G_AP = G_P/(1 + TMR(V))`, `TMR(V) = TMR_0/(1 + (V/V_h)^2)`.
//!
//! # References
//! J. C. Slonczewski, Phys. Rev. B 39, 6995 (1989) (angle); M. Julliere, Phys. Lett. A 54, 225 (1975)
//! (polarisation); Y. Zhang et al., IEEE Trans. Electron Devices 59, 819 (2012) (bias law).
//!
//! # Not modelled
//! Bias dependence of G_P, asymmetry of TMR(V), resistance of contacts (the circuit layer has wires).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{ResistanceArea, Voltage};

use crate::error::{DeviceError, positive};
use crate::junction::state::State;
use crate::ranges;

/// Transport parameters of the junction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransportConfig {
    /// Resistance-area product in the parallel state.
    pub resistance_area: ResistanceArea,
    /// Tunnel magnetoresistance at zero bias, (R_AP - R_P)/R_P (0.9 means 90 %).
    pub tmr: f64,
    /// Voltage at which TMR has fallen to one half; no bias dependence when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmr_half_voltage: Option<Voltage>,
}

impl Check for TransportConfig {
    fn check(&self, faults: &mut Faults) {
        ranges::positive(faults, "resistance_area", self.resistance_area.si(), self.resistance_area);
        ranges::not_negative(faults, "tmr", self.tmr, self.tmr);
        if let Some(half) = self.tmr_half_voltage {
            ranges::positive(faults, "tmr_half_voltage", half.si(), half);
        }
    }
}

/// Conductance law of one junction. Voltages of either sign give the same conductance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transport {
    /// Conductance in the parallel state, S.
    pub parallel_s: f64,
    /// Tunnel magnetoresistance at zero bias.
    pub tmr: f64,
    /// Voltage at which TMR has halved, V; infinite for no bias dependence.
    pub half_voltage_v: f64,
}

impl Transport {
    /// Law of a junction of `area_m2`.
    #[must_use]
    pub fn new(config: &TransportConfig, area_m2: f64) -> Self {
        Self {
            parallel_s: area_m2 / config.resistance_area.si(),
            tmr: config.tmr,
            half_voltage_v: config
                .tmr_half_voltage
                .map_or(f64::INFINITY, spinhebb_data::quantity::Voltage::si),
        }
    }

    /// Law from the two conductances at zero bias (S), without bias dependence.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] unless `0 < antiparallel_s <= parallel_s`.
    pub fn from_conductances(parallel_s: f64, antiparallel_s: f64) -> Result<Self, DeviceError> {
        positive("antiparallel_s", antiparallel_s, antiparallel_s)?;
        if !(parallel_s.is_finite() && parallel_s >= antiparallel_s) {
            return Err(DeviceError::out_of_range(
                "parallel_s",
                parallel_s,
                &format!("it must be finite and not below the anti-parallel conductance {antiparallel_s} S"),
            ));
        }
        Ok(Self { parallel_s, tmr: parallel_s / antiparallel_s - 1.0, half_voltage_v: f64::INFINITY })
    }

    /// Tunnel magnetoresistance at the voltage `volts`.
    #[must_use]
    pub fn tmr(&self, volts: f64) -> f64 {
        let reduced = volts / self.half_voltage_v;
        self.tmr / (1.0 + reduced * reduced)
    }

    /// Conductance in S of `state` at `volts`.
    #[must_use]
    pub fn conductance(&self, state: State, volts: f64) -> f64 {
        match state {
            State::Parallel => self.parallel_s,
            State::AntiParallel => self.parallel_s / (1.0 + self.tmr(volts)),
        }
    }

    /// Coefficients (g0, g1) of `G = g0 + g1 cos theta` at `volts`, in S.
    #[must_use]
    pub fn angular(&self, volts: f64) -> (f64, f64) {
        let antiparallel = self.conductance(State::AntiParallel, volts);
        (0.5 * (self.parallel_s + antiparallel), 0.5 * (self.parallel_s - antiparallel))
    }

    /// Conductance in S at `cosine = m.p` and `volts`.
    #[must_use]
    pub fn conductance_at(&self, cosine: f64, volts: f64) -> f64 {
        let (mean, half_difference) = self.angular(volts);
        mean + half_difference * cosine
    }

    /// Current in A through a junction in `state` at `volts`; odd in the voltage.
    #[must_use]
    pub fn current(&self, state: State, volts: f64) -> f64 {
        volts * self.conductance(state, volts)
    }

    /// Derivative dI/dV in S of [`Self::current`].
    #[must_use]
    pub fn differential_conductance(&self, state: State, volts: f64) -> f64 {
        match state {
            State::Parallel => self.parallel_s,
            State::AntiParallel => {
                let reduced = volts / self.half_voltage_v;
                let fall = 1.0 + reduced * reduced;
                let tmr = self.tmr / fall;
                let slope = -2.0 * tmr * reduced * reduced / fall; // V dTMR/dV
                self.parallel_s / (1.0 + tmr) * (1.0 - slope / (1.0 + tmr))
            }
        }
    }

    /// Voltage in V at which a junction in `state` carries `current_a`; odd in the current.
    #[must_use]
    pub fn voltage(&self, state: State, current_a: f64) -> f64 {
        match state {
            State::Parallel => current_a / self.parallel_s,
            State::AntiParallel => {
                // I(V) increases with V and lies between the two ohmic lines.
                let magnitude = current_a.abs();
                let mut low = magnitude / self.parallel_s;
                let mut high = magnitude * (1.0 + self.tmr) / self.parallel_s;
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    if self.current(state, middle) < magnitude { low = middle } else { high = middle }
                }
                current_a.signum() * 0.5 * (low + high)
            }
        }
    }

    /// Spin polarisation by Julliere's model, `sqrt(TMR/(2 + TMR))` at zero bias.
    #[must_use]
    pub fn julliere_polarisation(&self) -> f64 {
        (self.tmr / (2.0 + self.tmr)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn junction() -> Transport {
        Transport { parallel_s: 1e-3, tmr: 0.9, half_voltage_v: 0.5 }
    }

    #[test]
    fn states_and_angles_agree() {
        let t = junction();
        for volts in [-0.7, 0.0, 0.3] {
            for state in State::BOTH {
                let expected = t.conductance(state, volts);
                assert!((t.conductance_at(state.cosine(), volts) - expected).abs() < 1e-18);
            }
        }
        assert!((t.tmr(0.5) - 0.45).abs() < 1e-15);
        assert!((t.conductance(State::AntiParallel, 0.0) * 1.9 - 1e-3).abs() < 1e-18);
        assert!((Transport { tmr: 2.0, ..t }.julliere_polarisation() - 0.5_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn differential_conductance_is_the_slope_and_voltage_the_inverse() {
        let t = junction();
        for state in State::BOTH {
            for volts in [-1.0, -0.2, 0.4, 2.0] {
                let h = 1e-6;
                let slope = (t.current(state, volts + h) - t.current(state, volts - h)) / (2.0 * h);
                let analytic = t.differential_conductance(state, volts);
                assert!((slope - analytic).abs() < 1e-9 * 1e-3 / 1e-3, "{slope} against {analytic}");
                assert!((t.voltage(state, t.current(state, volts)) - volts).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn conductances_are_checked() {
        assert!(Transport::from_conductances(1.9e-3, 1e-3).is_ok());
        assert!(Transport::from_conductances(1e-3, 1.9e-3).is_err());
        assert!(Transport::from_conductances(1e-3, 0.0).is_err());
    }
}
