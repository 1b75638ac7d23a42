//! A switching probability with its error and the back end it comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::proportion::wilson_95;

use crate::dynamics::ensemble::SwitchingCount;

/// How a switching probability is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackEnd {
    /// Chosen by symmetry and magnitude; results name the one that was taken.
    #[default]
    Auto,
    /// Ensemble of stochastic trajectories.
    Ensemble,
    /// One-dimensional Fokker-Planck equation.
    FokkerPlanck,
    /// Fokker-Planck equation on the sphere.
    Sphere,
    /// Rare-event splitting of trajectories.
    Splitting,
}

impl BackEnd {
    /// Name as written in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ensemble => "ensemble",
            Self::FokkerPlanck => "fokker-planck",
            Self::Sphere => "sphere",
            Self::Splitting => "splitting",
        }
    }
}

/// Probability of a switch and its complement, each with an absolute error.
///
/// The smaller of the two is computed on its own wherever the method allows and keeps its
/// digits; the larger is one minus it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ProbabilityEstimate {
    /// Probability that the state after the pulse is the other one.
    pub p: f64,
    /// Probability that it is not, `1 - p`.
    pub complement: f64,
    /// Absolute error of `p`: discretisation error or half width of the 95% interval.
    pub p_error: f64,
    /// Absolute error of `complement`.
    pub complement_error: f64,
    /// The back end that computed it.
    pub back_end: BackEnd,
}

impl ProbabilityEstimate {
    /// From two separate estimates (value, error) of the probability and of its complement: the
    /// smaller one stands, the larger one is one minus it.
    #[must_use]
    pub fn from_smaller(p: (f64, f64), complement: (f64, f64), back_end: BackEnd) -> Self {
        if p.0 < complement.0 {
            Self::from_p(p.0, p.1, back_end)
        } else {
            Self::from_p(complement.0, complement.1, back_end).opposite()
        }
    }

    /// From the probability and its error.
    #[must_use]
    pub fn from_p(p: f64, error: f64, back_end: BackEnd) -> Self {
        Self { p, complement: 1.0 - p, p_error: error, complement_error: error, back_end }
    }

    /// Probability and complement exchanged.
    #[must_use]
    pub fn opposite(self) -> Self {
        Self {
            p: self.complement,
            complement: self.p,
            p_error: self.complement_error,
            complement_error: self.p_error,
            ..self
        }
    }

    /// From a count, with the larger distance to the ends of Wilson's 95% interval as error.
    #[must_use]
    pub fn from_count(count: SwitchingCount) -> Self {
        let p = count.fraction();
        let (lower, upper) = wilson_95(count.switched, count.trials);
        Self::from_p(p, (p - lower).max(upper - p), BackEnd::Ensemble)
    }
}
