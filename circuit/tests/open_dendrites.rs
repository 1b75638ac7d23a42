//! The published demonstrator drives potentiation and depression pulses on different inputs at once and leaves the
//! dendrites of the neurons that did not fire open. What that does to their junctions, at 4 x 2,
//! 64 x 64 and 128 x 128: an open dendrite floats to the mean of the input voltages weighted by its
//! conductances, and its junctions see the difference.

use nalgebra::DMatrix;
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::operate::write::{LearningStep, WriteDrivers, WriteScheme, write};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

const UP: f64 = 0.8;
const DOWN: f64 = -0.7;

/// Voltages on unselected dendrites: (active input, inactive input), means over the array, and the
/// smallest voltage on the selected dendrite relative to what is meant.
fn voltages(
    rows: usize,
    cols: usize,
    active_every: usize,
    wire_ohm: f64,
    scheme: WriteScheme,
) -> (f64, f64, f64) {
    let states = DMatrix::from_fn(rows, cols, |i, j| {
        if (5 * i + 3 * j) % 7 < 3 { State::Parallel } else { State::AntiParallel }
    });
    let transport = Transport { parallel_s: 1e-4, tmr: 0.9, half_voltage_v: 0.5 };
    let array = Array::new(Cells::junctions(transport, &states), wire_ohm, wire_ohm);
    let active: Vec<bool> = (0..rows).map(|i| i % active_every == 0).collect();
    let step = LearningStep {
        dendrite: cols / 2,
        active: &active,
        potentiation_volts: UP,
        depression_volts: DOWN,
        width_s: 1e-8,
        contacts: None,
    };
    let drivers = WriteDrivers { word_ohm: wire_ohm, dendrite_ohm: wire_ohm, ..WriteDrivers::default() };
    let outcome = write(&array, scheme, &drivers, &step).unwrap();
    let volts = &outcome.phases[0].device_volts;
    let mean = |wanted: bool| {
        let mut sum = (0.0, 0.0);
        for (i, &is_active) in active.iter().enumerate() {
            for j in (0..cols).filter(|&j| j != cols / 2 && is_active == wanted) {
                sum = (sum.0 + volts[(i, j)], sum.1 + 1.0);
            }
        }
        sum.0 / sum.1
    };
    let meant = |i: usize| if active[i] { UP } else { DOWN };
    let worst = (0..rows).map(|i| volts[(i, cols / 2)] / meant(i)).fold(f64::INFINITY, f64::min);
    (mean(true), mean(false), worst)
}

/// Half the inputs active: the open dendrite floats near the middle, and its junctions see nearly the full
/// write voltages, of the same polarity as the neuron that fired.
#[test]
fn open_dendrites_learn_too_when_half_the_inputs_are_active() {
    for (rows, cols) in [(4, 2), (64, 64), (128, 128)] {
        let (active, inactive, worst) = voltages(rows, cols, 2, 0.0, WriteScheme::Floating);
        println!("{rows} x {cols}, half active: {active:.3} V, {inactive:.3} V; meant {UP} V, {DOWN} V");
        assert!((active - inactive - (UP - DOWN)).abs() < 1e-12);
        assert!(active > 0.8 * UP && inactive < 0.8 * DOWN, "{active} {inactive}");
        assert!((worst - 1.0).abs() < 1e-12);
    }
}

/// One input in eight active, as in images: open dendrites float near the depression voltage and their active
/// junctions see more than the neuron that fired, 1.5 times and above.
#[test]
fn open_dendrites_see_more_than_the_selected_one_when_few_inputs_are_active() {
    for size in [64, 128] {
        let (active, inactive, _) = voltages(size, size, 8, 0.0, WriteScheme::Floating);
        println!("{size} x {size}, an eighth active: {active:.3} V, {inactive:.3} V");
        assert!(active > 1.5 * UP, "{active}");
        assert!(inactive.abs() < 0.4 * DOWN.abs(), "{inactive}");
    }
}

/// Transistors that cut the dendrites off remove the disturbance. Wires of 2 ohm cost the far cells part of their
/// voltage in every scheme: at 128 x 128 the inputs' lines carry the current of all other dendrites.
#[test]
fn cutting_off_protects_and_wires_take_their_share() {
    for (rows, cols) in [(4, 2), (64, 64), (128, 128)] {
        let (active, inactive, worst) = voltages(rows, cols, 2, 2.0, WriteScheme::CutOff);
        assert!(active.abs() < 1e-4 && inactive.abs() < 1e-4, "{active} {inactive}");
        let (_, _, open) = voltages(rows, cols, 2, 2.0, WriteScheme::Floating);
        println!(
            "{rows} x {cols}, 2 ohm: least selected voltage {worst:.3} cut off, {open:.3} open, of what is meant"
        );
        assert!(worst > open, "{worst} {open}");
    }
}
