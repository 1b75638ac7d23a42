//! The Fokker-Planck back end against Legendre moments in 320-bit arithmetic.
//!
//! `legendre_oracle/legendre.csv` holds the references and `legendre_oracle/legendre.py` made them.

use spinhebb_device::junction::state::State;
use spinhebb_device::switching::axial::AxialModel;
use spinhebb_device::switching::fokker_planck::eigenvalue::SwitchingRates;
use spinhebb_device::switching::fokker_planck::{FokkerPlanck, Plateau, Resolution};

struct Row {
    kind: String,
    delta: f64,
    h: f64,
    torque: f64,
    kappa: f64,
    relaxation: f64,
    time: f64,
    switched: f64,
    kept: f64,
}

fn rows() -> Vec<Row> {
    include_str!("legendre_oracle/legendre.csv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |k: usize| fields[k].parse::<f64>().expect("a number");
            Row {
                kind: fields[0].to_string(),
                delta: number(1),
                h: number(2),
                torque: number(3),
                kappa: number(4),
                relaxation: number(5),
                time: number(6),
                switched: number(7),
                kept: number(8),
            }
        })
        .collect()
}

/// The model of a row in units of tau_D = 1 s: `torque` and `kappa` act while 1 V is applied.
fn model(row: &Row) -> AxialModel {
    let (h, torque, kappa) = (row.h, row.torque, row.kappa);
    AxialModel::new(row.delta, 1.0, move |z, volts| z + h + volts * (torque + (kappa - 1.0) * z))
        .expect("a valid model")
}

fn compare(resolution: Resolution, bound: impl Fn(f64) -> f64) {
    let mut shown = 0;
    for row in rows().iter().filter(|row| row.kind == "switching") {
        let solver = FokkerPlanck::new(model(row), row.relaxation, resolution).expect("a solver");
        let found = solver
            .plateau(&Plateau::rectangular(1.0), State::AntiParallel, &[row.time])
            .expect("a result")[0];
        for (value, error, reference) in
            [(found.p, found.p_error, row.switched), (found.complement, found.complement_error, row.kept)]
        {
            let relative = (value / reference - 1.0).abs();
            println!(
                "Delta {} h {} i {} kappa {} t {}: {reference:.4e} off by {relative:.1e}, reported {:.1e}",
                row.delta,
                row.h,
                row.torque,
                row.kappa,
                row.time,
                error / value
            );
            assert!(relative < bound(row.time), "relative error {relative:e}");
            // The reported error covers the true one, but for the last digits of a double.
            assert!(relative <= error / value + 1e-9, "reported {:e}, true {relative:e}", error / value);
            shown += 1;
        }
    }
    assert!(shown > 100, "the reference file is incomplete: {shown} probabilities");
}

/// The reference for everything else: a thousandth, from pulses of a quarter of tau_D to error rates of 1e-24.
#[test]
fn fine_resolution_keeps_a_thousandth_everywhere() {
    compare(Resolution::FINE, |_| 1e-3);
}

/// In the first tau_D the front is steep against the cells.
#[test]
fn standard_resolution_keeps_a_thousandth_after_the_first_relaxation_time() {
    compare(Resolution::STANDARD, |time| if time > 1.0 { 1e-3 } else { 1e-2 });
}

#[test]
fn draft_resolution_keeps_a_hundredth_after_two_relaxation_times() {
    compare(Resolution::DRAFT, |time| if time >= 2.0 { 1e-2 } else { f64::INFINITY });
}

#[test]
fn eigenvalues_to_six_digits() {
    let mut shown = 0;
    for row in rows().iter().filter(|row| row.kind == "eigenvalue") {
        let rates = SwitchingRates::new(&model(row), 0.0, Resolution::FINE).expect("two wells");
        let relative = (rates.eigenvalue / row.kept - 1.0).abs();
        println!(
            "Delta {}: {:.6e}, off by {relative:.1e}, reported {:.1e}",
            row.delta, rates.eigenvalue, rates.relative_error
        );
        assert!(relative < 1e-6, "Delta {}: {relative:e}", row.delta);
        assert!(relative <= rates.relative_error);
        assert!((rates.to_parallel / rates.to_anti_parallel - 1.0).abs() < 1e-9);
        shown += 1;
    }
    assert_eq!(shown, 7);
}
