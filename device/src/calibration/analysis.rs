//! The whole calibration of one device with one model.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::condition::Condition;
use super::error::CalibrationError;
use super::fit::{Effort, MultiStart, Optimum, fit, score, search};
use super::goodness::{Goodness, judge};
use super::identifiability::{Combination, combinations};
use super::likelihood;
use super::parameter::Parameter;
use super::posterior::{ChainLength, Posterior, sample};
use super::problem::{CountLaw, Problem};
use super::profile::{Neighbourhood, Profile, Z95, profile};
use super::response_surface::{ResponseSurface, whitening};
use super::simulated_likelihood::SimulatedLikelihood;
use crate::switching::closed_form::LogProbability;

/// What to do beside the fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Effort of the search; `None`: suited to the model.
    pub effort: Option<Effort>,
    /// Whether to compute profile likelihoods.
    pub profiles: bool,
    /// Whether to sample the posterior.
    pub posterior: bool,
    /// Length of the chains; `None`: suited to the model.
    pub chain_length: Option<ChainLength>,
    /// Simulated data sets of the test of fit.
    pub simulated_sets: usize,
    /// Master seed of chains and simulated data.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            effort: None,
            profiles: true,
            posterior: true,
            chain_length: None,
            simulated_sets: 1000,
            seed: 1,
        }
    }
}

/// A fitted model. d free parameters, N points.
#[derive(Debug, Clone)]
pub struct Calibration {
    /// Name of the model.
    pub model: String,
    /// Law of the counts.
    pub law: CountLaw,
    /// All parameters, free and fixed.
    pub parameters: Vec<Parameter>,
    /// Indices of the free parameters. Shape: d.
    pub free: Vec<usize>,
    /// Fitted values of all parameters, SI.
    pub values: Vec<f64>,
    /// Minus the log-posterior at the fit.
    pub objective: f64,
    /// Objectives reached from the starting points, best first.
    pub objectives: Vec<f64>,
    /// Which free parameters lie on a bound. Shape: d.
    pub at_bound: Vec<bool>,
    /// Covariance in search coordinates (logarithms for positive parameters), from the observed
    /// information (for simulated models with the scatter of the simulation, see
    /// [`SimulatedLikelihood`]); directions that the data do not fix are cut at the bounds. Shape: d x d.
    pub covariance: DMatrix<f64>,
    /// Share of the variance of each estimate that is due to the finite trials of a simulated model; 0 for
    /// others. Shape: d.
    pub simulation_share: Vec<f64>,
    /// 95 % intervals (SI) from the observed information. Shape: d.
    pub normal_intervals: Vec<(f64, f64)>,
    /// Profile likelihoods; empty if not asked for. Shape: d.
    pub profiles: Vec<Profile>,
    /// Posterior; `None` if not asked for.
    pub posterior: Option<Posterior>,
    /// Combinations of parameters from the best to the worst known. Shape: d.
    pub combinations: Vec<Combination>,
    /// Goodness of fit.
    pub goodness: Goodness,
    /// Conditions of the points, unknown amplitudes filled in. Shape: N.
    pub conditions: Vec<Condition>,
    /// Fitted probabilities. Shape: N.
    pub predictions: Vec<LogProbability>,
    /// 95 % band of the log-odds of the fit at every point: half width. Shape: N.
    pub band: Vec<f64>,
    /// Largest change of a fitted probability on a finer discretisation, over the standard deviation of the counted
    /// fraction (of one pulse where that is larger); `None` for models without discretisation.
    pub discretisation: Option<f64>,
}

/// Half the width of the bounds per free coordinate: the widest standard error that is reported.
fn widest(problem: &Problem<'_>) -> Vec<f64> {
    problem.bounds().iter().map(|(low, high)| 0.5 * (high - low)).collect()
}

/// Covariance from `information`, cut at the bounds where the data say less.
#[must_use]
pub fn covariance_within(problem: &Problem<'_>, information: &DMatrix<f64>) -> DMatrix<f64> {
    let w = whitening(information, &widest(problem));
    &w * w.transpose()
}

/// Response surface about `optimum`: quadratic in the coordinates whitened by its information,
/// with steps of one standard error (less where the standard error spans much of the bounds).
///
/// # Errors
/// Those of the model.
pub fn surface_about(problem: &Problem<'_>, optimum: &Optimum) -> Result<ResponseSurface, CalibrationError> {
    // A direction wider than a twentieth of the bounds is probed over that width only.
    let narrow: Vec<f64> = widest(problem).iter().map(|w| 0.1 * w).collect();
    let w = whitening(&optimum.slope.information, &narrow);
    ResponseSurface::new(problem, &optimum.u, &optimum.predictions, w, 1.0)
}

/// Fits `problem` and answers for the result.
///
/// # Errors
/// Those of [`fit`] and of the model.
pub fn calibrate(problem: &Problem<'_>, options: &Options) -> Result<Calibration, CalibrationError> {
    let effort = options.effort.unwrap_or_else(|| Effort::suited(problem.is_slow(), problem.free().len()));
    if problem.model().simulation().is_some() && !problem.free().is_empty() {
        let reached = search(problem, effort)?;
        if let Some(simulated) = SimulatedLikelihood::about(problem, &reached[0].1)? {
            return by_simulation(problem, &simulated, reached.iter().map(|r| r.0).collect(), options);
        }
    }
    let found = fit(problem, effort)?;
    let goodness = judge(problem, &found.best, options.simulated_sets, options.seed);
    let exact = vec![0.0; problem.free().len()];
    answer(problem, found, goodness, exact, options)
}

/// The calibration that follows from a `simulated` likelihood of `problem`, searched from starts that reached `objectives`.
///
/// # Errors
/// Those of the scoring on the surface.
pub fn by_simulation(
    problem: &Problem<'_>,
    simulated: &SimulatedLikelihood,
    objectives: Vec<f64>,
    options: &Options,
) -> Result<Calibration, CalibrationError> {
    let judging = problem.on_surface(&simulated.judging);
    let seen = score(&judging, &simulated.estimate)?;
    let goodness = judge(&judging, &seen, options.simulated_sets, options.seed);
    let smooth = problem.on_surface(&simulated.adjusted);
    let best = score(&smooth, &simulated.estimate)?;
    answer(&smooth, MultiStart { best, objectives }, goodness, simulated.share.clone(), options)
}

/// Intervals, profiles and posterior about the fit `found`.
fn answer(
    problem: &Problem<'_>,
    found: MultiStart,
    goodness: Goodness,
    simulation_share: Vec<f64>,
    options: &Options,
) -> Result<Calibration, CalibrationError> {
    let slow = problem.is_slow();
    let d = problem.free().len();
    let optimum = found.best;
    let surface = surface_about(problem, &optimum)?;
    let information = surface.observed_information(problem, &DVector::zeros(d));
    let covariance = covariance_within(problem, &information);
    let parameters = problem.parameters().to_vec();
    let free = problem.free().to_vec();
    let bounds = problem.bounds();
    let normal_intervals = (0..d)
        .map(|j| {
            let half = Z95 * covariance[(j, j)].sqrt();
            let end = |x: f64| parameters[free[j]].value(x.clamp(bounds[j].0, bounds[j].1));
            (end(optimum.u[j] - half), end(optimum.u[j] + half))
        })
        .collect();
    let about = Neighbourhood { optimum: &optimum, covariance: &covariance, surface: &surface };
    let profiles = if options.profiles {
        (0..d).into_par_iter().map(|j| profile(problem, about, j, 3)).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    let posterior = options.posterior.then(|| {
        let length = options.chain_length.unwrap_or_else(|| ChainLength::suited(slow));
        sample(problem, &surface, length, options.seed)
    });
    let slope = &optimum.slope.log_odds;
    let band = (0..optimum.predictions.len())
        .map(|i| {
            let row = slope.row(i);
            Z95 * (row * &covariance * row.transpose())[(0, 0)].max(0.0).sqrt()
        })
        .collect();
    let values = problem.values(&optimum.u);
    let discretisation = discretisation(problem, &optimum)?;
    Ok(Calibration {
        model: problem.model().name(),
        law: problem.law(),
        conditions: problem.conditions(&values),
        values,
        parameters,
        free,
        objective: optimum.objective,
        objectives: found.objectives,
        at_bound: optimum.at_bound,
        combinations: combinations(problem, &information),
        covariance,
        simulation_share,
        normal_intervals,
        profiles,
        posterior,
        goodness,
        discretisation,
        predictions: optimum.predictions,
        band,
    })
}

/// See [`Calibration::discretisation`].
fn discretisation(problem: &Problem<'_>, optimum: &Optimum) -> Result<Option<f64>, CalibrationError> {
    let Some(finer) = problem.model().finer() else { return Ok(None) };
    let fine = problem.with_model(finer).predict(&optimum.u)?;
    let pairs = optimum.predictions.iter().zip(&fine).zip(problem.counts());
    let change = pairs.map(|((own, fine), count)| {
        let n = count.trials as f64;
        n * (own.probability() - fine.probability()).abs()
            / likelihood::variance(count.trials, *fine, None).sqrt().max(1.0)
    });
    Ok(Some(change.fold(0.0, f64::max)))
}

impl Calibration {
    /// Fitted value of the parameter `name`, SI.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.parameters.iter().position(|p| p.name == name).map(|k| self.values[k])
    }

    /// Standard error (SI) of the `j`th free parameter, by the slope of its search coordinate.
    #[must_use]
    pub fn standard_error(&self, j: usize) -> f64 {
        let k = self.free[j];
        let slope = match self.parameters[k].scale {
            super::parameter::Scale::Log => self.values[k],
            super::parameter::Scale::Linear => 1.0,
        };
        slope * self.covariance[(j, j)].sqrt()
    }
}
