//! Spin-transfer and spin-orbit torques.
//!
//! # Formula
//! Both torques enter the LLGS equation as `-gamma0 a_DL m x (m x p) + gamma0 a_FL m x p` with
//! `a_DL = hbar J eta(m.p) / (2 e mu0 Ms t_F)` in A/m and `a_FL = beta a_DL`. For spin-orbit
//! torque p is the polarisation sigma of the spin current, J the current density in the
//! channel and eta the spin Hall angle.
//!
//! Angular efficiencies are all of the form `eta(c) = q/(1 + b c)`, `c = m.p`.
//!
//! # References
//! J. C. Slonczewski, J. Magn. Magn. Mater. 159, L1 (1996) and 247, 324 (2002) (asymmetric form);
//! J. C. Slonczewski, Phys. Rev. B 71, 024411 (2005) (junctions);
//! A. Manchon et al., Rev. Mod. Phys. 91, 035004 (2019) (spin-orbit torques).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::ResistanceArea;

use crate::junction::constants::{ELEMENTARY_CHARGE, HBAR, MU0};
use crate::ranges::{direction, finite, not_negative, positive};

/// Angular law of the spin-transfer efficiency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EfficiencyConfig {
    /// `eta = P`.
    Constant {
        /// Spin polarisation P, 0 to 1.
        polarisation: f64,
    },
    /// `eta = P/(1 + P^2 cos theta)`: with the angular conductance of the same P the torque at
    /// constant voltage does not depend on the angle.
    Slonczewski {
        /// Spin polarisation P, 0 to 1.
        polarisation: f64,
    },
    /// `eta = 2 P L^2/((L^2 + 1) + (L^2 - 1) cos theta)` with L (capital lambda) >= 1.
    Asymmetric {
        /// Spin polarisation P, 0 to 1.
        polarisation: f64,
        /// Asymmetry L; 1 gives the constant law.
        lambda: f64,
    },
}

/// Resolved efficiency `eta(c) = numerator/(1 + asymmetry c)`, `c = m.p`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Efficiency {
    /// q.
    pub numerator: f64,
    /// b, between -1 and 1.
    pub asymmetry: f64,
}

impl Efficiency {
    /// Efficiency at `cosine = m.p`.
    #[must_use]
    pub fn at(&self, cosine: f64) -> f64 {
        self.numerator / (1.0 + self.asymmetry * cosine)
    }
}

impl Check for EfficiencyConfig {
    fn check(&self, faults: &mut Faults) {
        let (Self::Constant { polarisation }
        | Self::Slonczewski { polarisation }
        | Self::Asymmetric { polarisation, .. }) = self;
        let fine = (0.0..1.0).contains(polarisation);
        faults.require(fine, "polarisation", polarisation, "a number of at least 0 and below 1");
        if let Self::Asymmetric { lambda, .. } = self {
            faults.require(lambda.is_finite() && *lambda >= 1.0, "lambda", lambda, "a number of at least 1");
        }
    }
}

impl EfficiencyConfig {
    /// The law as `q/(1 + b c)`.
    #[must_use]
    pub fn resolve(&self) -> Efficiency {
        match *self {
            Self::Constant { polarisation } => Efficiency { numerator: polarisation, asymmetry: 0.0 },
            Self::Slonczewski { polarisation } => {
                Efficiency { numerator: polarisation, asymmetry: polarisation * polarisation }
            }
            Self::Asymmetric { polarisation, lambda } => {
                let square = lambda * lambda;
                Efficiency {
                    numerator: 2.0 * polarisation * square / (square + 1.0),
                    asymmetry: (square - 1.0) / (square + 1.0),
                }
            }
        }
    }
}

/// Spin-transfer torque of the current through the barrier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpinTransferConfig {
    /// Angular law and size of the efficiency.
    pub efficiency: EfficiencyConfig,
    /// Field-like over damping-like torque, beta = a_FL/a_DL.
    #[serde(default)]
    pub field_like_ratio: f64,
}

/// Spin-orbit torque of a current in a heavy-metal channel under the free layer.
///
/// The channel is driven by the pulse voltage: `J = V / channel_resistance_area`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpinOrbitConfig {
    /// Spin Hall angle theta_SH.
    pub spin_hall_angle: f64,
    /// Field-like over damping-like torque.
    #[serde(default)]
    pub field_like_ratio: f64,
    /// Direction sigma of the spins that a positive voltage injects.
    pub polarisation: [f64; 3],
    /// Resistance of the channel times its cross-section: voltage over current density.
    pub channel_resistance_area: ResistanceArea,
    /// Share of the pulse voltage that also falls across the junction (0: channel only, 1: all of it).
    #[serde(default)]
    pub junction_share: f64,
}

impl Check for SpinTransferConfig {
    fn check(&self, faults: &mut Faults) {
        faults.within("efficiency", |faults| self.efficiency.check(faults));
        finite(faults, "field_like_ratio", self.field_like_ratio, self.field_like_ratio);
    }
}

impl Check for SpinOrbitConfig {
    fn check(&self, faults: &mut Faults) {
        finite(faults, "spin_hall_angle", self.spin_hall_angle, self.spin_hall_angle);
        finite(faults, "field_like_ratio", self.field_like_ratio, self.field_like_ratio);
        direction(faults, "polarisation", self.polarisation);
        not_negative(faults, "junction_share", self.junction_share, self.junction_share);
        let channel = self.channel_resistance_area;
        positive(faults, "channel_resistance_area", channel.si(), channel);
    }
}

/// `hbar/(2 e mu0 Ms t_F)`: damping-like field in A/m per A/m2 of fully polarised current.
#[must_use]
pub fn field_per_current_density(magnetisation_a_per_m: f64, thickness_m: f64) -> f64 {
    HBAR / (2.0 * ELEMENTARY_CHARGE * MU0 * magnetisation_a_per_m * thickness_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efficiencies_follow_their_formulas() {
        let p = 0.6;
        for c in [-1.0, -0.3, 0.0, 0.8, 1.0] {
            let at = |config: EfficiencyConfig| config.resolve().at(c);
            assert_eq!(at(EfficiencyConfig::Constant { polarisation: p }), p);
            let slonczewski = at(EfficiencyConfig::Slonczewski { polarisation: p });
            assert!((slonczewski - p / (1.0 + p * p * c)).abs() < 1e-15);
            let l2 = 1.7 * 1.7;
            let asymmetric = at(EfficiencyConfig::Asymmetric { polarisation: p, lambda: 1.7 });
            assert!((asymmetric - 2.0 * p * l2 / ((l2 + 1.0) + (l2 - 1.0) * c)).abs() < 1e-15);
            let symmetric = at(EfficiencyConfig::Asymmetric { polarisation: p, lambda: 1.0 });
            assert!((symmetric - p).abs() < 1e-15);
        }
    }

    #[test]
    fn a_current_of_1e11_on_a_thin_film_gives_tens_of_millitesla() {
        // hbar J/(2 e Ms t): 1e11 A/m2, 1 MA/m, 1 nm: 3.291e-2 T.
        let tesla = MU0 * field_per_current_density(1e6, 1e-9) * 1e11;
        assert!((tesla - 3.2911e-2).abs() < 1e-6, "{tesla}");
    }
}
