//! Composite and synthetic free layers: two macrospins with exchange and dipolar coupling.
//!
//! The barrier layer lies next to the tunnel barrier: it feels the spin-transfer torque and the voltage
//! control, and its angle to the fixed layer sets the conductance and the state that is read. The coupled
//! layer lies beyond a spacer. Each has its own thickness, magnetisation, anisotropy, damping and thermal
//! field; all stages of a step advance both together, so that the order of an integrator is that of one
//! macrospin.
//!
//! # Formula
//! Energy `E = E_1 + E_2 + A [ -J1 m1.m2 - J2 (m1.m2)^2 + m1.D m2 ]` with the single-layer energies of
//! [`crate::junction::energy`]. `J1 > 0` favours parallel layers (composite), `J1 < 0` antiparallel ones (synthetic
//! antiferromagnet), `J2 < 0` a right angle. Each layer obeys the equation of one macrospin with the field
//! `-dE/dm_i/(mu0 Ms_i A t_i)`.
//!
//! # References
//! P. Bruno, Phys. Rev. B 52, 411 (1995) (bilinear); J. C. Slonczewski, Phys. Rev. Lett. 67, 3172 (1991)
//! (biquadratic); S. S. P. Parkin, N. More and K. P. Roche, Phys. Rev. Lett. 64, 2304 (1990).
//!
//! # Not modelled
//! Spin torques between the two layers through the spacer, spin pumping, spin-orbit torque and Joule
//! heating of coupled layers, change of the coupling with temperature.

mod coupling;
mod device;
mod equilibrium;

pub use coupling::{Coupling, mutual_factors};
pub use device::CoupledMtj;
pub use equilibrium::CoupledWell;

use crate::junction::vector::Vector;

/// Directions of the two layers: barrier layer, coupled layer.
pub type Pair = [Vector; 2];
