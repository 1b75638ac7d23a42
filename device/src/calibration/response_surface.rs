//! Quadratic response surface of the log-odds of every point about an optimum.
//!
//! One stencil of model evaluations serves the observed information, the cheap first stage of
//! the Markov chain, and fits of models that are too costly or too noisy to be evaluated often.
//!
//! # Formula
//! In whitened coordinates v, `u = u_hat + W v`, the log-odds of point i are
//! `eta_i(v) = eta_i + g_i . v + v^T H_i v / 2`; g and H from central differences with one step.

use nalgebra::{DMatrix, DVector, RowDVector};

use crate::switching::closed_form::LogProbability;

/// The surface. N points, d free coordinates.
#[derive(Debug, Clone)]
pub struct ResponseSurface {
    centre: Vec<f64>,
    whitening: DMatrix<f64>,
    unwhitening: DMatrix<f64>,
    value: Vec<f64>,
    gradient: DMatrix<f64>,
    /// Row i holds the d x d second derivatives of point i, row-major.
    curvature: DMatrix<f64>,
}

/// Matrix W with `W W^T` = inverse of `information`, where directions that the information
/// leaves wider than `widest` (per coordinate) are cut to that width.
#[must_use]
pub fn whitening(information: &DMatrix<f64>, widest: &[f64]) -> DMatrix<f64> {
    let d = widest.len();
    if d == 0 {
        return DMatrix::zeros(0, 0);
    }
    // Scaled to the widest, so that the floor on the eigenvalues is 1 in every direction.
    let scaled = DMatrix::from_fn(d, d, |a, b| information[(a, b)] * widest[a] * widest[b]);
    let eigen = scaled.symmetric_eigen();
    DMatrix::from_fn(d, d, |a, k| {
        widest[a] * eigen.eigenvectors[(a, k)] / eigen.eigenvalues[k].max(1.0).sqrt()
    })
}

/// Points at which a model is evaluated for its response surface. d free coordinates.
pub struct Stencil {
    centre: Vec<f64>,
    whitening: DMatrix<f64>,
    step: f64,
    /// Search coordinates: the centre, then a step up and down every direction, then both steps up of every pair.
    pub points: Vec<Vec<f64>>,
}

impl Stencil {
    /// Stencil about `centre` with the columns of `whitening` as directions and `step` along them, kept
    /// within `bounds`.
    #[must_use]
    pub fn new(centre: &[f64], whitening: DMatrix<f64>, step: f64, bounds: &[(f64, f64)]) -> Self {
        let d = centre.len();
        let at = |shifts: &[(usize, f64)]| -> Vec<f64> {
            let mut u = centre.to_vec();
            for &(k, s) in shifts {
                for (j, x) in u.iter_mut().enumerate() {
                    *x += s * whitening[(j, k)];
                }
            }
            u.iter().zip(bounds).map(|(x, (low, high))| x.clamp(*low, *high)).collect()
        };
        let single = (0..d).flat_map(|k| [at(&[(k, step)]), at(&[(k, -step)])]);
        let pairs =
            (0..d).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| at(&[(a, step), (b, step)]));
        let points = std::iter::once(centre.to_vec()).chain(single).chain(pairs).collect();
        Self { centre: centre.to_vec(), whitening, step, points }
    }

    /// The surface through `log_odds` at the points of the stencil. Shape: points of the stencil x N.
    #[must_use]
    pub fn surface(&self, log_odds: &[Vec<f64>]) -> ResponseSurface {
        let (d, h) = (self.centre.len(), self.step);
        let value = log_odds[0].clone();
        let (up, down) = (|k: usize| &log_odds[1 + 2 * k], |k: usize| &log_odds[2 + 2 * k]);
        let mut gradient = DMatrix::zeros(value.len(), d);
        let mut curvature = DMatrix::zeros(value.len(), d * d);
        let mut pairs = log_odds[1 + 2 * d..].iter();
        for a in 0..d {
            for i in 0..value.len() {
                gradient[(i, a)] = (up(a)[i] - down(a)[i]) / (2.0 * h);
                curvature[(i, a * d + a)] = (up(a)[i] - 2.0 * value[i] + down(a)[i]) / (h * h);
            }
            for (b, both) in (0..a).zip(&mut pairs) {
                for i in 0..value.len() {
                    let mixed = (both[i] - up(a)[i] - up(b)[i] + value[i]) / (h * h);
                    curvature[(i, a * d + b)] = mixed;
                    curvature[(i, b * d + a)] = mixed;
                }
            }
        }
        let unwhitening = self.whitening.clone().try_inverse().unwrap_or_else(|| DMatrix::identity(d, d));
        ResponseSurface {
            centre: self.centre.clone(),
            whitening: self.whitening.clone(),
            unwhitening,
            value,
            gradient,
            curvature,
        }
    }
}

impl ResponseSurface {
    /// Second derivatives of the log-odds of point `i` in whitened coordinates. Shape: d^2, row-major.
    pub(super) fn curvature_of(&self, i: usize) -> RowDVector<f64> {
        self.curvature.row(i).into_owned()
    }

    /// The same surface with its second derivatives multiplied by `share`.
    #[must_use]
    pub(super) fn with_curvature_share(mut self, share: f64) -> Self {
        self.curvature *= share;
        self
    }

    /// Whitened per search coordinate. Shape: d x d.
    #[must_use]
    pub fn unwhitening(&self) -> &DMatrix<f64> {
        &self.unwhitening
    }

    /// Whitened coordinates of `u`.
    #[must_use]
    pub fn whiten(&self, u: &[f64]) -> DVector<f64> {
        let shift = DVector::from_iterator(u.len(), u.iter().zip(&self.centre).map(|(u, c)| u - c));
        &self.unwhitening * shift
    }

    /// Search coordinates of the whitened `v`.
    #[must_use]
    pub fn unwhiten(&self, v: &DVector<f64>) -> Vec<f64> {
        let shift = &self.whitening * v;
        self.centre.iter().zip(shift.iter()).map(|(c, s)| c + s).collect()
    }

    /// Predictions at the whitened `v`. Shape: N.
    #[must_use]
    pub fn predict(&self, v: &DVector<f64>) -> Vec<LogProbability> {
        let d = v.len();
        (0..self.value.len())
            .map(|i| {
                let mut x = self.value[i];
                for a in 0..d {
                    x += self.gradient[(i, a)] * v[a];
                    for b in 0..d {
                        x += 0.5 * self.curvature[(i, a * d + b)] * v[a] * v[b];
                    }
                }
                LogProbability::from_log_odds(x)
            })
            .collect()
    }

    /// Derivatives of the log-odds of every point in search coordinates at the whitened `v`. Shape: N x d.
    #[must_use]
    pub fn slopes(&self, v: &DVector<f64>) -> DMatrix<f64> {
        let d = v.len();
        let whitened = DMatrix::from_fn(self.value.len(), d, |i, a| {
            self.gradient[(i, a)] + (0..d).map(|b| self.curvature[(i, a * d + b)] * v[b]).sum::<f64>()
        });
        whitened * &self.unwhitening
    }
}
