//! One magnetic tunnel junction: configuration and resolved SI parameters.
//!
//! # Conventions
//! m is the unit vector of the free layer, p that of the fixed layer; parallel is `m.p = +1`.
//! `V > 0` potentiates: it drives anti-parallel to parallel. z is the film normal.
//!
//! # Not modelled
//! Dynamics of the fixed layer, non-uniform modes (macrospin), spin pumping, shot noise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::Check;
use spinhebb_data::quantity::MagneticField;

use crate::error::{DeviceError, unit_vector};
use crate::junction::anisotropy::{AnisotropyConfig, DemagnetisationConfig};
use crate::junction::constants::{BOLTZMANN, GAMMA0, MU0};
use crate::junction::coupled_layer::CoupledLayerConfig;
use crate::junction::critical_voltage::critical_voltage;
use crate::junction::demagnetisation;
use crate::junction::energy;
use crate::junction::geometry::GeometryConfig;
use crate::junction::material::{MaterialConfig, TemperatureScaling};
use crate::junction::state::State;
use crate::junction::thermal::{JouleHeating, ThermalConfig};
use crate::junction::torque::{Efficiency, SpinOrbitConfig, SpinTransferConfig, field_per_current_density};
use crate::junction::transport::{Transport, TransportConfig};
use crate::junction::vector::{SymmetricTensor, Vector, dot};

/// A junction as written in a configuration or preset. Absent terms are off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MtjConfig {
    /// Preset, device file (.toml) or folder of a calibration run whose keys lie under those of this table; `none`: this
    /// table is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Shape and size of the free layer.
    pub geometry: GeometryConfig,
    /// Free-layer material.
    pub material: MaterialConfig,
    /// Anisotropies and demagnetising tensor.
    #[serde(default)]
    pub anisotropy: AnisotropyConfig,
    /// Fixed layer.
    pub fixed_layer: FixedLayerConfig,
    /// Applied and stray fields.
    #[serde(default)]
    pub field: FieldConfig,
    /// Spin-transfer torque of the current through the barrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spin_transfer: Option<SpinTransferConfig>,
    /// Spin-orbit torque of a channel current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spin_orbit: Option<SpinOrbitConfig>,
    /// Conductance.
    pub transport: TransportConfig,
    /// Temperature.
    pub thermal: ThermalConfig,
    /// Second layer of a composite or synthetic free layer; the rest then describes the layer at the barrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupled: Option<CoupledLayerConfig>,
}

/// The fixed layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedLayerConfig {
    /// Direction p of its magnetisation (any length).
    pub direction: [f64; 3],
}

/// Constant fields on the free layer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldConfig {
    /// Applied field (x, y, z).
    #[serde(default)]
    pub applied: [MagneticField; 3],
    /// Stray field of the other layers (x, y, z).
    #[serde(default)]
    pub stray: [MagneticField; 3],
}

impl MtjConfig {
    /// The first fault that [`Check`] finds.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] naming key, value and what is expected.
    pub fn validate(&self) -> Result<(), DeviceError> {
        self.first_fault().map_err(DeviceError::of_field)
    }

    /// Whether `other` describes the same device, whatever either names in `from`.
    #[must_use]
    pub fn is_same_device(&self, other: &Self) -> bool {
        Self { from: None, ..self.clone() } == Self { from: None, ..other.clone() }
    }

    /// Validates and resolves to SI parameters at the configured temperature.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a value out of range; [`DeviceError::NotApplicable`] if a
    /// thermal stability is given for a device without two stable states, and for a device with a coupled
    /// layer (see [`Self::resolve_coupled`]).
    pub fn resolve(&self) -> Result<Mtj, DeviceError> {
        self.validate()?;
        if self.coupled.is_some() {
            return Err(DeviceError::NotApplicable {
                model: "one macrospin",
                reason:
                    "its free layer has two coupled layers; use `device trajectory` or `device table`, or \
                         leave `coupled` out"
                        .into(),
            });
        }
        Mtj::new(self)
    }
}

/// Resolved spin-transfer torque.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpinTransfer {
    /// Angular efficiency.
    pub efficiency: Efficiency,
    /// a_FL/a_DL.
    pub field_like_ratio: f64,
}

/// Resolved spin-orbit torque.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpinOrbit {
    /// Damping-like field in A/m per volt of the pulse (`V > 0` injects spins along `polarisation`).
    pub field_per_volt: f64,
    /// a_FL/a_DL.
    pub field_like_ratio: f64,
    /// Direction sigma of the injected spins.
    pub polarisation: Vector,
    /// Share of the pulse voltage across the junction.
    pub junction_share: f64,
}

/// A junction resolved to SI, at one temperature.
#[derive(Debug, Clone, PartialEq)]
pub struct Mtj {
    /// Area in m2.
    pub area_m2: f64,
    /// Free-layer thickness in m.
    pub thickness_m: f64,
    /// Geometric volume of the free layer in m3.
    pub volume_m3: f64,
    /// Volume the thermal field acts on, in m3.
    pub activation_volume_m3: f64,
    /// Ms at the temperature, A/m.
    pub magnetisation_a_per_m: f64,
    /// Gilbert damping.
    pub damping: f64,
    /// Temperature of the surroundings in K; 0 switches the thermal field off.
    pub temperature_k: f64,
    /// Direction p of the fixed layer.
    pub fixed_layer: Vector,
    /// Applied plus stray field, A/m.
    pub field_a_per_m: Vector,
    /// Demagnetising part of the linear field, `-Ms N`, A/m.
    pub shape_tensor: SymmetricTensor,
    /// Interfacial and uniaxial part of the linear field at zero voltage, A/m.
    pub anisotropy_tensor: SymmetricTensor,
    /// Voltage control: change of the zz component in A/m per volt (`V > 0` potentiates).
    pub voltage_control: f64,
    /// Spin-transfer torque, if on.
    pub spin_transfer: Option<SpinTransfer>,
    /// Spin-orbit torque, if on.
    pub spin_orbit: Option<SpinOrbit>,
    /// Conductance law.
    pub transport: Transport,
    /// Joule heating, if on.
    pub joule_heating: Option<JouleHeating>,
    /// Change of Ms and of the anisotropies with temperature (used under Joule heating).
    pub temperature_scaling: TemperatureScaling,
}

impl Mtj {
    pub(crate) fn new(config: &MtjConfig) -> Result<Self, DeviceError> {
        let geometry = &config.geometry;
        let temperature_k = config.thermal.temperature.si();
        let factors = config.material.temperature_scaling.factors(temperature_k);
        let ms = config.material.magnetisation.si() * factors.magnetisation;
        let thickness_m = geometry.thickness.si();
        let n = match config.anisotropy.demagnetisation {
            DemagnetisationConfig::Shape => demagnetisation::factors(geometry),
            DemagnetisationConfig::Factors { factors } => factors,
            DemagnetisationConfig::None => [0.0; 3],
        };
        let per_energy_density = 2.0 * factors.anisotropy / (MU0 * ms);
        let interfacial = config.anisotropy.interfacial.si() / thickness_m * per_energy_density;
        let mut anisotropy_tensor = SymmetricTensor::diagonal([0.0, 0.0, interfacial]);
        if let Some(uniaxial) = &config.anisotropy.uniaxial {
            let axis = unit_vector("anisotropy.uniaxial.axis", uniaxial.axis)?;
            anisotropy_tensor = anisotropy_tensor
                .plus(SymmetricTensor::dyad(uniaxial.density.si() * per_energy_density, axis));
        }
        let voltage_control = config.anisotropy.voltage_control.as_ref().map_or(0.0, |control| {
            -2.0 * control.coefficient.si() / (MU0 * ms * thickness_m * control.barrier_thickness.si())
        });
        let field_per_density = field_per_current_density(ms, thickness_m);
        let spin_orbit = match &config.spin_orbit {
            None => None,
            Some(orbit) => Some(SpinOrbit {
                field_per_volt: field_per_density * orbit.spin_hall_angle
                    / orbit.channel_resistance_area.si(),
                field_like_ratio: orbit.field_like_ratio,
                polarisation: unit_vector("spin_orbit.polarisation", orbit.polarisation)?,
                junction_share: orbit.junction_share,
            }),
        };
        let sum =
            |a: [MagneticField; 3], b: [MagneticField; 3]| std::array::from_fn(|i| a[i].si() + b[i].si());
        let area_m2 = geometry.area_m2();
        let volume_m3 = geometry.volume_m3();
        let mut mtj = Self {
            area_m2,
            thickness_m,
            volume_m3,
            activation_volume_m3: config
                .thermal
                .activation_volume
                .map_or(volume_m3, spinhebb_data::quantity::Volume::si),
            magnetisation_a_per_m: ms,
            damping: config.material.damping,
            temperature_k,
            fixed_layer: unit_vector("fixed_layer.direction", config.fixed_layer.direction)?,
            field_a_per_m: sum(config.field.applied, config.field.stray),
            shape_tensor: SymmetricTensor::diagonal(n.map(|n| -ms * n)),
            anisotropy_tensor,
            voltage_control,
            spin_transfer: config.spin_transfer.as_ref().map(|transfer| SpinTransfer {
                efficiency: transfer.efficiency.resolve(),
                field_like_ratio: transfer.field_like_ratio,
            }),
            spin_orbit,
            transport: Transport::new(&config.transport, area_m2),
            joule_heating: config.thermal.joule_heating.as_ref().map(|heating| JouleHeating {
                resistance_k_per_w: heating.resistance.si(),
                time_constant_s: heating.time_constant.si(),
            }),
            temperature_scaling: config.material.temperature_scaling.clone(),
        };
        if let Some(stability) = config.thermal.stability {
            mtj = mtj.with_stability(stability)?;
        }
        Ok(mtj)
    }

    /// The same junction with the activation volume that gives the thermal stability
    /// `stability = E_b/(kB T)` from the parallel state.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] without two stable states or at zero temperature.
    pub fn with_stability(&self, stability: f64) -> Result<Self, DeviceError> {
        let present = self.stability(State::Parallel)?;
        if !(present.is_finite() && present > 0.0) {
            return Err(DeviceError::NotApplicable {
                model: "a given thermal stability",
                reason: format!("the barrier of the parallel state is {present} kB T"),
            });
        }
        Ok(Self { activation_volume_m3: self.activation_volume_m3 * stability / present, ..self.clone() })
    }

    /// The same junction with all current-induced torques scaled so that the critical voltage is
    /// divided by `efficiency_factor`.
    #[must_use]
    pub fn with_torque_scaled(&self, efficiency_factor: f64) -> Self {
        let mut scaled = self.clone();
        if let Some(transfer) = &mut scaled.spin_transfer {
            transfer.efficiency.numerator *= efficiency_factor;
        }
        if let Some(orbit) = &mut scaled.spin_orbit {
            orbit.field_per_volt *= efficiency_factor;
        }
        scaled
    }

    /// Linear part of the effective field at `volts` across the junction, A/m (`V > 0` potentiates).
    #[must_use]
    pub fn tensor(&self, volts: f64) -> SymmetricTensor {
        let mut tensor = self.shape_tensor.plus(self.anisotropy_tensor);
        tensor.zz += self.voltage_control * volts;
        tensor
    }

    /// Effective field without thermal field and torques at `volts`, A/m (`V > 0` potentiates).
    #[must_use]
    pub fn effective_field(&self, m: Vector, volts: f64) -> Vector {
        let linear = self.tensor(volts).times(m);
        std::array::from_fn(|i| self.field_a_per_m[i] + linear[i])
    }

    /// Damping-like spin-transfer field a_DL in A/m at `volts` across the junction and
    /// `cosine = m.p`. Positive (for `V > 0`) favours the parallel state. Zero without spin transfer.
    ///
    /// # Formula
    /// `a_DL = hbar/(2 e mu0 Ms t_F) eta(cosine) V G(cosine, V)/Area`.
    #[must_use]
    pub fn damping_like_field(&self, volts: f64, cosine: f64) -> f64 {
        self.spin_transfer.map_or(0.0, |transfer| {
            field_per_current_density(self.magnetisation_a_per_m, self.thickness_m)
                * transfer.efficiency.at(cosine)
                * volts
                * self.transport.conductance_at(cosine, volts)
                / self.area_m2
        })
    }

    /// Whether field, anisotropy and torques at `volts` are symmetric about the fixed layer's
    /// direction p, so that the one-dimensional Fokker-Planck equation in `m.p` is exact.
    #[must_use]
    pub fn is_axially_symmetric(&self, volts: f64) -> bool {
        let p = self.fixed_layer;
        let tensor = self.tensor(volts);
        let along = tensor.times(p);
        let axial = dot(along, p);
        let (a, b) = crate::junction::vector::transverse_frame(p);
        let scale = 1e-9 * (axial.abs() + dot(tensor.times(a), a).abs() + self.magnetisation_a_per_m * 1e-6);
        let collinear =
            |v: Vector| crate::junction::vector::length(crate::junction::vector::cross(v, p)) <= scale;
        let sideways =
            |q: &SpinOrbit| q.field_per_volt != 0.0 && !collinear(q.polarisation.map(|c| c / scale));
        collinear(along)
            && (dot(tensor.times(a), a) - dot(tensor.times(b), b)).abs() <= scale
            && dot(tensor.times(a), b).abs() <= scale
            && collinear(self.field_a_per_m)
            && !self.spin_orbit.as_ref().is_some_and(sideways)
    }

    /// Anisotropy field Hk in A/m along the fixed layer's direction at `volts` (`V > 0`
    /// potentiates): `A_pp` minus the mean of the two transverse components.
    #[must_use]
    pub fn anisotropy_field(&self, volts: f64) -> f64 {
        let tensor = self.tensor(volts);
        let (a, b) = crate::junction::vector::transverse_frame(self.fixed_layer);
        let along = dot(tensor.times(self.fixed_layer), self.fixed_layer);
        along - 0.5 * (dot(tensor.times(a), a) + dot(tensor.times(b), b))
    }

    /// Field along the fixed layer's direction, A/m (applied plus stray).
    #[must_use]
    pub fn axial_field(&self) -> f64 {
        dot(self.field_a_per_m, self.fixed_layer)
    }

    /// Damping time `tau_D = (1 + alpha^2)/(alpha gamma0 Hk)` in s at zero voltage, with Hk the
    /// mean stiffness field of the parallel well (half the sum of the two).
    #[must_use]
    pub fn damping_time_s(&self) -> f64 {
        let stiffness = self
            .stiffness(State::Parallel, 0.0)
            .map_or_else(|_| self.field_scale(0.0), |(soft, hard)| 0.5 * (soft + hard));
        (1.0 + self.damping * self.damping) / (self.damping * GAMMA0 * stiffness)
    }

    /// Largest difference of the effective field over directions, plus the applied field, A/m: the
    /// scale of the fastest precession at `volts` (`V > 0` potentiates).
    #[must_use]
    pub fn field_scale(&self, volts: f64) -> f64 {
        let eigen = self.tensor(volts).eigen();
        eigen[0].0 - eigen[2].0 + crate::junction::vector::length(self.field_a_per_m)
    }

    /// Energy of the direction `m` in J at `volts` (`V > 0` potentiates), by the activation volume.
    #[must_use]
    pub fn energy(&self, m: Vector, volts: f64) -> f64 {
        self.energy_per_field() * energy::density(&self.tensor(volts), self.field_a_per_m, m)
    }

    /// `mu0 Ms Vol` with the activation volume: joules per A/m.
    #[must_use]
    pub fn energy_per_field(&self) -> f64 {
        MU0 * self.magnetisation_a_per_m * self.activation_volume_m3
    }

    /// Direction of the energy minimum of `state` at zero voltage.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if the state is not stable.
    pub fn well(&self, state: State) -> Result<Vector, DeviceError> {
        energy::well(&self.tensor(0.0), self.field_a_per_m, self.fixed_layer, state)
    }

    /// Stiffness fields (soft, hard) in A/m of the well of `state` with the anisotropy at `volts`
    /// (`V > 0` potentiates): the two transverse curvatures of the energy over mu0 Ms Vol.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if the state is not stable at zero voltage.
    pub fn stiffness(&self, state: State, volts: f64) -> Result<(f64, f64), DeviceError> {
        Ok(energy::stiffness(&self.tensor(volts), self.field_a_per_m, self.well(state)?))
    }

    /// Thermal stability `E_b/(kB T)` of `state` at zero voltage, with the activation volume.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if one of the two states is not stable.
    pub fn stability(&self, state: State) -> Result<f64, DeviceError> {
        let tensor = self.tensor(0.0);
        let from = self.well(state)?;
        let to = self.well(state.opposite())?;
        let saddle = energy::saddle_density(&tensor, self.field_a_per_m, from, to);
        let barrier = saddle - energy::density(&tensor, self.field_a_per_m, from);
        Ok(barrier * self.energy_per_field() / (BOLTZMANN * self.temperature_k))
    }

    /// Voltage in V at which the state `start` loses its stability at zero temperature, with the
    /// sign that switches it (positive from anti-parallel, negative from parallel).
    ///
    /// # Formula
    /// `a_DL |p.m| = alpha (H1 + H2)/2` at the well, with the stiffness fields at that voltage
    /// (perpendicular: `alpha Hk`; in-plane: `alpha (Hk + M_eff/2)`).
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if the state is not stable at zero voltage, if no
    /// damping-like torque acts along it, or if 1000 V do not suffice.
    pub fn critical_voltage(&self, start: State) -> Result<f64, DeviceError> {
        let well = self.well(start)?;
        let cosine = dot(well, self.fixed_layer);
        let stable = |volts: f64| {
            let junction = self.spin_orbit.map_or(volts, |orbit| orbit.junction_share * volts);
            let (soft, hard) = energy::stiffness(&self.tensor(junction), self.field_a_per_m, well);
            let orbit = self
                .spin_orbit
                .map_or(0.0, |orbit| orbit.field_per_volt * volts * dot(orbit.polarisation, well));
            let destabilising = -(self.damping_like_field(junction, cosine) * cosine + orbit);
            // A soft mode that has become unstable by voltage control switches without torque.
            Ok(soft > 0.0 && destabilising <= self.damping * 0.5 * (soft + hard))
        };
        critical_voltage(start, stable)
    }

    /// Standard deviation in A/m of each component of the thermal field over a step of `step_s` at `temperature_k`; see
    /// [`crate::junction::thermal`].
    #[must_use]
    pub fn thermal_field_deviation(&self, temperature_k: f64, step_s: f64) -> f64 {
        let moment = GAMMA0 * MU0 * self.magnetisation_a_per_m * self.activation_volume_m3 * step_s;
        (2.0 * self.damping * BOLTZMANN * temperature_k / moment).sqrt()
    }

    /// Default time from the end of a pulse to the reading, s: six damping times, after which the
    /// energy of a deviation has fallen by `e^-12`.
    #[must_use]
    pub fn default_relaxation_s(&self) -> f64 {
        6.0 * self.damping_time_s()
    }
}
