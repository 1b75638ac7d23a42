//! The fast engines against the stepping reference and against each other, bit for bit.

mod formula;

use formula::{array, by_probability, hardware, population, varied};
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_network::neuron::LeakyIntegrator;
use spinhebb_network::rules::chance;
use spinhebb_network::rules::homeostasis::Form;
use spinhebb_network::rules::winner::TieRule;
use spinhebb_network::synapses::{
    AnalogSynapses, Batch, BitSynapses, CountSynapses, Layer, LayerConfig, LayerDevices, LayerSize,
    LayerState, Plasticity, SteppingLayer, Synapses, SynapticDevice, TILE, Timing,
};
use spinhebb_network::training::hardware::Hardware;

const LINES: usize = 150;

/// Noisy copies of a few patterns: images with something to learn.
fn images(count: usize) -> Vec<Vec<u16>> {
    let mut rng = Streams::new(11, "images").rng(0);
    let patterns: Vec<Vec<bool>> =
        (0..12).map(|_| (0..LINES).map(|_| chance::uniform(&mut rng) < 0.3).collect()).collect();
    (0..count)
        .map(|_| {
            let pattern = &patterns[chance::below(patterns.len(), &mut rng)];
            (0..LINES as u16)
                .filter(|&i| pattern[usize::from(i)] ^ (chance::uniform(&mut rng) < 0.05))
                .collect()
        })
        .collect()
}

/// A threshold at which a good part of the images is too weak to fire.
fn config(form: Form, winners: usize, copies: u8) -> LayerConfig {
    LayerConfig {
        neuron: LeakyIntegrator { retention: 0.9, cycles: 20 },
        reference: 0.25,
        threshold: 140.0 * f64::from(copies),
        form,
        fraction: 0.8,
        winners,
        tie: TieRule::AnalogRace,
        timing: Timing::default(),
    }
}

/// Plasticity that changes in the middle of a run, as annealing does.
fn stages(form: Form) -> [Plasticity; 2] {
    let gain = if form == Form::Querlioz { 8.0 } else { 0.1 };
    [Plasticity::new(0.3, 0.25, gain), Plasticity::new(0.1, 0.08, gain / 4.0)]
}

fn train<S: Synapses>(
    layer: &mut Layer<S>,
    images: &[Vec<u16>],
    batch_size: usize,
    stages: &[Plasticity; 2],
) -> Vec<Vec<usize>> {
    let mut fired = Vec::new();
    let mut batch = Batch::default();
    for (first, chunk) in images.chunks(batch_size).enumerate().map(|(i, c)| (i * batch_size, c)) {
        batch.clear();
        for image in chunk {
            batch.push(|active| active.extend_from_slice(image));
        }
        layer.learn(
            &batch,
            |i| &stages[usize::from(first + i >= images.len() / 2)],
            |_, outcome| fired.push(outcome.fired.clone()),
        );
    }
    fired
}

fn weights<S: Synapses>(layer: &Layer<S>) -> Vec<u8> {
    (0..layer.synapses().neurons()).flat_map(|n| layer.synapses().row(n)).collect()
}

#[test]
fn counts_equal_the_stepping_reference_for_every_batch_size() {
    let images = images(600);
    let mut gated = 0;
    for (form, winners, copies) in
        [(Form::Ratio, 1, 8), (Form::Ratio, 3, 2), (Form::Querlioz, 1, 4), (Form::Querlioz, 2, 1)]
    {
        let stages = stages(form);
        let config = config(form, winners, copies);
        let synapses =
            CountSynapses::random(LayerSize { neurons: 200, lines: LINES, copies }, 0.5, 3).unwrap();
        let rows = (0..200).flat_map(|n| synapses.row(n)).collect();
        let mut reference = SteppingLayer::new(LINES, copies, rows, config.clone(), 3).unwrap();
        let expected: Vec<Vec<usize>> = images
            .iter()
            .enumerate()
            .map(|(i, image)| reference.learn(image, &stages[usize::from(i >= 300)]).0)
            .collect();
        let silent = expected.iter().filter(|f| f.is_empty()).count();
        gated += silent;
        assert!(silent < 300, "too few firings to compare: {silent} of 600 images are silent");
        for batch_size in [1, 7, 16, 64] {
            let mut layer = Layer::new(synapses.clone(), config.clone(), 3).unwrap();
            let fired = train(&mut layer, &images, batch_size, &stages);
            assert_eq!(fired, expected, "{form:?} {winners} winners, batch {batch_size}");
            assert_eq!(weights(&layer), reference.rows());
            assert!(reference.agrees(layer.state()));
            assert_eq!(layer.state().silent, silent as u64);
        }
    }
    assert!(gated >= 20, "the gate must matter: {gated} silent images");
}

/// Every rule of ties, lines that rest, and windows that reach back over several images, against the reference that steps through the
/// clock cycles.
#[test]
fn ties_rests_and_windows_equal_the_stepping_reference() {
    let images = images(400);
    let stages = stages(Form::Ratio);
    let (copies, neurons) = (2, 100);
    for (tie, timing) in [
        (TieRule::LowestIndex, Timing::default()),
        (TieRule::Random, Timing { refractory_cycles: 2, rest_cycles: 3, window_cycles: 9 }),
        (TieRule::AllFire, Timing { refractory_cycles: 0, rest_cycles: 1, window_cycles: 12 }),
        (TieRule::AnalogRace, Timing { refractory_cycles: 1, rest_cycles: 0, window_cycles: 40 }),
    ] {
        // A low threshold, which many neurons cross at once.
        let threshold = 40.0 * f64::from(copies);
        let config = LayerConfig { tie, timing, threshold, ..config(Form::Ratio, 1, copies) };
        let synapses = CountSynapses::random(LayerSize { neurons, lines: LINES, copies }, 0.5, 3).unwrap();
        let rows = (0..neurons).flat_map(|n| synapses.row(n)).collect();
        let mut reference = SteppingLayer::new(LINES, copies, rows, config.clone(), 3).unwrap();
        let expected: Vec<Vec<usize>> = images
            .iter()
            .enumerate()
            .map(|(i, image)| reference.learn(image, &stages[usize::from(i >= 200)]).0)
            .collect();
        let most = expected.iter().map(Vec::len).max().unwrap();
        assert_eq!(most > 1, tie == TieRule::AllFire, "{tie:?}: {most} at once");
        for batch_size in [1, 16] {
            let mut layer = Layer::new(synapses.clone(), config.clone(), 3).unwrap();
            let fired = train(&mut layer, &images, batch_size, &stages);
            assert_eq!(fired, expected, "{tie:?}, batch {batch_size}");
            assert_eq!(weights(&layer), reference.rows(), "{tie:?}");
            assert!(reference.agrees(layer.state()));
        }
    }
}

/// The firing cycle of the closed form is that of the stepping reference.
#[test]
fn firing_cycles_agree() {
    let images = images(200);
    let config = config(Form::Ratio, 1, 4);
    let stages = stages(Form::Ratio);
    let synapses = CountSynapses::random(LayerSize { neurons: 64, lines: LINES, copies: 4 }, 0.5, 3).unwrap();
    let rows = (0..64).flat_map(|n| synapses.row(n)).collect();
    let mut reference = SteppingLayer::new(LINES, 4, rows, config.clone(), 3).unwrap();
    let mut layer = Layer::new(synapses, config, 3).unwrap();
    for image in &images {
        let (_, cycle) = reference.learn(image, &stages[0]);
        let mut batch = Batch::default();
        batch.push(|active| active.extend_from_slice(image));
        layer.learn(&batch, |_| &stages[0], |_, outcome| assert_eq!(outcome.cycle, cycle));
    }
}

#[test]
fn bits_equal_counts_and_analog_devices_without_spread() {
    let images = images(600);
    for (neurons, copies) in [(1, 1), (100, 1), (700, 1), (100, 8), (100, 3)] {
        let stages = stages(Form::Ratio);
        let config = config(Form::Ratio, 1, copies);
        let mut counts = Layer::new(
            CountSynapses::random(LayerSize { neurons, lines: LINES, copies }, 0.5, 5).unwrap(),
            config.clone(),
            5,
        )
        .unwrap();
        let fired = train(&mut counts, &images, 16, &stages);
        let analog = alike(LayerSize { neurons, lines: LINES, copies }, 5);
        let mut analog = Layer::new(analog, config.clone(), 5).unwrap();
        assert_eq!(train(&mut analog, &images, 16, &stages), fired);
        assert_eq!(weights(&analog), weights(&counts));
        assert_eq!(analog.state(), counts.state());
        if copies == 1 {
            let mut bits =
                Layer::new(BitSynapses::random(neurons, LINES, 0.5, 5).unwrap(), config, 5).unwrap();
            assert_eq!(train(&mut bits, &images, 16, &stages), fired);
            assert_eq!(weights(&bits), weights(&counts));
            assert_eq!(bits.state(), counts.state());
        }
    }
}

/// Devices all alike.
fn alike(size: LayerSize, seed: u64) -> AnalogSynapses {
    let row = |_| vec![SynapticDevice::NOMINAL; size.lines * usize::from(size.copies)];
    AnalogSynapses::random(size, 0.5, seed, &LayerDevices { range: 1.0, tables: None, row: &row }).unwrap()
}

/// Devices that differ in conductance and hazard, some stuck.
fn differing(size: LayerSize, parallel: f64, hardware: &Hardware) -> AnalogSynapses {
    let row = |neuron| hardware.row(neuron, size.lines, usize::from(size.copies));
    AnalogSynapses::random(size, parallel, 8, &LayerDevices { range: 2.0, tables: None, row: &row }).unwrap()
}

#[test]
fn threads_and_batches_do_not_change_the_analog_engine() {
    let images = images(300);
    let hardware = varied();
    let run = |threads: usize, batch_size: usize| -> (Vec<u8>, LayerState) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let synapses = differing(LayerSize { neurons: 1500, lines: LINES, copies: 2 }, 0.5, &hardware);
            let stages = [(0.3, 0.25), (0.1, 0.08)]
                .map(|(p, d)| synapses.plasticity(by_probability(p, d), [d, p], 0.1));
            let mut layer = Layer::new(synapses, config(Form::Ratio, 1, 2), 8).unwrap();
            train(&mut layer, &images, batch_size, &stages);
            (weights(&layer), layer.state().clone())
        })
    };
    let one = run(1, 1);
    assert_eq!(run(2, 32), one);
    assert_eq!(run(1, 64), one);
}

/// Stuck devices keep their state, and every other switches as often as its own probability says.
#[test]
fn devices_switch_with_probabilities_of_their_own() {
    let (neurons, copies) = (400, 4);
    let size = LayerSize { neurons, lines: LINES, copies };
    let synapses = differing(size, 1.0, &varied());
    let plasticity = synapses.plasticity(by_probability(0.3, 0.2), [0.2, 0.3], 0.5);
    let config = LayerConfig { threshold: 1e-6, fraction: 1.0, ..config(Form::Ratio, 1, copies) };
    let mut layer = Layer::new(synapses.clone(), config, 8).unwrap();
    let half: Vec<u16> = (0..LINES as u16 / 2).collect();
    let mut active = vec![0u8; LINES];
    active[..LINES / 2].fill(1);
    let mut batch = Batch::default();
    batch.push(|lines| lines.extend_from_slice(&half));
    // One event on each neuron that fires; devices of the silent half are P and get depression pulses.
    let (mut switched, mut expected, mut variance) = (0.0, 0.0, 0.0);
    for _ in 0..300 {
        let before = layer.synapses().states();
        let mut fired = None;
        layer.learn(&batch, |_| &plasticity, |_, response| fired = response.fired.first().copied());
        let neuron = fired.unwrap();
        let probabilities = synapses.probabilities(neuron, &active, &plasticity);
        let states = layer.synapses().states();
        for line in LINES / 2..LINES {
            let synapse = neuron * LINES + line;
            for copy in 0..usize::from(copies) {
                let p = f64::from(probabilities[line * usize::from(copies) + copy]);
                let was = before[synapse] >> copy & 1 == 1;
                let is = states[synapse] >> copy & 1 == 1;
                assert!(is == was || !synapses.is_stuck(synapse, copy), "a stuck device has switched");
                if was {
                    switched += f64::from(u8::from(!is));
                    expected += p;
                    variance += p * (1.0 - p);
                }
            }
        }
    }
    assert!(expected > 500.0);
    assert!((switched - expected).abs() < 4.0 * variance.sqrt(), "{switched} {expected} {}", variance.sqrt());
    // Nothing was sent that potentiates, for all devices are P: what is P on active lines stays.
    assert!(
        layer.state().switched_per_synapse.chunks(LINES).all(|row| row[..LINES / 2].iter().all(|&n| n == 0))
    );
}

/// Broken-down barriers conduct far more than the rest: their currents are kept, and too many of them are refused.
#[test]
fn conductances_beyond_the_common_range_are_kept() {
    let faults = FaultsConfig { stuck_short: 0.004, ..FaultsConfig::default() };
    let spread = population("area = { relative = 0.1, distribution = \"log-normal\" }");
    let hardware = self::hardware(&spread, &faults, &array(0.0, WriteScheme::CutOff, 64, 64), None);
    let size = LayerSize { neurons: 130, lines: LINES, copies: 3 };
    let synapses = differing(size, 0.5, &hardware);
    assert!(synapses.outlying() > 100, "{}", synapses.outlying());
    let plasticity = synapses.plasticity(by_probability(0.3, 0.2), [0.2, 0.3], 0.0);
    let mut layer = Layer::new(synapses, config(Form::Ratio, 1, 3), 8).unwrap();
    let images = images(60);
    train(&mut layer, &images, 16, &[plasticity.clone(), plasticity]);
    let synapses = layer.synapses();
    let states = synapses.states();
    let [p, ap] = hardware.nominal();
    let mut batch = Batch::default();
    for image in &images {
        batch.push(|active| active.extend_from_slice(image));
    }
    for block in 0..size.neurons.div_ceil(TILE) {
        let mut sums = vec![0i32; images.len() * TILE];
        synapses.score(block, &batch, &mut sums);
        for (k, image) in images.iter().enumerate() {
            for neuron in block * TILE..((block + 1) * TILE).min(size.neurons) {
                let mut siemens = 0.0;
                for &line in image {
                    let line = usize::from(line);
                    for copy in 0..3 {
                        let parallel = states[neuron * LINES + line] >> copy & 1 == 1;
                        let state = if parallel { State::Parallel } else { State::AntiParallel };
                        siemens += hardware.conductance(&hardware.draw(line * 3 + copy, neuron), state) - ap;
                    }
                }
                let expected = siemens / (p - ap);
                let found = f64::from(sums[k * TILE + neuron % TILE]) / f64::from(synapses.unit());
                let tolerance = image.len() as f64 * 3.0 * synapses.quantisation();
                assert!((found - expected).abs() <= tolerance, "{neuron}: {found} {expected} {tolerance}");
            }
        }
    }

    let faults = FaultsConfig { stuck_short: 0.05, ..FaultsConfig::default() };
    let hardware = self::hardware(&spread, &faults, &array(0.0, WriteScheme::CutOff, 64, 64), None);
    let row = |neuron| hardware.row(neuron, LINES, 3);
    let devices = LayerDevices { range: 2.0, tables: None, row: &row };
    let message = AnalogSynapses::random(size, 0.5, 8, &devices).unwrap_err().to_string();
    assert!(message.contains("at most 0.01") && message.contains("broken-down"), "{message}");
}
