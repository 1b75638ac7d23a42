//! Problem 6: deterministic orders of the integrators, and their weak error.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::adaptive;
use spinhebb_device::dynamics::integrator::Integrator;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::constants::GAMMA0;
use spinhebb_device::junction::mtj::Mtj;

use super::{Figure, at_stability, in_plane, perpendicular, with_constant_torque};

/// Observed orders at zero temperature on a trajectory with precession, damping and torque.
pub fn deterministic() -> Vec<Figure> {
    let mtj = with_constant_torque(in_plane(6e4, 4e5, 0.02), 0.5);
    let duration = 0.4e-9;
    let volts = 0.4;
    let start = [-0.9, 0.3, (1.0_f64 - 0.9 * 0.9 - 0.3 * 0.3).sqrt()];
    let pulse = Pulse::constant(volts, duration);
    let exact = adaptive::integrate(&mtj, &pulse, start, &[duration], 1e-14).expect("valid")[0];
    [
        (Integrator::RungeKutta4, 4.0, 400.0),
        (Integrator::Heun, 2.0, 1600.0),
        (Integrator::ImplicitMidpoint, 2.0, 1600.0),
    ]
    .into_iter()
    .map(|(integrator, order, steps)| {
        let error = |steps: f64| {
            let stepping = Stepping { integrator, step_s: Some(duration / steps), ..Stepping::default() };
            let dynamics = Dynamics::new(&mtj, &pulse, &stepping).expect("valid");
            let mut lanes = dynamics.lanes([(0, start)]);
            dynamics.advance(&mut lanes, &Streams::new(0, "none"), 0..dynamics.schedule().steps().len());
            let m = dynamics.direction(&lanes, 0);
            (0..3).map(|i| (m[i] - exact[i]).powi(2)).sum::<f64>().sqrt()
        };
        let found = (error(steps) / error(2.0 * steps)).log2();
        Figure::new(
            format!("order at zero temperature, {integrator:?}"),
            found,
            order,
            0.2,
            "theory; tolerance: next order at this step",
        )
    })
    .collect()
}

/// Weak error of <m_z^2> at Delta = 2, over dt: recommended steps stay below 2e-3, and Heun's
/// error at a step ten times its recommendation is larger than Runge-Kutta's there.
pub fn weak() -> Vec<Figure> {
    let (hk, alpha, delta, exact) = (4e5, 0.1, 2.0, 0.531265);
    let mtj = at_stability(perpendicular(hk, alpha), delta);
    let trials = 25_600_u64;
    let error = |integrator: Integrator, phase: f64| mean_square(&mtj, integrator, phase, trials) - exact;
    let scatter = 4.0 * (0.095 / trials as f64).sqrt();
    let mut figures = Vec::new();
    for (integrator, phase) in
        [(Integrator::RungeKutta4, 0.4), (Integrator::ImplicitMidpoint, 0.4), (Integrator::Heun, 0.2)]
    {
        figures.push(Figure::new(
            format!("weak error of <m_z^2> at a phase of {phase} per step, {integrator:?}"),
            error(integrator, phase),
            0.0,
            scatter + if integrator == Integrator::Heun { 0.02 } else { 5e-3 },
            "first order in dt with a small constant; four standard errors",
        ));
    }
    // Heun's step stretches a precession of phase x by 1 + x^4/8, against a damping of alpha x.
    let coarse = error(Integrator::Heun, 1.0).abs();
    let fine = error(Integrator::Heun, 0.6).abs();
    figures.push(Figure::new(
        "order of Heun's weak error in the step, from phases 1.0 and 0.6",
        (coarse / fine).ln() / (1.0_f64 / 0.6).ln(),
        3.0,
        1.0,
        "amplification x^4/8 per step over damping alpha x; statistical scatter of the finer run",
    ));
    // At more damping the first order of the noise is what remains; steps of 0.3 and 0.6 of the phase err by 0.7 % and
    // 1.6 % (Runge-Kutta), which a million trials resolve to 0.03 %.
    let (mtj, trials) = (at_stability(perpendicular(hk, 0.3), delta), 1_000_000);
    for integrator in [Integrator::RungeKutta4, Integrator::ImplicitMidpoint] {
        let error = |phase: f64| mean_square(&mtj, integrator, phase, trials) - exact;
        let (coarse, fine) = (error(0.6), error(0.3));
        figures.push(Figure::new(
            format!("weak order from the error of <m_z^2> at phases of 0.6 and 0.3 per step, {integrator:?}"),
            (coarse / fine).log2(),
            1.0,
            0.35,
            "Milstein and Tretyakov (2004): first order; next order at this step and four standard errors",
        ));
    }
    figures
}

/// <m_z^2> of `trials` macrospins after eight damping times at zero voltage.
fn mean_square(mtj: &Mtj, integrator: Integrator, phase: f64, trials: u64) -> f64 {
    let step_s = phase / (GAMMA0 * mtj.field_scale(0.0));
    let stepping = Stepping { integrator, step_s: Some(step_s), ..Stepping::default() };
    let pulse = Pulse::constant(0.0, 8.0 * mtj.damping_time_s());
    let dynamics = Dynamics::new(mtj, &pulse, &stepping).expect("valid");
    let starts = (0..trials).map(|k| (k, [0.0, 0.0, if k % 2 == 0 { 1.0 } else { -1.0 }]));
    let mut lanes = dynamics.lanes(starts);
    let steps = dynamics.schedule().steps().len();
    dynamics.advance(&mut lanes, &Streams::new(7, "verification/weak order"), 0..steps);
    (0..lanes.len()).map(|k| lanes.cosine(k).powi(2)).sum::<f64>() / trials as f64
}

/// A step forty times too long for damping and noise throws lengths off; they come back, and nothing overflows.
pub fn overlong_steps() -> Vec<Figure> {
    let mtj = at_stability(perpendicular(4e5, 1.0), 2.0);
    [Integrator::RungeKutta4, Integrator::Heun]
        .into_iter()
        .map(|integrator| {
            Figure::new(
                format!("<m_z^2> at a phase of 0.8 per step and alpha = 1, {integrator:?}"),
                mean_square(&mtj, integrator, 0.8, 20_000),
                0.5,
                0.5,
                "a direction: between 0 and 1",
            )
        })
        .collect()
}
