//! The probability that a pulse switches a device, from any back end, with its error.

/// Probability of a switch and its complement, each with an absolute error.
///
/// The two are computed apart wherever the method allows, so that the smaller one keeps
/// its digits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProbabilityEstimate {
    /// Probability that the state after the pulse is the other one.
    pub p: f64,
    /// Probability that it is not, `1 - p`.
    pub complement: f64,
    /// Absolute error of `p`: discretisation error or half width of the 95% interval.
    pub p_error: f64,
    /// Absolute error of `complement`.
    pub complement_error: f64,
}

impl ProbabilityEstimate {
    /// From two separate estimates (value, error) of the probability and of its complement: the
    /// smaller one stands, the larger one is one minus it.
    #[must_use]
    pub fn from_smaller(p: (f64, f64), complement: (f64, f64)) -> Self {
        if p.0 < complement.0 {
            Self { p: p.0, complement: 1.0 - p.0, p_error: p.1, complement_error: p.1 }
        } else {
            Self {
                p: 1.0 - complement.0,
                complement: complement.0,
                p_error: complement.1,
                complement_error: complement.1,
            }
        }
    }
}
