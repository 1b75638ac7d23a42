//! Problem 2: damped precession in a field; ferromagnetic resonance.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::adaptive;
use spinhebb_device::dynamics::integrator::Integrator;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::constants::GAMMA0;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::vector::SymmetricTensor;

use super::{Figure, in_plane, macrospin, perpendicular};

/// m_z(t) = tanh(artanh z0 + alpha gamma0 H t/(1 + alpha^2)) and the azimuth gamma0 H t/(1 + alpha^2).
pub fn damped() -> Vec<Figure> {
    let (h, alpha, z0) = (8e4, 0.05, -0.9_f64);
    let mut mtj = macrospin(SymmetricTensor::default(), [0.0, 0.0, 1.0], alpha);
    mtj.field_a_per_m = [0.0, 0.0, h];
    let duration = 3e-9;
    let rate = GAMMA0 * h / (1.0 + alpha * alpha);
    let exact_z = (z0.atanh() + alpha * rate * duration).tanh();
    let exact_phase = rate * duration;
    let start = [(1.0 - z0 * z0).sqrt(), 0.0, z0];
    let mut figures = Vec::new();
    let mut compare = |name: &str, m: [f64; 3], tolerance: f64, reason: &str| {
        figures.push(Figure::new(
            format!("m_z after damped precession, {name}"),
            m[2],
            exact_z,
            tolerance,
            reason,
        ));
        let phase = m[1].atan2(m[0]);
        let turns = ((exact_phase - phase) / std::f64::consts::TAU).round();
        let found = phase + turns * std::f64::consts::TAU;
        figures.push(Figure::new(format!("azimuth, {name}"), found, exact_phase, tolerance * 10.0, reason));
    };
    let m = adaptive::integrate(&mtj, &Pulse::constant(0.0, duration), start, &[duration], 1e-13)
        .expect("valid")[0];
    compare("adaptive", m, 1e-10, "tanh law; local tolerance 1e-13 over some hundred steps");
    for (integrator, tolerance, reason) in [
        (Integrator::RungeKutta4, 1e-4, "tanh law; fourth order at the recommended step of phase 0.2"),
        (Integrator::Heun, 1e-3, "tanh law; second order at the recommended step of phase 0.02"),
        (Integrator::ImplicitMidpoint, 1e-2, "tanh law; second order at the recommended step of phase 0.1"),
    ] {
        let stepping = Stepping { integrator, ..Stepping::default() };
        let dynamics = Dynamics::new(&mtj, &Pulse::constant(0.0, duration), &stepping).expect("valid");
        let mut lanes = dynamics.lanes([(0, start)]);
        dynamics.advance(&mut lanes, &Streams::new(0, "none"), 0..dynamics.schedule().steps().len());
        compare(&format!("{integrator:?}"), dynamics.direction(&lanes, 0), tolerance, reason);
    }
    figures
}

/// Angular frequency of small oscillations about `axis` from the phase after many periods.
fn frequency(mtj: &Mtj, axis: usize, expected: f64) -> f64 {
    let a = (axis + 1) % 3;
    let tilt = 1e-4;
    let mut start = [0.0; 3];
    (start[axis], start[a]) = (1.0, tilt);
    let periods = 50.0;
    let time = (periods + 0.25) * std::f64::consts::TAU / expected;
    let m = adaptive::integrate(mtj, &Pulse::constant(0.0, time), start, &[time], 1e-14).expect("valid")[0];
    // m_a = tilt cos(omega t): a quarter period past a whole number it crosses zero.
    let error = (-m[a] / tilt).asin();
    expected + error / time
}

/// Kittel's frequencies: perpendicular gamma0 (H + Hk), in-plane gamma0 sqrt((H + Hk)(H + Hk + M_eff)).
pub fn resonance() -> Vec<Figure> {
    let (hk, m_eff, h) = (4e5, 7e5, 1e5);
    let reason = "Kittel; tolerance: amplitude 1e-4 changes the frequency by 1e-8 of itself";
    let mut film = perpendicular(hk, 0.0);
    film.field_a_per_m = [0.0, 0.0, h];
    let out = GAMMA0 * (hk + h);
    let mut plane = in_plane(3e4, m_eff, 0.0);
    plane.field_a_per_m = [h, 0.0, 0.0];
    let within = GAMMA0 * ((h + 3e4) * (h + 3e4 + m_eff)).sqrt();
    vec![
        Figure::new("perpendicular resonance, rad/s", frequency(&film, 2, out), out, 1e-7 * out, reason),
        Figure::new("in-plane resonance, rad/s", frequency(&plane, 0, within), within, 1e-7 * within, reason),
    ]
}
