//! The Fokker-Planck operator on cells of equal width in theta, as a birth-death chain.
//!
//! The unknowns are the probabilities of the cells, ordered from z = -1 (AP) to z = +1
//! (P). Each face carries a Scharfetter-Gummel flux, exact for a drift that is constant
//! between two cell centres, so all rates are positive, probability is conserved and the
//! Boltzmann distribution of the cell centres is stationary at any cell width.
//!
//! # Formula
//! Face between cells j and j+1 at angle theta_f:
//! `up_j = A B(-w) / v_j`, `down_{j+1} = A B(w) / v_{j+1}` with
//! `A = sin^2(theta_f) / (2 Delta (z_{j+1} - z_j))`, `w = 2 Delta b((z_j + z_{j+1})/2) (z_{j+1} - z_j)`,
//! `B(x) = x/(exp(x) - 1)`, v = width of a cell in z.
//!
//! # References
//! D. L. Scharfetter and H. K. Gummel, IEEE Trans. Electron Devices 16, 64 (1969),
//! doi:10.1109/T-ED.1969.16566.

use std::f64::consts::PI;

use crate::switching::axial::AxialModel;

/// Rates of the chain, per tau_D. Shapes: all `cells`.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Rate from cell j to cell j+1; the last is zero.
    pub up: Vec<f64>,
    /// Rate from cell j to cell j-1; the first is zero.
    pub down: Vec<f64>,
}

/// Geometry of `cells` cells of equal width in theta, from z = -1 to z = +1.
#[derive(Debug, Clone)]
pub struct Grid {
    /// z of the cell centres (middle in theta).
    pub z: Vec<f64>,
    /// Width of the cells in z.
    pub width: Vec<f64>,
}

impl Grid {
    /// A grid of `cells` cells, rounded up to an even number so that z = 0 is a face.
    #[must_use]
    pub fn new(cells: usize) -> Self {
        let cells = cells.max(8).next_multiple_of(2);
        let step = PI / cells as f64;
        // z = -cos(psi) with psi = pi - theta, written to be exactly odd about the middle.
        let z = (0..cells).map(|j| ((2.0 * j as f64 + 1.0 - cells as f64) * 0.5 * step).sin()).collect();
        let width = (0..cells).map(|j| 2.0 * ((j as f64 + 0.5) * step).sin() * (0.5 * step).sin()).collect();
        Self { z, width }
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.z.len()
    }

    /// Whether there are no cells; never true.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.z.is_empty()
    }
}

/// Bernoulli function x/(exp(x) - 1).
fn bernoulli(x: f64) -> f64 {
    if x.abs() < 1e-4 { 1.0 - x / 2.0 + x * x / 12.0 } else { x / x.exp_m1() }
}

impl Operator {
    /// Operator of `model` at the constant voltage `volts` (> 0 favours P).
    #[must_use]
    pub fn new(model: &AxialModel, grid: &Grid, volts: f64) -> Self {
        let cells = grid.len();
        let step = PI / cells as f64;
        let (mut up, mut down) = (vec![0.0; cells], vec![0.0; cells]);
        let delta = model.delta_at(volts);
        for face in 1..cells {
            let psi = face as f64 * step;
            let z = 0.5 * (grid.z[face - 1] + grid.z[face]); // makes a drift linear in z exact
            let gap = 2.0 * psi.sin() * (0.5 * step).sin();
            let conductance = psi.sin() * psi.sin() / (2.0 * delta * gap);
            let bias = 2.0 * delta * model.drift(z, volts) * gap;
            up[face - 1] = conductance * bernoulli(-bias) / grid.width[face - 1];
            down[face] = conductance * bernoulli(bias) / grid.width[face];
        }
        Self { up, down }
    }

    /// Number of cells.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.up.len()
    }

    /// Logarithm of the stationary distribution, up to a constant: detailed balance
    /// along the chain. Shape: `cells`.
    #[must_use]
    pub fn log_stationary(&self) -> Vec<f64> {
        let mut log = vec![0.0; self.cells()];
        for j in 1..self.cells() {
            log[j] = log[j - 1] + (self.up[j - 1] / self.down[j]).ln();
        }
        log
    }

    /// Rate of change `dp/dt = L p` of the cell probabilities.
    pub fn forward(&self, p: &[f64], out: &mut [f64]) {
        let last = self.cells() - 1;
        let mut flux_in = 0.0;
        for j in 0..last {
            let flux = self.up[j] * p[j] - self.down[j + 1] * p[j + 1];
            out[j] = flux_in - flux;
            flux_in = flux;
        }
        out[last] = flux_in;
    }

    /// Rate of change `du/dt = L^T u` of a cell function under the backward equation.
    pub fn backward(&self, u: &[f64], out: &mut [f64]) {
        let last = self.cells() - 1;
        for j in 0..=last {
            let above = if j < last { self.up[j] * (u[j + 1] - u[j]) } else { 0.0 };
            let below = if j > 0 { self.down[j] * (u[j - 1] - u[j]) } else { 0.0 };
            out[j] = above + below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boltzmann_distribution_is_stationary() {
        let delta = 12.0;
        let model = AxialModel::linear(delta, 1e-9, 0.2, 0.0).unwrap();
        let grid = Grid::new(200);
        let operator = Operator::new(&model, &grid, 0.0);
        let p: Vec<f64> = grid
            .z
            .iter()
            .zip(&grid.width)
            .map(|(z, w)| (2.0 * delta * (z * z / 2.0 + 0.2 * z)).exp() * w)
            .collect();
        let mut change = vec![0.0; p.len()];
        operator.forward(&p, &mut change);
        for (j, c) in change.iter().enumerate() {
            let scale = (operator.up[j] + operator.down[j]) * p[j];
            assert!(c.abs() <= 1e-12 * scale, "cell {j}: {c:e} of {scale:e}");
        }
    }

    #[test]
    fn backward_operator_is_the_transpose() {
        let model = AxialModel::linear(5.0, 1e-9, 0.1, 1.5).unwrap();
        let operator = Operator::new(&model, &Grid::new(16), 1.0);
        let n = operator.cells();
        let unit = |k: usize| (0..n).map(|j| f64::from(u8::from(j == k))).collect::<Vec<_>>();
        let (mut column, mut row) = (vec![0.0; n], vec![0.0; n]);
        for k in 0..n {
            operator.forward(&unit(k), &mut column);
            assert!(column.iter().sum::<f64>().abs() < 1e-12 * operator.up[k].max(operator.down[k]));
            for (j, entry) in column.iter().enumerate() {
                operator.backward(&unit(j), &mut row);
                assert!((row[k] - entry).abs() <= 1e-14 * entry.abs());
            }
        }
    }
}
