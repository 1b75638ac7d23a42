//! A junction with two coupled layers, resolved to SI.

use super::Pair;
use super::coupling::{Coupling, mutual_factors};
use crate::error::DeviceError;
use crate::junction::anisotropy::AnisotropyConfig;
use crate::junction::constants::MU0;
use crate::junction::coupled_layer::{CoupledLayerConfig, DipolarConfig};
use crate::junction::geometry::GeometryConfig;
use crate::junction::mtj::{FieldConfig, Mtj, MtjConfig};
use crate::junction::state::State;
use crate::junction::vector::{
    SymmetricTensor, Vector, add_scaled, dot, length, normalised, transverse_frame,
};

/// Iterations of the search for a minimum.
const ITERATIONS: usize = 200_000;

/// A junction with two coupled layers at one temperature.
///
/// `V > 0` potentiates: it drives the barrier layer from anti-parallel to parallel.
#[derive(Debug, Clone, PartialEq)]
pub struct CoupledMtj {
    /// Barrier layer with torque, voltage control and conductance; coupled layer, which has none of them.
    /// Both have the same area, temperature and fixed layer.
    pub layers: [Mtj; 2],
    /// Coupling per area.
    pub coupling: Coupling,
}

impl MtjConfig {
    /// Validates and resolves a device with a coupled layer.
    ///
    /// A given activation volume is that of both layers together; they share it as their thicknesses.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a value out of range, and for terms that are not modelled with a coupled
    /// layer: ellipsoids, spin-orbit torque, Joule heating, a given thermal stability;
    /// [`DeviceError::NotApplicable`] without a coupled layer.
    pub fn resolve_coupled(&self) -> Result<CoupledMtj, DeviceError> {
        self.validate()?;
        let Some(second) = &self.coupled else {
            return Err(DeviceError::NotApplicable {
                model: "a pair of coupled layers",
                reason: "it has one layer; add a table `coupled`".into(),
            });
        };
        let mut layers = [Mtj::new(self)?, Mtj::new(&layer_alone(self, second))?];
        if let Some(volume) = self.thermal.activation_volume {
            let area = volume.si() / (layers[0].thickness_m + layers[1].thickness_m);
            for layer in &mut layers {
                layer.activation_volume_m3 = area * layer.thickness_m;
            }
        }
        let coupling = Coupling {
            exchange_j_per_m2: second.exchange.si(),
            biquadratic_j_per_m2: second.biquadratic.si(),
            dipolar_j_per_m2: dipolar(&second.dipolar, &self.geometry, &layers),
        };
        Ok(CoupledMtj { layers, coupling })
    }
}

/// The coupled layer as a device of its own: no torque, no voltage control.
fn layer_alone(device: &MtjConfig, layer: &CoupledLayerConfig) -> MtjConfig {
    MtjConfig {
        geometry: GeometryConfig { thickness: layer.thickness, ..device.geometry.clone() },
        material: layer.material.clone(),
        anisotropy: AnisotropyConfig { voltage_control: None, ..layer.anisotropy.clone() },
        field: FieldConfig { applied: device.field.applied, stray: layer.stray },
        spin_transfer: None,
        coupled: None,
        ..device.clone()
    }
}

fn dipolar(config: &DipolarConfig, geometry: &GeometryConfig, layers: &[Mtj; 2]) -> SymmetricTensor {
    let thicknesses = layers.each_ref().map(|layer| layer.thickness_m);
    let magnetisations = layers.each_ref().map(|layer| layer.magnetisation_a_per_m);
    let factors = match config {
        DipolarConfig::None => SymmetricTensor::default(),
        DipolarConfig::Geometry { spacer } => SymmetricTensor::diagonal(mutual_factors(
            geometry.length.si(),
            geometry.width.si(),
            thicknesses,
            spacer.si(),
        )),
        DipolarConfig::Tensor { rows } => SymmetricTensor {
            xx: rows[0][0],
            yy: rows[1][1],
            zz: rows[2][2],
            xy: rows[0][1],
            xz: rows[0][2],
            yz: rows[1][2],
        },
    };
    Coupling::dipolar_from_factors(factors, magnetisations, thicknesses[0])
}

impl CoupledMtj {
    /// Areal moment `mu0 Ms t` of a layer, T m: a force in J/m2 over it is a field in A/m.
    #[must_use]
    pub fn areal_moment(&self, layer: usize) -> f64 {
        MU0 * self.layers[layer].magnetisation_a_per_m * self.layers[layer].thickness_m
    }

    /// Area that the thermal fields act on, m2.
    #[must_use]
    pub fn activation_area_m2(&self) -> f64 {
        self.layers[0].activation_volume_m3 / self.layers[0].thickness_m
    }

    /// Energy in J at `volts` (`V > 0` potentiates), by the activation area.
    #[must_use]
    pub fn energy(&self, m: Pair, volts: f64) -> f64 {
        self.layers[0].energy(m[0], volts)
            + self.layers[1].energy(m[1], 0.0)
            + self.activation_area_m2() * self.coupling.energy_per_area(m)
    }

    /// Effective fields on the two layers without thermal fields and torques, A/m.
    #[must_use]
    pub fn effective_fields(&self, m: Pair, volts: f64) -> Pair {
        std::array::from_fn(|i| {
            let own = self.layers[i].effective_field(m[i], if i == 0 { volts } else { 0.0 });
            add_scaled(own, 1.0 / self.areal_moment(i), self.coupling.force(m[i], m[1 - i]))
        })
    }

    /// `m.p` of the barrier layer, which is read.
    #[must_use]
    pub fn cosine(&self, m: Pair) -> f64 {
        dot(m[0], self.layers[0].fixed_layer)
    }

    /// Scale of the fastest precession at `volts`, A/m: the larger layer's plus both coupling fields.
    #[must_use]
    pub fn field_scale(&self, volts: f64) -> f64 {
        let force = self.coupling.largest_force();
        self.layers[0].field_scale(volts).max(self.layers[1].field_scale(0.0))
            + force / self.areal_moment(0)
            + force / self.areal_moment(1)
    }

    /// Directions of the energy minimum with the barrier layer on the side of `state`, at zero voltage.
    ///
    /// With one layer held the energy is that of one macrospin; each in turn takes the step that
    /// lowers it ([`crate::junction::energy::well`]).
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if the minimum reached lies on the other side.
    pub fn well(&self, state: State) -> Result<Pair, DeviceError> {
        let start = self.layers[0].fixed_layer.map(|c| c * state.cosine());
        let aligned = dot(self.coupling.force(start, start), start) >= 0.0;
        let (first, second) = transverse_frame(start);
        let tilted = |side: f64| {
            normalised(add_scaled(add_scaled(start.map(|c| c * side), 1e-4, first), 0.7e-4, second))
        };
        let mut m = [tilted(1.0), tilted(if aligned { 1.0 } else { -1.0 })];
        for _ in 0..ITERATIONS {
            let mut change = 0.0_f64;
            for i in 0..2 {
                let next = self.lowered(i, m);
                change = change.max(length(add_scaled(next, -1.0, m[i])));
                m[i] = next;
            }
            if change < 1e-15 {
                break;
            }
        }
        let m = m.map(|direction| normalised(direction.map(|c| if c.abs() < 1e-12 { 0.0 } else { c })));
        if self.cosine(m) * state.cosine() > 0.0 {
            Ok(m)
        } else {
            Err(DeviceError::NotApplicable {
                model: "a stable state",
                reason: format!(
                    "the {state} state of the coupled layers has no energy minimum at zero voltage"
                ),
            })
        }
    }

    /// Direction of layer `i` after one step that lowers the energy with the other layer held.
    fn lowered(&self, i: usize, m: Pair) -> Vector {
        // With m_j held, the biquadratic exchange is a uniaxial anisotropy along m_j.
        let moment = self.areal_moment(i);
        let tensor = self.layers[i]
            .tensor(0.0)
            .plus(SymmetricTensor::dyad(2.0 * self.coupling.biquadratic_j_per_m2 / moment, m[1 - i]));
        let bilinear = Coupling { biquadratic_j_per_m2: 0.0, ..self.coupling }.force(m[i], m[1 - i]);
        let field = add_scaled(self.layers[i].field_a_per_m, 1.0 / moment, bilinear);
        let shift = -tensor.eigen()[2].0;
        let linear = tensor.times(m[i]);
        let next: Vector = std::array::from_fn(|c| field[c] + linear[c] + shift * m[i][c]);
        if length(next) > 0.0 { normalised(next) } else { m[i] }
    }
}
