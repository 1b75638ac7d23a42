//! Goodness of fit: deviance, standardised residuals, and a test that rejects a model.
//!
//! # Formula
//! Standardised deviance residual `r_i = d_i/sqrt(phi_i (1 - h_i))` with leverage `h_i` and phi the variance ratio of
//! the count law. The p-value of the deviance comes from counts drawn at the fitted probabilities and refitted by one
//! scoring step; unlike the chi-square law it holds where few pulses switch.
//!
//! # References
//! P. McCullagh and J. A. Nelder, Generalized Linear Models (1989), sections 2.4 and 12.5;
//! B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 6 (parametric bootstrap).

use nalgebra::{DMatrix, DVector};
use rand_distr::{Beta, Binomial, Distribution};
use spinhebb_data::random_stream::{StreamRng, Streams};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::fit::Optimum;
use super::likelihood::{self, Count};
use super::problem::Problem;
use crate::switching::closed_form::LogProbability;

/// How well a fitted model describes the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Goodness {
    /// Deviance against one free probability per point (for the beta-binomial law divided point by point
    /// by its variance ratio).
    pub deviance: f64,
    /// Pearson's chi-square.
    pub pearson: f64,
    /// Points minus free parameters.
    pub degrees_of_freedom: usize,
    /// P(chi-square >= deviance).
    pub chi_square_p: f64,
    /// Share of simulated data sets whose deviance is at least as large (never below 1/(sets + 1)).
    pub simulated_p: f64,
    /// Simulated data sets.
    pub simulated_sets: usize,
    /// Standardised deviance residuals. Shape: N.
    pub residuals: Vec<f64>,
    /// Root mean square of fitted minus measured probability.
    pub rms_probability: f64,
    /// Akaike's information criterion, 2 d - 2 ln L.
    pub aic: f64,
}

impl Goodness {
    /// Whether the data reject the model at the level of 1 %.
    #[must_use]
    pub fn rejected(&self) -> bool {
        self.simulated_p <= 0.01
    }

    /// The verdict in one sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        let numbers = format!(
            "deviance {:.1} on {} degrees of freedom, p = {:.2e}",
            self.deviance, self.degrees_of_freedom, self.chi_square_p
        );
        if self.rejected() {
            format!(
                "the model does not describe the data within counting statistics ({numbers}); \
                 it misses the measured probabilities by {:.2} percentage points rms",
                100.0 * self.rms_probability
            )
        } else {
            format!("the data do not contradict the model ({numbers})")
        }
    }
}

/// Counts drawn at `p` under the law with overdispersion `rho`.
#[must_use]
pub fn draw(trials: u64, p: LogProbability, rho: Option<f64>, rng: &mut StreamRng) -> Count {
    let mut probability = p.probability();
    if let Some(rho) = rho {
        let total = (1.0 - rho) / rho;
        let (a, b) = (total * probability, total * p.unswitched.exp());
        // A shape of zero has no beta law; the probability is then at its end already.
        if let Ok(law) = Beta::new(a, b) {
            probability = law.sample(rng);
        }
    }
    let switched = Binomial::new(trials, probability.clamp(0.0, 1.0)).map_or(0, |law| law.sample(rng));
    Count { switched, trials }
}

/// Judges `optimum` with `sets` simulated data sets keyed by `seed`.
#[must_use]
pub fn judge(problem: &Problem<'_>, optimum: &Optimum, sets: usize, seed: u64) -> Goodness {
    let points = problem.counts().len();
    let values = problem.values(&optimum.u);
    let rho = problem.overdispersion(&values);
    let d = optimum.u.len();
    let ratio: Vec<f64> =
        problem.counts().iter().map(|c| rho.map_or(1.0, |rho| 1.0 + (c.trials as f64 - 1.0) * rho)).collect();
    let open: Vec<usize> =
        (0..d).filter(|&j| !optimum.at_bound[j] && Some(j) != problem.overdispersion_coordinate()).collect();
    let inverse = inverse_of(&optimum.slope.information, &open);
    let weight: Vec<f64> = problem
        .counts()
        .iter()
        .zip(&optimum.predictions)
        .zip(&ratio)
        .map(|((c, &p), ratio)| likelihood::variance(c.trials, p, None) / ratio)
        .collect();
    let row =
        |i: usize| DVector::from_iterator(open.len(), open.iter().map(|&j| optimum.slope.log_odds[(i, j)]));
    let rows: Vec<DVector<f64>> = (0..points).map(row).collect();
    let (mut deviance, mut pearson, mut squares) = (0.0, 0.0, 0.0);
    let mut residuals = Vec::with_capacity(points);
    for i in 0..points {
        let (count, p) = (problem.counts()[i], optimum.predictions[i]);
        let leverage =
            (weight[i] * (rows[i].transpose() * &inverse * &rows[i])[(0, 0)]).clamp(0.0, 0.999_999);
        let residual = likelihood::deviance_residual(count, p);
        deviance += residual * residual / ratio[i];
        let expected = count.trials as f64 * p.probability();
        pearson += (count.switched as f64 - expected).powi(2)
            / (likelihood::variance(count.trials, p, None) * ratio[i]).max(f64::MIN_POSITIVE);
        squares += (count.switched as f64 / count.trials as f64 - p.probability()).powi(2);
        residuals.push(residual / (ratio[i] * (1.0 - leverage)).sqrt());
    }
    let streams = Streams::new(seed, "calibration/goodness");
    // Deviance of counts less what a refit to them would gain, to first order. The data take the same way, so that
    // simulated counts equal to theirs, as where no pulse ever switches, are never taken for better ones.
    let refitted = |counts: &mut dyn Iterator<Item = Count>| {
        let mut gradient = DVector::zeros(open.len());
        let mut total = 0.0;
        for (i, count) in counts.enumerate() {
            let p = optimum.predictions[i];
            total += likelihood::deviance_residual(count, p).powi(2) / ratio[i];
            let score = (count.switched as f64 - count.trials as f64 * p.probability()) / ratio[i];
            gradient += &rows[i] * score;
        }
        total - (gradient.transpose() * &inverse * &gradient)[(0, 0)]
    };
    let measured = refitted(&mut problem.counts().iter().copied());
    let larger = (0..sets)
        .filter(|&set| {
            let mut rng = streams.rng(set as u64);
            let drawn = problem.counts().iter().zip(&optimum.predictions);
            refitted(&mut drawn.map(|(count, &p)| draw(count.trials, p, rho, &mut rng))) >= measured
        })
        .count();
    let degrees_of_freedom = points.saturating_sub(open.len());
    let chi_square_p =
        ChiSquared::new(degrees_of_freedom.max(1) as f64).map_or(f64::NAN, |law| law.sf(deviance));
    let log_likelihood: f64 = problem
        .counts()
        .iter()
        .zip(&optimum.predictions)
        .map(|(&c, &p)| likelihood::log_likelihood(c, p, rho))
        .sum();
    Goodness {
        deviance,
        pearson,
        degrees_of_freedom,
        chi_square_p,
        simulated_p: (larger + 1) as f64 / (sets + 1) as f64,
        simulated_sets: sets,
        residuals,
        rms_probability: (squares / points as f64).sqrt(),
        aic: 2.0 * d as f64 - 2.0 * log_likelihood,
    }
}

/// Inverse of the block of `information` on `open`, with a floor far below any data.
fn inverse_of(information: &DMatrix<f64>, open: &[usize]) -> DMatrix<f64> {
    let block = DMatrix::from_fn(open.len(), open.len(), |a, b| {
        information[(open[a], open[b])]
            + if a == b { 1e-9 * (1.0 + information[(open[a], open[a])]) } else { 0.0 }
    });
    block.clone().try_inverse().unwrap_or_else(|| DMatrix::zeros(open.len(), open.len()))
}
