//! The response surface of a problem: its making from the model, the objective on it and its curvature.

use nalgebra::{DMatrix, DVector};

use super::error::CalibrationError;
use super::problem::Problem;
use super::response_surface::{ResponseSurface, Stencil};
use crate::switching::closed_form::LogProbability;

impl ResponseSurface {
    /// Surface of the model of `problem` about `centre`, where it predicts `predictions`, with the columns of
    /// `whitening` as directions and `step` along them.
    ///
    /// # Errors
    /// Those of the model.
    pub fn new(
        problem: &Problem<'_>,
        centre: &[f64],
        predictions: &[LogProbability],
        whitening: DMatrix<f64>,
        step: f64,
    ) -> Result<Self, CalibrationError> {
        let stencil = Stencil::new(centre, whitening, step, &problem.bounds());
        let own = |p: &LogProbability| p.log_odds();
        let mut log_odds = vec![predictions.iter().map(own).collect::<Vec<f64>>()];
        for u in &stencil.points[1..] {
            log_odds.push(problem.predict(u)?.iter().map(own).collect());
        }
        Ok(stencil.surface(&log_odds))
    }

    /// Objective of `problem` at the whitened `v`, with predictions from the surface.
    #[must_use]
    pub fn objective(&self, problem: &Problem<'_>, v: &DVector<f64>) -> f64 {
        let u = self.unwhiten(v);
        if problem.within(&u) { problem.objective_at(&u, &self.predict(v)) } else { f64::INFINITY }
    }

    /// Second derivatives of the objective at the whitened `v`, in search coordinates: the observed
    /// information. Shape: d x d.
    #[must_use]
    pub fn observed_information(&self, problem: &Problem<'_>, v: &DVector<f64>) -> DMatrix<f64> {
        let d = v.len();
        let h = 0.02;
        let at = |shifts: &[(usize, f64)]| {
            let mut v = v.clone();
            for &(k, s) in shifts {
                v[k] += s;
            }
            let u = self.unwhiten(&v);
            problem.objective_at(&u, &self.predict(&v))
        };
        let here = at(&[]);
        let mut hessian = DMatrix::zeros(d, d);
        for a in 0..d {
            hessian[(a, a)] = (at(&[(a, h)]) - 2.0 * here + at(&[(a, -h)])) / (h * h);
            for b in 0..a {
                let mixed = (at(&[(a, h), (b, h)]) - at(&[(a, h), (b, -h)]) - at(&[(a, -h), (b, h)])
                    + at(&[(a, -h), (b, -h)]))
                    / (4.0 * h * h);
                hessian[(a, b)] = mixed;
                hessian[(b, a)] = mixed;
            }
        }
        self.unwhitening().transpose() * hessian * self.unwhitening()
    }
}
