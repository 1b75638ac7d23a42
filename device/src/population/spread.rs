//! The spread of one parameter over a population: `relative` is the standard deviation over the mean, whatever the
//! distribution.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::MagneticField;
use statrs::function::erf::{erfc, erfc_inv};

use super::draw::Place;

/// Lowest factor of a normal spread: a parameter stays positive.
const LOWEST: f64 = 0.1;
/// Largest `relative` of a normal spread: it is cut off at a tenth of the mean, and what remains cannot spread by more
/// than 0.9, where it is exponential.
const MOST_NORMAL: f64 = 0.8;
/// Largest `relative` of a log-normal spread: its median is then a third of its mean.
const MOST_LOG_NORMAL: f64 = 3.0;
/// Deviations below the mean beyond which a normal number is rarer than rounding.
const BEYOND_ROUNDING: f64 = 8.3;

/// Distribution of a spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpreadDistribution {
    /// Normal, cut off at a tenth of the mean; `relative` up to 0.8.
    #[default]
    Normal,
    /// Log-normal; `relative` up to 3.
    LogNormal,
}

/// Spread of one device parameter over the array.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spread {
    /// Standard deviation over the mean (0.05 for 5 %).
    pub relative: f64,
    /// Distribution: normal or log-normal.
    pub distribution: SpreadDistribution,
    /// Relative change from the left to the right edge of the array.
    pub gradient_x: f64,
    /// Relative change from the top to the bottom edge of the array.
    pub gradient_y: f64,
}

impl Check for Spread {
    fn check(&self, faults: &mut Faults) {
        let (most, expected) = match self.distribution {
            SpreadDistribution::Normal => {
                (MOST_NORMAL, "a spread from 0 to 0.8, or `distribution = \"log-normal\"`")
            }
            SpreadDistribution::LogNormal => (MOST_LOG_NORMAL, "a relative spread from 0 to 3"),
        };
        faults.require((0.0..=most).contains(&self.relative), "relative", self.relative, expected);
        let steepest = self.gradient_x.abs() + self.gradient_y.abs();
        let (key, value) = if self.gradient_y.abs() > self.gradient_x.abs() {
            ("gradient_y", self.gradient_y)
        } else {
            ("gradient_x", self.gradient_x)
        };
        faults.require(steepest < 2.0, key, value, "gradients that sum to less than 2 in magnitude");
    }
}

impl Spread {
    /// Whether all devices are alike in this parameter.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.relative == 0.0 && self.gradient_x == 0.0 && self.gradient_y == 0.0
    }
}

/// Spread of a magnetic field over the array: normal, about zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldSpread {
    /// Standard deviation.
    pub deviation: MagneticField,
    /// Change from the left to the right edge of the array.
    pub gradient_x: MagneticField,
    /// Change from the top to the bottom edge of the array.
    pub gradient_y: MagneticField,
}

impl Default for FieldSpread {
    fn default() -> Self {
        Self { deviation: MagneticField(0.0), gradient_x: MagneticField(0.0), gradient_y: MagneticField(0.0) }
    }
}

impl FieldSpread {
    /// Whether all devices are alike in this field.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.deviation.si() == 0.0 && self.gradient_x.si() == 0.0 && self.gradient_y.si() == 0.0
    }

    /// Field in A/m of a device at `place`, from a standard normal number.
    pub(super) fn at(&self, normal: f64, place: Place) -> f64 {
        self.deviation.si() * normal + self.gradient_x.si() * place.x + self.gradient_y.si() * place.y
    }
}

impl Check for FieldSpread {
    fn check(&self, faults: &mut Faults) {
        let fine = self.deviation.si() >= 0.0;
        faults.require(fine, "deviation", self.deviation, "a standard deviation of at least 0 T");
    }
}

/// How a factor of mean 1 and standard deviation `relative` follows from a standard normal number z.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Law {
    /// `1 + deviation z`.
    Normal { deviation: f64 },
    /// `location + scale x`, with x standard normal above `(LOWEST - location)/scale`, which is below it with probability `cut`.
    Truncated { location: f64, scale: f64, cut: f64 },
    /// `exp(s z - s^2/2)` with `s^2 = ln(1 + relative^2)`.
    LogNormal { s: f64 },
}

impl Law {
    fn of(spread: &Spread) -> Self {
        let relative = spread.relative;
        match spread.distribution {
            SpreadDistribution::LogNormal => Self::LogNormal { s: (relative * relative).ln_1p().sqrt() },
            SpreadDistribution::Normal if relative * BEYOND_ROUNDING <= 1.0 - LOWEST => {
                Self::Normal { deviation: relative }
            }
            SpreadDistribution::Normal => Self::truncated(relative),
        }
    }

    /// The truncated normal distribution of mean 1 and deviation `relative`: above the cut at `a` deviations, mean and
    /// variance are `location + scale h` and `scale^2 (1 + a h - h^2)` with the hazard `h = phi(a)/(1 - Phi(a))`; the
    /// deviation over the distance of the mean from the cut grows with `a` from 0 to 1.
    fn truncated(relative: f64) -> Self {
        let wanted = relative / (1.0 - LOWEST);
        let ratio = |a: f64| {
            let h = hazard(a);
            (1.0 + a * h - h * h).max(0.0).sqrt() / (h - a)
        };
        let (mut low, mut high) = (-2.0 * BEYOND_ROUNDING, 8.0);
        while high - low > 1e-13 * (1.0 + low.abs()) {
            let middle = 0.5 * (low + high);
            if ratio(middle) < wanted { low = middle } else { high = middle }
        }
        let a = 0.5 * (low + high);
        let scale = (1.0 - LOWEST) / (hazard(a) - a);
        Self::Truncated { location: LOWEST - a * scale, scale, cut: below(a) }
    }

    fn factor(self, z: f64) -> f64 {
        match self {
            Self::Normal { deviation } => (1.0 + deviation * z).max(LOWEST),
            // From the upper side, which is accurate where the factor is large.
            Self::Truncated { location, scale, cut } => {
                (location + scale * above_inverse((1.0 - cut) * below(-z))).max(LOWEST)
            }
            Self::LogNormal { s } => (s * z - 0.5 * s * s).exp(),
        }
    }
}

/// `Phi(z)`.
pub(super) fn below(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// The z that a standard normal number exceeds with probability `p`.
fn above_inverse(p: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}

/// `phi(a)/(1 - Phi(a))`.
fn hazard(a: f64) -> f64 {
    (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt() / below(-a)
}

/// The factors of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factors {
    law: Law,
    gradient_x: f64,
    gradient_y: f64,
}

impl Factors {
    pub(super) fn of(spread: &Spread) -> Self {
        Self { law: Law::of(spread), gradient_x: spread.gradient_x, gradient_y: spread.gradient_y }
    }

    /// Factor of a device at `place`, from a standard normal number.
    pub(super) fn at(&self, normal: f64, place: Place) -> f64 {
        self.law.factor(normal) * (1.0 + self.gradient_x * place.x + self.gradient_y * place.y)
    }

    /// Whether the factor is that of its place alone.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self.law, Law::Normal { deviation: 0.0 } | Law::LogNormal { s: 0.0 })
    }

    /// Whether all factors are 1.
    pub(super) fn is_one(&self) -> bool {
        self.is_fixed() && self.gradient_x == 0.0 && self.gradient_y == 0.0
    }

    /// The normal number below which the factor is cut off at its lowest.
    pub(super) fn floor(&self) -> f64 {
        match self.law {
            Law::Normal { deviation } => (LOWEST - 1.0) / deviation,
            Law::Truncated { .. } | Law::LogNormal { .. } => f64::NEG_INFINITY,
        }
    }

    /// Relative change from the left to the right edge of the array.
    pub(super) const fn gradient_x(&self) -> f64 {
        self.gradient_x
    }

    /// Relative change from the top to the bottom edge of the array.
    pub(super) const fn gradient_y(&self) -> f64 {
        self.gradient_y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and deviation by quadrature over the normal number, which the law knows nothing of.
    #[test]
    fn relative_is_the_deviation_over_the_mean() {
        for distribution in [SpreadDistribution::Normal, SpreadDistribution::LogNormal] {
            for relative in [0.0, 0.05, 0.108, 0.109, 0.2, 0.35, 0.5, 0.65, 0.8, 1.5, 3.0] {
                if relative > MOST_NORMAL && distribution == SpreadDistribution::Normal {
                    continue;
                }
                let law = Law::of(&Spread { relative, distribution, ..Spread::default() });
                let (steps, reach) = (400_000, 12.0);
                let width = 2.0 * reach / f64::from(steps);
                let (mut mean, mut square) = (0.0, 0.0);
                for k in 0..steps {
                    let z = -reach + (f64::from(k) + 0.5) * width;
                    let weight = width * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
                    let factor = law.factor(z);
                    mean += weight * factor;
                    square += weight * (factor - 1.0).powi(2);
                }
                assert!((mean - 1.0).abs() < 1e-8, "{distribution:?} {relative}: mean {mean}");
                assert!(
                    (square.sqrt() - relative).abs() < 1e-8,
                    "{distribution:?} {relative}: {}",
                    square.sqrt()
                );
            }
        }
    }

    #[test]
    fn factors_rise_with_their_number_and_stay_positive() {
        for relative in [0.05, 0.3, 0.8] {
            let law = Law::of(&Spread { relative, ..Spread::default() });
            let factors: Vec<f64> = (-80..=80).map(|k| law.factor(f64::from(k) * 0.1)).collect();
            assert!(factors.windows(2).all(|pair| pair[0] <= pair[1]), "{relative}");
            assert!(factors[0] >= LOWEST);
        }
    }
}
