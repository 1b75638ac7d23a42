//! Physics in the loop: tiles, write voltages, disturb.

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::error::CircuitError;
use spinhebb_circuit::operate::write::CellPulse;
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Resistance;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_network::neuron::LeakyIntegrator;
use spinhebb_network::rules::chance;
use spinhebb_network::rules::homeostasis::Form;
use spinhebb_network::synapses::{
    AnalogSynapses, Batch, CountSynapses, DeviceSpread, Layer, LayerConfig, LayerSize, Plasticity, Sum,
    Synapses, TILE,
};
use spinhebb_network::training::crossbar::Crossbar;

const LINES: usize = 60;
const NEURONS: usize = 40;

fn crossbar(wire_ohm: f64, scheme: WriteScheme) -> Crossbar {
    let document = Document::from_text("array.toml", include_str!("../../circuit/tests/array.toml"));
    let ideal: ArrayConfig = document.unwrap().parse().unwrap();
    Crossbar {
        array: ArrayConfig {
            inputs: 32,
            outputs: 16,
            word_wire: Resistance(wire_ohm),
            bit_wire: Resistance(wire_ohm),
            scheme,
            ..ideal
        },
        transport: Transport::from_conductances(1.9e-4, 1e-4).unwrap(),
        potentiation_v: 0.5,
        depression_v: -0.5,
        width_s: 5e-9,
    }
}

/// A steep switching law: a logistic curve in the voltage that drives the device out of its state.
fn lookup(CellPulse { volts, start, .. }: CellPulse) -> Result<f64, CircuitError> {
    let drive = if start == State::AntiParallel { volts } else { -volts };
    Ok(1.0 / (1.0 + (-(drive - 0.51) / 0.02).exp()))
}

fn analog(copies: u8) -> AnalogSynapses {
    let spread = DeviceSpread::default();
    AnalogSynapses::random(LayerSize { neurons: NEURONS, lines: LINES, copies }, 0.5, &spread, 4).unwrap()
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
    let mut synapses = analog(2);
    let none = crossbar(0.0, WriteScheme::Grounded);
    let map = none.map(&synapses).unwrap();
    assert!((none.apply(&map, &mut synapses, false) - 1.0).abs() < 1e-9);
    assert_eq!(scores(&synapses, &images), ideal);

    let wired = crossbar(2.0, WriteScheme::Grounded);
    let map = wired.map(&synapses).unwrap();
    let ratio = wired.apply(&map, &mut synapses, false);
    assert!((0.6..0.99).contains(&ratio), "{ratio}");
    let found = scores(&synapses, &images);
    let (parallel, antiparallel) = (1.9e-4, 1e-4);
    for (i, image) in images.iter().enumerate() {
        let mut volts = vec![0.0; map.inputs];
        for &line in image {
            volts[usize::from(line) * 2..usize::from(line) * 2 + 2].fill(1.0);
        }
        let amperes = map.apply(&volts).unwrap();
        for (neuron, current) in amperes.iter().enumerate() {
            // Sums count what lies above G_AP per device, in steps of G_P - G_AP.
            let expected = (current - 2.0 * image.len() as f64 * antiparallel) / (parallel - antiparallel);
            let tolerance = 2.0 * image.len() as f64 * 2.0 * synapses.quantisation();
            let sum = f64::from(found[i * TILE + neuron]);
            assert!((sum - expected).abs() <= tolerance, "{sum} {expected} {tolerance}");
        }
    }
}

/// Cells far from drivers see less voltage; V/2 disturbs less than an open array under equal voltages.
#[test]
fn write_voltages_and_disturb_follow_the_scheme() {
    let synapses = analog(1);
    let grounded = crossbar(2.0, WriteScheme::Grounded);
    let voltages = grounded.write_voltages(&synapses, &lookup, 1).unwrap();
    let (low, high) = voltages.range();
    // Potentiated and depressed cells pull a shared dendrite both ways, so a cell may see a little more than its driver gives.
    assert!(low > 0.7 && low < 0.98 && high < 1.1, "{low} {high}");
    // Words are driven at their first ends, so the first dendrite fares better than the last.
    let mean = |j: usize| voltages.selected.column(j).mean();
    assert!(mean(0) > mean(8) && mean(8) > mean(15), "{} {} {}", mean(0), mean(8), mean(15));
    let cut_off = crossbar(2.0, WriteScheme::CutOff).write_voltages(&synapses, &lookup, 1).unwrap();
    let half = crossbar(2.0, WriteScheme::HalfBias).write_voltages(&synapses, &lookup, 1).unwrap();
    let sum = |v: &spinhebb_network::training::crossbar::WriteVoltages| v.disturb[0] + v.disturb[1];
    assert!(sum(&cut_off) < 1e-6, "{:?}", cut_off.disturb);
    assert!(sum(&half) < sum(&voltages), "{:?} {:?}", half.disturb, voltages.disturb);
    assert!(half.event_j > 0.0 && voltages.event_j > half.event_j);
    let worst = voltages.selected.iter().position(|&v| v == low).unwrap();
    assert_eq!(voltages.class(worst % 32, worst / 32), 0);
}

/// Rows that are not written lose states at the stated rate, and the corrected sums are those of a fresh scoring.
#[test]
fn disturb_switches_other_rows_at_its_rate() {
    let config = LayerConfig {
        neuron: LeakyIntegrator { retention: 1.0, cycles: 50 },
        reference: 0.0,
        threshold: 1e-3,
        form: Form::Ratio,
        fraction: 1.0,
        winners: 1,
    };
    let rate = 0.002;
    let mut synapses = analog(2);
    synapses.set_disturb(0.0, rate).unwrap();
    let before: u64 = synapses.states().iter().map(|s| u64::from(s.count_ones())).sum();
    let images = images(32);
    let run = |size: usize| {
        let mut layer = Layer::new(synapses.clone(), config.clone(), 3).unwrap();
        // Pulses that switch nothing on the written row leave the disturb alone.
        let still = Plasticity::new(0.0, 0.0, 0.05);
        let mut winners = Vec::new();
        for chunk in images.chunks(size) {
            let mut batch = Batch::default();
            for image in chunk {
                batch.push(|active| active.extend_from_slice(image));
            }
            layer.learn(&batch, |_| &still, |_, outcome| winners.push(outcome.fired[0]));
        }
        (winners, layer)
    };
    let (winners, layer) = run(32);
    let (again, single) = run(1);
    assert_eq!(winners, again);
    assert_eq!(layer.synapses().states(), single.synapses().states());
    let lost = layer.synapses().disturbed() as f64;
    let after: u64 = layer.synapses().states().iter().map(|s| u64::from(s.count_ones())).sum();
    assert_eq!(before - after, layer.synapses().disturbed());
    // 32 events; about 80 % of the lines are not driven, and all rows but one are disturbed.
    let driven: usize = images.iter().map(Vec::len).sum();
    let share = 1.0 - driven as f64 / (images.len() * LINES) as f64;
    let expected = before as f64 * (NEURONS - 1) as f64 / NEURONS as f64 * share * rate * 32.0;
    assert!((lost - expected).abs() < 5.0 * expected.sqrt(), "{lost} {expected}");
}

/// Devices behind access transistors count in a read as the circuit layer's cells do.
#[test]
fn access_transistors_count_in_reads() {
    let mut crossbar = crossbar(0.0, WriteScheme::CutOff);
    crossbar.array.access = Resistance(2000.0);
    let synapses = analog(1);
    let effective = crossbar.map(&synapses).unwrap().effective_siemens();
    for neuron in [0, NEURONS - 1] {
        for line in [0, LINES - 1] {
            let on = synapses.states()[neuron * LINES + line] & 1 == 1;
            let state = if on { State::Parallel } else { State::AntiParallel };
            let cell = crossbar.array.nominal_cell(crossbar.transport, state).zero_bias_siemens();
            assert!((effective[(line, neuron)] / cell - 1.0).abs() < 1e-9, "{line} {neuron}");
        }
    }
}
