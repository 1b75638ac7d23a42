//! The verification problems of the device layer: each returns the figures it found beside the
//! exact ones. Shared by the tests and by the page `device/VERIFICATION.md`.

pub mod boltzmann;
pub mod conservation;
pub mod coupled;
pub mod critical;
pub mod escape;
pub mod orders;
pub mod precession;
pub mod programs;

use spinhebb_device::junction::mtj::{Mtj, SpinTransfer};
use spinhebb_device::junction::torque::Efficiency;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::junction::vector::SymmetricTensor;

/// One verified figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What is compared.
    pub quantity: String,
    /// What the code gives.
    pub found: f64,
    /// The exact or reference value.
    pub expected: f64,
    /// Allowed absolute difference.
    pub tolerance: f64,
    /// Where the expected value comes from and why this tolerance.
    pub reason: String,
}

impl Figure {
    pub fn new(quantity: impl Into<String>, found: f64, expected: f64, tolerance: f64, reason: &str) -> Self {
        Self { quantity: quantity.into(), found, expected, tolerance, reason: reason.to_string() }
    }

    pub fn holds(&self) -> bool {
        (self.found - self.expected).abs() <= self.tolerance
    }
}

/// A bare macrospin: the linear field `tensor` (A/m), damping, no other term.
pub fn macrospin(tensor: SymmetricTensor, fixed_layer: [f64; 3], damping: f64) -> Mtj {
    Mtj {
        area_m2: 1.2566e-15,
        thickness_m: 2e-9,
        volume_m3: 2.5133e-24,
        activation_volume_m3: 2.5133e-24,
        magnetisation_a_per_m: 6e5,
        damping,
        temperature_k: 0.0,
        fixed_layer,
        field_a_per_m: [0.0; 3],
        shape_tensor: SymmetricTensor::default(),
        anisotropy_tensor: tensor,
        voltage_control: 0.0,
        spin_transfer: None,
        spin_orbit: None,
        transport: Transport { parallel_s: 4e-4, tmr: 1.0, half_voltage_v: f64::INFINITY },
        joule_heating: None,
        temperature_scaling: spinhebb_device::junction::material::TemperatureScaling::Constant,
    }
}

/// Perpendicular macrospin with `Hk` in A/m.
pub fn perpendicular(hk: f64, damping: f64) -> Mtj {
    macrospin(SymmetricTensor::diagonal([0.0, 0.0, hk]), [0.0, 0.0, 1.0], damping)
}

/// In-plane macrospin (easy x) with stiffness fields `hk` in the plane and `hk + m_eff` out of it.
pub fn in_plane(hk: f64, m_eff: f64, damping: f64) -> Mtj {
    macrospin(SymmetricTensor::diagonal([hk, 0.0, -m_eff]), [1.0, 0.0, 0.0], damping)
}

/// Thermal stability set by the activation volume at 300 K.
pub fn at_stability(mut mtj: Mtj, delta: f64) -> Mtj {
    mtj.temperature_k = 300.0;
    mtj.with_stability(delta).expect("bistable")
}

/// Constant-efficiency spin transfer: the same damping-like field at every angle under current drive.
pub fn with_constant_torque(mut mtj: Mtj, polarisation: f64) -> Mtj {
    mtj.spin_transfer = Some(SpinTransfer {
        efficiency: Efficiency { numerator: polarisation, asymmetry: 0.0 },
        field_like_ratio: 0.0,
    });
    mtj.transport.tmr = 0.0;
    mtj
}
