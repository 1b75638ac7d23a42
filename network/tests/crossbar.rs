//! Physics in the loop: tiles, write voltages, disturb.

mod formula;

use std::sync::Arc;

use formula::{array, hardware, population, pulses, tables, transport};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::quantity::Resistance;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::PopulationConfig;
use spinhebb_network::neuron::LeakyIntegrator;
use spinhebb_network::rules::chance;
use spinhebb_network::rules::homeostasis::Form;
use spinhebb_network::rules::winner::TieRule;
use spinhebb_network::synapses::{
    AnalogSynapses, Batch, CountSynapses, Layer, LayerConfig, LayerDevices, LayerSize, OwnPulse, Sum,
    Synapses, TILE, Timing,
};
use spinhebb_network::training::crossbar::Crossbar;

const LINES: usize = 60;
const NEURONS: usize = 40;

/// A steep switching law: a logistic curve in the voltage.
fn logistic(volts: f64, _: State) -> f64 {
    1.0 / (1.0 + (-(volts - 0.51) / 0.02).exp())
}

fn on(array: &ArrayConfig, population: &PopulationConfig, law: impl Fn(f64, State) -> f64) -> Crossbar {
    let pulses = pulses(tables(law), 1);
    Crossbar { hardware: hardware(population, &FaultsConfig::default(), array, Some(pulses)), first: 0 }
}

fn crossbar(wire_ohm: f64, scheme: WriteScheme) -> Crossbar {
    on(&array(wire_ohm, scheme, 32, 16), &PopulationConfig::default(), logistic)
}

fn analog(copies: u8, crossbar: &Crossbar) -> AnalogSynapses {
    let hardware = &crossbar.hardware;
    let row = |neuron| hardware.row(neuron, LINES, usize::from(copies));
    let tables = hardware.pulses().map(|pulses| Arc::clone(&pulses.tables));
    let devices = LayerDevices { range: 1.0, tables, row: &row };
    AnalogSynapses::random(LayerSize { neurons: NEURONS, lines: LINES, copies }, 0.5, 4, &devices).unwrap()
}

fn images(count: usize) -> Vec<Vec<u16>> {
    let mut rng = Streams::new(11, "images").rng(0);
    (0..count).map(|_| (0..LINES as u16).filter(|_| chance::uniform(&mut rng) < 0.2).collect()).collect()
}

fn scores<S: Synapses>(synapses: &S, images: &[Vec<u16>]) -> Vec<f32> {
    let mut batch = Batch::default();
    for image in images {
        batch.push(|active| active.extend_from_slice(image));
    }
    let mut sums = vec![S::Sum::default(); NEURONS.div_ceil(TILE) * images.len() * TILE];
    for (block, sums) in sums.chunks_mut(S::TILES * images.len() * TILE).enumerate() {
        synapses.score(block, &batch, sums);
    }
    sums.iter().map(|s| s.value() / synapses.unit()).collect()
}

/// Without wires the loop changes nothing; with wires the sums are those of the solved tiles.
#[test]
fn sums_are_the_currents_of_the_tiles() {
    let images = images(8);
    let ideal = scores(
        &CountSynapses::random(LayerSize { neurons: NEURONS, lines: LINES, copies: 2 }, 0.5, 4).unwrap(),
        &images,
    );
    let none = crossbar(0.0, WriteScheme::Grounded);
    let mut synapses = analog(2, &none);
    let map = none.map(&synapses).unwrap();
    assert!((none.apply(&map, &mut synapses).unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(scores(&synapses, &images), ideal);

    let wired = crossbar(2.0, WriteScheme::Grounded);
    let map = wired.map(&synapses).unwrap();
    let ratio = wired.apply(&map, &mut synapses).unwrap();
    assert!((0.6..0.99).contains(&ratio), "{ratio}");
    let found = scores(&synapses, &images);
    let (parallel, antiparallel) = (1.9e-4, 1e-4);
    // Mean ratio of effective to own conductance along each word line.
    let (effective, states) = (map.effective_siemens(), synapses.states());
    let reference: Vec<f64> = (0..2 * LINES)
        .map(|input| {
            let ratio = |neuron: usize| {
                let on = states[neuron * LINES + input / 2] >> (input % 2) & 1 == 1;
                effective[(input, neuron)] / if on { parallel } else { antiparallel }
            };
            (0..NEURONS).map(ratio).sum::<f64>() / NEURONS as f64
        })
        .collect();
    for (i, image) in images.iter().enumerate() {
        let mut volts = vec![0.0; map.inputs];
        for &line in image {
            volts[usize::from(line) * 2..usize::from(line) * 2 + 2].fill(1.0);
        }
        let amperes = map.apply(&volts).unwrap();
        for (neuron, current) in amperes.iter().enumerate() {
            // Sums count what lies above the column of reference, in steps of G_P - G_AP.
            let lines = image.iter().map(|&line| usize::from(line));
            let subtracted: f64 = lines.map(|line| reference[2 * line] + reference[2 * line + 1]).sum();
            let expected = (current - subtracted * antiparallel) / (parallel - antiparallel);
            let tolerance = 2.0 * image.len() as f64 * 2.0 * synapses.quantisation();
            let sum = f64::from(found[i * TILE + neuron]);
            assert!((sum - expected).abs() <= tolerance, "{sum} {expected} {tolerance}");
        }
    }
}

/// The pulses of an event as the array sees it, in all their phases.
fn event(scheme: WriteScheme, volts: f32) -> Vec<Vec<f32>> {
    let crossbar = crossbar(2.0, scheme);
    let mut synapses = analog(1, &crossbar);
    crossbar.carry(&mut synapses).unwrap();
    let pulse = OwnPulse::LogVolts(volts.ln());
    let plasticity = synapses.plasticity([pulse, pulse], [0.5, 0.5], 0.0);
    let active: Vec<u8> = (0..LINES).map(|line| u8::from(line % 5 == 0)).collect();
    synapses.probabilities_on_array(3, &active, &plasticity).unwrap()
}

/// Schemes that bias other lines take two pulses; wires take a part of each.
#[test]
fn events_follow_the_scheme() {
    for scheme in WriteScheme::ALL {
        let phases = event(scheme, 0.5);
        assert_eq!(phases.len(), if scheme.drives_both_at_once() { 1 } else { 2 }, "{scheme:?}");
        // A logistic curve at the full pulse gives 0.38.
        let most = phases.iter().flatten().copied().fold(0.0, f32::max);
        assert!(most > 0.02, "{scheme:?}: {most}");
    }
}

/// Rows of the same tiles that are not written lose states as often as their own voltages say, and the corrected sums are
/// those of a fresh scoring.
#[test]
fn disturb_switches_other_rows_at_its_rate() {
    let config = LayerConfig {
        neuron: LeakyIntegrator { retention: 1.0, cycles: 50 },
        reference: 0.0,
        threshold: 1e-3,
        form: Form::Ratio,
        fraction: 1.0,
        winners: 1,
        tie: TieRule::AnalogRace,
        timing: Timing::default(),
    };
    // Grounded dendrites: every cell sees its driver's voltage. Hazards and torques differ.
    let rate = 0.002;
    let spreads = population("hazard = { relative = 0.4 }\nresistance_area = { relative = 0.05 }");
    let flat = |volts: f64, start: State| match start {
        State::Parallel if volts > 0.2 => rate * (volts / 0.5).powi(8),
        _ => 0.0,
    };
    let crossbar = on(&array(0.0, WriteScheme::Grounded, 32, 16), &spreads, flat);
    let mut synapses = analog(2, &crossbar);
    crossbar.carry(&mut synapses).unwrap();
    let volts = OwnPulse::LogVolts(0.5_f32.ln());
    let plasticity = synapses.plasticity([volts, volts], [0.0, 0.0], 0.05);
    let images = images(400);
    let run = |size: usize| {
        let mut layer = Layer::new(synapses.clone(), config.clone(), 3).unwrap();
        let mut winners = Vec::new();
        for chunk in images.chunks(size) {
            let mut batch = Batch::default();
            for image in chunk {
                batch.push(|active| active.extend_from_slice(image));
            }
            layer.learn(&batch, |_| &plasticity, |_, outcome| winners.push(outcome.fired[0]));
        }
        (winners, layer)
    };
    let (winners, layer) = run(32);
    let (again, single) = run(1);
    assert_eq!(winners, again);
    assert_eq!(layer.synapses().states(), single.synapses().states());
    assert_eq!(layer.state(), single.state());
    // Each device decays with the product of what it keeps in the events of its column of tiles, all known from the solver
    // (V at every cell) and its own draw.
    let hardware = &crossbar.hardware;
    let table = hardware.pulses().unwrap();
    let (mut expected, mut variance) = (0.0, 0.0);
    let states = synapses.states();
    for neuron in 0..NEURONS {
        for line in 0..LINES {
            for copy in 0..2 {
                if states[neuron * LINES + line] >> copy & 1 == 0 {
                    continue;
                }
                let draw = hardware.draw(line * 2 + copy, neuron);
                let own =
                    table.tables.exact().probability(&draw.factors, -0.5, formula::WIDTH_S, State::Parallel);
                let p = own.unwrap().p;
                // On the written row a device is lost to the pulse, not to disturb.
                let (mut kept, mut lost) = (1.0, 0.0);
                for (winner, image) in winners.iter().zip(&images) {
                    if image.contains(&(line as u16)) || winner / 16 != neuron / 16 {
                        continue;
                    }
                    if *winner != neuron {
                        lost += kept * p;
                    }
                    kept *= 1.0 - p;
                }
                expected += lost;
                variance += lost * (1.0 - lost);
            }
        }
    }
    let disturbed = layer.state().disturbed as f64;
    assert!(expected > 200.0, "{expected}");
    assert!(
        (disturbed - expected).abs() < 4.0 * variance.sqrt(),
        "{disturbed} {expected} {}",
        variance.sqrt()
    );
}

/// Devices behind access transistors count in a read as the circuit layer's cells do.
#[test]
fn access_transistors_count_in_reads() {
    let behind = ArrayConfig { access: Resistance(2000.0), ..array(0.0, WriteScheme::CutOff, 32, 16) };
    let crossbar = on(&behind, &PopulationConfig::default(), logistic);
    let synapses = analog(1, &crossbar);
    let effective = crossbar.map(&synapses).unwrap().effective_siemens();
    for neuron in [0, NEURONS - 1] {
        for line in [0, LINES - 1] {
            let on = synapses.states()[neuron * LINES + line] & 1 == 1;
            let state = if on { State::Parallel } else { State::AntiParallel };
            let cell = behind.nominal_cell(transport(), state).zero_bias_siemens();
            assert!((effective[(line, neuron)] / cell - 1.0).abs() < 1e-9, "{line} {neuron}");
        }
    }
}
