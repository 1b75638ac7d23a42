//! Coupled layers: limits of one macrospin, resonance and spin flop of a synthetic antiferromagnet,
//! Boltzmann's density, conservation, cmtj.

use std::f64::consts::TAU;

use spinhebb_device::dynamics::coupled::{self, CoupledDynamics, LayerStreams};
use spinhebb_device::dynamics::integrator::Integrator;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::constants::{BOLTZMANN, GAMMA0, MU0};
use spinhebb_device::junction::coupled::{CoupledMtj, Coupling, Pair};
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::vector::SymmetricTensor;

use spinhebb_data::random_stream::Streams;

use super::{Figure, in_plane, macrospin, perpendicular, with_constant_torque};

/// Written by `device/benches/cmtj_pair.py`.
const CMTJ: &str = include_str!("../data/cmtj_pair.csv");

/// Pair of two layers with the bilinear exchange `exchange` in J/m2.
fn pair(layers: [Mtj; 2], exchange: f64) -> CoupledMtj {
    CoupledMtj { layers, coupling: Coupling { exchange_j_per_m2: exchange, ..Coupling::default() } }
}

/// Exchange energy whose field on each of two equal layers is `field` in A/m.
fn exchange_of(layer: &Mtj, field: f64) -> f64 {
    field * MU0 * layer.magnetisation_a_per_m * layer.thickness_m
}

/// Directions of one pair that starts at `start`, at the end of `pulse`, in `steps` steps.
fn end_of(device: &CoupledMtj, pulse: &Pulse, integrator: Integrator, steps: f64, start: Pair) -> Pair {
    let stepping = Stepping { integrator, step_s: Some(pulse.end_s() / steps), ..Stepping::default() };
    let dynamics = CoupledDynamics::new(device, pulse, &stepping).expect("valid");
    let mut pairs = dynamics.pairs([(0, start)]);
    let steps = dynamics.schedule().steps().len();
    dynamics.advance(&mut pairs, &LayerStreams::new(0, "none"), 0..steps);
    dynamics.directions(&pairs, 0)
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f64>().sqrt()
}

fn unit(m: [f64; 3]) -> [f64; 3] {
    let length = m.iter().map(|c| c * c).sum::<f64>().sqrt();
    m.map(|c| c / length)
}

/// Without coupling each layer is one macrospin; with a strong ferromagnetic exchange two equal layers, of
/// which one feels the torque, are one of twice the thickness.
pub fn limits() -> Vec<Figure> {
    let (volts, duration, steps) = (0.4, 0.4e-9, 8000.0);
    let pulse = Pulse::constant(volts, duration);
    let start = unit([-0.9, 0.3, 0.2]);
    let alone = |mtj: &Mtj, start| {
        let stepping = Stepping { step_s: Some(duration / steps), ..Stepping::default() };
        let dynamics = Dynamics::new(mtj, &pulse, &stepping).expect("valid");
        let mut lanes = dynamics.lanes([(0, start)]);
        dynamics.advance(&mut lanes, &Streams::new(0, "none"), 0..dynamics.schedule().steps().len());
        dynamics.direction(&lanes, 0)
    };
    let barrier = with_constant_torque(in_plane(6e4, 4e5, 0.02), 0.5);
    let other = in_plane(3e4, 6e5, 0.01);
    let other_start = unit([0.5, -0.6, 0.3]);
    let free = pair([barrier.clone(), other.clone()], 0.0);
    let ends = end_of(&free, &pulse, Integrator::RungeKutta4, steps, [start, other_start]);
    let apart = distance(ends[0], alone(&barrier, start)).max(distance(ends[1], alone(&other, other_start)));
    let mut figures = vec![Figure::new(
        "largest difference of uncoupled layers from single macrospins",
        apart,
        0.0,
        1e-12,
        "independent equations; tolerance: round-off of 8000 steps",
    )];
    // The same material in one layer of twice the thickness.
    let mut double = barrier.clone();
    double.thickness_m *= 2.0;
    let single = alone(&double, start);
    let second = in_plane(6e4, 4e5, 0.02);
    let deviation = |field: f64| {
        let device = pair([barrier.clone(), second.clone()], exchange_of(&second, field));
        let ends = end_of(&device, &pulse, Integrator::RungeKutta4, steps, [start, start]);
        let sum = unit([0, 1, 2].map(|c| ends[0][c] + ends[1][c]));
        distance(sum, single)
    };
    let (weak, strong) = (deviation(1e7), deviation(4e7));
    figures.push(Figure::new(
        "difference from one layer of twice the thickness, exchange field 40 MA/m",
        strong,
        0.0,
        5e-3,
        "perturbation theory: torque over exchange field, summed over the trajectory",
    ));
    figures.push(Figure::new(
        "order of that difference in the inverse exchange",
        (weak / strong).ln() / 4.0_f64.ln(),
        1.0,
        0.15,
        "perturbation theory: first order; tolerance: second order at these fields",
    ));
    figures
}

/// Order of the integrators for coupled layers: held neighbours would make all of them first order.
pub fn orders() -> Vec<Figure> {
    let barrier = with_constant_torque(in_plane(6e4, 4e5, 0.02), 0.5);
    let mut device = pair([barrier, in_plane(3e4, 6e5, 0.05)], -2e-4);
    device.coupling.biquadratic_j_per_m2 = -4e-5;
    device.coupling.dipolar_j_per_m2 = SymmetricTensor::diagonal([-3e-5, -3e-5, 6e-5]);
    let pulse = Pulse::constant(0.4, 0.3e-9);
    let start = [unit([-0.9, 0.3, 0.2]), unit([0.5, -0.6, 0.3])];
    let exact = end_of(&device, &pulse, Integrator::RungeKutta4, 64_000.0, start);
    [
        (Integrator::RungeKutta4, 4.0, 600.0),
        (Integrator::Heun, 2.0, 2400.0),
        (Integrator::ImplicitMidpoint, 2.0, 2400.0),
    ]
    .into_iter()
    .map(|(integrator, order, steps)| {
        let error = |steps: f64| {
            let m = end_of(&device, &pulse, integrator, steps, start);
            distance(m[0], exact[0]).hypot(distance(m[1], exact[1]))
        };
        Figure::new(
            format!("order at zero temperature, coupled layers, {integrator:?}"),
            (error(steps) / error(2.0 * steps)).log2(),
            order,
            0.2,
            "theory; tolerance: next order at this step",
        )
    })
    .collect()
}

/// Resonance and spin flop of two equal in-plane layers with antiferromagnetic exchange.
pub fn antiferromagnet() -> Vec<Figure> {
    let (hk, m_eff, he) = (2e4, 7e5, 6e4);
    let layer = in_plane(hk, m_eff, 0.0);
    let device = pair([layer.clone(), layer.clone()], exchange_of(&layer, -he));
    let acoustic = GAMMA0 * (hk * (hk + m_eff + 2.0 * he)).sqrt();
    let optic = GAMMA0 * ((hk + m_eff) * (hk + 2.0 * he)).sqrt();
    let tilt = 1e-4;
    let mut figures = Vec::new();
    let found = coupled::modes(&device, State::Parallel, 0.0).expect("stable");
    for (k, (name, expected, side)) in
        [("first", acoustic, -1.0), ("second", optic, 1.0)].into_iter().enumerate()
    {
        // y1 = -y2 and y1 = y2 are the two modes; a quarter period past a whole number y is zero.
        let time = 20.25 * TAU / expected;
        let start = [unit([1.0, tilt, 0.0]), unit([-1.0, side * tilt, 0.0])];
        let end = end_of(&device, &Pulse::constant(0.0, time), Integrator::RungeKutta4, 40_000.0, start);
        let frequency = expected + (-end[0][1] / tilt).asin() / time;
        let reason = "gamma0 sqrt(Hk (Hk + M_eff + 2 H_E)), gamma0 sqrt((Hk + M_eff)(Hk + 2 H_E)); \
                      amplitude 1e-4";
        figures.push(Figure::new(
            format!("{name} resonance of the antiferromagnet in time, rad/s"),
            frequency,
            expected,
            1e-6 * expected,
            reason,
        ));
        figures.push(Figure::new(
            format!("{name} resonance of the antiferromagnet by its modes, rad/s"),
            found[k].frequency_rad_per_s,
            expected,
            1e-8 * expected,
            "the same formula; tolerance: difference quotients",
        ));
    }
    // In a field along the easy axis the antiparallel order holds up to sqrt(Hk (Hk + 2 H_E)).
    let layer = in_plane(hk, m_eff, 0.1);
    let mut device = pair([layer.clone(), layer.clone()], exchange_of(&layer, -he));
    let flopped = |device: &mut CoupledMtj, field: f64| {
        for layer in &mut device.layers {
            layer.field_a_per_m = [field, 0.0, 0.0];
        }
        let start = [unit([1.0, 1e-3, 0.0]), unit([-1.0, 1e-3, 0.0])];
        let pulse = Pulse::constant(0.0, 30e-9);
        end_of(device, &pulse, Integrator::RungeKutta4, 60_000.0, start)
    };
    let flop = (hk * (hk + 2.0 * he)).sqrt();
    let (mut low, mut high) = (0.5 * flop, 1.5 * flop);
    for _ in 0..8 {
        let middle = 0.5 * (low + high);
        if flopped(&mut device, middle)[0][1].abs() > 0.1 { high = middle } else { low = middle }
    }
    figures.push(Figure::new(
        "spin-flop field, A/m",
        0.5 * (low + high),
        flop,
        0.01 * flop,
        "sqrt(Hk (Hk + 2 H_E)); tolerance: bisection and growth within 30 ns",
    ));
    let field = 1.3 * flop;
    let ends = flopped(&mut device, field);
    figures.push(Figure::new(
        "cosine of both layers to the field beyond the flop",
        0.5 * (ends[0][0] + ends[1][0]),
        field / (2.0 * he - hk),
        1e-6,
        "H/(2 H_E - Hk); tolerance: relaxation within 30 ns",
    ));
    figures
}

/// Directions of `trials` pairs that start parallel and antiparallel along z and are let go.
fn relaxed(device: &CoupledMtj, duration_s: f64, trials: u64, seed: u64) -> Vec<Pair> {
    let dynamics =
        CoupledDynamics::new(device, &Pulse::constant(0.0, duration_s), &Stepping::default()).expect("valid");
    let z = |side: bool| [0.0, 0.0, if side { 1.0 } else { -1.0 }];
    let mut pairs = dynamics.pairs((0..trials).map(|k| (k, [z(k % 2 == 0), z(k % 4 < 2)])));
    let noise = LayerStreams::new(seed, "verification/coupled");
    let steps = dynamics.schedule().steps().len();
    dynamics.advance(&mut pairs, &noise, 0..steps);
    (0..pairs.len()).map(|k| dynamics.directions(&pairs, k)).collect()
}

fn mean_figure(name: String, values: impl Iterator<Item = f64>, exact: f64, reason: &str) -> Figure {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    Figure::new(name, mean, exact, 4.0 * (variance / n).sqrt() + 6e-4, reason)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Bessel function I0 by its integral (the trapezoid rule is exact to round-off), over exp(x).
fn scaled_bessel(x: f64) -> f64 {
    let points = 128;
    (0..points).map(|k| (x * ((TAU * f64::from(k) / f64::from(points)).cos() - 1.0)).exp()).sum::<f64>()
        / f64::from(points)
}

/// Boltzmann's density of coupled layers.
pub fn equilibrium() -> Vec<Figure> {
    let trials = 3_200;
    let mut figures = Vec::new();
    // Isotropic layers: the angle between them has the density exp(j c + b c^2).
    let alpha = 0.1;
    for (j, b) in [(2.0, 0.0), (-2.0, 0.0), (1.0, -2.0)] {
        let mut layers = [0, 1].map(|_| macrospin(SymmetricTensor::default(), [0.0, 0.0, 1.0], alpha));
        layers[1].thickness_m *= 0.5;
        layers[1].magnetisation_a_per_m *= 1.5;
        let h = 1e5;
        let exchange = exchange_of(&layers[0], h);
        let area = BOLTZMANN * 300.0 / exchange;
        for layer in &mut layers {
            layer.temperature_k = 300.0;
            layer.activation_volume_m3 = area * layer.thickness_m;
        }
        let mut device = pair(layers, j * exchange);
        device.coupling.biquadratic_j_per_m2 = b * exchange;
        let weight = |c: f64| (j * c + b * c * c).exp();
        let points = 20_000;
        let (mut norm, mut first, mut second) = (0.0, 0.0, 0.0);
        for k in 0..points {
            let c = (2.0 * f64::from(k) + 1.0) / f64::from(points) - 1.0;
            norm += weight(c);
            first += c * weight(c);
            second += c * c * weight(c);
        }
        let exact = if b == 0.0 { 1.0 / f64::tanh(j) - 1.0 / j } else { first / norm };
        let case = format!("J1 A = {j} kT, J2 A = {b} kT");
        let damping_time = (1.0 + alpha * alpha) / (alpha * GAMMA0 * h);
        let m = relaxed(&device, 4.0 * damping_time, trials, 41);
        let reason = "Langevin (quadrature with J2); four standard errors and the weak error of the step";
        figures.push(mean_figure(
            format!("<m1.m2> of isotropic layers, {case}"),
            m.iter().map(|m| dot(m[0], m[1])),
            exact,
            reason,
        ));
        figures.push(mean_figure(
            format!("<(m1.m2)^2> of isotropic layers, {case}"),
            m.iter().map(|m| dot(m[0], m[1]).powi(2)),
            second / norm,
            reason,
        ));
    }
    // Two unequal perpendicular layers: density exp(D1 z1^2 + D2 z2^2 + j m1.m2), the azimuths in closed form.
    for (j, deltas) in [(3.0, [2.0, 0.5]), (-2.0, [1.0, 1.5])] {
        let hk = 3e5;
        let volume =
            |delta: f64, mtj: &Mtj| 2.0 * delta * BOLTZMANN * 300.0 / (MU0 * mtj.magnetisation_a_per_m * hk);
        let layers = deltas.map(|delta| {
            let mut layer = perpendicular(hk, 0.1);
            layer.temperature_k = 300.0;
            layer.activation_volume_m3 = volume(delta, &layer);
            layer.thickness_m = 1e-9 * delta;
            layer
        });
        let area = layers[0].activation_volume_m3 / layers[0].thickness_m;
        let device = pair(layers, j * BOLTZMANN * 300.0 / area);
        let n = 400;
        let at = |k: i32| (2.0 * f64::from(k) + 1.0) / f64::from(n) - 1.0;
        let (mut norm, mut square, mut product) = (0.0, 0.0, 0.0);
        for i in 0..n {
            for k in 0..n {
                let (a, b) = (at(i), at(k));
                let across = j.abs() * ((1.0 - a * a) * (1.0 - b * b)).sqrt();
                let exponent = deltas[0] * a * a + deltas[1] * b * b + j * a * b + across - j.abs();
                let weight = exponent.exp() * scaled_bessel(across);
                norm += weight;
                square += a * a * weight;
                product += a * b * weight;
            }
        }
        let duration = 6.0 * device.layers[0].damping_time_s();
        let m = relaxed(&device, duration, trials, 43);
        let case = format!("Delta {} and {}, J1 A = {j} kT", deltas[0], deltas[1]);
        let reason = "quadrature of Boltzmann's density; four standard errors and the weak error of the step";
        figures.push(mean_figure(
            format!("<m1z^2>, {case}"),
            m.iter().map(|m| m[0][2] * m[0][2]),
            square / norm,
            reason,
        ));
        figures.push(mean_figure(
            format!("<m1z m2z>, {case}"),
            m.iter().map(|m| m[0][2] * m[1][2]),
            product / norm,
            reason,
        ));
    }
    // No coupling: thermal fields of their own leave the layers uncorrelated.
    let layer = super::at_stability(perpendicular(4e5, 0.1), 8.0);
    let device = pair([layer.clone(), layer.clone()], 0.0);
    let m = relaxed(&device, 5.0 * layer.damping_time_s(), trials, 47);
    for c in 0..2 {
        figures.push(mean_figure(
            format!("correlation of the transverse components {} without coupling", ["x", "y"][c]),
            m.iter().map(|m| m[0][c] * m[1][c]),
            0.0,
            "independent thermal fields; four standard errors",
        ));
    }
    figures
}

/// Without damping and temperature the energy of the pair and both lengths are conserved.
pub fn conservation() -> Vec<Figure> {
    let device = CoupledMtj {
        layers: [in_plane(3e5, 2e5, 0.0), perpendicular(2e5, 0.0)],
        coupling: Coupling {
            exchange_j_per_m2: -1.5e-4,
            biquadratic_j_per_m2: 0.0,
            dipolar_j_per_m2: SymmetricTensor::diagonal([2e-5, 2e-5, -4e-5]),
        },
    };
    let scale = device.field_scale(0.0);
    let (precessions, phase) = (1e3, 0.25);
    let stepping = Stepping {
        integrator: Integrator::ImplicitMidpoint,
        step_s: Some(phase / (GAMMA0 * scale)),
        ..Stepping::default()
    };
    let pulse = Pulse::constant(0.0, precessions * TAU / (GAMMA0 * scale));
    let dynamics = CoupledDynamics::new(&device, &pulse, &stepping).expect("valid");
    let start = |k: u64| {
        let a = 0.05 + 0.04 * k as f64;
        [unit([a.cos(), a.sin(), 0.3]), unit([0.4, -a.sin(), a.cos()])]
    };
    let mut pairs = dynamics.pairs((0..64).map(|k| (k, start(k))));
    let steps = dynamics.schedule().steps().len();
    dynamics.advance(&mut pairs, &LayerStreams::new(0, "none"), 0..steps);
    let unit_energy = device.activation_area_m2() * 1.5e-4;
    let (mut energy, mut length) = (0.0_f64, 0.0_f64);
    for k in 0..64 {
        let (before, after) = (start(k as u64), dynamics.directions(&pairs, k));
        energy = energy.max((device.energy(after, 0.0) - device.energy(before, 0.0)).abs() / unit_energy);
        length = after.iter().fold(length, |most, m| most.max((dot(*m, *m).sqrt() - 1.0).abs()));
    }
    let round_off = steps as f64 * f64::EPSILON;
    let reason = "conserved by the midpoint rule; tolerance: ten rounding errors per step";
    vec![
        Figure::new("largest change of the pair's energy over J1 A", energy, 0.0, 10.0 * round_off, reason),
        Figure::new("largest change of the layers' lengths", length, 0.0, 10.0 * round_off, reason),
    ]
}

/// Two layers of cmtj with bilinear and biquadratic exchange at zero temperature.
pub fn cmtj() -> Vec<Figure> {
    // cmtj's mu0 and gamma0; its time runs slower by the ratio of the gyromagnetic ratios.
    let mu0 = 12.566e-7;
    let layer = |tesla: f64, thickness: f64, damping: f64, k: f64| {
        let ms = tesla / mu0;
        let mut mtj =
            macrospin(SymmetricTensor::diagonal([0.0, 0.0, 2.0 * k / tesla]), [0.0, 0.0, 1.0], damping);
        mtj.magnetisation_a_per_m = ms;
        mtj.thickness_m = thickness;
        mtj.shape_tensor = SymmetricTensor::diagonal([-0.1 * ms, -0.2 * ms, -0.7 * ms]);
        mtj.field_a_per_m = [2e4, 1e4, -3e4];
        mtj
    };
    let layers = [layer(1.0, 2e-9, 0.03, 3e5), layer(0.8, 1.5e-9, 0.02, 2e5)];
    // Its exchange field is J/(Ms in tesla x t).
    let mut device = pair(layers, -2e-4 * MU0 / mu0);
    device.coupling.biquadratic_j_per_m2 = -5e-5 * MU0 / mu0;
    let rows: Vec<Vec<f64>> = CMTJ
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split(',').map(|field| field.parse().expect("a number")).collect())
        .collect();
    // 1000 steps between two rows of the table, which are evenly spaced.
    let span = rows[rows.len() - 1][0] * 220_880.0 / GAMMA0;
    let stepping = Stepping { step_s: Some(span / (1000 * rows.len()) as f64), ..Stepping::default() };
    let dynamics = CoupledDynamics::new(&device, &Pulse::constant(0.0, span), &stepping).expect("valid");
    let mut pairs = dynamics.pairs([(0, [unit([0.6, 0.0, 0.8]), unit([0.0, 0.6, -0.8])])]);
    let mut worst = 0.0_f64;
    for (k, row) in rows.iter().enumerate() {
        dynamics.advance(&mut pairs, &LayerStreams::new(0, "none"), 1000 * k..1000 * (k + 1));
        let m = dynamics.directions(&pairs, 0);
        for c in 0..6 {
            worst = worst.max((m[c / 3][c % 3] - row[c + 1]).abs());
        }
    }
    vec![Figure::new(
        "largest difference of two coupled layers from cmtj over 1 ns",
        worst,
        0.0,
        1e-6,
        "cmtj 1.15.0, extrapolated to zero step",
    )]
}
