//! Predictions from a response surface in the place of a model.

use nalgebra::{DMatrix, DVector};

use super::parameter::Parameter;
use super::response_surface::ResponseSurface;
use crate::switching::closed_form::LogProbability;

/// Predictions of a problem from a response surface.
pub struct SurfacePredictor {
    surface: ResponseSurface,
    /// Indices of the parameters that the surface depends on. Shape: d.
    free: Vec<usize>,
    /// Where the adjusted likelihood has its maximum, and the whitened point of the surface that it stands for.
    centre: (Vec<f64>, DVector<f64>),
    /// Whitened coordinates per search coordinate. Shape: d x d.
    map: DMatrix<f64>,
    /// Correlation of the outcomes of a point that stands for the simulation.
    pub(super) correlation: f64,
}

impl SurfacePredictor {
    /// The `surface` as it is, in the parameters with the indices `free`.
    pub(super) fn plain(surface: ResponseSurface, free: &[usize]) -> Self {
        let d = free.len();
        let centre = (surface.unwhiten(&DVector::zeros(d)), DVector::zeros(d));
        let map = surface.unwhitening().clone();
        Self { surface, free: free.to_vec(), centre, map, correlation: 0.0 }
    }

    /// Predictions for `values` of all `parameters`. Shape: N.
    pub(super) fn predict(&self, parameters: &[Parameter], values: &[f64]) -> Vec<LogProbability> {
        let shift = DVector::from_iterator(
            self.free.len(),
            self.free.iter().zip(&self.centre.0).map(|(&k, c)| parameters[k].coordinate(values[k]) - c),
        );
        self.surface.predict(&(&self.centre.1 + &self.map * shift))
    }

    /// The surface.
    pub(super) const fn surface(&self) -> &ResponseSurface {
        &self.surface
    }

    /// The same surface with what it says at `from` moved to `to`, and with `map` between the two. Shape of `map`: d x d.
    pub(super) fn moved(&self, from: &[f64], to: &[f64], map: &DMatrix<f64>, correlation: f64) -> Self {
        Self {
            free: self.free.clone(),
            centre: (to.to_vec(), self.surface.whiten(from)),
            map: self.surface.unwhitening() * map,
            surface: self.surface.clone(),
            correlation,
        }
    }
}
