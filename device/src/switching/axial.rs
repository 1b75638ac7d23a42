//! The reduced model of an axially symmetric device: one coordinate z = m.p.
//!
//! When easy axis, applied field, fixed layer and spin torque share one axis, the
//! precession angle decouples and z = m.p alone is a diffusion on [-1, 1].
//!
//! # Formula
//! With t in units of tau_D = (1 + alpha^2) / (alpha gamma0 Hk),
//! `d rho/dt = d/dz { (1 - z^2) [ (1/(2 Delta)) d rho/dz - b(z, V) rho ] }`, where
//! `b(z, V) = kappa(V) z + h + i(z, V)`:
//! kappa is the stiffness relative to its value at zero voltage (1 without VCMA),
//! h = H_z/Hk the field and i = a_DL/(alpha Hk) the damping-like torque. A field-like
//! torque acts as a field and belongs to h. Positive h and i favour z = +1, the P state.
//!
//! # References
//! - W. F. Brown, Phys. Rev. 130, 1677 (1963), doi:10.1103/PhysRev.130.1677, eq. (4.2).
//! - W. H. Butler et al., IEEE Trans. Magn. 48, 4684 (2012), doi:10.1109/TMAG.2012.2209122, eq. (10).
//!
//! # Not modelled
//! Anything that breaks the symmetry about p (tilted fields, in-plane anisotropy, a
//! tilted fixed layer) and a temperature that follows the pulse with a delay (Joule heating with a thermal pole;
//! [`AxialModel::heated`] is its limit of no delay).

use std::fmt;
use std::sync::Arc;

use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::constants::{BOLTZMANN, GAMMA0};
use crate::junction::mtj::Mtj;
use crate::junction::vector::dot;

/// Drift b(z, V) of [`AxialModel`]; V > 0 favours P (z = +1).
pub type Drift = Arc<dyn Fn(f64, f64) -> f64 + Send + Sync>;

/// Barrier, time unit and drift of an axially symmetric device.
#[derive(Clone)]
pub struct AxialModel {
    delta: f64,
    relaxation_s: f64,
    drift: Drift,
    /// Temperature over that of the surroundings at a level of the drive.
    temperature_ratio: Option<Arc<dyn Fn(f64) -> f64 + Send + Sync>>,
}

impl fmt::Debug for AxialModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AxialModel")
            .field("delta", &self.delta)
            .field("relaxation_s", &self.relaxation_s)
            .finish_non_exhaustive()
    }
}

impl AxialModel {
    /// A model with thermal stability `delta` = mu0 Ms Hk Vol / (2 kB T), time unit
    /// `relaxation_s` = tau_D in seconds and drift `b(z, volts)`; volts > 0 favours P (z = +1).
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] if `delta` or `relaxation_s` is not positive and finite.
    pub fn new(
        delta: f64,
        relaxation_s: f64,
        drift: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
    ) -> Result<Self, DeviceError> {
        for (key, value) in [("delta", delta), ("relaxation_s", relaxation_s)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(DeviceError::out_of_range(key, value, "a positive finite number"));
            }
        }
        Ok(Self { delta, relaxation_s, drift: Arc::new(drift), temperature_ratio: None })
    }

    /// The same model with the temperature multiplied by `ratio(volts)` while `volts` are applied: heat that comes and
    /// goes at once. The magnetisation and the anisotropy stay.
    #[must_use]
    pub fn heated(self, ratio: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Self { temperature_ratio: Some(Arc::new(ratio)), ..self }
    }

    /// The model with constant efficiency and current drive: b = z + `field` + `torque_per_volt` V,
    /// in reduced units; V > 0 favours P.
    ///
    /// # Errors
    /// As [`AxialModel::new`].
    pub fn linear(
        delta: f64,
        relaxation_s: f64,
        field: f64,
        torque_per_volt: f64,
    ) -> Result<Self, DeviceError> {
        Self::new(delta, relaxation_s, move |z, volts| z + field + torque_per_volt * volts)
    }

    /// The reduced model of `mtj`. Under voltage drive the current follows the conductance at the
    /// instantaneous angle; under current drive the second argument of the drift is the current in A.
    /// `V > 0` (and I > 0) favours P.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if the device is not axially symmetric about its fixed layer with an
    /// easy axis along it, if it is heated by its current, or at zero temperature.
    pub fn of(mtj: &Mtj, drive: Drive) -> Result<Self, DeviceError> {
        Self::with_torque_gain(mtj, drive, |_| 1.0)
    }

    /// As [`AxialModel::of`] with the spin-transfer torque multiplied by `gain` of the junction voltage.
    ///
    /// # Errors
    /// As [`AxialModel::of`].
    pub fn with_torque_gain(
        mtj: &Mtj,
        drive: Drive,
        gain: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Result<Self, DeviceError> {
        let refuse = |reason: &str| {
            Err(DeviceError::NotApplicable {
                model: "the one-dimensional Fokker-Planck equation",
                reason: format!("{reason}; use the ensemble or splitting"),
            })
        };
        if !(mtj.is_axially_symmetric(0.0) && mtj.is_axially_symmetric(1.0)) {
            return refuse("field, anisotropy and torques are not symmetric about the fixed layer");
        }
        if mtj.joule_heating.is_some() {
            return refuse("the temperature follows the pulse");
        }
        let hk = mtj.anisotropy_field(0.0);
        if hk <= 0.0 {
            return refuse("the fixed layer does not lie along an easy axis");
        }
        if mtj.temperature_k <= 0.0 {
            return refuse("the temperature is zero");
        }
        let alpha = mtj.damping;
        let relaxation_s = (1.0 + alpha * alpha) / (alpha * GAMMA0 * hk);
        let delta = 0.5 * hk * mtj.energy_per_field() / (BOLTZMANN * mtj.temperature_k);
        let mtj = mtj.clone();
        let field = mtj.axial_field() / hk;
        // A damping-like field a acts as a/alpha, its field-like part as -ratio a.
        let effect = move |a: f64, ratio: f64| a / hk * (1.0 / alpha - ratio);
        Self::new(delta, relaxation_s, move |z, level| {
            let share = mtj.spin_orbit.map_or(1.0, |orbit| orbit.junction_share);
            let volts = match drive {
                Drive::Voltage => share * level,
                Drive::Current => junction_voltage(&mtj, z, level),
            };
            let transfer = mtj
                .spin_transfer
                .map_or(0.0, |t| gain(volts) * effect(mtj.damping_like_field(volts, z), t.field_like_ratio));
            let orbit = mtj.spin_orbit.filter(|_| drive == Drive::Voltage).map_or(0.0, |o| {
                effect(o.field_per_volt * level * dot(o.polarisation, mtj.fixed_layer), o.field_like_ratio)
            });
            mtj.anisotropy_field(volts) / hk * z + field + transfer + orbit
        })
    }

    /// E_b / (kB T) with the barrier at zero voltage and the temperature at `volts`.
    #[must_use]
    pub fn delta_at(&self, volts: f64) -> f64 {
        self.temperature_ratio.as_ref().map_or(self.delta, |ratio| self.delta / ratio(volts))
    }

    /// Thermal stability at zero voltage and field, E_b / (kB T).
    #[must_use]
    pub const fn delta(&self) -> f64 {
        self.delta
    }

    /// Time unit tau_D = (1 + alpha^2)/(alpha gamma0 Hk) in seconds.
    #[must_use]
    pub const fn relaxation_s(&self) -> f64 {
        self.relaxation_s
    }

    /// Drift b(z, V) in reduced units at z = m.p; `volts` > 0 favours P (z = +1).
    #[must_use]
    pub fn drift(&self, z: f64, volts: f64) -> f64 {
        (self.drift)(z, volts)
    }
}

/// Voltage across the junction at cosine `z` that carries the current `amperes`; both positive favour P.
fn junction_voltage(mtj: &Mtj, z: f64, amperes: f64) -> f64 {
    // V G(z, V) grows with V, since only the anti-parallel conductance changes, towards the parallel one.
    let (mut low, mut high) = (0.0, amperes.abs() / mtj.transport.conductance_at(z, 0.0));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if middle * mtj.transport.conductance_at(z, middle) < amperes.abs() {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high) * amperes.signum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::preset;
    use crate::junction::state::State;

    fn device() -> Mtj {
        preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap()
    }

    #[test]
    fn the_drift_vanishes_at_each_pole_at_the_critical_voltage() {
        let mtj = device();
        let model = AxialModel::of(&mtj, Drive::Voltage).unwrap();
        for (start, pole) in [(State::AntiParallel, -1.0), (State::Parallel, 1.0)] {
            let critical = mtj.critical_voltage(start).unwrap();
            assert!(model.drift(pole, critical).abs() < 1e-9, "{}", model.drift(pole, critical));
            assert!(model.drift(pole, 1.01 * critical) * pole < 0.0);
        }
        assert!((model.delta() / mtj.stability(State::Parallel).unwrap() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn current_drive_is_voltage_drive_at_the_voltage_of_each_angle() {
        let mut mtj = device();
        mtj.transport.half_voltage_v = 0.5;
        let by_voltage = AxialModel::of(&mtj, Drive::Voltage).unwrap();
        let by_current = AxialModel::of(&mtj, Drive::Current).unwrap();
        for volts in [-0.6, 0.3, 0.8] {
            for z in [-1.0, -0.3, 0.5, 1.0] {
                let amperes = volts * mtj.transport.conductance_at(z, volts);
                assert!((by_voltage.drift(z, volts) - by_current.drift(z, amperes)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_gain_scales_the_torque_alone_and_heat_the_barrier_alone() {
        let mtj = device();
        let at = |gain: f64| AxialModel::with_torque_gain(&mtj, Drive::Voltage, move |_| gain).unwrap();
        for (z, volts) in [(-0.9, 0.5), (0.2, -0.4)] {
            let [none, one, half] = [0.0, 1.0, 0.5].map(|gain| at(gain).drift(z, volts));
            assert!((half - none - 0.5 * (one - none)).abs() < 1e-12 && one != none);
        }
        let heated = at(1.0).heated(|volts| 1.0 + volts * volts);
        assert!((heated.delta_at(0.5) * 1.25 / heated.delta() - 1.0).abs() < 1e-15);
        assert!(heated.delta_at(0.0) == at(1.0).delta() && heated.drift(0.3, 0.5) == at(1.0).drift(0.3, 0.5));
    }

    #[test]
    fn devices_without_the_symmetry_are_refused() {
        let tilted = Mtj { field_a_per_m: [1e3, 0.0, 0.0], ..device() };
        assert!(matches!(AxialModel::of(&tilted, Drive::Voltage), Err(DeviceError::NotApplicable { .. })));
        let in_plane = preset::load("in-plane").unwrap().device.resolve().unwrap();
        assert!(AxialModel::of(&in_plane, Drive::Voltage).is_err());
    }
}
