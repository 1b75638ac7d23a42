//! One step of every lane of a block, by each integrator.
//!
//! Plain loops over lanes without branches: they vectorise at the width of the instruction set
//! the caller is compiled for.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over many arrays of lanes; this form vectorises"
)]

use crate::dynamics::block::{BLOCK, Block};
use crate::dynamics::heating::HeatBlock;
use crate::dynamics::llgs::{HEATED, Heat, Instant, slope, total_field};
use crate::dynamics::normal::{RoundKeys, normals_of_lanes};
use crate::junction::vector::{Vector, add, add_scaled, cross, dot, normalised};

/// Integrators as constants of the compiled kernels.
pub(crate) const RUNGE_KUTTA_4: u8 = 0;
/// See [`RUNGE_KUTTA_4`].
pub(crate) const HEUN: u8 = 1;
/// See [`RUNGE_KUTTA_4`].
pub(crate) const IMPLICIT_MIDPOINT: u8 = 2;

/// Fixed-point iterations of the implicit midpoint: each gains at least a digit at the
/// recommended step.
pub(crate) const MIDPOINT_ITERATIONS: usize = 14;

/// Scalars of one step. Fields are multiplied by `-gamma0 dt/(1 + alpha^2)`, which makes them
/// rotations over the step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepScalars {
    pub position: u64,
    pub start: Instant,
    pub middle: Instant,
    pub end: Instant,
    pub damping: f64,
    /// Deviation of the thermal rotation at 1 K.
    pub deviation: f64,
    pub root_temperature: f64,
}

/// Thermal rotations of every lane. Shape: component x lane.
#[inline(always)]
fn thermal_fields<const TERMS: u8, const NOISY: bool>(
    block: &Block,
    heat: &HeatBlock,
    keys: &RoundKeys,
    s: &StepScalars,
) -> [[f64; BLOCK]; 3] {
    if !NOISY {
        return [[0.0; BLOCK]; 3];
    }
    normals_of_lanes(s.position, &block.identity, keys, |lane| {
        s.deviation * if TERMS == HEATED { heat.noise[lane] } else { s.root_temperature }
    })
}

/// One Runge-Kutta step of a direction with the thermal field constant over it.
#[inline(always)]
fn runge_kutta_4_step<const TERMS: u8>(
    m: Vector,
    thermal: Vector,
    heat: Heat,
    s: &StepScalars,
    strayed: &mut u64,
) -> Vector {
    let k1 = slope::<TERMS>(m, thermal, &s.start, heat, s.damping);
    let k2 = slope::<TERMS>(add_scaled(m, 0.5, k1), thermal, &s.middle, heat, s.damping);
    let k3 = slope::<TERMS>(add_scaled(m, 0.5, k2), thermal, &s.middle, heat, s.damping);
    let k4 = slope::<TERMS>(add(m, k3), thermal, &s.end, heat, s.damping);
    let (outer, inner) = (add(k1, k4), add(k2, k3));
    renormalised(add_scaled(m, 1.0 / 6.0, add_scaled(outer, 2.0, inner)), strayed)
}

/// One stochastic Heun step of a direction.
#[inline(always)]
fn heun_step<const TERMS: u8>(
    m: Vector,
    thermal: Vector,
    heat: Heat,
    s: &StepScalars,
    strayed: &mut u64,
) -> Vector {
    let k1 = slope::<TERMS>(m, thermal, &s.start, heat, s.damping);
    let k2 = slope::<TERMS>(add(m, k1), thermal, &s.end, heat, s.damping);
    renormalised(add_scaled(m, 0.5, add(k1, k2)), strayed)
}

/// `m` brought back to unit length after a step that has nearly kept it: Halley's iterate of
/// `1/|m|`, which leaves an error of `(m^2 - 1)^3/32` without a square root. `strayed` gathers the bits of
/// [`has_strayed`].
#[inline(always)]
fn renormalised(m: Vector, strayed: &mut u64) -> Vector {
    let square = dot(m, m);
    *strayed |= square.to_bits().wrapping_sub(0.5_f64.to_bits());
    let inverse = (square + 3.0) / (3.0 * square + 1.0);
    m.map(|c| c * inverse)
}

/// Whether any of the squares gathered lay outside 1/2 to 2: the two binades end after 2^53 patterns.
#[inline(always)]
fn has_strayed(strayed: u64) -> bool {
    strayed >> 53 != 0
}

/// Exact unit length for the lanes that a step far beyond the recommended one has thrown off. A lane whose square
/// was between 1/2 and 2 is within these limits after [`renormalised`], so that no lane depends on its neighbours.
#[cold]
fn restore_length(block: &mut Block) {
    for lane in 0..BLOCK {
        let m = [block.x[lane], block.y[lane], block.z[lane]];
        if !(0.97..1.03).contains(&dot(m, m)) {
            [block.x[lane], block.y[lane], block.z[lane]] = normalised(m);
        }
    }
}

/// One step of every lane by Runge-Kutta or Heun.
#[inline(always)]
pub(crate) fn explicit<const TERMS: u8, const INTEGRATOR: u8, const NOISY: bool>(
    block: &mut Block,
    heat: &HeatBlock,
    keys: &RoundKeys,
    s: &StepScalars,
) {
    let thermal = thermal_fields::<TERMS, NOISY>(block, heat, keys, s);
    let mut strayed = 0;
    for lane in 0..BLOCK {
        let m = [block.x[lane], block.y[lane], block.z[lane]];
        let field = [thermal[0][lane], thermal[1][lane], thermal[2][lane]];
        let heat = heat.lane::<TERMS>(lane);
        let m = if INTEGRATOR == HEUN {
            heun_step::<TERMS>(m, field, heat, s, &mut strayed)
        } else {
            runge_kutta_4_step::<TERMS>(m, field, heat, s, &mut strayed)
        };
        block.x[lane] = m[0];
        block.y[lane] = m[1];
        block.z[lane] = m[2];
    }
    if has_strayed(strayed) {
        restore_length(block);
    }
}

/// With half the rotation vector of the midpoint rule at the iterate `at`,
/// `w = -(dt/2) gamma0/(1 + alpha^2) (B + alpha at x B)`, the solution of `mid = m + mid x w`.
#[inline(always)]
fn midpoint_iterate<const TERMS: u8>(
    m: Vector,
    at: Vector,
    thermal: Vector,
    heat: Heat,
    s: &StepScalars,
) -> Vector {
    let r = total_field::<TERMS>(at, thermal, &s.middle, heat);
    let w = add_scaled(r, s.damping, cross(at, r)).map(|c| 0.5 * c);
    let along = dot(m, w);
    let turned = cross(m, w);
    let inverse = 1.0 / (1.0 + dot(w, w));
    [
        (m[0] + turned[0] + along * w[0]) * inverse,
        (m[1] + turned[1] + along * w[1]) * inverse,
        (m[2] + turned[2] + along * w[2]) * inverse,
    ]
}

/// `m1 - m0 = mid x w`, `mid = (m0 + m1)/2`, with the rotation vector
/// `w = -dt gamma0/(1 + alpha^2) (B + alpha mid x B)` at the midpoint found by iteration; each
/// iterate solves the linear equation for `mid` exactly, so that |m| is kept at any iteration.
#[inline(always)]
pub(crate) fn implicit_midpoint<const TERMS: u8, const NOISY: bool>(
    block: &mut Block,
    heat: &HeatBlock,
    keys: &RoundKeys,
    s: &StepScalars,
) {
    let thermal = thermal_fields::<TERMS, NOISY>(block, heat, keys, s);
    let mut mid = [block.x, block.y, block.z];
    for _ in 0..MIDPOINT_ITERATIONS {
        for lane in 0..BLOCK {
            let heat = heat.lane::<TERMS>(lane);
            let m = [block.x[lane], block.y[lane], block.z[lane]];
            let at = [mid[0][lane], mid[1][lane], mid[2][lane]];
            let field = [thermal[0][lane], thermal[1][lane], thermal[2][lane]];
            let next = midpoint_iterate::<TERMS>(m, at, field, heat, s);
            mid[0][lane] = next[0];
            mid[1][lane] = next[1];
            mid[2][lane] = next[2];
        }
    }
    for lane in 0..BLOCK {
        block.x[lane] = 2.0 * mid[0][lane] - block.x[lane];
        block.y[lane] = 2.0 * mid[1][lane] - block.y[lane];
        block.z[lane] = 2.0 * mid[2][lane] - block.z[lane];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::llgs::{Equation, PLAIN, UNHEATED};
    use crate::dynamics::normal::{normals, philox};
    use crate::dynamics::pulse::Drive;
    use crate::junction::preset;
    use spinhebb_data::random_stream::Streams;

    /// Root-mean-square error at the end of one Brownian path integrated with 1, 2, 4, ... times
    /// the finest step, against the finest path of the midpoint rule; slope over the coarser half.
    ///
    /// The noise is that of a damped precession (three fields that do not commute), for which the
    /// strong order of schemes that use the increments alone is 1/2; the leading error is small,
    /// so that orders between 1/2 and 1 are seen at finite steps. Less than 0.4 is a bug.
    fn strong_order(step: impl Fn(Vector, Vector, &StepScalars) -> Vector) -> f64 {
        let mtj = preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap();
        let mtj = mtj.with_stability(8.0).unwrap();
        let equation = Equation::new(&mtj, Drive::Voltage).unwrap();
        let keys = RoundKeys::new(Streams::new(5, "test strong order").key());
        let unit = mtj.thermal_field_deviation(mtj.temperature_k, 1.0);
        let (finest_s, fine_steps, levels) = (0.02e-12, 1 << 13, 7);
        let scalars = |step_s: f64| {
            let instant = equation.instant(0.5).scaled(-equation.precession * step_s);
            StepScalars {
                position: 0,
                start: instant,
                middle: instant,
                end: instant,
                damping: equation.damping,
                deviation: 0.0,
                root_temperature: 0.0,
            }
        };
        let mut squares = vec![0.0; levels];
        let paths = 48_u64;
        for path in 0..paths {
            // Increments of the finest path as fields times sqrt(step).
            let draws: Vec<Vector> = (0..fine_steps)
                .map(|i| normals(philox(i, path, &keys)).map(|n| n * unit / f64::sqrt(finest_s)))
                .collect();
            let start = normalised([0.1, 0.2, 1.0]);
            let run = |stride: usize| {
                let s = scalars(finest_s * stride as f64);
                draws.chunks(stride).fold(start, |m, chunk| {
                    let mut field = [0.0; 3];
                    for draw in chunk {
                        field = add_scaled(field, -equation.precession * finest_s, *draw);
                    }
                    step(m, field, &s)
                })
            };
            let reference = run(1);
            for (level, square) in squares.iter_mut().enumerate() {
                let m = run(1 << (level + 3));
                let d = add_scaled(m, -1.0, reference);
                *square += dot(d, d);
            }
        }
        let error = |level: usize| (squares[level] / paths as f64).sqrt();
        assert!(error(0) < error(levels - 1));
        (error(levels - 3) / error(1)).log2() / (levels - 4) as f64
    }

    #[test]
    fn strong_orders_are_at_least_one_half() {
        let runge_kutta = strong_order(|m, h, s| runge_kutta_4_step::<PLAIN>(m, h, UNHEATED, s, &mut 0));
        let heun = strong_order(|m, h, s| heun_step::<PLAIN>(m, h, UNHEATED, s, &mut 0));
        let midpoint = strong_order(|m, h, s| {
            let mut mid = m;
            for _ in 0..MIDPOINT_ITERATIONS {
                mid = midpoint_iterate::<PLAIN>(m, mid, h, UNHEATED, s);
            }
            add_scaled(mid.map(|c| 2.0 * c), -1.0, m)
        });
        for (name, order) in [("Runge-Kutta", runge_kutta), ("Heun", heun), ("midpoint", midpoint)] {
            assert!((0.4..2.1).contains(&order), "{name}: {order}");
        }
    }
}
