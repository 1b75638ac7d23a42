//! Physical constants, CODATA 2022 (exact where the SI fixes them).
//!
//! # References
//! P. J. Mohr et al., "CODATA recommended values of the fundamental physical constants: 2022",
//! Rev. Mod. Phys. 97, 025002 (2025).

/// Vacuum permeability in T m/A.
pub const MU0: f64 = 1.256_637_061_27e-6;
/// Reduced Planck constant in J s (exact).
pub const HBAR: f64 = 1.054_571_817_646_156_5e-34;
/// Elementary charge in C (exact).
pub const ELEMENTARY_CHARGE: f64 = 1.602_176_634e-19;
/// Boltzmann constant in J/K (exact).
pub const BOLTZMANN: f64 = 1.380_649e-23;
/// Gyromagnetic ratio of the electron in rad/(s T).
pub const GAMMA_E: f64 = 1.760_859_630_23e11;
/// `gamma0 = mu0 gamma_e` in m/(A s): precession rate per A/m of field.
pub const GAMMA0: f64 = MU0 * GAMMA_E;
