//! The second layer and its coupling as written in a configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{Length, MagneticField, SurfaceEnergy};

use crate::junction::anisotropy::AnisotropyConfig;
use crate::junction::material::MaterialConfig;
use crate::ranges::{finite, not_negative, positive};

/// Second layer of a composite or synthetic free layer, and its coupling to the layer at the barrier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoupledLayerConfig {
    /// Thickness of the second layer; its area is that of the layer at the barrier.
    pub thickness: Length,
    /// Bilinear exchange J1, energy -J1 m1.m2 per area; positive favours parallel layers.
    #[serde(default)]
    pub exchange: SurfaceEnergy,
    /// Biquadratic exchange J2, energy -J2 (m1.m2)^2 per area; negative favours a right angle.
    #[serde(default)]
    pub biquadratic: SurfaceEnergy,
    /// Stray field on the second layer (x, y, z); the applied field acts on both layers.
    #[serde(default)]
    pub stray: [MagneticField; 3],
    /// Dipolar coupling of the two layers.
    #[serde(default)]
    pub dipolar: DipolarConfig,
    /// Material of the second layer.
    pub material: MaterialConfig,
    /// Anisotropies of the second layer; it has no voltage control.
    #[serde(default)]
    pub anisotropy: AnisotropyConfig,
}

/// Dipolar coupling of the two layers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DipolarConfig {
    /// No dipolar coupling.
    #[default]
    None,
    /// From the shape: coaxial elliptic cylinders of the same cross-section.
    Geometry {
        /// Distance between the facing surfaces.
        spacer: Length,
    },
    /// A given tensor N: mean field on the barrier layer is -Ms2 N m2.
    Tensor {
        /// Rows of N, symmetric and of trace 0; the reverse field follows by reciprocity.
        rows: [[f64; 3]; 3],
    },
}

impl Check for CoupledLayerConfig {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "thickness", self.thickness.si(), self.thickness);
        finite(faults, "exchange", self.exchange.si(), self.exchange);
        finite(faults, "biquadratic", self.biquadratic.si(), self.biquadratic);
        faults.each("stray", &self.stray, |h, faults| finite(faults, "", h.si(), h));
        faults.within("material", |faults| self.material.check(faults));
        faults.within("anisotropy", |faults| self.anisotropy.check(faults));
        if let Some(control) = &self.anisotropy.voltage_control {
            let expected =
                "none: only the layer at the barrier feels the voltage, by its `anisotropy.voltage_control`";
            faults.require(false, "anisotropy.voltage_control", control.coefficient, expected);
        }
        faults.within("dipolar", |faults| self.dipolar.check(faults));
    }
}

impl Check for DipolarConfig {
    fn check(&self, faults: &mut Faults) {
        match self {
            Self::None => {}
            Self::Geometry { spacer } => not_negative(faults, "spacer", spacer.si(), spacer),
            Self::Tensor { rows } => {
                let largest = rows.iter().flatten().fold(0.0_f64, |most, n| most.max(n.abs()));
                let skew = (0..3).any(|i| (0..i).any(|k| (rows[i][k] - rows[k][i]).abs() > 1e-6 * largest));
                let trace: f64 = (0..3).map(|i| rows[i][i]).sum();
                let impossible = rows.iter().flatten().any(|n| !n.is_finite() || n.abs() >= 1.0);
                let fine = !skew && !impossible && trace.abs() <= 1e-3 * largest;
                let expected =
                    "the tensor of two separate bodies: symmetric, of trace 0, with entries below 1";
                faults.require(fine, "rows", format!("{rows:?}"), expected);
            }
        }
    }
}
