//! The two-sided bounds hold the solution of Newton's method, for linear and nonlinear cells, and close in on it.

mod random_array;

use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use random_array::{Kind, random_array};
use spinhebb_circuit::array::cell::{Cell, CellLaw, Cells};
use spinhebb_circuit::array::crossbar::{Array, End, Wiring};
use spinhebb_circuit::error::CircuitError;
use spinhebb_circuit::solve::bounds::Bounds;
use spinhebb_circuit::solve::nodal::Solution;
use spinhebb_device::junction::transport::Transport;

/// What Newton's method itself may be off by: its stopping rule is 1e-12 of the largest voltage (1 V).
const SOLVED: f64 = 1e-11;

fn holds(array: &Array, bounds: &Bounds, solution: &Solution) -> bool {
    let within = |low: &DMatrix<f64>, x: &DMatrix<f64>, high: &DMatrix<f64>| {
        low.iter().zip(x.iter()).zip(high.iter()).all(|((l, x), h)| l - SOLVED <= *x && *x <= h + SOLVED)
    };
    let currents = solution.output_amperes();
    // What SOLVED in every cell of a column may do to its current.
    let volts = solution.cell_volts();
    let slope = |i: usize, j: usize| array.cells.get(i, j).at(volts[(i, j)]).slope_siemens;
    let slack = |j: usize| 2.0 * SOLVED * (0..volts.nrows()).map(|i| slope(i, j)).sum::<f64>();
    within(&bounds.word_low, &solution.word_volts, &bounds.word_high)
        && within(&bounds.bit_low, &solution.bit_volts, &bounds.bit_high)
        && (0..currents.len()).all(|j| {
            bounds.output_low[j] - slack(j) <= currents[j] && currents[j] <= bounds.output_high[j] + slack(j)
        })
}

fn nested(outer: &Bounds, inner: &Bounds) -> bool {
    let inside =
        |low: &DMatrix<f64>, high: &DMatrix<f64>, inner_low: &DMatrix<f64>, inner_high: &DMatrix<f64>| {
            low.iter().zip(inner_low.iter()).all(|(a, b)| a - SOLVED <= *b)
                && high.iter().zip(inner_high.iter()).all(|(a, b)| a + SOLVED >= *b)
        };
    inside(&outer.word_low, &outer.word_high, &inner.word_low, &inner.word_high)
        && inside(&outer.bit_low, &outer.bit_high, &inner.bit_low, &inner.bit_high)
}

/// A source reaches every node: no line is broken, lines cross, no cell is open.
fn reached(array: &Array) -> bool {
    let closed = match &array.cells {
        Cells::Linear(_) => true,
        Cells::Devices(cells) => cells.iter().all(|cell| cell.law != CellLaw::Open),
    };
    closed && array.word.breaks.is_empty() && array.bit.breaks.is_empty() && array.wiring == Wiring::Crossed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn linear_bounds_hold_after_every_sweep_and_close(seed: u64, sweeps in 1..6_usize) {
        let array = random_array(seed, Kind { linear: true, ideal_lines: true });
        let solution = array.solve().unwrap();
        prop_assert!(holds(&array, &array.bounds(0.0, sweeps).unwrap(), &solution));
        let tight = array.bounds(1e-9, 20_000).unwrap();
        prop_assert!(holds(&array, &tight, &solution));
        if reached(&array) {
            prop_assert!(array.bounds(1e-9, 200_000).unwrap().gap_volts <= 1e-9);
        }
    }

    /// All laws mixed, with and without access devices: cubic, sinh (up to 20 scale voltages), junctions, open cells.
    #[test]
    fn nonlinear_bounds_hold_after_every_sweep_and_tighten(seed: u64, sweeps in 1..6_usize) {
        let array = random_array(seed, Kind { linear: false, ideal_lines: true });
        let solution = array.solve().unwrap();
        let few = array.bounds(0.0, sweeps).unwrap();
        let more = array.bounds(0.0, 20 * sweeps).unwrap();
        prop_assert!(holds(&array, &few, &solution), "{few:?}");
        prop_assert!(holds(&array, &more, &solution), "{more:?}");
        prop_assert!(nested(&few, &more));
    }

    /// Junctions and cubic cells behind transistors: the bounds close as far as asked.
    #[test]
    fn nonlinear_bounds_close(seed: u64) {
        let mut array = random_array(seed, Kind { linear: false, ideal_lines: true });
        if let Cells::Devices(cells) = &mut array.cells {
            for cell in cells.iter_mut().filter(|cell| matches!(cell.law, CellLaw::Open | CellLaw::Sinh { .. })) {
                let transport = Transport { parallel_s: 1e-4, tmr: 2.0, half_voltage_v: 0.3 };
                *cell = Cell { law: CellLaw::Junction { transport, cosine: -1.0 }, access_ohm: 1000.0 };
            }
        }
        prop_assume!(reached(&array));
        let bounds = array.bounds(1e-7, 20_000).unwrap();
        prop_assert!(bounds.gap_volts <= 1e-7, "{} V after {} sweeps", bounds.gap_volts, bounds.sweeps);
        prop_assert!(holds(&array, &bounds, &array.solve().unwrap()));
    }
}

/// A crossbar of junctions as it is read: a few sweeps give the currents to a per cent, with the certificate.
#[test]
fn a_few_sweeps_bound_a_read() {
    let transport = Transport { parallel_s: 1e-4, tmr: 1.0, half_voltage_v: 0.4 };
    let cells = DMatrix::from_fn(64, 64, |i, j| {
        CellLaw::Junction { transport, cosine: if (3 * i + 5 * j) % 7 < 3 { 1.0 } else { -1.0 } }.into()
    });
    let volts: Vec<f64> = (0..64).map(|i| 0.2 * f64::from(i % 3)).collect();
    let array = Array::new(Cells::Devices(cells), 1.0, 1.0).for_read(&volts, 20.0, 20.0);
    let bounds = array.bounds(0.0, 8).unwrap();
    let solution = array.solve().unwrap();
    assert!(holds(&array, &bounds, &solution));
    let width = (&bounds.output_high - &bounds.output_low).amax() / solution.output_amperes().amax();
    assert!(width < 0.01, "{width}");
}

/// A TMR that would make the current fall with voltage, and a sinh beyond all numbers.
#[test]
fn laws_that_do_not_rise_are_refused() {
    let with = |law: CellLaw| {
        let mut array = Array::new(Cells::Devices(dmatrix![law.into()]), 1.0, 1.0);
        array.word.first[0] = End::ideal(1.0);
        array.bit.last[0] = End::ideal(0.0);
        array.bounds(1e-6, 100).unwrap_err()
    };
    let transport = Transport { parallel_s: 1e-4, tmr: -0.95, half_voltage_v: 0.4 };
    let error = with(CellLaw::Junction { transport, cosine: -1.0 });
    assert!(matches!(error, CircuitError::CellValue { key: "tmr", value: -0.95, .. }), "{error}");
    let error = with(CellLaw::Linear { siemens: -1e-5 });
    assert!(matches!(error, CircuitError::CellValue { key: "siemens", .. }), "{error}");
    let error = with(CellLaw::Sinh { siemens: 1e-5, scale_volts: 1e-3 });
    assert!(matches!(error, CircuitError::CellValue { key: "scale_volts", .. }), "{error}");
}
