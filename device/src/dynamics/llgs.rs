//! The Landau-Lifshitz-Gilbert-Slonczewski equation of one macrospin.
//!
//! # Formula
//! `(1 + alpha^2) dm/dt = T + alpha m x T` with
//! `T = -gamma0 m x (H + h) - gamma0 a_DL m x (m x p) + gamma0 a_FL m x p`, the same two torques
//! for the spin-orbit polarisation sigma. Written with one field,
//! `B = H + h - a_FL p + m x (a_DL p)`, this is
//! `dm/dt = -gamma0/(1 + alpha^2) [ m x B + alpha m x (m x B) ]`.
//!
//! The kernel works in a frame whose third axis is p, so that `m.p` is a component.
//!
//! # References
//! J. C. Slonczewski, J. Magn. Magn. Mater. 159, L1 (1996); J. Z. Sun, Phys. Rev. B 62, 570 (2000).

use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::constants::GAMMA0;
use crate::junction::mtj::Mtj;
use crate::junction::torque::field_per_current_density;
use crate::junction::vector::{SymmetricTensor, Vector, add_scaled, cross, dot, transverse_frame};

/// Which terms a compiled kernel contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terms {
    /// Diagonal tensor, collinear or transverse field, spin transfer.
    Plain,
    /// Also off-diagonal anisotropy, spin-orbit torque and voltage control under current drive.
    Full,
    /// Also Joule heating with temperature-dependent parameters.
    Heated,
}

/// The scalars of the equation at one instant, common to all lanes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant {
    /// Applied field less the field-like spin-orbit term, A/m.
    pub field: Vector,
    /// Demagnetising tensor, A/m.
    pub shape: SymmetricTensor,
    /// All other linear field, A/m (voltage control apart).
    pub anisotropy: SymmetricTensor,
    /// Voltage control under voltage drive, A/m.
    pub control: SymmetricTensor,
    /// Voltage control under current drive: tensor in A S/m, to be divided by the conductance.
    pub control_by_conductance: SymmetricTensor,
    /// `a_DL = (mean + slope c)/(1 + asymmetry c)`, A/m.
    pub transfer_mean: f64,
    /// See `transfer_mean`.
    pub transfer_slope: f64,
    /// See `transfer_mean`.
    pub asymmetry: f64,
    /// a_FL/a_DL of the spin transfer.
    pub field_like: f64,
    /// Damping-like spin-orbit field times sigma, A/m.
    pub orbit: Vector,
    /// Field-like spin-orbit field times sigma, A/m.
    pub orbit_field_like: Vector,
    /// Conductance `mean + slope c`, S.
    pub conductance_mean: f64,
    /// See `conductance_mean`.
    pub conductance_slope: f64,
    /// Square of the voltage across the junction under voltage drive, V^2.
    pub volts_squared: f64,
    /// Square of the current under current drive, A^2.
    pub amperes_squared: f64,
}

impl Instant {
    /// The same with every field multiplied by `factor`.
    pub(crate) fn scaled(&self, factor: f64) -> Self {
        Self {
            field: self.field.map(|c| c * factor),
            shape: self.shape.scaled(factor),
            anisotropy: self.anisotropy.scaled(factor),
            control: self.control.scaled(factor),
            control_by_conductance: self.control_by_conductance.scaled(factor),
            transfer_mean: self.transfer_mean * factor,
            transfer_slope: self.transfer_slope * factor,
            orbit: self.orbit.map(|c| c * factor),
            orbit_field_like: self.orbit_field_like.map(|c| c * factor),
            ..*self
        }
    }
}

/// Factors of one lane at its temperature, relative to the surroundings' temperature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heat {
    /// Ms.
    pub magnetisation: f64,
    /// K/Ms.
    pub anisotropy: f64,
    /// 1/Ms.
    pub torque: f64,
}

/// Factors at the surroundings' temperature.
pub(crate) const UNHEATED: Heat = Heat { magnetisation: 1.0, anisotropy: 1.0, torque: 1.0 };

/// The equation of one junction in the kernel's frame.
#[derive(Debug, Clone)]
pub(crate) struct Equation {
    /// Rows: axes of the kernel's frame in the laboratory; the third is p.
    axes: [Vector; 3],
    shape: SymmetricTensor,
    anisotropy: SymmetricTensor,
    /// Unit tensor z z^T in the kernel's frame.
    normal: SymmetricTensor,
    field: Vector,
    orbit_direction: Vector,
    mtj: Mtj,
    drive: Drive,
    pub terms: Terms,
    /// gamma0/(1 + alpha^2).
    pub precession: f64,
    pub damping: f64,
}

impl Equation {
    pub(crate) fn new(mtj: &Mtj, drive: Drive) -> Result<Self, DeviceError> {
        if drive == Drive::Current && mtj.spin_orbit.is_some() {
            return Err(DeviceError::NotApplicable {
                model: "current drive",
                reason: "its spin-orbit channel is driven by the pulse voltage; use a voltage pulse".into(),
            });
        }
        let (first, second) = match mtj.fixed_layer {
            // Cyclic permutations for the usual axes: exact and diagonal tensors stay diagonal.
            [1.0, 0.0, 0.0] => ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0]),
            [0.0, 1.0, 0.0] => ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]),
            [0.0, 0.0, 1.0] => ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            p => transverse_frame(p),
        };
        let axes = [first, second, mtj.fixed_layer];
        let anisotropy = rotated(&mtj.anisotropy_tensor, axes);
        let shape = rotated(&mtj.shape_tensor, axes);
        let normal = rotated(&SymmetricTensor::diagonal([0.0, 0.0, 1.0]), axes);
        let controlled = mtj.voltage_control != 0.0;
        let full = mtj.spin_orbit.is_some()
            || !(anisotropy.is_diagonal() && shape.is_diagonal())
            || (controlled && (drive == Drive::Current || !normal.is_diagonal()));
        let terms = match (mtj.joule_heating.is_some(), full) {
            (true, _) => Terms::Heated,
            (false, true) => Terms::Full,
            (false, false) => Terms::Plain,
        };
        Ok(Self {
            axes,
            shape,
            anisotropy,
            normal,
            field: axes.map(|axis| dot(axis, mtj.field_a_per_m)),
            orbit_direction: mtj
                .spin_orbit
                .map_or([0.0; 3], |orbit| axes.map(|axis| dot(axis, orbit.polarisation))),
            mtj: mtj.clone(),
            drive,
            terms,
            precession: GAMMA0 / (1.0 + mtj.damping * mtj.damping),
            damping: mtj.damping,
        })
    }

    /// Laboratory vector to the kernel's frame.
    pub(crate) fn to_frame(&self, m: Vector) -> Vector {
        self.axes.map(|axis| dot(axis, m))
    }

    /// Laboratory tensor to the kernel's frame.
    pub(crate) fn tensor_to_frame(&self, tensor: &SymmetricTensor) -> SymmetricTensor {
        rotated(tensor, self.axes)
    }

    /// Kernel's frame to laboratory.
    pub(crate) fn to_laboratory(&self, m: Vector) -> Vector {
        std::array::from_fn(|i| (0..3).map(|k| self.axes[k][i] * m[k]).sum())
    }

    /// Voltage across the junction at `cosine` for the drive `value`, V.
    pub(crate) fn junction_volts(&self, value: f64, cosine: f64) -> f64 {
        let instant = self.instant(value);
        match self.drive {
            Drive::Voltage => self.mtj.spin_orbit.map_or(value, |orbit| orbit.junction_share * value),
            Drive::Current => value / (instant.conductance_mean + instant.conductance_slope * cosine),
        }
    }

    /// The scalars for the drive `value` (V or A; positive potentiates).
    pub(crate) fn instant(&self, value: f64) -> Instant {
        let mtj = &self.mtj;
        let per_density = field_per_current_density(mtj.magnetisation_a_per_m, mtj.thickness_m);
        let transfer = mtj.spin_transfer.as_ref();
        let strength = transfer.map_or(0.0, |t| t.efficiency.numerator) * per_density / mtj.area_m2;
        let share = mtj.spin_orbit.map_or(1.0, |orbit| orbit.junction_share);
        let none = SymmetricTensor::default();
        let mut instant = Instant {
            field: self.field,
            shape: self.shape,
            anisotropy: self.anisotropy,
            control: none,
            control_by_conductance: none,
            transfer_mean: 0.0,
            transfer_slope: 0.0,
            asymmetry: transfer.map_or(0.0, |t| t.efficiency.asymmetry),
            field_like: transfer.map_or(0.0, |t| t.field_like_ratio),
            orbit: [0.0; 3],
            orbit_field_like: [0.0; 3],
            conductance_mean: 0.0,
            conductance_slope: 0.0,
            volts_squared: 0.0,
            amperes_squared: 0.0,
        };
        match self.drive {
            Drive::Voltage => {
                let volts = share * value;
                let (mean, slope) = mtj.transport.angular(volts);
                (instant.conductance_mean, instant.conductance_slope) = (mean, slope);
                instant.transfer_mean = strength * volts * mean;
                instant.transfer_slope = strength * volts * slope;
                instant.control = self.normal.scaled(mtj.voltage_control * volts);
                instant.volts_squared = volts * volts;
            }
            Drive::Current => {
                // The anti-parallel conductance is taken at the voltage that carries the current there.
                let state = crate::junction::state::State::AntiParallel;
                let antiparallel = mtj.transport.conductance(state, mtj.transport.voltage(state, value));
                let parallel = mtj.transport.parallel_s;
                instant.conductance_mean = 0.5 * (parallel + antiparallel);
                instant.conductance_slope = 0.5 * (parallel - antiparallel);
                instant.transfer_mean = strength * value;
                instant.control_by_conductance = self.normal.scaled(mtj.voltage_control * value);
                instant.amperes_squared = value * value;
            }
        }
        if let Some(orbit) = mtj.spin_orbit {
            let damping_like = orbit.field_per_volt * value;
            instant.orbit = self.orbit_direction.map(|c| c * damping_like);
            instant.orbit_field_like =
                self.orbit_direction.map(|c| c * damping_like * orbit.field_like_ratio);
        }
        instant
    }
}

fn rotated(tensor: &SymmetricTensor, axes: [Vector; 3]) -> SymmetricTensor {
    let entry = |i: usize, k: usize| dot(axes[i], tensor.times(axes[k]));
    SymmetricTensor {
        xx: entry(0, 0),
        yy: entry(1, 1),
        zz: entry(2, 2),
        xy: entry(0, 1),
        xz: entry(0, 2),
        yz: entry(1, 2),
    }
}

/// Terms as a constant of the compiled kernels.
pub(crate) const PLAIN: u8 = 0;
/// See [`Terms::Full`].
pub(crate) const FULL: u8 = 1;
/// See [`Terms::Heated`].
pub(crate) const HEATED: u8 = 2;

/// The field B of the module's formula, A/m, up to a multiple of m.
#[inline(always)]
pub(crate) fn total_field<const TERMS: u8>(m: Vector, thermal: Vector, s: &Instant, heat: Heat) -> Vector {
    let [x, y, z] = m;
    let mut transfer = (s.transfer_mean + s.transfer_slope * z) / (1.0 + s.asymmetry * z);
    if TERMS == HEATED {
        transfer *= heat.torque;
    }
    let field_like = s.field_like * transfer;
    let hx = s.field[0] + thermal[0];
    let hy = s.field[1] + thermal[1];
    let hz = s.field[2] + thermal[2] - field_like;
    if TERMS == PLAIN {
        let xx = s.shape.xx + s.anisotropy.xx + s.control.xx;
        let yy = s.shape.yy + s.anisotropy.yy + s.control.yy;
        let zz = s.shape.zz + s.anisotropy.zz + s.control.zz;
        // Less xx m, which exerts no torque.
        return [hx + transfer * y, hy + (yy - xx) * y - transfer * x, hz + (zz - xx) * z];
    }
    let (shape, anisotropy, torque) =
        if TERMS == HEATED { (heat.magnetisation, heat.anisotropy, heat.torque) } else { (1.0, 1.0, 1.0) };
    let by_conductance = torque / (s.conductance_mean + s.conductance_slope * z);
    macro_rules! entry {
        ($c:ident) => {
            s.shape.$c * shape
                + s.anisotropy.$c * anisotropy
                + s.control.$c * torque
                + s.control_by_conductance.$c * by_conductance
        };
    }
    let (xx, yy, zz) = (entry!(xx), entry!(yy), entry!(zz));
    let (xy, xz, yz) = (entry!(xy), entry!(xz), entry!(yz));
    let wx = s.orbit[0] * torque;
    let wy = s.orbit[1] * torque;
    let wz = s.orbit[2] * torque + transfer;
    [
        hx - s.orbit_field_like[0] * torque + (xx * x + xy * y + xz * z) + (y * wz - z * wy),
        hy - s.orbit_field_like[1] * torque + (xy * x + yy * y + yz * z) + (z * wx - x * wz),
        hz - s.orbit_field_like[2] * torque + (xz * x + yz * y + zz * z) + (x * wy - y * wx),
    ]
}

/// `m x (R + alpha m x R)`: dm/dt where `s` and `thermal` hold fields times -gamma0/(1 + alpha^2),
/// the change over a step where they hold that times the step ([`Instant::scaled`]).
#[inline(always)]
pub(crate) fn slope<const TERMS: u8>(
    m: Vector,
    thermal: Vector,
    s: &Instant,
    heat: Heat,
    damping: f64,
) -> Vector {
    let r = total_field::<TERMS>(m, thermal, s, heat);
    cross(m, add_scaled(r, damping, cross(m, r)))
}
