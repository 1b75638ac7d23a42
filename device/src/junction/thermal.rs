//! Temperature: thermal field, thermal stability, Joule heating.
//!
//! # Formula
//! White thermal field with `<h_i h_j> = 2D delta_ij delta(t - t')`, `D = alpha kB T/(gamma0 mu0 Ms Vol)`;
//! over a step dt each component has the standard deviation `sqrt(2D/dt)` in A/m.
//! Joule heating: `tau dT/dt = T_0 + R_th V I - T`.
//!
//! # References
//! W. F. Brown, Phys. Rev. 130, 1677 (1963).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{Temperature, ThermalResistance, Time, Volume};

use crate::ranges::{not_negative, positive};

/// Temperature and thermal stability. At most one of `stability` and `activation_volume` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThermalConfig {
    /// Temperature of the surroundings.
    pub temperature: Temperature,
    /// Measured thermal stability E_b/(kB T) from the parallel state; sets the activation volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stability: Option<f64>,
    /// Activation volume that the thermal field acts on; the geometric volume when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_volume: Option<Volume>,
    /// Heating by the current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joule_heating: Option<JouleHeatingConfig>,
}

/// Heating by the current with one thermal pole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JouleHeatingConfig {
    /// Temperature rise per power in the steady state.
    pub resistance: ThermalResistance,
    /// Thermal time constant.
    pub time_constant: Time,
}

impl Check for ThermalConfig {
    fn check(&self, faults: &mut Faults) {
        if let Some(stability) = self.stability {
            positive(faults, "stability", stability, stability);
            positive(faults, "temperature", self.temperature.si(), self.temperature);
        } else {
            not_negative(faults, "temperature", self.temperature.si(), self.temperature);
        }
        if let Some(volume) = self.activation_volume {
            positive(faults, "activation_volume", volume.si(), volume);
            let expected =
                "one of `stability` and `activation_volume`: the stability already fixes the volume";
            faults.require(self.stability.is_none(), "activation_volume", volume, expected);
        }
        faults.within("joule_heating", |faults| self.joule_heating.check(faults));
    }
}

impl Check for JouleHeatingConfig {
    fn check(&self, faults: &mut Faults) {
        not_negative(faults, "resistance", self.resistance.si(), self.resistance);
        positive(faults, "time_constant", self.time_constant.si(), self.time_constant);
    }
}

/// Resolved Joule heating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JouleHeating {
    /// Temperature rise per power, K/W.
    pub resistance_k_per_w: f64,
    /// Thermal time constant, s.
    pub time_constant_s: f64,
}
