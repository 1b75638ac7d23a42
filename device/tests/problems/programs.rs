//! Problem 9: trajectories of cmtj (PyPI, version in the file) at zero temperature, its switching
//! probabilities at finite temperature.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::adaptive;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::mtj::SpinOrbit;
use spinhebb_device::junction::vector::SymmetricTensor;

use super::{Figure, at_stability, macrospin, perpendicular};

/// Written by `device/benches/cmtj_trajectory.py`.
const REFERENCE: &str = include_str!("../data/cmtj_trajectory.csv");

/// The largest difference of m over each of cmtj's trajectories. cmtj uses fixed Runge-Kutta steps of
/// 10 fs and logs the state after a step with the time before it; the script shifts it back.
pub fn figures() -> Vec<Figure> {
    let mut rows: std::collections::BTreeMap<String, Vec<[f64; 4]>> = std::collections::BTreeMap::new();
    for line in REFERENCE.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let numbers: [f64; 4] = std::array::from_fn(|i| fields[i + 1].parse().expect("a number"));
        rows.entry(fields[0].to_string()).or_default().push(numbers);
    }
    rows.iter()
        .map(|(case, rows)| {
            // Parameters as in the script: Ms = 1 T/mu0 with cmtj's mu0 = 12.566e-7,
            // K = 300 kJ/m3 about z, N = (0.1, 0.2, 0.7).
            let ms = 1.0 / 12.566e-7;
            let mut mtj = macrospin(SymmetricTensor::diagonal([0.0, 0.0, 2.0 * 3e5]), [0.0, 0.0, 1.0], 0.03);
            mtj.magnetisation_a_per_m = ms;
            mtj.shape_tensor = SymmetricTensor::diagonal([-0.1 * ms, -0.2 * ms, -0.7 * ms]);
            mtj.field_a_per_m = [2e4, 1e4, -3e4];
            if case == "torque" {
                mtj.spin_orbit = Some(SpinOrbit {
                    field_per_volt: 2e4,
                    field_like_ratio: -0.25, // cmtj's field-like torque has the other sign
                    polarisation: [0.0, 1.0, 0.0],
                    junction_share: 0.0,
                });
            }
            // cmtj's gamma0 is 220880 m/(A s): its time runs slower by that ratio.
            let times: Vec<f64> = rows
                .iter()
                .map(|row| row[0] * 220_880.0 / spinhebb_device::junction::constants::GAMMA0)
                .collect();
            let start = [(1.0_f64 - 0.8 * 0.8).sqrt(), 0.0, 0.8];
            let duration = times[times.len() - 1] * 1.01;
            let ours = adaptive::integrate(&mtj, &Pulse::constant(1.0, duration), start, &times, 1e-13)
                .expect("valid");
            let worst = ours
                .iter()
                .zip(rows)
                .flat_map(|(m, row)| (0..3).map(move |i| (m[i] - row[i + 1]).abs()))
                .fold(0.0, f64::max);
            Figure::new(
                format!("largest difference of m from cmtj over 2 ns, {case}"),
                worst,
                0.0,
                1e-6,
                "cmtj 1.15.0 by Runge-Kutta with steps of 10 fs",
            )
        })
        .collect()
}

/// Written by `device/benches/cmtj_switching.py`.
const COUNTS: &str = include_str!("../data/cmtj_switching.csv");

/// Switching counts of cmtj over nine cells of overdrive and duration, against ours: a two-sample
/// chi-square. cmtj takes stochastic Heun steps, here Runge-Kutta steps with frozen noise are taken.
pub fn switching() -> Vec<Figure> {
    // As in the script: Hk = 2 K/Ms with Ms = 1 T, start at m_z = -0.97, Delta = 6.
    let (alpha, hk, start_z, trials) = (0.1, 2e5, -0.97_f64, 10_240_u64);
    let mut mtj = at_stability(perpendicular(hk, alpha), 6.0);
    let tau_s = mtj.damping_time_s();
    let start = [(1.0 - start_z * start_z).sqrt(), 0.0, start_z];
    let mut figures = Vec::new();
    let (mut square, mut cells) = (0.0, 0.0);
    for (index, line) in COUNTS.lines().filter(|line| !line.starts_with('#')).skip(1).enumerate() {
        let row: Vec<f64> = line.split(',').map(|field| field.parse().expect("a number")).collect();
        let (overdrive, duration, their_trials, theirs) = (row[0], row[1], row[2], row[3]);
        mtj.spin_orbit = Some(SpinOrbit {
            field_per_volt: overdrive * alpha * hk,
            field_like_ratio: 0.0,
            polarisation: [0.0, 0.0, 1.0],
            junction_share: 0.0,
        });
        // Times over the damping time are the same for any gyromagnetic ratio.
        let pulse = Pulse::constant(1.0, duration * tau_s);
        let stepping = Stepping { step_s: Some(tau_s / 200.0), ..Stepping::default() };
        let dynamics = Dynamics::new(&mtj, &pulse, &stepping).expect("valid");
        let mut lanes = dynamics.lanes((0..trials).map(|k| (k, start)));
        let noise = Streams::new(index as u64, "verification/cmtj switching");
        dynamics.advance(&mut lanes, &noise, 0..dynamics.schedule().steps().len());
        let ours = (0..lanes.len()).filter(|k| lanes.cosine(*k) > 0.0).count() as f64;
        let n = trials as f64;
        let p = (ours + theirs) / (n + their_trials);
        let deviation = (p * (1.0 - p) * (1.0 / n + 1.0 / their_trials)).sqrt();
        let difference = ours / n - theirs / their_trials;
        square += (difference / deviation).powi(2);
        cells += 1.0;
        figures.push(Figure::new(
            format!("switching probability, overdrive {overdrive}, {duration} damping times, Delta 6"),
            ours / n,
            theirs / their_trials,
            4.0 * deviation,
            "cmtj 1.15.0, stochastic Heun, 10,000 trials; four standard errors of both counts",
        ));
    }
    figures.push(Figure::new(
        "chi-square of the nine cells",
        square,
        cells,
        18.9,
        "two-sample chi-square of 9 degrees of freedom at the 0.1 % level (27.9)",
    ));
    figures
}
