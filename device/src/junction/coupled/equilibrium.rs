//! Thermal-equilibrium directions of the coupled layers within one well.
//!
//! # Formula
//! Density `exp(-E(m1, m2)/kB T)` on the side of `m1.p` of the state. In Lambert's equal-area coordinates u
//! about the minimum (two for each layer) the proposal is the Gaussian of the energy's curvature with its
//! variance widened by half; a Metropolis chain of independent proposals from the minimum forgets it
//! by the share of refused proposals in every move, so that the rest after all of them is negligible.
//!
//! # References
//! W. K. Hastings, Biometrika 57, 97 (1970) (independent proposals).

use nalgebra::{Matrix4, SymmetricEigen, Vector4};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::{CoupledMtj, Pair};
use crate::error::DeviceError;
use crate::junction::constants::BOLTZMANN;
use crate::junction::state::State;
use crate::junction::vector::{Vector, transverse_frame};

/// Moves of the chain for each sample.
const MOVES: usize = 64;
/// Variance of the proposal over that of the curvature.
const WIDENING: f64 = 1.5;
/// Least curvature of the proposal, kB T: flat directions are proposed over the whole sphere.
const LEAST_CURVATURE: f64 = 0.5;

/// Sampler of one well of the coupled layers.
#[derive(Debug, Clone)]
pub struct CoupledWell {
    device: CoupledMtj,
    minimum: Pair,
    axes: [[Vector; 2]; 2],
    sign: f64,
    /// Principal directions of the curvature and the proposal's precision along them; none at T = 0.
    proposal: Option<(Matrix4<f64>, Vector4<f64>)>,
}

impl CoupledWell {
    /// Sampler for the well of `state` at the device's temperature.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if the state is not stable.
    pub fn new(device: &CoupledMtj, state: State) -> Result<Self, DeviceError> {
        let minimum = device.well(state)?;
        let mut well = Self {
            device: device.clone(),
            minimum,
            axes: minimum.map(|m| {
                let (a, b) = transverse_frame(m);
                [a, b]
            }),
            sign: state.cosine(),
            proposal: None,
        };
        if device.layers[0].temperature_k > 0.0 {
            let eigen = SymmetricEigen::new(well.curvature());
            let precision = eigen.eigenvalues.map(|value| value.max(LEAST_CURVATURE) / WIDENING);
            well.proposal = Some((eigen.eigenvectors, precision));
        }
        Ok(well)
    }

    /// Second derivatives of the energy over kB T at the minimum, by differences.
    fn curvature(&self) -> Matrix4<f64> {
        let h = 1e-3;
        let at = |steps: &[(usize, f64)]| {
            let mut u = [0.0; 4];
            for (k, step) in steps {
                u[*k] += step * h;
            }
            self.energy(self.directions(u))
        };
        Matrix4::from_fn(|i, k| {
            let mixed = at(&[(i, 1.0), (k, 1.0)]) - at(&[(i, 1.0), (k, -1.0)]) - at(&[(i, -1.0), (k, 1.0)])
                + at(&[(i, -1.0), (k, -1.0)]);
            mixed / (4.0 * h * h)
        })
    }

    /// Energy over kB T.
    fn energy(&self, m: Pair) -> f64 {
        self.device.energy(m, 0.0) / (BOLTZMANN * self.device.layers[0].temperature_k)
    }

    /// Directions at Lambert's coordinates (two for each layer) about the minimum, |u|^2 <= 4 each.
    fn directions(&self, u: [f64; 4]) -> Pair {
        std::array::from_fn(|layer| {
            let (a, b) = (u[2 * layer], u[2 * layer + 1]);
            let square = a * a + b * b;
            let (along, scale) = (1.0 - 0.5 * square, (1.0 - 0.25 * square).max(0.0).sqrt());
            std::array::from_fn(|c| {
                along * self.minimum[layer][c]
                    + scale * (a * self.axes[layer][0][c] + b * self.axes[layer][1][c])
            })
        })
    }

    /// Directions of both layers from thermal equilibrium in the well.
    pub fn sample(&self, rng: &mut impl Rng) -> Pair {
        let Some((principal, precision)) = &self.proposal else { return self.minimum };
        let mut present = self.minimum;
        // Logarithm of density over proposal, up to a constant.
        let mut weight = -self.energy(present);
        for _ in 0..MOVES {
            let along = Vector4::from_fn(|i, _| {
                let normal: f64 = StandardNormal.sample(rng);
                normal / precision[i].sqrt()
            });
            let threshold: f64 = rng.random::<f64>().ln();
            let u: [f64; 4] = (principal * along).into();
            if u[0] * u[0] + u[1] * u[1] > 4.0 || u[2] * u[2] + u[3] * u[3] > 4.0 {
                continue;
            }
            let m = self.directions(u);
            if self.device.cosine(m) * self.sign <= 0.0 {
                continue;
            }
            let quadratic: f64 = (0..4).map(|i| 0.5 * precision[i] * along[i] * along[i]).sum();
            let proposed = quadratic - self.energy(m);
            if threshold < proposed - weight {
                (present, weight) = (m, proposed);
            }
        }
        present
    }
}
