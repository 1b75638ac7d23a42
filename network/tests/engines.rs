//! The fast engines against the stepping reference and against each other, bit for bit.

use spinhebb_data::random_stream::Streams;
use spinhebb_network::neuron::LeakyIntegrator;
use spinhebb_network::rules::chance;
use spinhebb_network::rules::homeostasis::Form;
use spinhebb_network::synapses::{
    AnalogSynapses, Batch, BitSynapses, CountSynapses, DeviceSpread, Layer, LayerConfig, LayerSize,
    LayerState, Plasticity, SteppingLayer, Synapses,
};

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
        let spread = DeviceSpread { antiparallel_per_step: 1.0 / 0.9, ..DeviceSpread::default() };
        let analog =
            AnalogSynapses::random(LayerSize { neurons, lines: LINES, copies }, 0.5, &spread, 5).unwrap();
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

#[test]
fn threads_and_batches_do_not_change_the_analog_engine() {
    let images = images(300);
    let spread = DeviceSpread {
        conductance: 0.2,
        step: 0.1,
        hazard: 1.0,
        stuck: 0.1,
        antiparallel_per_step: 1.0 / 0.9,
    };
    let stages = [(0.3, 0.25), (0.1, 0.08)].map(|(p, d)| {
        Plasticity::with_classes(&spread.class_probabilities(p), &spread.class_probabilities(d), 0.1)
    });
    let run = |threads: usize, batch_size: usize| -> (Vec<u8>, LayerState) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let synapses =
                AnalogSynapses::random(LayerSize { neurons: 1500, lines: LINES, copies: 2 }, 0.5, &spread, 8)
                    .unwrap();
            let mut layer = Layer::new(synapses, config(Form::Ratio, 1, 2), 8).unwrap();
            train(&mut layer, &images, batch_size, &stages);
            (weights(&layer), layer.state().clone())
        })
    };
    let one = run(1, 1);
    assert_eq!(run(2, 32), one);
    assert_eq!(run(1, 64), one);
}

/// Stuck devices keep their state, and the others switch as often as their class says.
#[test]
fn devices_switch_with_the_probability_of_their_class() {
    let (neurons, copies, events) = (1, 4, 4000);
    let mut spread = DeviceSpread { hazard: 1.0, ..DeviceSpread::default() };
    let (p, d) = (0.3, 0.2);
    let plasticity =
        Plasticity::with_classes(&spread.class_probabilities(p), &spread.class_probabilities(d), 0.0);
    let config = LayerConfig { threshold: 1e-6, fraction: 1.0, ..config(Form::Ratio, 1, copies) };
    let synapses =
        AnalogSynapses::random(LayerSize { neurons, lines: LINES, copies }, 1.0, &spread, 8).unwrap();
    let mut layer = Layer::new(synapses, config.clone(), 8).unwrap();
    // All lines driven and silent in turns: every device is pulsed both ways.
    let every: Vec<u16> = (0..LINES as u16).collect();
    let mut batch = Batch::default();
    batch.push(|active| active.extend_from_slice(&every));
    let mut sum = 0.0;
    for _ in 0..events {
        layer.learn(&batch, |_| &plasticity, |_, _| ());
    }
    // Only potentiation was sent, so in the end every device is P.
    assert!(weights(&layer).iter().all(|&w| w == copies));
    // Half of the lines driven: the others lose a mean fraction of their devices per pulse.
    let half: Vec<u16> = (0..LINES as u16 / 2).collect();
    batch.clear();
    batch.push(|active| active.extend_from_slice(&half));
    layer.learn(&batch, |_| &plasticity, |_, _| ());
    for &w in &weights(&layer)[LINES / 2..] {
        sum += f64::from(copies - w);
    }
    let devices = (LINES / 2) as f64 * f64::from(copies);
    let expected = spread.class_probabilities(d).iter().sum::<f64>() / 256.0;
    let sigma = (expected * (1.0 - expected) / devices).sqrt();
    assert!((sum / devices - expected).abs() < 4.0 * sigma, "{} {expected} {sigma}", sum / devices);

    spread = DeviceSpread { stuck: 1.0, ..DeviceSpread::default() };
    let synapses =
        AnalogSynapses::random(LayerSize { neurons: 3, lines: LINES, copies }, 0.5, &spread, 8).unwrap();
    let mut layer = Layer::new(synapses, config, 8).unwrap();
    let before = weights(&layer);
    for _ in 0..10 {
        layer.learn(&batch, |_| &plasticity, |_, _| ());
    }
    assert_eq!(weights(&layer), before);
    assert_eq!(layer.state().switched, [0, 0, 0]);
}
