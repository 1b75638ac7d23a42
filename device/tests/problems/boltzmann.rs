//! Problem 4: the stationary density is Boltzmann's, for any damping.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::integrator::Integrator;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::constants::{BOLTZMANN, MU0};
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::vector::SymmetricTensor;

use super::{Figure, at_stability, macrospin, perpendicular};

const TRIALS: u64 = 12_800;

/// m_z of an ensemble that starts on the poles and is let go for `damping_times`.
fn relaxed(mtj: &Mtj, damping_time_s: f64, damping_times: f64, stepping: Stepping, seed: u64) -> Vec<f64> {
    let pulse = Pulse::constant(0.0, damping_times * damping_time_s);
    let dynamics = Dynamics::new(mtj, &pulse, &stepping).expect("valid");
    let starts = (0..TRIALS).map(|k| (k, [0.0, 0.0, if k % 2 == 0 { 1.0 } else { -1.0 }]));
    let mut lanes = dynamics.lanes(starts);
    let steps = dynamics.schedule().steps().len();
    dynamics.advance(&mut lanes, &Streams::new(seed, "verification/boltzmann"), 0..steps);
    (0..lanes.len()).map(|k| lanes.cosine(k)).collect()
}

/// Largest distance of the empirical distribution from that of exp(exponent(z)), over its
/// critical value at the 0.1 % level.
fn kolmogorov_smirnov(mut sample: Vec<f64>, exponent: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = 20_000;
    let mut cumulative = vec![0.0; n + 1];
    for i in 0..n {
        let z = -1.0 + (2.0 * i as f64 + 1.0) / n as f64;
        cumulative[i + 1] = cumulative[i] + exponent(z).exp();
    }
    let total = cumulative[n];
    let count = sample.len() as f64;
    let distance = sample
        .iter()
        .enumerate()
        .map(|(k, z)| {
            let place = (z + 1.0) * 0.5 * n as f64;
            let low = (place as usize).min(n - 1);
            let share = place - low as f64;
            let cdf = (cumulative[low] + share * (cumulative[low + 1] - cumulative[low])) / total;
            (cdf - k as f64 / count).abs().max((cdf - (k + 1) as f64 / count).abs())
        })
        .fold(0.0, f64::max);
    distance / (1.949 / count.sqrt())
}

pub fn figures() -> Vec<Figure> {
    let hk = 4e5;
    let mut figures = Vec::new();
    let moments = [(0.5, 0.379732), (1.0, 0.429231), (2.0, 0.531265), (5.0, 0.764266), (10.0, 0.892728)];
    let runs = [
        (0.1, Integrator::RungeKutta4),
        (0.1, Integrator::Heun),
        (0.1, Integrator::ImplicitMidpoint),
        (0.03, Integrator::RungeKutta4),
        (1.0, Integrator::RungeKutta4),
    ];
    for (run, (alpha, integrator)) in runs.into_iter().enumerate() {
        for (delta, exact) in moments {
            if run > 0 && delta != 2.0 && delta != 10.0 {
                continue;
            }
            let mtj = at_stability(perpendicular(hk, alpha), delta);
            // Small barriers diffuse over the sphere in about tau_D Delta.
            let stepping = Stepping { integrator, ..Stepping::default() };
            let z = relaxed(&mtj, mtj.damping_time_s(), 6.0, stepping, 17 + run as u64);
            let square = z.iter().map(|z| z * z).sum::<f64>() / TRIALS as f64;
            let fourth = z.iter().map(|z| z.powi(4)).sum::<f64>() / TRIALS as f64;
            let error = ((fourth - square * square) / TRIALS as f64).sqrt();
            let case = format!("Delta {delta}, alpha {alpha}, {integrator:?}");
            figures.push(Figure::new(
                format!("<m_z^2>, {case}"),
                square,
                exact,
                4.0 * error + 6e-4,
                "Dawson's integral; four standard errors and the weak error of the step",
            ));
            figures.push(Figure::new(
                format!("Kolmogorov-Smirnov distance over its 0.1 % value, {case}"),
                kolmogorov_smirnov(z, |z| delta * (z * z - 1.0)),
                0.0,
                1.0,
                "Boltzmann density exp(-Delta (1 - z^2))",
            ));
        }
    }
    // A field alone: Langevin's function.
    for xi in [1.0, 3.0] {
        let h = 2e5;
        let mut mtj = macrospin(SymmetricTensor::default(), [0.0, 0.0, 1.0], 0.1);
        mtj.field_a_per_m = [0.0, 0.0, h];
        mtj.temperature_k = 300.0;
        mtj.activation_volume_m3 = xi * BOLTZMANN * 300.0 / (MU0 * mtj.magnetisation_a_per_m * h);
        let damping_time = 1.0 / (0.1 * spinhebb_device::junction::constants::GAMMA0 * h);
        let z = relaxed(&mtj, damping_time, 8.0, Stepping::default(), 29);
        let mean = z.iter().sum::<f64>() / TRIALS as f64;
        let langevin = 1.0 / xi.tanh() - 1.0 / xi;
        let variance = 1.0 - 2.0 * langevin / xi - langevin * langevin;
        figures.push(Figure::new(
            format!("<m_z> in a field, mu0 Ms V H = {xi} kB T"),
            mean,
            langevin,
            4.0 * (variance / TRIALS as f64).sqrt() + 6e-4,
            "Langevin; four standard errors and the weak error of the step",
        ));
    }
    figures
}

/// Euler steps in the polar angle without the cot(theta) drift: the Ito trap. Returns
/// (<sin^2 theta> of the trap, exact) at Delta = 10, one well.
pub fn ito_trap() -> (f64, f64) {
    use rand_distr::{Distribution, StandardNormal};
    let delta = 10.0;
    let (step, steps, paths) = (0.005_f64, 1000, 4000);
    let streams = Streams::new(3, "verification/ito trap");
    let sum: f64 = (0..paths)
        .map(|k| {
            let mut rng = streams.rng(k);
            let mut theta = 0.2_f64;
            for _ in 0..steps {
                let noise: f64 = StandardNormal.sample(&mut rng);
                theta += -theta.sin() * theta.cos() * step + (step / delta).sqrt() * noise;
            }
            theta.sin().powi(2)
        })
        .sum();
    (sum / paths as f64, 0.10727)
}
