//! Nodes and weights of a mean over a standard normal number.
//!
//! What is averaged goes as the exponential of some exponent of the number, up to where it saturates. Rare events come from
//! far out in the normal distribution, and the exponent may be steep, so that the range is cut into panels across which the
//! exponent changes little, each with Gauss-Legendre points.

use crate::population::spread::below;
use crate::switching::sphere::gauss_legendre;

/// Points of a panel.
const POINTS: usize = 16;
/// Largest change of the exponent across a panel: as `1 - exp(-e^x)` has its nearest singular growth at `|Im x| = pi/2`, the
/// points then give some ten digits.
const RISE: f64 = 4.0;
/// Widest and narrowest panel.
const WIDEST: f64 = 1.0;
const NARROWEST: f64 = 0.02;
/// Where the slope of the exponent is looked up ahead.
const AHEAD: f64 = 0.25;

/// Deviations beyond which a normal number makes no difference to a mean of order one.
pub(super) const NEGLIGIBLE: f64 = 9.5;
/// Deviations beyond which the normal density is not a number any more.
pub(super) const FARTHEST: f64 = 37.0;

/// Numbers within `range` with their weights, which sum to 1: what lies beyond an end counts as the end.
pub(super) fn nodes((low, high): (f64, f64), exponent: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let rule = gauss_legendre(POINTS);
    let mut nodes = vec![(low, below(low))];
    let mut from = low;
    while from < high {
        let slope = (exponent(from + AHEAD) - exponent(from)).abs() / AHEAD;
        let width = (RISE / slope).clamp(NARROWEST, WIDEST).min(high - from);
        nodes.extend(rule.iter().map(|(x, weight)| {
            let z = from + 0.5 * width * (x + 1.0);
            let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
            (z, 0.5 * width * weight * density)
        }));
        from += width;
    }
    nodes.push((high, below(-high)));
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sum of the weights, moments, and the mean of an exponential, which a steep exponent moves far out.
    #[test]
    fn means_of_exponentials() {
        for slope in [0.0, 0.5, 3.0, 12.0] {
            let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
                let nodes = nodes((-FARTHEST, NEGLIGIBLE), |z| slope * z);
                nodes.iter().map(|(z, weight)| weight * of(*z)).sum()
            };
            assert!((mean(&|_| 1.0) - 1.0).abs() < 1e-13);
            assert!(mean(&|z| z).abs() < 1e-13 && (mean(&|z| z * z) - 1.0).abs() < 1e-12);
            let exact = (0.5 * slope * slope).exp();
            assert!((mean(&|z| (-slope * z).exp()) / exact - 1.0).abs() < 1e-11, "{slope}");
        }
        // What lies beyond an end counts as the end.
        let ends = nodes((-1.0, 1.0), |_| 0.0);
        let sum: f64 = ends.iter().map(|node| node.1).sum();
        assert!((sum - 1.0).abs() < 1e-10, "{}", sum - 1.0);
        assert!((ends[0].1 - 0.158_655_253_931_457).abs() < 1e-10);
    }

    /// The step of a saturated exponential against the normal distribution itself: E[1 - exp(-e^(-s (z + a)))] is near the
    /// probability below -a, and a fine midpoint sum says how near.
    #[test]
    fn saturation_is_resolved() {
        let (slope, shift) = (40.0, 1.3);
        let failure = |z: f64| -(-(-slope * (z + shift)).exp()).exp_m1();
        let found: f64 =
            nodes((-FARTHEST, NEGLIGIBLE), |z| slope * z).iter().map(|(z, w)| w * failure(*z)).sum();
        let (steps, reach) = (2_000_000, 10.0);
        let width = 2.0 * reach / f64::from(steps);
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let middle = |k: i32| -reach + (f64::from(k) + 0.5) * width;
        let exact: f64 = (0..steps).map(|k| width * density(middle(k)) * failure(middle(k))).sum();
        assert!((found / exact - 1.0).abs() < 1e-9, "{found:e} {exact:e}");
    }
}
