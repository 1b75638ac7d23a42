//! Problem 9: trajectories of cmtj (PyPI, version in the file) at zero temperature.

use spinhebb_device::adaptive;
use spinhebb_device::pulse::Pulse;
use spinhebb_device::vector::SymmetricTensor;

use super::{Figure, macrospin};

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
                mtj.spin_orbit = Some(spinhebb_device::mtj::SpinOrbit {
                    field_per_volt: 2e4,
                    field_like_ratio: -0.25, // cmtj's field-like torque has the other sign
                    polarisation: [0.0, 1.0, 0.0],
                    junction_share: 0.0,
                });
            }
            // cmtj's gamma0 is 220880 m/(A s): its time runs slower by that ratio.
            let times: Vec<f64> =
                rows.iter().map(|row| row[0] * 220_880.0 / spinhebb_device::constants::GAMMA0).collect();
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
