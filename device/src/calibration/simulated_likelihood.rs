//! Likelihood by simulation: the estimate and its covariance when the probabilities themselves are estimated.
//!
//! Common random numbers make a simulated likelihood repeatable, not exact: with M trials a point every probability
//! is off by about sqrt(p (1 - p)/M), the same way at every look, so that the error shows neither as
//! scatter nor in the observed information; and differences of such probabilities, in whole counts, feign information
//! that the data do not hold. Both are removed here.
//!
//! # Formula
//! 1. The trials fall into R = [`BATCHES`] disjoint batches. Every batch is run on one stencil of parameter sets about the
//!    estimate, the same noise at each, and the log-odds of every point become a quadratic surface (smoothing over
//!    steps of 1.5 standard errors). The stencil follows the estimate until that lies within one step. Second differences are
//!    the noisiest part of a surface; times the residuals they would feign or hide information, and bend profiles. They
//!    are shrunk by `max(0, 1 - sum_i w_i v_i / sum_i w_i |H_i|^2)`: v_i is their jackknife variance, w_i the variance of
//!    the counts of point i (positive-part Stein). Without that one profile in five of a small design stays open and the
//!    95 % intervals cover 99 %.
//! 2. The surface without batch b has the maximum `u_b` and observed information `I_b`, that of all batches `u` and `I`;
//!    `ubar` and `Ibar` are means over b. Errors of order 1/M are taken out by the jackknife,
//!    `u' = R u - (R - 1) ubar`, `I' = R I - (R - 1) Ibar`, and the covariance is
//!    `C = I'^-1 + (R - 1)/R sum_b (u_b - ubar)(u_b - ubar)^T`: counting plus simulation. For a smooth model
//!    of exact derivatives the sum is the n/M of the factor (1 + n/M) of the method of simulated moments.
//! 3. Profiles and posterior use the surface at `u_hat + A (u - u')` with A such that the curvature there is `C^-1`.
//!
//! # References
//! - C. Gourieroux and A. Monfort, Simulation-Based Econometric Methods (1996), sections 2.3 and 3.1 (simulated moments
//!   and likelihood, the variance of simulation).
//! - W. James and C. Stein, Proc. 4th Berkeley Symp. Math. Stat. Prob. 1, 361 (1961) (shrinkage of noisy vectors).
//! - B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 11 (jackknife bias and variance).
//! - R. E. Chandler and S. Bate, Biometrika 94, 167 (2007), doi:10.1093/biomet/asm015 (a likelihood adjusted to a
//!   larger covariance, section 3).
//!
//! # Not modelled
//! The curvature of the log-odds beyond second order over the stencil.

use nalgebra::{DMatrix, DVector};

use super::error::CalibrationError;
use super::fit::{Optimum, score};
use super::likelihood;
use super::problem::Problem;
use super::response_surface::{ResponseSurface, Stencil, whitening};
use super::simulation::{BATCHES, BatchCounts, smoothed};
use super::slope::slope;
use super::surface_predictor::SurfacePredictor;
use crate::dynamics::ensemble::SwitchingCount;

/// Step of the stencil in expected standard errors.
const STEP: f64 = 1.5;
/// Stencils tried before the estimate must lie within one.
const ROUNDS: usize = 6;

/// The likelihood of a simulated model, made smooth and honest about the simulation.
pub struct SimulatedLikelihood {
    /// Likelihood whose maximum and curvature are the estimate and its whole covariance.
    pub adjusted: SurfacePredictor,
    /// The same with the simulation's share of the scatter of single points, for the test of fit.
    pub judging: SurfacePredictor,
    /// Search coordinates of the estimate. Shape: d.
    pub estimate: Vec<f64>,
    /// Share of the variance of each estimate that is due to the simulation. Shape: d.
    pub share: Vec<f64>,
}

/// All batches but `without`, summed. Shape: N.
fn sums(counts: &[BatchCounts], without: Option<usize>) -> Vec<f64> {
    counts
        .iter()
        .map(|batches| {
            let total = batches
                .iter()
                .enumerate()
                .filter(|(b, _)| Some(*b) != without)
                .fold(SwitchingCount::default(), |sum, (_, c)| sum.plus(*c));
            smoothed(total).log_odds()
        })
        .collect()
}

/// Simulated counts on the stencil about one parameter set: they know nothing of the data.
pub struct SimulatedStencil {
    stencil: Stencil,
    /// Shape: points of the stencil x N.
    counts: Vec<Vec<BatchCounts>>,
}

impl SimulatedStencil {
    /// Simulates the model of `problem` about `centre` in steps of 1.5 standard errors by the expected `information`;
    /// `None` if the model is not simulated.
    ///
    /// # Errors
    /// Those of the model.
    pub fn run(
        problem: &Problem<'_>,
        centre: &[f64],
        information: &DMatrix<f64>,
    ) -> Result<Option<Self>, CalibrationError> {
        let bounds = problem.bounds();
        let narrow: Vec<f64> = bounds.iter().map(|(low, high)| 0.05 * (high - low)).collect();
        let stencil = Stencil::new(centre, whitening(information, &narrow), STEP, &bounds);
        let simulated: Option<Vec<_>> = stencil.points.iter().map(|u| problem.simulate(u)).collect();
        let counts = simulated.map(|list| list.into_iter().collect::<Result<Vec<_>, _>>()).transpose()?;
        Ok(counts.map(|counts| Self { stencil, counts }))
    }

    /// The surface of all batches, and those of all batches but one.
    fn surfaces(&self, problem: &Problem<'_>) -> (ResponseSurface, Vec<ResponseSurface>) {
        let surface = |without| {
            let log_odds: Vec<Vec<f64>> = self.counts.iter().map(|c| sums(c, without)).collect();
            self.stencil.surface(&log_odds)
        };
        let all = surface(None);
        let parts: Vec<ResponseSurface> = (0..BATCHES as usize).map(|b| surface(Some(b))).collect();
        // One share for all of them: the jackknife then sees a smooth function of the counts.
        let share = curvature_share(problem, &all, &parts);
        let shrunk = |surface: ResponseSurface| surface.with_curvature_share(share);
        (shrunk(all), parts.into_iter().map(shrunk).collect())
    }
}

/// Share of the second derivatives of a surface that stands clear of their scatter between the leave-one-out surfaces
/// `parts`, the points weighted by what their counts say.
fn curvature_share(problem: &Problem<'_>, all: &ResponseSurface, parts: &[ResponseSurface]) -> f64 {
    let r = parts.len() as f64;
    let centre = all.predict(&DVector::zeros(problem.free().len()));
    let (mut size, mut variance) = (0.0, 0.0);
    for (i, (count, p)) in problem.counts().iter().zip(&centre).enumerate() {
        let weight = likelihood::variance(count.trials, *p, None);
        let mean = parts.iter().fold(all.curvature_of(i) * 0.0, |sum, part| sum + part.curvature_of(i) / r);
        let scatter: f64 = parts.iter().map(|part| (part.curvature_of(i) - &mean).norm_squared()).sum();
        size += weight * all.curvature_of(i).norm_squared();
        variance += weight * (r - 1.0) / r * scatter;
    }
    if size > variance { 1.0 - variance / size } else { 0.0 }
}

impl SimulatedLikelihood {
    /// Follows the likelihood of `problem` from `start` to its maximum; `None` if its model is not simulated.
    ///
    /// # Errors
    /// Those of the model.
    pub fn about(problem: &Problem<'_>, start: &[f64]) -> Result<Option<Self>, CalibrationError> {
        let predictions = problem.predict(start)?;
        let mut information = slope(problem, start, &predictions, None)?.information;
        let mut centre = start.to_vec();
        for round in 1.. {
            let Some(simulated) = SimulatedStencil::run(problem, &centre, &information)? else {
                return Ok(None);
            };
            let all = SurfacePredictor::plain(simulated.surfaces(problem).0, problem.free());
            let optimum = score(&problem.on_surface(&all), &centre)?;
            let v = all.surface().whiten(&optimum.u);
            let far = v.amax();
            if far <= STEP || round == ROUNDS {
                return Self::on(problem, &simulated).map(Some);
            }
            // A surface is not trusted beyond two steps.
            centre = all.surface().unwhiten(&(&v * (2.0 * STEP / far).min(1.0)));
            for (x, (low, high)) in centre.iter_mut().zip(problem.bounds()) {
                *x = x.clamp(low, high);
            }
            information = optimum.slope.information;
        }
        Ok(None)
    }

    /// The likelihood of the data of `problem` from counts already `simulated`, about whose centre the maximum must lie.
    ///
    /// # Errors
    /// Those of the scoring.
    pub fn on(problem: &Problem<'_>, simulated: &SimulatedStencil) -> Result<Self, CalibrationError> {
        let plain = |surface| SurfacePredictor::plain(surface, problem.free());
        let (all, parts) = simulated.surfaces(problem);
        let (all, parts) = (plain(all), parts.into_iter().map(plain).collect::<Vec<_>>());
        let optimum = score(&problem.on_surface(&all), &simulated.stencil.points[0])?;
        Self::jackknife(problem, all, &optimum, &parts)
    }

    fn jackknife(
        problem: &Problem<'_>,
        all: SurfacePredictor,
        optimum: &Optimum,
        parts: &[SurfacePredictor],
    ) -> Result<Self, CalibrationError> {
        let d = optimum.u.len();
        let bounds = problem.bounds();
        let observed = |predictor: &SurfacePredictor, u: &[f64]| {
            let v = predictor.surface().whiten(u);
            predictor.surface().observed_information(&problem.on_surface(predictor), &v)
        };
        let information = observed(&all, &optimum.u);
        let r = parts.len() as f64;
        let mut estimates = Vec::with_capacity(parts.len());
        let mut mean_information = DMatrix::zeros(d, d);
        for part in parts {
            let found = score(&problem.on_surface(part), &optimum.u)?;
            mean_information += observed(part, &found.u) / r;
            estimates.push(DVector::from_vec(found.u));
        }
        let mean = estimates.iter().fold(DVector::zeros(d), |sum, u| sum + u / r);
        let simulation = estimates.iter().fold(DMatrix::zeros(d, d), |sum, u| {
            sum + (u - &mean) * (u - &mean).transpose() * ((r - 1.0) / r)
        });
        let widest: Vec<f64> = bounds.iter().map(|(low, high)| 0.5 * (high - low)).collect();
        let counting = {
            let w = whitening(&(&information * r - mean_information * (r - 1.0)), &widest);
            &w * w.transpose()
        };
        let covariance = &counting + &simulation;
        let share = (0..d).map(|j| simulation[(j, j)] / covariance[(j, j)].max(1e-300)).collect();
        let estimate: Vec<f64> = (0..d)
            .map(|j| {
                let (low, high) = bounds[j];
                // The correction of the bias is of second order; more than a standard error is noise.
                let error = covariance[(j, j)].sqrt();
                let shift = ((r - 1.0) * (optimum.u[j] - mean[j])).clamp(-error, error);
                (optimum.u[j] + shift).clamp(low, high)
            })
            .collect();
        // With factors F F^T = I^-1 and G G^T = C the map F G^-1 gives the surface the curvature C^-1.
        let inverse = {
            let w = whitening(&information, &widest);
            &w * w.transpose()
        };
        let map = match (inverse.cholesky(), covariance.cholesky()) {
            (Some(f), Some(g)) => f.l() * g.l().try_inverse().unwrap_or_else(|| DMatrix::identity(d, d)),
            _ => DMatrix::identity(d, d),
        };
        let adjusted = |correlation| all.moved(&optimum.u, &estimate, &map, correlation);
        Ok(Self {
            judging: adjusted(problem.simulation_correlation()),
            adjusted: adjusted(0.0),
            estimate,
            share,
        })
    }
}
