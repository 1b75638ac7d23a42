//! Integrators of the stochastic equation and their step sizes.
//!
//! | integrator | strong order | weak order | T = 0 order | largest step |
//! |---|---|---|---|---|
//! | [`Integrator::RungeKutta4`], noise frozen over the step | 1/2 (1 for commuting noise) | 1 | 4 | 0.2/(gamma0 H) |
//! | [`Integrator::Heun`] | 1/2 (1 for commuting noise) | 1 | 2 | 0.02/(gamma0 H) |
//! | [`Integrator::ImplicitMidpoint`] | 1/2 (1 for commuting noise) | 1 | 2 | 0.1/(gamma0 H) |
//!
//! H is the spread of the effective field over directions (Hk for a perpendicular device,
//! Hk + M_eff in-plane). All three converge to the Stratonovich solution. The error constants
//! differ widely: the frozen-noise Runge-Kutta step solves the precession within a step to
//! fourth order, which is what dominates at small damping.
//!
//! At larger damping the first-order weak error of the noise dominates: thermal escape rates come out too
//! low by about 0.6 times the step over the damping time (Delta = 4 against Brown's eigenvalue: -3 % at
//! 0.055, -10 % at 0.15, none within 0.5 % at 0.006). So a step also stays below a hundredth of the damping
//! time; up to alpha = 0.05 the precession is the stricter bound.
//!
//! # References
//! E. Wong and M. Zakai, Ann. Math. Stat. 36, 1560 (1965); J. L. Garcia-Palacios and F. J. Lazaro,
//! Phys. Rev. B 58, 14937 (1998) (Heun); M. d'Aquino, C. Serpico and G. Miano, J. Comput. Phys. 209,
//! 730 (2005) (midpoint); W. Ruemelin, SIAM J. Numer. Anal. 19, 604 (1982) (orders).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::junction::constants::GAMMA0;
use crate::junction::mtj::Mtj;

/// Integrator with fixed steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Integrator {
    /// Classical Runge-Kutta of fourth order with the thermal field constant over the step (default).
    #[default]
    RungeKutta4,
    /// Stochastic Heun with normalisation (the reference of the literature).
    Heun,
    /// Implicit midpoint: keeps |m| to round-off and, without damping, the energy; for small
    /// damping and long runs.
    ImplicitMidpoint,
}

impl Integrator {
    /// Largest recommended `dt gamma0 H`.
    #[must_use]
    pub const fn largest_phase(self) -> f64 {
        match self {
            Self::RungeKutta4 => 0.2,
            Self::Heun => 0.02,
            Self::ImplicitMidpoint => 0.1,
        }
    }

    /// Largest recommended step over the damping time `(1 + alpha^2)/(alpha gamma0 H)`: weak errors of
    /// thermal rates stay below one per cent.
    pub const LARGEST_DAMPING: f64 = 0.01;

    /// Largest recommended step in s for drives up to `peak_volts` across the junction
    /// (either sign).
    #[must_use]
    pub fn largest_step_s(self, mtj: &Mtj, peak_volts: f64) -> f64 {
        let scale = mtj.field_scale(0.0).max(mtj.field_scale(peak_volts)).max(mtj.field_scale(-peak_volts));
        self.largest_step_for(scale, mtj.damping)
    }

    /// Largest recommended step in s for the largest field `scale` in A/m and a Gilbert damping.
    pub(crate) fn largest_step_for(self, scale: f64, damping: f64) -> f64 {
        // The damping time in units of the precession.
        let damping_phase = (1.0 + damping * damping) / damping;
        let phase = self.largest_phase().min(Self::LARGEST_DAMPING * damping_phase);
        if scale > 0.0 { phase / (GAMMA0 * scale) } else { f64::INFINITY }
    }
}

/// A step that is too long for the precession.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepWarning {
    /// The step asked for, s.
    pub step_s: f64,
    /// The largest recommended step, s.
    pub largest_s: f64,
}

impl std::fmt::Display for StepWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the step of {:.3} ps is too long for the precession or damping of this device; use at most {:.3} ps",
            self.step_s * 1e12,
            self.largest_s * 1e12
        )
    }
}
