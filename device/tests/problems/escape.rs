//! Problem 5: Neel-Brown. The rate at which the difference of the two wells' populations decays is
//! the first eigenvalue of Brown's operator.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::equilibrium::Well;
use spinhebb_device::junction::state::State;

use super::{Figure, at_stability, perpendicular};

pub fn figures() -> Vec<Figure> {
    // Exact first eigenvalue over twice Brown's asymptotic rate sqrt(Delta/pi) exp(-Delta)/tau_D.
    [(4.0_f64, 0.785), (6.0, 0.818), (8.0, 0.860), (10.0, 0.890)]
        .into_iter()
        .map(|(delta, ratio)| {
            let alpha = 0.3;
            let mtj = at_stability(perpendicular(4e5, alpha), delta);
            let tau_d = mtj.damping_time_s();
            let rate = 2.0 * ratio * (delta / std::f64::consts::PI).sqrt() * (-delta).exp() / tau_d;
            // From 3 damping times on only the slowest mode is left; measured over 0.7 of its lifetime,
            // at most 250 damping times.
            let (settle, span) = (3.0 * tau_d, (0.7 / rate).min(250.0 * tau_d));
            let dynamics = Dynamics::new(&mtj, &Pulse::constant(0.0, settle + span), &Stepping::default())
                .expect("valid");
            let schedule = dynamics.schedule();
            let steps = schedule.steps().len();
            let first = (0..steps).find(|k| schedule.time_s(*k) >= settle).expect("inside");
            let trials = if delta < 7.0 { 25_600_u64 } else { 51_200 };
            let well = Well::new(&mtj, State::Parallel).expect("bistable");
            // Streams of their own, so that the barriers scatter independently.
            let seed = 31 + delta as u64;
            let streams = Streams::new(seed, "verification/escape, start");
            let mut lanes = dynamics.lanes((0..trials).map(|k| (k, well.sample(&mut streams.rng(k)))));
            let noise = Streams::new(seed, "verification/escape, thermal field");
            let mean = |lanes: &spinhebb_device::dynamics::lanes::Lanes| {
                (0..lanes.len()).map(|k| lanes.cosine(k).signum()).sum::<f64>() / trials as f64
            };
            dynamics.advance(&mut lanes, &noise, 0..first);
            let x1 = mean(&lanes);
            dynamics.advance(&mut lanes, &noise, first..steps);
            let x2 = mean(&lanes);
            let elapsed = schedule.time_s(steps) - schedule.time_s(first);
            let found = (x1 / x2).ln() / elapsed;
            // Conditional on the first reading, the second decays by x2/x1 with binomial scatter.
            let decay = x2 / x1;
            let error = ((1.0 - decay * decay) / trials as f64).sqrt() / decay / elapsed;
            Figure::new(
                format!(
                    "decay rate of the population difference at Delta = {delta}, over Brown's eigenvalue"
                ),
                found / rate,
                1.0,
                4.0 * error / rate + 0.01,
                "Brown's exact eigenvalue; four standard errors and 1 % for the tabulated ratio and the step",
            )
        })
        .collect()
}
