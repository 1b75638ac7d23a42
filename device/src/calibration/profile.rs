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
use super::parameter::Parameter;
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

/// What is known about the optimum of a problem.
#[derive(Clone, Copy)]
pub struct Neighbourhood<'a> {
    /// The optimum.
    pub optimum: &'a Optimum,
    /// Covariance in search coordinates. Shape: d x d.
    pub covariance: &'a DMatrix<f64>,
    /// Response surface about the optimum.
    pub surface: &'a ResponseSurface,
}

/// Profile of the free coordinate `j`, with the covariance `about` the optimum as first guess. `between` points on each
/// side of the optimum show the shape of the curve. A costly model is minimised by the derivatives of its response surface
/// about the optimum; the likelihood is its own.
///
/// # Errors
/// Those of the model.
pub fn profile(
    problem: &Problem<'_>,
    about: Neighbourhood<'_>,
    j: usize,
    between: u32,
) -> Result<Profile, CalibrationError> {
    let parameter = problem.free()[j];
    let (low, high) = problem.bounds()[j];
    let own = &problem.parameters()[parameter];
    let optimum = about.optimum;
    let mut curve = vec![(optimum.u[j], 0.0)];
    let mut ends = [None, None];
    for (side, end) in [-1.0, 1.0].into_iter().zip(&mut ends) {
        let start: Vec<f64> = (0..optimum.u.len()).filter(|&k| k != j).map(|k| optimum.u[k]).collect();
        let mut walk = Walk { problem, about, j, own, start, at: optimum.u[j], curve: Vec::new() };
        *end = walk.end(side)?;
        let reach = end.unwrap_or(if side < 0.0 { low } else { high });
        for k in (1..=between).rev() {
            walk.rise(optimum.u[j] + (reach - optimum.u[j]) * f64::from(k) / f64::from(between + 1))?;
        }
        curve.extend(walk.curve);
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

/// A walk along the ridge of the likelihood to one side of the optimum.
struct Walk<'a> {
    problem: &'a Problem<'a>,
    about: Neighbourhood<'a>,
    j: usize,
    /// The parameter that is held.
    own: &'a Parameter,
    /// The others where the ridge was left last, and the held one there.
    start: Vec<f64>,
    at: f64,
    /// Coordinates and twice the rise of the objective.
    curve: Vec<(f64, f64)>,
}

impl Walk<'_> {
    /// Signed root of twice the rise of the objective at the coordinate `x`, minimised over the others.
    fn rise(&mut self, x: f64) -> Result<f64, CalibrationError> {
        let (j, optimum, covariance) = (self.j, self.about.optimum, self.about.covariance);
        // The others follow the ridge of the normal approximation as a first guess.
        let moved = x - self.at;
        let guess: Vec<f64> = (0..optimum.u.len())
            .filter(|&k| k != j)
            .zip(&self.start)
            .map(|(k, s)| s + covariance[(k, j)] / covariance[(j, j)].max(1e-300) * moved)
            .collect();
        let held = self.problem.holding(self.problem.free()[j], self.own.value(x));
        let found = match self.minimum(&held, x, &guess) {
            Ok(found) if found.objective - optimum.objective < Z95 * Z95 => found,
            // The ridge may have left the region that the model accepts, or, where the data fix little, all sense.
            strayed => {
                let near = self.minimum(&held, x, &self.start)?;
                strayed.ok().filter(|far| far.objective < near.objective).unwrap_or(near)
            }
        };
        (self.start, self.at) = (found.u, x);
        let twice = (2.0 * (found.objective - optimum.objective)).max(0.0);
        self.curve.push((x, twice));
        Ok(twice.sqrt())
    }

    /// Minimum of `held`, the problem with the coordinate held at `x`, next to `guess`.
    fn minimum(&self, held: &Problem<'_>, x: f64, guess: &[f64]) -> Result<Optimum, CalibrationError> {
        if !self.problem.is_slow() {
            return score(held, guess);
        }
        let surface = self.about.surface;
        score_by(held, guess, Stop::APPROXIMATE, &|others, predictions, metric| {
            let mut u = others.to_vec();
            u.insert(self.j, x);
            let v = surface.whiten(&u);
            if v.amax() > SURFACE_REACH {
                return slope(held, others, predictions, metric);
            }
            Ok(slope_of(held, others, predictions, surface.slopes(&v).remove_column(self.j)))
        })
    }

    /// Coordinate on the `side` (-1, 1) of the optimum at which the root of the rise is the normal quantile; `None` if the
    /// likelihood stays high up to the bound.
    fn end(&mut self, side: f64) -> Result<Option<f64>, CalibrationError> {
        let (low, high) = self.problem.bounds()[self.j];
        let bound = if side < 0.0 { low } else { high };
        let centre = self.about.optimum.u[self.j];
        let variance = self.about.covariance[(self.j, self.j)];
        let deviation = variance.sqrt().clamp(1e-9 * (high - low), high - low);
        // Secant iteration on r(x) - 1.96 between the optimum (r = 0) and the newest points.
        let (mut inner, mut r_inner) = (centre, 0.0);
        let mut x = (centre + side * Z95 * deviation).clamp(low, high);
        let mut outer: Option<(f64, f64)> = None;
        for _ in 0..12 {
            let r = self.rise(x)?;
            if (r - Z95).abs() < 0.02 {
                return Ok(Some(x + (Z95 - r) * (x - inner) / (r - r_inner).max(1e-3)));
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
                    centre + (inner - centre) * (gain * 1.02).clamp(1.05, 4.0)
                }
            }
            .clamp(low, high);
            if let Some((o, _)) = outer
                && (o - inner).abs() < 1e-9 * (high - low)
            {
                return Ok(Some(x));
            }
        }
        Ok(None)
    }
}
