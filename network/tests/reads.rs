//! What a read is on an array: noise, converters, and the devices that it switches.

mod formula;

use formula::{WIDTH_S, tables};
use spinhebb_circuit::operate::read::Converter;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_network::neuron::LeakyIntegrator;
use spinhebb_network::rules::homeostasis::Form;
use spinhebb_network::rules::winner::TieRule;
use spinhebb_network::synapses::{
    AnalogSynapses, Batch, Layer, LayerConfig, LayerDevices, LayerSize, Plasticity, ReadChain, Synapses,
    SynapticDevice, TILE, TileConverter, Timing,
};

const SIZE: LayerSize = LayerSize { neurons: 50, lines: 60, copies: 2 };
/// G_AP over G_P - G_AP at a TMR of 90 %.
const ANTIPARALLEL: f64 = 1.0 / 0.9;

fn synapses(law: impl Fn(f64, State) -> f64) -> AnalogSynapses {
    let row = |_| vec![SynapticDevice::NOMINAL; SIZE.lines * usize::from(SIZE.copies)];
    let devices = LayerDevices { range: 1.0, tables: Some(tables(law)), row: &row };
    AnalogSynapses::random(SIZE, 0.5, 4, &devices).unwrap()
}

fn chain(noise: f64, converter: Option<TileConverter>) -> ReadChain {
    ReadChain { noise, antiparallel: ANTIPARALLEL, converter, streams: Streams::new(3, "read-noise") }
}

/// Sums of a read number in units of the step, for all neurons.
fn read(synapses: &AnalogSynapses, lines: &[u16], number: u64) -> Vec<f64> {
    let mut batch = Batch::default();
    batch.set_first_read(number);
    batch.push(|active| active.extend_from_slice(lines));
    let mut sums = vec![0; TILE];
    synapses.score(0, &batch, &mut sums);
    sums[..SIZE.neurons].iter().map(|&sum| f64::from(sum) / f64::from(synapses.unit())).collect()
}

const LINES: [u16; 12] = [0, 3, 4, 5, 17, 18, 29, 30, 31, 44, 58, 59];

/// Mean and deviation over reads are those of independent noise of every device, and a read gives the same again.
#[test]
fn noise_is_that_of_every_device() {
    let exact = synapses(|_, _| 0.1);
    let mut noisy = exact.clone();
    noisy.read_through(chain(0.08, None));
    let reads = 3000;
    let currents = read(&exact, &LINES, 0);
    assert_eq!(read(&noisy, &LINES, 7), read(&noisy, &LINES, 7));
    assert_ne!(read(&noisy, &LINES, 7), read(&noisy, &LINES, 8));
    let all: Vec<Vec<f64>> = (0..reads).map(|number| read(&noisy, &LINES, number)).collect();
    for neuron in [0, 1, 17, 49] {
        let values: Vec<f64> = all.iter().map(|sums| sums[neuron]).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Parallel devices conduct a + 1 steps, the others a.
        let (parallel, driven) = (currents[neuron], 2.0 * LINES.len() as f64);
        let a = ANTIPARALLEL;
        let expected = 0.08_f64.powi(2) * (parallel * (a + 1.0).powi(2) + (driven - parallel) * a * a);
        assert!((mean - parallel).abs() < 4.0 * (expected / n).sqrt(), "{neuron}: {mean} {parallel}");
        // The relative error of a variance of n normal numbers is sqrt(2/n).
        assert!(
            (variance / expected - 1.0).abs() < 4.0 * (2.0 / n).sqrt(),
            "{neuron}: {variance} {expected}"
        );
    }
}

/// Codes of the tiles, converted one by one by hand from the currents of their devices, add up to what is read.
#[test]
fn tiles_are_converted_one_by_one() {
    let exact = synapses(|_, _| 0.1);
    let inputs = 40;
    for (bits, subtracted) in [(24, 0.0), (6, 0.0), (5, ANTIPARALLEL + 0.5)] {
        let full_scale_amperes = inputs as f64 * (ANTIPARALLEL + 1.0 - subtracted).max(0.5);
        let converter = Converter { bits, full_scale_amperes, offset_amperes: 0.01 };
        let mut converted = exact.clone();
        converted.read_through(chain(0.0, Some(TileConverter { converter, inputs, subtracted })));
        let found = read(&converted, &LINES, 0);
        for (neuron, &found) in found.iter().enumerate() {
            let row = exact.row(neuron);
            let mut expected = 0.0;
            for tile in 0..3 {
                let own = || LINES.iter().filter(move |&&line| usize::from(line) * 2 / inputs == tile);
                let driven = 2.0 * own().count() as f64;
                let parallel: f64 = own().map(|&line| f64::from(row[usize::from(line)])).sum();
                let current = parallel + driven * (ANTIPARALLEL - subtracted);
                let code = converter.code(if driven > 0.0 { current } else { continue });
                expected += f64::from(code) * converter.step_amperes() - driven * (ANTIPARALLEL - subtracted);
            }
            let rounding = 3.0 * exact.quantisation();
            assert!((found - expected).abs() <= rounding, "{bits} bits, {neuron}: {found} {expected}");
        }
        let off = found.iter().zip(read(&exact, &LINES, 0)).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max);
        assert_eq!(off > 0.2, bits < 24, "{bits} bits miss by {off}");
    }
}

/// Reads switch anti-parallel devices of active lines with their hazard at the read voltage, cycle by cycle, and no others.
#[test]
fn reads_switch_devices_at_their_rate() {
    let rate = 0.002;
    let mut synapses = synapses(|volts, start| match start {
        State::AntiParallel => rate * (volts / 0.1).min(1.0),
        State::Parallel => 0.0,
    });
    // Half of the time of a pulse in each of the cycles.
    synapses.disturb_by_reads((0.1, 0.5 * WIDTH_S, WIDTH_S), Streams::new(5, "read-disturb"));
    let config = LayerConfig {
        neuron: LeakyIntegrator { retention: 1.0, cycles: 4 },
        reference: 0.0,
        // Out of reach: every image is shown for all of its cycles.
        threshold: 1e9,
        form: Form::Ratio,
        fraction: 1.0,
        winners: 1,
        tie: TieRule::AnalogRace,
        timing: Timing::default(),
    };
    let before = synapses.states();
    let mut layer = Layer::new(synapses, config, 3).unwrap();
    let still = Plasticity::new(0.0, 0.0, 0.0);
    let images = 100;
    for _ in 0..images {
        let mut batch = Batch::default();
        batch.push(|active| active.extend_from_slice(&LINES));
        layer.learn(&batch, |_| &still, |_, response| assert!(response.fired.is_empty()));
    }
    // ln(1 - p) of a read of four half pulses is twice that of one pulse.
    let kept = (1.0 - rate).powi(2 * images);
    let (mut could, mut switched) = (0.0, 0.0);
    let after = layer.synapses().states();
    for (synapse, (before, after)) in before.iter().zip(&after).enumerate() {
        let active = LINES.contains(&((synapse % SIZE.lines) as u16));
        assert!(before & !after == 0 && (active || before == after), "only AP devices of active lines");
        if active {
            could += f64::from((!before & 3).count_ones());
            switched += f64::from((before ^ after).count_ones());
        }
    }
    let expected = could * (1.0 - kept);
    assert!(expected > 100.0);
    assert!((switched - expected).abs() < 4.0 * (expected * kept).sqrt(), "{switched} {expected}");
    assert_eq!(layer.state().disturbed_by_reads, switched as u64);
    assert_eq!(layer.state().silent, images as u64);
    // The sums are those of the states.
    let found = read(layer.synapses(), &LINES, 0);
    let row = layer.synapses().row(7);
    let sum: u32 = LINES.iter().map(|&line| u32::from(row[usize::from(line)])).sum();
    assert!((found[7] - f64::from(sum)).abs() < 1e-9);
}
