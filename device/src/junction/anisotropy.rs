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
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{EnergyDensity, Length, SurfaceEnergy, VcmaCoefficient};

use crate::ranges::{direction, finite, positive};

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
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
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

impl Check for AnisotropyConfig {
    fn check(&self, faults: &mut Faults) {
        finite(faults, "interfacial", self.interfacial.si(), self.interfacial);
        faults.within("voltage_control", |faults| self.voltage_control.check(faults));
        faults.within("uniaxial", |faults| self.uniaxial.check(faults));
        faults.within("demagnetisation", |faults| self.demagnetisation.check(faults));
    }
}

impl Check for VoltageControlConfig {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "barrier_thickness", self.barrier_thickness.si(), self.barrier_thickness);
        finite(faults, "coefficient", self.coefficient.si(), self.coefficient);
    }
}

impl Check for UniaxialConfig {
    fn check(&self, faults: &mut Faults) {
        direction(faults, "axis", self.axis);
        finite(faults, "density", self.density.si(), self.density);
    }
}

impl Check for DemagnetisationConfig {
    fn check(&self, faults: &mut Faults) {
        if let Self::Factors { factors } = self {
            let sum: f64 = factors.iter().sum();
            let fine = factors.iter().all(|n| (0.0..=1.0).contains(n)) && (sum - 1.0).abs() <= 1e-3;
            faults.require(fine, "factors", format!("{factors:?}"), "factors between 0 and 1 that sum to 1");
        }
    }
}
