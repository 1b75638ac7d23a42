//! Problem 3: critical current at zero temperature; switching time against overdrive.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::adaptive;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::constants::GAMMA0;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;

use super::{Figure, in_plane, perpendicular, with_constant_torque};

/// Smallest positive voltage at which a small deviation from the anti-parallel state grows, by bisection.
fn threshold(mtj: &Mtj, axis: usize, guess: f64) -> f64 {
    let duration = 60.0 * mtj.damping_time_s();
    let tilt = 1e-4_f64;
    let mut start = [0.0; 3];
    (start[axis], start[(axis + 1) % 3]) = (-(1.0 - tilt * tilt).sqrt(), tilt);
    let grows = |volts: f64| {
        let dynamics =
            Dynamics::new(mtj, &Pulse::constant(volts, duration), &Stepping::default()).expect("valid");
        let mut lanes = dynamics.lanes([(0, start)]);
        let steps = dynamics.schedule().steps().len();
        // The largest deviation over the second and the last sixth: orbits are ellipses.
        let mut largest = |from: usize, to: usize| {
            (from..to).fold(0.0_f64, |most, step| {
                dynamics.advance(&mut lanes, &Streams::new(0, "none"), step..step + 1);
                most.max(1.0 + lanes.cosine(0))
            })
        };
        let early = largest(0, steps / 3);
        let _ = largest(steps / 3, 2 * steps / 3);
        largest(2 * steps / 3, steps) > early
    };
    let (mut low, mut high) = (0.8 * guess, 1.25 * guess);
    for _ in 0..12 {
        let middle = 0.5 * (low + high);
        if grows(middle) { high = middle } else { low = middle }
    }
    0.5 * (low + high)
}

pub fn currents() -> Vec<Figure> {
    let reason = "linear stability; tolerance: growth is told from decay within 60 damping times";
    let mut figures = Vec::new();
    for (name, axis, mtj, field) in [
        ("perpendicular, alpha Hk", 2, perpendicular(4e5, 0.03), 0.03 * 4e5),
        ("in-plane, alpha (H1 + H2)/2", 0, in_plane(3e4, 5e5, 0.03), 0.03 * 0.5 * (3e4 + 5.3e5)),
    ] {
        let mtj = with_constant_torque(mtj, 0.6);
        let expected = field / mtj.damping_like_field(1.0, -1.0);
        let found = threshold(&mtj, axis, expected);
        figures.push(Figure::new(
            format!("critical voltage, {name}, V"),
            found,
            expected,
            3e-3 * expected,
            reason,
        ));
        let formula = mtj.critical_voltage(State::AntiParallel).expect("bistable");
        let why = "the library's formula against section 4 of the theory";
        figures.push(Figure::new(
            format!("critical voltage by formula, {name}, V"),
            formula,
            expected,
            1e-9,
            why,
        ));
    }
    figures
}

/// Exact time between two angles at constant efficiency:
/// tau = -ln(1 - z)/(2(1 + i)) + ln(1 + z)/(2(i - 1)) - ln(i + z)/(i^2 - 1).
pub fn switching_times() -> Vec<Figure> {
    let mtj = with_constant_torque(perpendicular(4e5, 0.02), 0.6);
    let tau_d = (1.0 + 0.02 * 0.02) / (0.02 * GAMMA0 * 4e5);
    let mut figures = Vec::new();
    for i in [1.1_f64, 1.5, 2.0, 4.0, 10.0] {
        let volts = i * 0.02 * 4e5 / mtj.damping_like_field(1.0, 0.0);
        let part = |z: f64| {
            -(1.0 - z).ln() / (2.0 * (1.0 + i)) + (1.0 + z).ln() / (2.0 * (i - 1.0))
                - (i + z).ln() / (i * i - 1.0)
        };
        let (z0, z1) = (-0.99_f64, 0.8);
        let time = (part(z1) - part(z0)) * tau_d;
        let start = [(1.0 - z0 * z0).sqrt(), 0.0, z0];
        let pulse = Pulse::constant(volts, 2.0 * time);
        let m = adaptive::integrate(&mtj, &pulse, start, &[time], 1e-13).expect("valid")[0];
        figures.push(Figure::new(
            format!("m_z at the exact switching time, overdrive {i}"),
            m[2],
            z1,
            1e-8,
            "exact time of the axial equation; tolerance: accumulated local error",
        ));
    }
    figures
}
