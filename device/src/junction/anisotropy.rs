//! Magnetic anisotropies: interfacial (with voltage control), uniaxial in any direction, shape.
//!
//! # Formula
//! All are linear in m: `H = A m` with the symmetric tensor (A/m)
//! `A = -Ms N + 2 K_u/(mu0 Ms) u u^T + 2 (K_i + dK_i)/(mu0 Ms t_F) z z^T`, `dK_i = -xi V/t_ox`.
//! With xi > 0 a positive (potentiating) voltage lowers the interfacial anisotropy.
//!
//! # References
//! S. Ikeda et al., Nat. Mater. 9, 721 (2010) (interfacial); T. Maruyama et al., Nat. Nanotechnol. 4,
//! 158 (2009) and P. K. Amiri and K. L. Wang, SPIN 2, 1240002 (2012) (voltage control).
//!
//! # Not modelled
//! Higher orders of the anisotropy; nonlinear voltage control.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::quantity::{EnergyDensity, Length, SurfaceEnergy, VcmaCoefficient};

use crate::error::{DeviceError, positive, unit_vector};

/// Anisotropies of the free layer. All are off by default except the shape.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnisotropyConfig {
    /// Interfacial anisotropy K_i per area; positive favours the film normal z.
    #[serde(default)]
    pub interfacial: SurfaceEnergy,
    /// Voltage control of K_i: `dK_i = -xi V/t_ox`; positive xi: potentiation lowers K_i.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voltage_control: Option<VoltageControlConfig>,
    /// Uniaxial anisotropy along any direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniaxial: Option<UniaxialConfig>,
    /// Demagnetising tensor.
    #[serde(default)]
    pub demagnetisation: DemagnetisationConfig,
}

/// Voltage-controlled magnetic anisotropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoltageControlConfig {
    /// VCMA coefficient xi; positive: a positive (potentiating) voltage lowers K_i.
    pub coefficient: VcmaCoefficient,
    /// Thickness t_ox of the barrier over which the voltage falls.
    pub barrier_thickness: Length,
}

/// Uniaxial anisotropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UniaxialConfig {
    /// Energy density K_u; positive makes `axis` easy.
    pub density: EnergyDensity,
    /// Direction of the axis (any length).
    pub axis: [f64; 3],
}

/// Source of the demagnetising tensor.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "source", deny_unknown_fields)]
pub enum DemagnetisationConfig {
    /// From the shape of the free layer.
    #[default]
    Shape,
    /// Given factors along x, y, z (sum 1).
    Factors {
        /// N_x, N_y, N_z.
        factors: [f64; 3],
    },
    /// No demagnetising field.
    None,
}

impl AnisotropyConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] naming the key.
    pub fn validate(&self) -> Result<(), DeviceError> {
        if !self.interfacial.si().is_finite() {
            return Err(DeviceError::out_of_range(
                "anisotropy.interfacial",
                self.interfacial,
                "it must be finite",
            ));
        }
        if let Some(control) = &self.voltage_control {
            let thickness = control.barrier_thickness;
            positive("anisotropy.voltage_control.barrier_thickness", thickness.si(), thickness)?;
            if !control.coefficient.si().is_finite() {
                let key = "anisotropy.voltage_control.coefficient";
                return Err(DeviceError::out_of_range(key, control.coefficient, "it must be finite"));
            }
        }
        if let Some(uniaxial) = &self.uniaxial {
            unit_vector("anisotropy.uniaxial.axis", uniaxial.axis)?;
            if !uniaxial.density.si().is_finite() {
                let key = "anisotropy.uniaxial.density";
                return Err(DeviceError::out_of_range(key, uniaxial.density, "it must be finite"));
            }
        }
        if let DemagnetisationConfig::Factors { factors } = self.demagnetisation {
            let sum: f64 = factors.iter().sum();
            if factors.iter().any(|n| !(0.0..=1.0).contains(n)) || (sum - 1.0).abs() > 1e-3 {
                return Err(DeviceError::out_of_range(
                    "anisotropy.demagnetisation.factors",
                    format!("{factors:?}"),
                    "factors must lie between 0 and 1 and sum to 1",
                ));
            }
        }
        Ok(())
    }
}
