//! The energy landscape: minima, stiffness and saddle.
//!
//! # Formula
//! The effective field is affine, `H = h + A m`, so that the energy over `mu0 Ms Vol` is
//! `e(m) = -h.m - (1/2) m.A m` in A/m.

use crate::error::DeviceError;
use crate::junction::state::State;
use crate::junction::vector::{
    SymmetricTensor, Vector, add_scaled, cross, dot, length, normalised, transverse_frame,
};

/// `e(m)` in A/m.
#[must_use]
pub fn density(tensor: &SymmetricTensor, field: Vector, m: Vector) -> f64 {
    -dot(field, m) - 0.5 * dot(tensor.times(m), m)
}

/// Direction of the minimum on the side of `state`, by the iteration
/// `m <- (h + (A + s) m)/|...|`, which lowers the energy in every step.
///
/// # Errors
/// [`DeviceError::NotApplicable`] if the minimum reached lies on the other side.
pub fn well(
    tensor: &SymmetricTensor,
    field: Vector,
    fixed_layer: Vector,
    state: State,
) -> Result<Vector, DeviceError> {
    let eigen = tensor.eigen();
    // The shift makes A + s positive semidefinite with the smallest eigenvalue at zero.
    let shift = -eigen[2].0;
    let start = fixed_layer.map(|c| c * state.cosine());
    // A little off the axis, so that a maximum or saddle there is left.
    let (first, second) = transverse_frame(start);
    let mut m = normalised(add_scaled(add_scaled(start, 1e-4, first), 0.7e-4, second));
    for _ in 0..200_000 {
        let linear = tensor.times(m);
        let next: Vector = std::array::from_fn(|i| field[i] + linear[i] + shift * m[i]);
        if length(next) == 0.0 {
            break; // no field and no anisotropy: every direction is as good
        }
        let next = normalised(next);
        let change = length(add_scaled(next, -1.0, m));
        m = next;
        if change < 1e-15 {
            break;
        }
    }
    // Directions along an axis are made exact.
    let m = normalised(m.map(|c| if c.abs() < 1e-12 { 0.0 } else { c }));
    let (soft, _) = stiffness(tensor, field, m);
    if dot(m, fixed_layer) * state.cosine() > 0.0 && soft > 0.0 {
        Ok(m)
    } else {
        Err(DeviceError::NotApplicable {
            model: "a stable state",
            reason: format!("the {state} state has no energy minimum at zero voltage"),
        })
    }
}

/// Stiffness fields (soft, hard) at the stationary direction `m`, A/m: eigenvalues of
/// `(h + A m).m - A` on the tangent plane.
#[must_use]
pub fn stiffness(tensor: &SymmetricTensor, field: Vector, m: Vector) -> (f64, f64) {
    let along = dot(field, m) + dot(tensor.times(m), m);
    let (a, b) = transverse_frame(m);
    let (ta, tb) = (tensor.times(a), tensor.times(b));
    let (aa, bb, ab) = (along - dot(ta, a), along - dot(tb, b), -dot(ta, b));
    let mean = 0.5 * (aa + bb);
    let half = (0.25 * (aa - bb) * (aa - bb) + ab * ab).sqrt();
    (mean - half, mean + half)
}

/// Energy density of the lowest pass between two minima, A/m.
///
/// Paths are great arcs from one minimum to a point q on the great circle that is equally far
/// from both, and on to the other; they cover the sphere. The pass is the smallest maximum over q.
#[must_use]
pub fn saddle_density(tensor: &SymmetricTensor, field: Vector, from: Vector, to: Vector) -> f64 {
    let (across, along) = {
        let sum = add_scaled(from, 1.0, to);
        if length(sum) > 1e-9 {
            let bisector = normalised(sum);
            (bisector, normalised(cross(from, bisector)))
        } else {
            transverse_frame(from)
        }
    };
    let highest = |angle: f64| {
        let (sin, cos) = angle.sin_cos();
        let middle: Vector = std::array::from_fn(|i| cos * across[i] + sin * along[i]);
        let on_arc = |position: f64| {
            let (end, share) = if position < 1.0 { (from, 1.0 - position) } else { (to, position - 1.0) };
            // The arc between `middle` and `end`, by rotation within their plane.
            let opening = dot(middle, end).clamp(-1.0, 1.0).acos();
            let perpendicular = normalised(add_scaled(end, -opening.cos(), middle));
            let (s, c) = (share * opening).sin_cos();
            density(tensor, field, std::array::from_fn(|i| c * middle[i] + s * perpendicular[i]))
        };
        -least(|x| -on_arc(x), 0.0, 2.0, 64)
    };
    least(highest, 0.0, 2.0 * std::f64::consts::PI, 96)
}

/// Energy density in A/m that a turn of precession takes from a magnetisation of damping one, for the orbit
/// about the minimum `well` at the energy density `level`.
///
/// Times damping and `mu0 Ms Vol/kB T`, for a level just below the pass, this is the number that decides
/// whether orbit averages hold (well below 1) or escape is limited by the pass alone (well above).
///
/// # Formula
/// Integral of `|m x H|^2` over one turn of `dm/ds = -m x H`.
///
/// # References
/// H. A. Kramers, Physica 7, 284 (1940); D. M. Apalkov and P. B. Visscher, Phys. Rev. B 72, 180405 (2005).
#[must_use]
pub fn loss_per_turn(tensor: &SymmetricTensor, field: Vector, well: Vector, level: f64) -> f64 {
    let slope = |m: Vector| {
        let linear = tensor.times(m);
        let h: Vector = std::array::from_fn(|i| field[i] + linear[i]);
        cross(h, m)
    };
    // The point of the orbit on the way from the well in the hardest direction.
    let hardest = tensor.eigen()[2].1;
    let aside = normalised(add_scaled(hardest, -dot(hardest, well), well));
    let on_arc = |angle: f64| -> Vector {
        let (sin, cos) = angle.sin_cos();
        std::array::from_fn(|i| cos * well[i] + sin * aside[i])
    };
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if density(tensor, field, on_arc(middle)) < level { low = middle } else { high = middle }
    }
    let start = on_arc(low);
    let across = cross(well, aside);
    let ds = 0.02 / length(slope(start)) * low;
    let (mut m, mut sum, mut turned) = (start, 0.0, false);
    for _ in 0..1_000_000 {
        let at = |k: Vector, share: f64| add_scaled(m, share * ds, k);
        let k1 = slope(m);
        let k2 = slope(at(k1, 0.5));
        let k3 = slope(at(k2, 0.5));
        let k4 = slope(at(k3, 1.0));
        let next: Vector =
            std::array::from_fn(|i| m[i] + ds / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
        sum += 0.5 * ds * (dot(k1, k1) + dot(slope(next), slope(next)));
        let side = dot(next, across) * dot(slope(start), across);
        // Once on the far side, the turn is full at the return to the near one.
        if turned && side >= 0.0 && dot(next, aside) > 0.0 {
            return sum;
        }
        turned |= side < 0.0;
        m = normalised(next);
    }
    f64::INFINITY
}

/// Smallest value of a function over an interval: a grid, then golden sections about its best point.
fn least(function: impl Fn(f64) -> f64, low: f64, high: f64, points: usize) -> f64 {
    let spacing = (high - low) / points as f64;
    let at = |i: usize| low + (i as f64) * spacing;
    let best = (0..=points).min_by(|&a, &b| function(at(a)).total_cmp(&function(at(b)))).unwrap_or(0);
    let (mut a, mut b) = (at(best) - spacing, at(best) + spacing);
    (a, b) = (a.max(low), b.min(high));
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut c, mut d) = (b - ratio * (b - a), a + ratio * (b - a));
    let (mut fc, mut fd) = (function(c), function(d));
    for _ in 0..45 {
        if fc < fd {
            (b, d, fd) = (d, c, fc);
            c = b - ratio * (b - a);
            fc = function(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + ratio * (b - a);
            fd = function(d);
        }
    }
    fc.min(fd).min(function(at(best)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: Vector = [0.0, 0.0, 1.0];

    #[test]
    fn uniaxial_barrier_in_a_collinear_field() {
        // e = -(Hk/2) z^2 - h z: barrier from +z is (Hk/2)(1 + h/Hk)^2.
        let (hk, h) = (4e5, 6e4);
        let tensor = SymmetricTensor::diagonal([0.0, 0.0, hk]);
        let field = [0.0, 0.0, h];
        let up = well(&tensor, field, Z, State::Parallel).unwrap();
        let down = well(&tensor, field, Z, State::AntiParallel).unwrap();
        assert_eq!((up, down), (Z, [0.0, 0.0, -1.0]));
        for (from, to, sign) in [(up, down, 1.0), (down, up, -1.0)] {
            let barrier = saddle_density(&tensor, field, from, to) - density(&tensor, field, from);
            let exact = 0.5 * hk * (1.0 + sign * h / hk) * (1.0 + sign * h / hk);
            assert!((barrier - exact).abs() < 1e-8 * exact, "{barrier} against {exact}");
        }
    }

    #[test]
    fn transverse_field_lowers_the_barrier_as_stoner_wohlfarth() {
        // Easy z, field h along x: minima at sin = h/Hk, barrier (Hk/2)(1 - h/Hk)^2.
        let (hk, h) = (1e5, 3e4);
        let tensor = SymmetricTensor::diagonal([0.0, 0.0, hk]);
        let field = [h, 0.0, 0.0];
        let up = well(&tensor, field, Z, State::Parallel).unwrap();
        let down = well(&tensor, field, Z, State::AntiParallel).unwrap();
        assert!((up[0] - h / hk).abs() < 1e-12);
        let barrier = saddle_density(&tensor, field, up, down) - density(&tensor, field, up);
        let exact = 0.5 * hk * (1.0 - h / hk) * (1.0 - h / hk);
        assert!((barrier - exact).abs() < 1e-7 * exact, "{barrier} against {exact}");
        let (soft, hard) = stiffness(&tensor, field, up);
        assert!((soft - hk * (1.0 - (h / hk) * (h / hk))).abs() < 1e-6 * hk);
        assert!((hard - hk).abs() < 1e-6 * hk);
    }

    #[test]
    fn biaxial_barrier_goes_over_the_middle_axis() {
        let tensor = SymmetricTensor::diagonal([2e4, 0.0, -6e5]);
        let x = [1.0, 0.0, 0.0];
        let up = well(&tensor, [0.0; 3], x, State::Parallel).unwrap();
        let down = well(&tensor, [0.0; 3], x, State::AntiParallel).unwrap();
        let barrier = saddle_density(&tensor, [0.0; 3], up, down) - density(&tensor, [0.0; 3], up);
        assert!((barrier - 1e4).abs() < 1e-3, "{barrier}");
        assert_eq!(stiffness(&tensor, [0.0; 3], up), (2e4, 6.2e5));
    }

    #[test]
    fn small_orbits_lose_energy_as_the_damped_oscillator_does() {
        // Decay rate alpha gamma (H1 + H2) of the energy over a period 2 pi/(gamma sqrt(H1 H2)).
        let (h1, h2) = (4e4, 9e5);
        let tensor = SymmetricTensor::diagonal([0.0, -h1, -h2]);
        let x = [1.0, 0.0, 0.0];
        let energy = 1e-4 * 0.5 * h1;
        let found = loss_per_turn(&tensor, [0.0; 3], x, density(&tensor, [0.0; 3], x) + energy);
        let exact = 2.0 * std::f64::consts::PI * (h1 + h2) / (h1 * h2).sqrt() * energy;
        assert!((found / exact - 1.0).abs() < 5e-3, "{found} {exact}");
    }

    /// The figure that rules out orbit averages for the shipped in-plane device.
    #[test]
    fn the_in_plane_preset_loses_many_thermal_energies_in_one_turn() {
        let mtj = crate::junction::preset::load("in-plane").unwrap().device.resolve().unwrap();
        let (tensor, field) = (mtj.tensor(0.0), mtj.field_a_per_m);
        let [from, to] = State::BOTH.map(|state| mtj.well(state).unwrap());
        let lowest = density(&tensor, field, from);
        let pass = saddle_density(&tensor, field, from, to);
        let loss = loss_per_turn(&tensor, field, from, lowest + 0.999 * (pass - lowest));
        let thermal = crate::junction::constants::BOLTZMANN * mtj.temperature_k / mtj.energy_per_field();
        let turns = mtj.damping * loss / thermal;
        println!("{turns} kB T in one turn");
        assert!((10.0..40.0).contains(&turns), "{turns}");
    }

    #[test]
    fn a_state_pushed_out_by_a_field_is_refused() {
        let tensor = SymmetricTensor::diagonal([0.0, 0.0, 1e5]);
        let field = [0.0, 0.0, 1.1e5];
        assert!(well(&tensor, field, Z, State::AntiParallel).is_err());
        assert!(well(&tensor, field, Z, State::Parallel).is_ok());
    }
}
