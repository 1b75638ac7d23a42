//! Posterior samples by Metropolis chains, with a cheap first stage for costly models.
//!
//! Chains move in whitened coordinates of the observed information. A model that costs
//! microseconds is sampled directly. A costly one is first walked on its
//! [`ResponseSurface`] for a number of steps, and the end of the walk is accepted by the true likelihood
//! (surrogate transition), so that one evaluation yields nearly one
//! independent draw and the samples are still exact.
//!
//! Gradient samplers (`nuts-rs`) were weighed and not used: no gradients exist for the
//! Fokker-Planck and ensemble models, and finite differences cost 2 d model evaluations per leapfrog step.
//!
//! # References
//! - H. Haario, E. Saksman and J. Tamminen, Bernoulli 7, 223 (2001), doi:10.2307/3318737 (adaptation, warm-up only here).
//! - J. S. Liu, Monte Carlo Strategies in Scientific Computing (2001), section 9.4.3 (surrogate transition).
//! - A. Vehtari et al., Bayesian Analysis 16, 667 (2021), doi:10.1214/20-BA1221 (R-hat and effective sample size).

use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use spinhebb_data::random_stream::{StreamRng, Streams};
use statrs::distribution::{ContinuousCDF, Normal};

use super::problem::Problem;
use super::response_surface::ResponseSurface;

/// Length of the chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainLength {
    /// Independent chains.
    pub chains: usize,
    /// Draws of each that are thrown away while the proposal adapts.
    pub warm_up: usize,
    /// Draws of each that are kept.
    pub draws: usize,
    /// Steps on the response surface per true evaluation; 0 samples the true likelihood directly.
    pub surrogate_steps: usize,
}

impl ChainLength {
    /// Length suited to the cost of a model's evaluations.
    #[must_use]
    pub fn suited(slow: bool) -> Self {
        if slow {
            Self { chains: 4, warm_up: 5, draws: 60, surrogate_steps: 150 }
        } else {
            Self { chains: 4, warm_up: 1000, draws: 4000, surrogate_steps: 0 }
        }
    }
}

/// Samples and their diagnostics. d free parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Values (SI) of the free parameters. Shape: chains x draws x d.
    pub samples: Vec<Vec<Vec<f64>>>,
    /// Rank-normalised split R-hat per parameter. Shape: d.
    pub r_hat: Vec<f64>,
    /// Bulk effective sample size per parameter. Shape: d.
    pub effective_size: Vec<f64>,
    /// Share of accepted proposals (of the true likelihood).
    pub acceptance: f64,
}

impl Posterior {
    /// Whether all chains agree: R-hat below 1.05 and at least 100 effective draws.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.r_hat.iter().all(|r| *r < 1.05) && self.effective_size.iter().all(|n| *n >= 100.0)
    }

    /// All draws of one parameter, sorted.
    #[must_use]
    pub fn sorted(&self, parameter: usize) -> Vec<f64> {
        let mut all: Vec<f64> = self.samples.iter().flatten().map(|draw| draw[parameter]).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// Quantile of one parameter.
    #[must_use]
    pub fn quantile(&self, parameter: usize, q: f64) -> f64 {
        let sorted = self.sorted(parameter);
        let at = q * (sorted.len() - 1) as f64;
        let (low, part) = (at.floor() as usize, at.fract());
        sorted[low] + part * (sorted[(low + 1).min(sorted.len() - 1)] - sorted[low])
    }
}

struct Walker<'a> {
    target: &'a (dyn Fn(&DVector<f64>) -> f64 + Sync),
    v: DVector<f64>,
    f: f64,
}

impl Walker<'_> {
    fn step(&mut self, proposal: &DMatrix<f64>, scale: f64, rng: &mut StreamRng) -> f64 {
        let noise = DVector::from_fn(self.v.len(), |_, _| StandardNormal.sample(rng));
        let next = &self.v + proposal * noise * scale;
        let f = (self.target)(&next);
        let rate = (self.f - f).exp().min(1.0);
        if rng.random::<f64>() < rate {
            (self.v, self.f) = (next, f);
        }
        if rate.is_nan() { 0.0 } else { rate }
    }
}

/// Samples the posterior of `problem` about the centre of `surface`; streams keyed by `seed` and chain.
#[must_use]
pub fn sample(problem: &Problem<'_>, surface: &ResponseSurface, length: ChainLength, seed: u64) -> Posterior {
    let d = problem.free().len();
    let streams = Streams::new(seed, "calibration/posterior");
    let truth = |v: &DVector<f64>| problem.objective(&surface.unwhiten(v));
    let cheap = |v: &DVector<f64>| surface.objective(problem, v);
    let chains: Vec<(Vec<Vec<f64>>, f64)> = (0..length.chains)
        .into_par_iter()
        .map(|chain| {
            let mut rng = streams.rng(chain as u64);
            let surrogate = length.surrogate_steps > 0;
            let target: &(dyn Fn(&DVector<f64>) -> f64 + Sync) = if surrogate { &cheap } else { &truth };
            // Starts twice as wide as the posterior, drawn in towards the centre until they are allowed.
            let mut v =
                DVector::from_fn(d, |_, _| 2.0 * Distribution::<f64>::sample(&StandardNormal, &mut rng));
            while !truth(&v).is_finite() && v.norm() > 1e-6 {
                v *= 0.5;
            }
            let mut walker = Walker { target, f: target(&v), v };
            let mut scale = 2.38 / (d as f64).sqrt();
            let mut proposal = DMatrix::identity(d, d);
            let inner_warm_up = if surrogate { 2000 } else { length.warm_up };
            let (mut mean, mut spread) = (DVector::zeros(d), DMatrix::zeros(d, d));
            for n in 0..inner_warm_up {
                let rate = walker.step(&proposal, scale, &mut rng);
                scale *= ((rate - 0.3) / (1.0 + n as f64).powf(0.6)).exp();
                if n >= inner_warm_up / 4 {
                    let seen = (n - inner_warm_up / 4 + 1) as f64;
                    let shift = &walker.v - &mean;
                    mean += &shift / seen;
                    spread += &shift * (&walker.v - &mean).transpose();
                    if n == inner_warm_up / 2 {
                        let covariance = &spread / seen + DMatrix::identity(d, d) * 1e-6;
                        if let Some(factor) = covariance.cholesky() {
                            proposal = factor.l();
                            scale = 2.38 / (d as f64).sqrt();
                        }
                    }
                }
            }
            let mut true_f = truth(&walker.v);
            let mut accepted = 0.0;
            let mut draws = Vec::with_capacity(length.draws);
            let outer_warm_up = if surrogate { length.warm_up } else { 0 };
            for n in 0..outer_warm_up + length.draws {
                let rate = if surrogate {
                    let (v0, cheap0) = (walker.v.clone(), walker.f);
                    for _ in 0..length.surrogate_steps {
                        walker.step(&proposal, scale, &mut rng);
                    }
                    let f = truth(&walker.v);
                    let rate = ((true_f - f) - (cheap0 - walker.f)).exp().min(1.0);
                    if rng.random::<f64>() < rate {
                        true_f = f;
                    } else {
                        (walker.v, walker.f) = (v0, cheap0);
                    }
                    rate
                } else {
                    walker.step(&proposal, scale, &mut rng)
                };
                if n >= outer_warm_up {
                    accepted += if rate.is_nan() { 0.0 } else { rate };
                    let values = problem.values(&surface.unwhiten(&walker.v));
                    draws.push(problem.free().iter().map(|&k| values[k]).collect());
                }
            }
            (draws, accepted / length.draws as f64)
        })
        .collect();
    let acceptance = chains.iter().map(|c| c.1).sum::<f64>() / length.chains as f64;
    let samples: Vec<Vec<Vec<f64>>> = chains.into_iter().map(|c| c.0).collect();
    let series = |k: usize| -> Vec<Vec<f64>> {
        samples.iter().map(|chain| chain.iter().map(|draw| draw[k]).collect()).collect()
    };
    let (r_hat, effective_size) = (0..d).map(|k| diagnostics(&series(k))).unzip();
    Posterior { samples, r_hat, effective_size, acceptance }
}

/// Rank-normalised split R-hat and bulk effective sample size of `chains` of equal length.
#[must_use]
pub fn diagnostics(chains: &[Vec<f64>]) -> (f64, f64) {
    let half = chains[0].len() / 2;
    let split: Vec<&[f64]> = chains.iter().flat_map(|c| [&c[..half], &c[c.len() - half..]]).collect();
    let total = half * split.len();
    let mut order: Vec<(usize, usize)> =
        (0..split.len()).flat_map(|m| (0..half).map(move |i| (m, i))).collect();
    order.sort_by(|a, b| split[a.0][a.1].total_cmp(&split[b.0][b.1]));
    let normal = Normal::standard();
    let mut z = vec![vec![0.0; half]; split.len()];
    let mut from = 0;
    while from < total {
        let value = |o: (usize, usize)| split[o.0][o.1];
        let mut to = from;
        while to + 1 < total && value(order[to + 1]) == value(order[from]) {
            to += 1;
        }
        let rank = 0.5 * (from + to) as f64 + 1.0;
        let score = normal.inverse_cdf((rank - 0.375) / (total as f64 + 0.25));
        for &(m, i) in &order[from..=to] {
            z[m][i] = score;
        }
        from = to + 1;
    }
    let (m, n) = (z.len() as f64, half as f64);
    let means: Vec<f64> = z.iter().map(|c| c.iter().sum::<f64>() / n).collect();
    let grand = means.iter().sum::<f64>() / m;
    let between = n / (m - 1.0) * means.iter().map(|x| (x - grand).powi(2)).sum::<f64>();
    let within = z
        .iter()
        .zip(&means)
        .map(|(c, mean)| c.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0))
        .sum::<f64>()
        / m;
    let pooled = (n - 1.0) / n * within + between / n;
    let r_hat = (pooled / within).sqrt();
    // Autocorrelations averaged over chains; Geyer's initial monotone sequence of pair sums.
    let autocorrelation = |lag: usize| {
        let covariance = z
            .iter()
            .zip(&means)
            .map(|(c, mean)| (0..half - lag).map(|i| (c[i] - mean) * (c[i + lag] - mean)).sum::<f64>() / n)
            .sum::<f64>()
            / m;
        1.0 - (within - covariance) / pooled
    };
    let (mut tau, mut previous, mut lag) = (-1.0, f64::INFINITY, 0);
    while lag + 1 < half {
        let pair = (autocorrelation(lag) + autocorrelation(lag + 1)).min(previous);
        if pair <= 0.0 {
            break;
        }
        tau += 2.0 * pair;
        previous = pair;
        lag += 2;
    }
    let size = (m * n / tau.max(1.0 / (m * n).log10())).min(m * n * (m * n).log10());
    (r_hat, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn autoregressive(memory: f64, shift: f64, index: u64) -> Vec<f64> {
        let mut rng = Streams::new(3, "test/autoregressive").rng(index);
        let mut x: f64 = StandardNormal.sample(&mut rng);
        (0..4000)
            .map(|_| {
                let noise: f64 = StandardNormal.sample(&mut rng);
                x = memory * x + (1.0 - memory * memory).sqrt() * noise;
                x + shift
            })
            .collect()
    }

    /// An AR(1) series has the integrated autocorrelation time (1 + a)/(1 - a) exactly.
    #[test]
    fn effective_size_of_an_autoregressive_series() {
        for memory in [0.0, 0.5, 0.9] {
            let chains: Vec<_> = (0..4).map(|c| autoregressive(memory, 0.0, c)).collect();
            let (r_hat, size) = diagnostics(&chains);
            let exact = 16_000.0 * (1.0 - memory) / (1.0 + memory);
            assert!(r_hat < 1.02, "{r_hat}");
            assert!((size / exact - 1.0).abs() < 0.2, "{memory}: {size} against {exact}");
        }
    }

    #[test]
    fn chains_that_disagree_are_found_out() {
        let chains: Vec<_> = (0..4).map(|c| autoregressive(0.5, if c == 0 { 1.0 } else { 0.0 }, c)).collect();
        assert!(diagnostics(&chains).0 > 1.05);
    }
}
