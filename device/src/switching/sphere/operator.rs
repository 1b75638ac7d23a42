//! The Fokker-Planck operator of any macrospin in real spherical harmonics.
//!
//! # Formula
//! With `gamma' = gamma0/(1 + alpha^2)`, F the effective field less the field-like torques and s the
//! sum of the damping-like torques `a p`, the drift of the LLGS equation is
//! `v = gamma' [ (alpha F + s)_tangential + m x (alpha s - F) ]`, and the backward operator
//! `L^+ Y = gamma' [ (alpha F + s) . grad Y - (alpha s - F) . (m x grad Y) ] + D lap Y`,
//! `D = gamma' alpha kB T/(mu0 Ms Vol)`. Rows of the matrix: `L_ik = <Y_k, L^+ Y_i>`, so that
//! `d rho_i/dt = L_ik rho_k`. Fields linear in m couple degrees up to two apart; a torque that depends on
//! `m.p` through the conductance is replaced by a polynomial.
//!
//! # References
//! W. F. Brown, Phys. Rev. 130, 1677 (1963), eq. (4.2); Y. P. Kalmykov, W. T. Coffey et al., Phys. Rev. B 88,
//! 144406 (2013), doi:10.1103/PhysRevB.88.144406 (spin torque in spherical harmonics).

use super::harmonics::{Basis, Expansion, Index, gradient, multiply, rotation};
use crate::error::DeviceError;
use crate::junction::constants::{BOLTZMANN, GAMMA0};
use crate::junction::mtj::Mtj;
use crate::junction::vector::{Vector, dot};

/// A square matrix by rows of (column, value), columns rising.
#[derive(Debug, Clone)]
pub struct Sparse {
    /// Entries of each row.
    pub rows: Vec<Vec<(usize, f64)>>,
}

impl Sparse {
    /// `out = self x`.
    pub fn times(&self, x: &[f64], out: &mut [f64]) {
        for (row, out) in self.rows.iter().zip(out) {
            *out = row.iter().map(|(k, value)| value * x[*k]).sum();
        }
    }

    /// `out = self^T x`.
    pub fn transposed_times(&self, x: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (row, x) in self.rows.iter().zip(x) {
            for (k, value) in row {
                out[*k] += value * x;
            }
        }
    }
}

/// Largest relative error of the polynomial that stands for the torque.
const TORQUE_ERROR: f64 = 1e-6;
/// Largest degree of that polynomial.
const TORQUE_DEGREE: usize = 12;

/// Coefficients of powers of c of the polynomial of least degree that stands for `function` on [-1, 1].
///
/// # Errors
/// [`DeviceError::NotApplicable`] if no degree up to 12 will do.
fn polynomial(function: impl Fn(f64) -> f64) -> Result<Vec<f64>, DeviceError> {
    let scale = [-1.0, 0.0, 1.0].map(|c| function(c).abs()).into_iter().fold(0.0, f64::max);
    if scale == 0.0 {
        return Ok(vec![]);
    }
    for degree in 0..=TORQUE_DEGREE {
        // Newton's form at Chebyshev points, then expanded.
        let nodes: Vec<f64> = (0..=degree)
            .map(|k| (std::f64::consts::PI * (k as f64 + 0.5) / (degree as f64 + 1.0)).cos())
            .collect();
        let mut divided: Vec<f64> = nodes.iter().map(|c| function(*c)).collect();
        for order in 1..=degree {
            for k in (order..=degree).rev() {
                divided[k] = (divided[k] - divided[k - 1]) / (nodes[k] - nodes[k - order]);
            }
        }
        let mut powers = vec![0.0; degree + 1];
        for k in (0..=degree).rev() {
            for power in (1..=degree).rev() {
                powers[power] = powers[power - 1] - nodes[k] * powers[power];
            }
            powers[0] = divided[k] - nodes[k] * powers[0];
        }
        let at = |c: f64| powers.iter().rev().fold(0.0, |sum, a| sum * c + a);
        let worst = (0..=64)
            .map(|k| f64::from(k) / 32.0 - 1.0)
            .map(|c| (at(c) - function(c)).abs())
            .fold(0.0, f64::max);
        if worst <= TORQUE_ERROR * scale {
            return Ok(powers);
        }
    }
    Err(DeviceError::NotApplicable {
        model: "the Fokker-Planck equation on the sphere",
        reason: format!(
            "the torque is no polynomial of m.p of degree {TORQUE_DEGREE} to {TORQUE_ERROR:e}; use the ensemble or splitting"
        ),
    })
}

/// Operator at `volts` (V > 0 favours P; voltage drive) per `unit_s`, in the frame `axes` (third: polar).
///
/// # Errors
/// [`DeviceError::NotApplicable`] if the torque depends too steeply on the angle.
pub fn assemble(
    mtj: &Mtj,
    volts: f64,
    unit_s: f64,
    axes: &[Vector; 3],
    basis: &Basis,
) -> Result<Sparse, DeviceError> {
    let alpha = mtj.damping;
    let junction = mtj.spin_orbit.map_or(volts, |orbit| orbit.junction_share * volts);
    let rate = unit_s * GAMMA0 / (1.0 + alpha * alpha);
    let tensor = mtj.tensor(junction);
    let mut linear = [[0.0; 3]; 3];
    for (j, a) in axes.iter().enumerate() {
        for (k, b) in axes.iter().enumerate() {
            linear[j][k] = dot(tensor.times(*a), *b);
        }
    }
    // A multiple of m exerts no torque.
    let shift = linear[1][1];
    let largest = mtj.field_scale(volts);
    for (j, row) in linear.iter_mut().enumerate() {
        row[j] -= shift;
        row.iter_mut().filter(|a| a.abs() < 1e-12 * largest).for_each(|a| *a = 0.0);
    }
    let in_frame = |v: Vector| axes.map(|axis| dot(axis, v)).map(|c| if c.abs() < 1e-12 { 0.0 } else { c });
    let scale = crate::junction::vector::length(mtj.field_a_per_m);
    let mut field = [0.0; 3];
    if scale > 0.0 {
        field = in_frame(mtj.field_a_per_m.map(|h| h / scale)).map(|h| h * scale);
    }
    let pole = in_frame(mtj.fixed_layer);
    let ratio = mtj.spin_transfer.map_or(0.0, |transfer| transfer.field_like_ratio);
    let torque = polynomial(|c| mtj.damping_like_field(junction, c))?;
    let orbit = mtj.spin_orbit.map(|orbit| {
        (in_frame(orbit.polarisation).map(|c| c * orbit.field_per_volt * volts), orbit.field_like_ratio)
    });
    let diffusion = alpha * BOLTZMANN * mtj.temperature_k / mtj.energy_per_field();

    let equation = Equation { alpha, linear, field, pole, ratio, torque, orbit };
    let rows = basis.functions.iter().map(|index| {
        let mut row = equation.row(*index);
        *row.entry(*index).or_insert(0.0) -= diffusion * f64::from(index.0 * (index.0 + 1));
        row.iter()
            .filter(|(_, value)| **value != 0.0)
            .filter_map(|(k, value)| Some((basis.place(*k)?, rate * value)))
            .collect()
    });
    Ok(Sparse { rows: rows.collect() })
}

/// Field and torques in the frame of the expansion.
struct Equation {
    alpha: f64,
    /// Linear part of the field.
    linear: [[f64; 3]; 3],
    /// Constant part of the field.
    field: Vector,
    /// Direction of the fixed layer.
    pole: Vector,
    /// Field-like over damping-like spin-transfer torque.
    ratio: f64,
    /// Damping-like spin-transfer field as a polynomial of m.p, by rising powers.
    torque: Vec<f64>,
    /// Damping-like spin-orbit field, and field-like over it.
    orbit: Option<(Vector, f64)>,
}

impl Equation {
    /// What the deterministic part of the equation makes of the function `index`.
    fn row(&self, index: Index) -> Expansion {
        let gradients = [0, 1, 2].map(|axis| gradient(axis, index));
        let rotations = [0, 1, 2].map(|axis| rotation(axis, index));
        let mut row = Expansion::new();
        // alpha (F . grad) + F . (m x grad), by components of F.
        for j in 0..3 {
            let mut along = Expansion::new();
            accumulate(&mut along, &gradients[j], self.alpha);
            accumulate(&mut along, &rotations[j], 1.0);
            accumulate(&mut row, &along, self.field[j]);
            for (k, a) in self.linear[j].iter().enumerate() {
                if *a != 0.0 {
                    multiply(k, &along, *a, &mut row);
                }
            }
        }
        let twisting = |direction: Vector, ratio: f64| {
            let mut found = Expansion::new();
            for j in 0..3 {
                accumulate(&mut found, &gradients[j], (1.0 - self.alpha * ratio) * direction[j]);
                accumulate(&mut found, &rotations[j], -(self.alpha + ratio) * direction[j]);
            }
            found
        };
        if let Some((direction, ratio)) = self.orbit {
            accumulate(&mut row, &twisting(direction, ratio), 1.0);
        }
        if let Some((last, lower)) = self.torque.split_last() {
            // Horner's scheme with the factor m.p.
            let plain = twisting(self.pole, self.ratio);
            let mut sum = Expansion::new();
            accumulate(&mut sum, &plain, *last);
            for coefficient in lower.iter().rev() {
                let mut next = Expansion::new();
                for (axis, component) in self.pole.iter().enumerate() {
                    if *component != 0.0 {
                        multiply(axis, &sum, *component, &mut next);
                    }
                }
                accumulate(&mut next, &plain, *coefficient);
                sum = next;
            }
            accumulate(&mut row, &sum, 1.0);
        }
        row
    }
}

/// Adds `scale` times `f` to `to`.
fn accumulate(to: &mut Expansion, f: &Expansion, scale: f64) {
    if scale != 0.0 {
        f.iter().for_each(|(k, value)| *to.entry(*k).or_insert(0.0) += scale * value);
    }
}
