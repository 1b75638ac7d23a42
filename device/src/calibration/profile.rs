//! Profile likelihood: intervals that do not assume a parabola.
//!
//! # Formula
//! The signed root `r(psi) = sign(psi - psi_hat) sqrt(2 (F(psi) - F_hat))` with F minimised over the
//! other parameters is nearly linear; the 95 % interval ends where |r| = 1.960.
//!
//! # References
//! S. S. Wilks, Ann. Math. Stat. 9, 60 (1938), doi:10.1214/aoms/1177732360.

use nalgebra::DMatrix;

use super::error::CalibrationError;
use super::fit::{Optimum, Stop, score, score_by};
use super::problem::Problem;
use super::response_surface::ResponseSurface;
use super::slope::{slope, slope_of};

/// Normal quantile of a two-sided 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Profile of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Index of the parameter in [`Problem::parameters`].
    pub parameter: usize,
    /// Values of the parameter (SI), ascending.
    pub values: Vec<f64>,
    /// Twice the rise of the objective over its minimum. Shape: as `values`.
    pub deviance_rise: Vec<f64>,
    /// Lower end of the 95 % interval; `None` if the likelihood stays high down to the bound.
    pub lower: Option<f64>,
    /// Upper end of the 95 % interval; `None` if the likelihood stays high up to the bound.
    pub upper: Option<f64>,
}

/// Standard errors up to which the derivatives of a response surface are used.
const SURFACE_REACH: f64 = 4.0;

/// Profile of the free coordinate `j` around `optimum`, with the `covariance` in search coordinates
/// as first guess. `between` points on each side of the optimum show the shape of the curve. A costly model is
/// minimised by the derivatives of its response `surface` about the optimum; the likelihood is its own.
///
/// # Errors
/// Those of the model.
pub fn profile(
    problem: &Problem<'_>,
    optimum: &Optimum,
    covariance: &DMatrix<f64>,
    surface: &ResponseSurface,
    j: usize,
    between: u32,
) -> Result<Profile, CalibrationError> {
    let parameter = problem.free()[j];
    let (low, high) = problem.bounds()[j];
    let own = &problem.parameters()[parameter];
    let deviation = covariance[(j, j)].sqrt().clamp(1e-9 * (high - low), high - low);
    let mut curve = vec![(optimum.u[j], 0.0)];
    let mut ends = [None, None];
    for (side, end) in [-1.0, 1.0].into_iter().zip(&mut ends) {
        let bound = if side < 0.0 { low } else { high };
        let mut start: Vec<f64> = (0..optimum.u.len()).filter(|&k| k != j).map(|k| optimum.u[k]).collect();
        let mut at = optimum.u[j];
        let mut rise = |x: f64| -> Result<f64, CalibrationError> {
            // The others follow the ridge of the normal approximation as a first guess.
            let moved = x - at;
            let guess: Vec<f64> = (0..optimum.u.len())
                .filter(|&k| k != j)
                .zip(&start)
                .map(|(k, s)| s + covariance[(k, j)] / covariance[(j, j)].max(1e-300) * moved)
                .collect();
            let held = problem.holding(parameter, own.value(x));
            let minimum = |guess: &[f64]| {
                if !problem.is_slow() {
                    return score(&held, guess);
                }
                score_by(&held, guess, Stop::APPROXIMATE, &|others, predictions, metric| {
                    let mut u = others.to_vec();
                    u.insert(j, x);
                    let v = surface.whiten(&u);
                    if v.amax() > SURFACE_REACH {
                        return slope(&held, others, predictions, metric);
                    }
                    Ok(slope_of(&held, others, predictions, surface.slopes(&v).remove_column(j)))
                })
            };
            let found = match minimum(&guess) {
                Ok(found) if found.objective - optimum.objective < Z95 * Z95 => found,
                // The ridge may have left the region that the model accepts, or, where the data fix little, all sense.
                strayed => {
                    let near = minimum(&start)?;
                    strayed.ok().filter(|far| far.objective < near.objective).unwrap_or(near)
                }
            };
            (start, at) = (found.u, x);
            let twice = (2.0 * (found.objective - optimum.objective)).max(0.0);
            curve.push((x, twice));
            Ok(twice.sqrt())
        };
        // Secant iteration on r(x) - 1.96 between the optimum (r = 0) and the newest points.
        let (mut inner, mut r_inner) = (optimum.u[j], 0.0);
        let mut x = (optimum.u[j] + side * Z95 * deviation).clamp(low, high);
        let mut outer: Option<(f64, f64)> = None;
        for _ in 0..12 {
            let r = rise(x)?;
            if (r - Z95).abs() < 0.02 {
                *end = Some(x + (Z95 - r) * (x - inner) / (r - r_inner).max(1e-3));
                break;
            }
            if r < Z95 {
                if x == bound {
                    break;
                }
                (inner, r_inner) = (x, r);
            } else {
                outer = Some((x, r));
            }
            x = match outer {
                Some((o, r_outer)) => {
                    inner + (o - inner) * ((Z95 - r_inner) / (r_outer - r_inner)).clamp(0.05, 0.95)
                }
                None => {
                    let gain = if r_inner > 0.05 { Z95 / r_inner } else { 4.0 };
                    optimum.u[j] + (inner - optimum.u[j]) * (gain * 1.02).clamp(1.05, 4.0)
                }
            }
            .clamp(low, high);
            if let (Some((o, _)), None) = (outer, *end)
                && (o - inner).abs() < 1e-9 * (high - low)
            {
                *end = Some(x);
                break;
            }
        }
        let reach = end.unwrap_or(bound);
        for k in (1..=between).rev() {
            rise(optimum.u[j] + (reach - optimum.u[j]) * f64::from(k) / f64::from(between + 1))?;
        }
    }
    curve.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bounded = |end: Option<f64>| end.map(|x| own.value(x.clamp(low, high)));
    Ok(Profile {
        parameter,
        values: curve.iter().map(|c| own.value(c.0)).collect(),
        deviance_rise: curve.iter().map(|c| c.1).collect(),
        lower: bounded(ends[0]),
        upper: bounded(ends[1]),
    })
}
