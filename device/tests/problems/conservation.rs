//! Problem 1: without damping and temperature the energy and |m| do not change.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::integrator::Integrator;
use spinhebb_device::dynamics::lanes::{Dynamics, Lanes, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::constants::GAMMA0;

use super::{Figure, in_plane};

const PRECESSIONS: f64 = 1e5;

/// 64 orbits of a biaxial macrospin, each through at least 1e5 precessions, by the implicit midpoint.
pub fn figures() -> Vec<Figure> {
    let (hk, m_eff) = (3e5, 2e5);
    let mtj = in_plane(hk, m_eff, 0.0);
    let period_s = std::f64::consts::TAU / (GAMMA0 * (hk * (hk + m_eff)).sqrt());
    let step_s = 0.25 / (GAMMA0 * (hk + m_eff));
    let stepping =
        Stepping { integrator: Integrator::ImplicitMidpoint, step_s: Some(step_s), ..Stepping::default() };
    // Long orbits near the separatrix are slower: the small ones set the count.
    let dynamics =
        Dynamics::new(&mtj, &Pulse::constant(0.0, PRECESSIONS * period_s), &stepping).expect("valid");
    let starts = (0..64_u64).map(|k| {
        let (sin, cos) = (0.02 + 0.015 * k as f64).sin_cos();
        (k, [cos, sin * (k as f64).cos(), sin * (k as f64).sin()])
    });
    let mut lanes = dynamics.lanes(starts);
    let energies = |lanes: &Lanes| -> Vec<(f64, f64)> {
        (0..64)
            .map(|k| {
                let m = dynamics.direction(lanes, k);
                let e = -0.5 * (hk * m[0] * m[0] - m_eff * m[2] * m[2]) / (0.5 * hk);
                (e, (m[0] * m[0] + m[1] * m[1] + m[2] * m[2]).sqrt())
            })
            .collect()
    };
    let before = energies(&lanes);
    let steps = dynamics.schedule().steps().len();
    dynamics.advance(&mut lanes, &Streams::new(0, "none"), 0..steps);
    let after = energies(&lanes);
    let worst = |select: fn(&(f64, f64)) -> f64| {
        before.iter().zip(&after).map(|(b, a)| (select(a) - select(b)).abs()).fold(0.0, f64::max)
    };
    let round_off = steps as f64 * f64::EPSILON;
    let reason = "conserved by the midpoint rule; tolerance: one rounding error per step";
    vec![
        Figure::new(
            "largest change of energy over barrier, 1e5 precessions",
            worst(|e| e.0),
            0.0,
            round_off,
            reason,
        ),
        Figure::new("largest change of |m|, 1e5 precessions", worst(|e| e.1), 0.0, round_off, reason),
    ]
}
