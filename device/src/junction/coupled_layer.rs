//! The second layer and its coupling as written in a configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::quantity::{Length, MagneticField, SurfaceEnergy};

use crate::error::{DeviceError, not_negative, positive};
use crate::junction::anisotropy::AnisotropyConfig;
use crate::junction::material::MaterialConfig;

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
#[serde(rename_all = "kebab-case", tag = "source", deny_unknown_fields)]
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

impl CoupledLayerConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] naming the key, which begins with `coupled.`.
    pub fn validate(&self) -> Result<(), DeviceError> {
        positive("coupled.thickness", self.thickness.si(), self.thickness)?;
        let energies = [("coupled.exchange", self.exchange), ("coupled.biquadratic", self.biquadratic)];
        for (key, energy) in energies {
            if !energy.si().is_finite() {
                return Err(DeviceError::out_of_range(key, energy, "it must be finite"));
            }
        }
        if let Some(bad) = self.stray.iter().find(|h| !h.si().is_finite()) {
            return Err(DeviceError::out_of_range("coupled.stray", bad, "each component must be finite"));
        }
        self.material.validate().map_err(within)?;
        self.anisotropy.validate().map_err(within)?;
        if let Some(control) = &self.anisotropy.voltage_control {
            return Err(DeviceError::out_of_range(
                "coupled.anisotropy.voltage_control",
                control.coefficient,
                "only the layer at the barrier feels the voltage; give it in `anisotropy.voltage_control`",
            ));
        }
        match &self.dipolar {
            DipolarConfig::None => Ok(()),
            DipolarConfig::Geometry { spacer } => {
                not_negative("coupled.dipolar.spacer", spacer.si(), *spacer)
            }
            DipolarConfig::Tensor { rows } => {
                let largest = rows.iter().flatten().fold(0.0_f64, |most, n| most.max(n.abs()));
                let skew = (0..3).any(|i| (0..i).any(|k| (rows[i][k] - rows[k][i]).abs() > 1e-6 * largest));
                let trace: f64 = (0..3).map(|i| rows[i][i]).sum();
                let impossible = rows.iter().flatten().any(|n| !n.is_finite() || n.abs() >= 1.0);
                if skew || impossible || trace.abs() > 1e-3 * largest {
                    return Err(DeviceError::out_of_range(
                        "coupled.dipolar.rows",
                        format!("{rows:?}"),
                        "the tensor of two separate bodies is symmetric, has the trace 0 and entries below 1",
                    ));
                }
                Ok(())
            }
        }
    }
}

/// The same error with its key inside the table `coupled`.
fn within(error: DeviceError) -> DeviceError {
    match error {
        DeviceError::OutOfRange { key, value, expected } => {
            DeviceError::OutOfRange { key: format!("coupled.{key}"), value, expected }
        }
        other => other,
    }
}
