//! Limits with a known answer: ideal lines, dividers, floating lines of tiny resistance.

use nalgebra::{DMatrix, dmatrix};
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::array::crossbar::{Array, Break, End};
use spinhebb_circuit::error::CircuitError;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

/// The 4x2 inference of the paper with ideal lines: currents relative to the middle conductance are
/// +0.9, +0.45, 0, -0.45, -0.9 exactly (verification problem 11).
#[test]
fn ideal_inference_gives_five_exact_currents() {
    let (g_ap, tmr, volts) = (1e-4, 0.9, 0.1);
    let target = [true, true, false, false];
    let states = DMatrix::from_fn(4, 2, |i, _| if target[i] { State::Parallel } else { State::AntiParallel });
    let transport = Transport::from_conductances(g_ap * (1.0 + tmr), g_ap).unwrap();
    let cells = Cells::junctions(transport, &states);
    for image in 0..16_u32 {
        let bit = |i: usize| image >> i & 1 == 1;
        let word: Vec<f64> = (0..4).map(|i| if bit(i) { volts } else { 0.0 }).collect();
        let solution = Array::new(cells.clone(), 0.0, 0.0).for_read(&word, 0.0, 0.0).solve().unwrap();
        let active = (0..4).filter(|&i| bit(i)).count() as f64;
        let sum: f64 = (0..4).filter(|&i| bit(i)).map(|i| if target[i] { 0.45 } else { -0.45 }).sum();
        for current in solution.output_amperes().iter() {
            let signed = current / (g_ap * volts) - active * (1.0 + 1.0 + tmr) / 2.0;
            assert!((signed - sum).abs() < 1e-14, "image {image:04b}: {signed} instead of {sum}");
        }
    }
}

/// One cell between two drivers is a voltage divider.
#[test]
fn one_cell_is_a_divider() {
    let mut array = Array::new(Cells::Linear(dmatrix![1e-3]), 2.0, 3.0);
    array.word.first[0] = End::Driven { volts: 1.0, ohm: 10.0 };
    array.bit.last[0] = End::Driven { volts: -0.5, ohm: 20.0 };
    let solution = array.solve().unwrap();
    let current = 1.5 / (10.0 + 2.0 + 1000.0 + 3.0 + 20.0);
    assert!((solution.output_amperes()[0] - current).abs() < 1e-16);
    assert!((solution.terminals.left[0] + current).abs() < 1e-16);
    assert!((solution.power_watts(&array) - 1.5 * current).abs() < 1e-16);
}

fn floating_half(segment_ohm: f64) -> Array {
    let siemens = DMatrix::from_fn(40, 40, |i, j| 1e-5 * (1.0 + ((7 * i + 13 * j) % 17) as f64));
    let mut array = Array::new(Cells::Linear(siemens), segment_ohm, segment_ohm);
    for k in (0..40).step_by(2) {
        array.word.first[k] = End::ideal(0.1 + 0.01 * k as f64);
        array.bit.last[k] = End::ideal(0.0);
    }
    array
}

/// Half the lines float and a segment has 1 microohm, so that wires conduct up to 1e11 times better
/// than cells. The ideal array is the limit: its relative distance is about
/// Lambda = N^2 r G = 1600 * 1e-6 * 9e-5 = 1.4e-7, and it shrinks with r.
#[test]
fn floating_lines_of_a_microohm_keep_their_digits() {
    let ideal = floating_half(0.0).solve().unwrap();
    let tenth = floating_half(1e-7).solve().unwrap();
    let full = floating_half(1e-6).solve().unwrap();
    let scale = ideal.output_amperes().amax();
    for j in 0..40 {
        let (i, t, f) = (ideal.output_amperes()[j], tenth.output_amperes()[j], full.output_amperes()[j]);
        // First-order effect of r, ten times larger at ten times r; what is left is rounding.
        let curvature = ((f - i) - 10.0 * (t - i)).abs() / scale;
        assert!(curvature < 1e-11, "column {j}: {curvature:e}");
        assert!((f - i).abs() < 2e-7 * scale);
    }
    let sum = full.terminals.left.sum() + full.terminals.bottom.sum();
    assert!(sum.abs() < 1e-13 * scale, "current is not conserved: {sum:e}");
}

/// A tiny resistance and a line driven at both ends: the ends share the current by resistance.
#[test]
fn two_drivers_share_a_line() {
    let mut array = Array::new(Cells::Linear(dmatrix![1e-4, 1e-4, 1e-4]), 5.0, 0.0);
    array.word.first[0] = End::ideal(1.0);
    array.word.last[0] = End::ideal(1.0);
    array.bit = array.bit.driven_last(&[0.0; 3], 0.0);
    let solution = array.solve().unwrap();
    assert!((solution.terminals.left[0] - solution.terminals.right[0]).abs() < 1e-18);
    let total = -solution.terminals.left[0] - solution.terminals.right[0];
    assert!((total - solution.terminals.bottom.sum()).abs() < 1e-17);
}

/// A word line broken before its second cell drives only the first one.
#[test]
fn a_broken_line_loses_what_lies_behind_the_break() {
    let mut array =
        Array::new(Cells::Linear(dmatrix![1e-4, 2e-4, 3e-4]), 1.0, 1.0).for_read(&[1.0], 0.0, 0.0);
    array.word.breaks.push(Break { line: 0, segment: 1 });
    let solution = array.solve().unwrap();
    let current = 1.0 / (1.0 + 1e4 + 1.0);
    assert!((solution.output_amperes()[0] - current).abs() < 1e-16);
    assert!(solution.output_amperes()[1].abs() < 1e-20 && solution.output_amperes()[2].abs() < 1e-20);
}

#[test]
fn faulty_descriptions_are_refused_with_their_numbers() {
    let good = Array::new(Cells::Linear(dmatrix![1e-4, 2e-4]), 1.0, 1.0).for_read(&[1.0], 0.0, 0.0);
    let mut negative = good.clone();
    negative.word.segment_ohm[0] = -1.0;
    assert!(matches!(negative.solve(), Err(CircuitError::LineValue { value: -1.0, .. })));
    let mut cell = good.clone();
    cell.cells = Cells::Linear(dmatrix![1e-4, f64::NAN]);
    assert!(matches!(cell.solve(), Err(CircuitError::CellValue { row: 0, col: 1, .. })));
    let mut short = good.clone();
    short.word = short.word.driven_last(&[0.5], 0.0);
    short.word.segment_ohm[0] = 0.0;
    assert!(matches!(short.solve(), Err(CircuitError::Conflict { line: 0, .. })));
    let mut count = good;
    count.bit.first.pop();
    assert!(matches!(count.solve(), Err(CircuitError::Count { given: 1, expected: 2, .. })));
}

/// No source at all, or sources that reach nothing: every node rests at 0 V, and nothing is divided by zero.
#[test]
fn an_array_without_sources_rests_at_zero() {
    for segment_ohm in [0.0, 1.0] {
        let array = Array::new(Cells::Linear(dmatrix![1e-4, 2e-4; 0.0, 3e-4]), segment_ohm, segment_ohm);
        let solution = array.solve().unwrap();
        assert_eq!((solution.word_volts.amax(), solution.bit_volts.amax()), (0.0, 0.0));
        assert_eq!(solution.output_amperes().amax(), 0.0);
        assert_eq!(array.bounds(0.0, 3).unwrap().gap_volts, 0.0);
        let mut driven = array;
        driven.cells = Cells::Linear(DMatrix::zeros(2, 2));
        driven.word.first[0] = End::ideal(1.0);
        let solution = driven.solve().unwrap();
        assert!(
            (solution.word_volts.row(0).add_scalar(-1.0)).amax() < 1e-12 && solution.bit_volts.amax() == 0.0
        );
    }
    let empty = Array::new(Cells::Linear(DMatrix::zeros(0, 3)), 1.0, 1.0);
    assert!(matches!(empty.solve(), Err(CircuitError::Empty { rows: 0, cols: 3 })));
}
