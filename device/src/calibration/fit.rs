//! Maximum likelihood from many starting points.
//!
//! A Halton set over the bounds and the model's own start are ranked by their likelihood; from the
//! best ones COBYLA (derivative-free, bounded) descends, and Fisher scoring with Levenberg's
//! damping brings the result to full precision. A model that can be solved on a coarser grid is searched there, and
//! only the distinct minima so found are scored on its own grid. The scores converge because the log-odds form makes
//! the expected information the exact curvature up to the curvature of the model.
//!
//! # References
//! - M. J. D. Powell, "A direct search optimization method that models the objective and
//!   constraint functions by linear interpolation", Advances in Optimization and Numerical Analysis (1994), 51-67.
//! - P. McCullagh and J. A. Nelder, Generalized Linear Models (1989), section 2.5.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::error::CalibrationError;
use super::problem::Problem;
use super::slope::{Slope, slope, slope_of};
use crate::switching::closed_form::LogProbability;

/// A minimum of the objective.
pub struct Optimum {
    /// Search coordinates of the free parameters. Shape: d.
    pub u: Vec<f64>,
    /// Minus the log-posterior.
    pub objective: f64,
    /// Predictions at the minimum. Shape: N.
    pub predictions: Vec<LogProbability>,
    /// Derivatives at the minimum.
    pub slope: Slope,
    /// Which coordinates lie on a bound that the likelihood pushes against. Shape: d.
    pub at_bound: Vec<bool>,
    /// Half the squared gradient in the metric of the information: how much the objective
    /// can still fall.
    pub decrement: f64,
}

/// Effort of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Points of the Halton set that are ranked.
    pub candidates: usize,
    /// Of these, how many are descended from.
    pub starts: usize,
    /// Likelihood evaluations of COBYLA per start.
    pub evaluations: usize,
}

impl Effort {
    /// Effort suited to the cost of a model's evaluations, for `free` parameters.
    #[must_use]
    pub fn suited(slow: bool, free: usize) -> Self {
        if slow {
            Self { candidates: 16 * free, starts: 3, evaluations: 15 * free }
        } else {
            Self { candidates: 200 * free, starts: 6, evaluations: 150 * free }
        }
    }
}

/// Result of all starts.
pub struct MultiStart {
    /// The best minimum.
    pub best: Optimum,
    /// Objectives reached by all starts, best first.
    pub objectives: Vec<f64>,
}

/// Point `index` of the Halton set in the unit cube (radical inverses in the first primes).
fn halton(index: usize, dimension: usize) -> Vec<f64> {
    const PRIMES: [usize; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    (0..dimension)
        .map(|j| {
            let base = PRIMES[j % PRIMES.len()];
            let (mut rest, mut weight, mut x) = (index + 1, 1.0, 0.0);
            while rest > 0 {
                weight /= base as f64;
                x += weight * (rest % base) as f64;
                rest /= base;
            }
            x
        })
        .collect()
}

/// Where the starts have descended to, best first, with the objective there.
///
/// # Errors
/// [`CalibrationError::NoStart`] if no start has a finite likelihood.
pub fn search(problem: &Problem<'_>, effort: Effort) -> Result<Vec<(f64, Vec<f64>)>, CalibrationError> {
    let own_start: Vec<f64> = problem.coordinates(&problem.values(&[]));
    let d = own_start.len();
    let bounds = problem.bounds();
    let place = |unit: &[f64]| -> Vec<f64> {
        unit.iter().zip(&bounds).map(|(x, (low, high))| low + x * (high - low)).collect()
    };
    let mut ranked: Vec<(f64, Vec<f64>)> = std::iter::once(own_start)
        .chain((0..effort.candidates).map(|i| place(&halton(i, d))))
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|u| (problem.objective(&u), u))
        .collect();
    let tried = ranked.len();
    ranked.retain(|(f, _)| f.is_finite());
    if ranked.is_empty() {
        return Err(CalibrationError::NoStart { tried, model: problem.model().name() });
    }
    // A stable sort keeps the model's own start first among equals.
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.truncate(effort.starts.max(1));
    let mut reached: Vec<(f64, Vec<f64>)> =
        ranked.into_par_iter().map(|(f, start)| descend(problem, f, start, effort.evaluations)).collect();
    reached.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(reached)
}

/// Minimises the objective of `problem`.
///
/// # Errors
/// [`CalibrationError::NoStart`] if no start has a finite likelihood; those of the model.
pub fn fit(problem: &Problem<'_>, effort: Effort) -> Result<MultiStart, CalibrationError> {
    if problem.free().is_empty() {
        let best = score(problem, &[])?;
        return Ok(MultiStart { objectives: vec![best.objective], best });
    }
    let coarse = problem.model().coarser().map(|model| problem.with_model(model));
    let starts =
        search(coarse.as_ref().unwrap_or(problem), effort)?.into_iter().map(|(_, u)| (u, 1)).collect();
    let own = |u: &[f64]| score(problem, u);
    let reached = match &coarse {
        Some(coarse) => {
            let minima = distinct(scored(starts, &|u| score_to(coarse, u, Stop::COARSE)));
            scored(minima, &|u| own(&by_derivatives_of(coarse, problem, u)?.u))
        }
        None => scored(starts, &own),
    };
    let objectives = reached.iter().flat_map(|(o, ended)| vec![o.objective; *ended]).collect();
    let no_start = || CalibrationError::NoStart { tried: effort.starts, model: problem.model().name() };
    let (best, _) = reached.into_iter().next().ok_or_else(no_start)?;
    Ok(MultiStart { best, objectives })
}

/// Minimum of `problem` next to `start` with the derivatives of the cheaper `coarse`.
fn by_derivatives_of(
    coarse: &Problem<'_>,
    problem: &Problem<'_>,
    start: &[f64],
) -> Result<Optimum, CalibrationError> {
    score_by(problem, start, Stop::APPROXIMATE, &|u, predictions, metric| {
        let log_odds = slope(coarse, u, &coarse.predict(u)?, metric)?.log_odds;
        Ok(slope_of(problem, u, predictions, log_odds))
    })
}

/// What `minimise` reaches from each of `starts`, best first, each with the number of searches that ended at its start.
fn scored(
    starts: Vec<(Vec<f64>, usize)>,
    minimise: &(dyn Fn(&[f64]) -> Result<Optimum, CalibrationError> + Sync),
) -> Vec<(Optimum, usize)> {
    let minimum = |(u, ended): (Vec<f64>, usize)| minimise(&u).ok().map(|optimum| (optimum, ended));
    let mut reached: Vec<(Optimum, usize)> = starts.into_par_iter().filter_map(minimum).collect();
    reached.sort_by(|a, b| a.0.objective.total_cmp(&b.0.objective));
    reached
}

/// Of the minima `reached` those that lie a standard error or more apart, each with the number that ended there.
fn distinct(reached: Vec<(Optimum, usize)>) -> Vec<(Vec<f64>, usize)> {
    let mut kept: Vec<(Optimum, usize)> = Vec::new();
    for (optimum, ended) in reached {
        let u = DVector::from_vec(optimum.u.clone());
        let near = |other: &Optimum| {
            let shift = &u - DVector::from_vec(other.u.clone());
            (shift.transpose() * &other.slope.information * &shift)[(0, 0)] < 1.0
        };
        match kept.iter_mut().find(|(other, _)| near(other)) {
            Some((_, count)) => *count += ended,
            None => kept.push((optimum, ended)),
        }
    }
    kept.into_iter().map(|(optimum, ended)| (optimum.u, ended)).collect()
}

/// COBYLA in coordinates scaled to the bounds from `start` with the objective `f`; returns the better of
/// start and result.
fn descend(problem: &Problem<'_>, f: f64, start: Vec<f64>, evaluations: usize) -> (f64, Vec<f64>) {
    if evaluations == 0 {
        return (f, start);
    }
    let bounds = problem.bounds();
    let to_u = |x: &[f64]| -> Vec<f64> {
        x.iter().zip(&bounds).map(|(x, (low, high))| (low + x * (high - low)).clamp(*low, *high)).collect()
    };
    let unit: Vec<f64> = start.iter().zip(&bounds).map(|(u, (low, high))| (u - low) / (high - low)).collect();
    // Large but finite, so that the linear models of COBYLA survive a refused point.
    let objective = |x: &[f64], _: &mut ()| problem.objective(&to_u(x)).min(1e12);
    let no_constraints: Vec<&dyn cobyla::Func<()>> = Vec::new();
    let tolerances = cobyla::StopTols { xtol_abs: vec![1e-5; unit.len()], ..cobyla::StopTols::default() };
    let unit_bounds = vec![(0.0, 1.0); unit.len()];
    let found = cobyla::minimize(
        objective,
        &unit,
        &unit_bounds,
        &no_constraints,
        (),
        evaluations,
        cobyla::RhoBeg::All(0.05),
        Some(tolerances),
    );
    // A stop by rounding or by the number of evaluations still leaves a good point.
    let (Ok((_, x, reached)) | Err((_, x, reached))) = found;
    if reached < f { (reached, to_u(&x)) } else { (f, start) }
}

/// Fisher scoring from `start` to a minimum.
///
/// # Errors
/// Those of the model.
pub fn score(problem: &Problem<'_>, start: &[f64]) -> Result<Optimum, CalibrationError> {
    score_to(problem, start, Stop::suited(problem))
}

fn score_to(problem: &Problem<'_>, start: &[f64], stop: Stop) -> Result<Optimum, CalibrationError> {
    score_by(problem, start, stop, &|u, predictions, metric| slope(problem, u, predictions, metric))
}

/// When a scoring ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// How much of the log-likelihood may be left, the rise at one standard error being a half.
    pub close: f64,
    /// Damping at which a step that does not lower the objective is the last.
    pub most_damping: f64,
}

impl Stop {
    /// For models of full precision.
    const EXACT: Self = Self { close: 1e-9, most_damping: 1e10 };
    /// For models with discretisation error.
    const SLOW: Self = Self { close: 1e-3, most_damping: 1e4 };
    /// For a coarser model, which only has to point to the minima.
    const COARSE: Self = Self { close: 0.1, most_damping: 1e2 };
    /// For approximate derivatives: they miss the minimum of the objective by a second order of their error, and a step
    /// that they cannot improve is the last.
    pub const APPROXIMATE: Self = Self { close: 1e-3, most_damping: 1.0 };

    fn suited(problem: &Problem<'_>) -> Self {
        if problem.is_slow() { Self::SLOW } else { Self::EXACT }
    }
}

/// Derivatives at search coordinates with the predictions there and the information of the step before.
pub type SlopeAt<'a> =
    dyn Fn(&[f64], &[LogProbability], Option<&DMatrix<f64>>) -> Result<Slope, CalibrationError> + 'a;

/// Fisher scoring from `start` with the derivatives of `slope_at`.
///
/// # Errors
/// Those of the model.
pub fn score_by(
    problem: &Problem<'_>,
    start: &[f64],
    stop: Stop,
    slope_at: &SlopeAt<'_>,
) -> Result<Optimum, CalibrationError> {
    const ITERATIONS: usize = 60;
    let bounds = problem.bounds();
    let mut u: Vec<f64> = start.iter().zip(&bounds).map(|(x, (low, high))| x.clamp(*low, *high)).collect();
    let d = u.len();
    let mut predictions = problem.predict(&u)?;
    let mut objective = problem.objective_at(&u, &predictions);
    let mut metric: Option<DMatrix<f64>> = None;
    let mut damping = 1e-3;
    let mut iteration = 0;
    loop {
        let here = slope_at(&u, &predictions, metric.as_ref())?;
        let at_bound: Vec<bool> = (0..d)
            .map(|j| {
                let (low, high) = bounds[j];
                let near = 1e-9 * (high - low);
                (u[j] <= low + near && here.gradient[j] > 0.0)
                    || (u[j] >= high - near && here.gradient[j] < 0.0)
            })
            .collect();
        let decrement = 0.5 * newton(&here, &at_bound, 0.0).map_or(f64::INFINITY, |s| -here.gradient.dot(&s));
        let done = decrement.abs() < stop.close && metric.is_some();
        if d == 0 || done || iteration == ITERATIONS {
            return Ok(Optimum { u, objective, predictions, slope: here, at_bound, decrement });
        }
        iteration += 1;
        let mut moved = false;
        while damping < stop.most_damping {
            let Some(mut direction) = newton(&here, &at_bound, damping) else {
                damping *= 10.0;
                continue;
            };
            // No step beyond a quarter of the bounds.
            let excess = direction
                .iter()
                .zip(&bounds)
                .map(|(s, (low, high))| (s / (0.25 * (high - low))).abs())
                .fold(1.0, f64::max);
            direction /= excess;
            let next: Vec<f64> =
                (0..d).map(|j| (u[j] + direction[j]).clamp(bounds[j].0, bounds[j].1)).collect();
            let attempt = problem.predict(&next).map(|p| (problem.objective_at(&next, &p), p));
            match attempt {
                Ok((f, p)) if f <= objective => {
                    moved = f < objective;
                    (u, objective, predictions) = (next, f, p);
                    damping = (damping * 0.1).max(1e-12);
                    break;
                }
                _ => damping *= 10.0,
            }
        }
        if !moved {
            // Rounding of the objective hides any further gain.
            iteration = ITERATIONS;
            damping = 1e-3;
        }
        metric = Some(here.information);
    }
}

/// Damped step -(I + damping diag I)^-1 g over the coordinates that are not at a bound.
fn newton(slope: &Slope, at_bound: &[bool], damping: f64) -> Option<DVector<f64>> {
    let open: Vec<usize> = (0..at_bound.len()).filter(|&j| !at_bound[j]).collect();
    let mut step = DVector::zeros(at_bound.len());
    if open.is_empty() {
        return Some(step);
    }
    let scale: Vec<f64> = open.iter().map(|&j| slope.information[(j, j)].max(1e-30).sqrt()).collect();
    let matrix = DMatrix::from_fn(open.len(), open.len(), |a, b| {
        let entry = slope.information[(open[a], open[b])] / (scale[a] * scale[b]);
        if a == b { entry + damping + 1e-12 } else { entry }
    });
    let rhs = DVector::from_fn(open.len(), |a, _| -slope.gradient[open[a]] / scale[a]);
    let solved = matrix.cholesky()?.solve(&rhs);
    for (a, &j) in open.iter().enumerate() {
        step[j] = solved[a] / scale[a];
    }
    step.iter().all(|s| s.is_finite()).then_some(step)
}
