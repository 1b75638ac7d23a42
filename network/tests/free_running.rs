//! Learning on an array that runs free, against learning in which every event is solved whole: the nodal solution of every tile and the
//! tables themselves, with the same random numbers.

mod formula;

use std::sync::Arc;

use formula::{WIDTH_S, array, pulses, tables, transport};
use rayon::prelude::*;
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_circuit::operate::write::{Compensation, LearningStep, WriteTile, phases};
use spinhebb_data::mnist;
use spinhebb_data::quantity::Resistance;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::PopulationConfig;
use spinhebb_network::encoding::{EncodingConfig, Field, Images};
use spinhebb_network::readout::labelling::Labelling;
use spinhebb_network::readout::preset;
use spinhebb_network::synapses::{
    AnalogSynapses, Batch, Change, LayerDevices, LayerSize, OwnPulse, Plasticity, Synapses, WriteEvent,
    random_words_from,
};
use spinhebb_network::training::crossbar::Crossbar;
use spinhebb_network::training::hardware::Hardware;
use spinhebb_network::training::recipe::Recipe;
use spinhebb_network::training::trainer::{Seeds, Setting, Trainer};

const NEURONS: usize = 16;
const LINES: usize = 112;
const SHOWN: usize = 400;
const SEEDS: u64 = 20;

/// A steep switching law.
fn logistic(volts: f64, start: State) -> f64 {
    let most = if start == State::AntiParallel { 0.5 } else { 0.4 };
    // At half of the pulse nothing is left, so that no other dendrite is disturbed.
    most / (1.0 + (-(volts - 0.5) / 0.015).exp())
}

/// Synapses whose events are solved whole.
struct Whole {
    inner: AnalogSynapses,
    tiles: Vec<WriteTile>,
    hardware: Arc<Hardware>,
}

impl Whole {
    fn new(inner: AnalogSynapses, hardware: &Arc<Hardware>) -> Self {
        let array = hardware.array();
        let states = inner.states();
        let tiles = (0..LINES)
            .step_by(array.inputs)
            .map(|first| {
                let cells = nalgebra::DMatrix::from_fn(array.inputs, NEURONS, |i, neuron| {
                    array.nominal_cell(transport(), state(states[neuron * LINES + first + i]))
                });
                let drivers = array.write_drivers(transport());
                WriteTile::new(&array.wired(Cells::Devices(cells)), array.scheme, drivers, 1e-12).unwrap()
            })
            .collect();
        Self { inner, tiles, hardware: Arc::clone(hardware) }
    }
}

const fn state(bits: u8) -> State {
    if bits & 1 == 1 { State::Parallel } else { State::AntiParallel }
}

impl Synapses for Whole {
    type Sum = i32;
    const TILES: usize = 1;

    fn neurons(&self) -> usize {
        NEURONS
    }

    fn lines(&self) -> usize {
        LINES
    }

    fn copies(&self) -> u8 {
        1
    }

    fn unit(&self) -> f32 {
        self.inner.unit()
    }

    fn score(&self, block: usize, batch: &Batch, sums: &mut [i32]) {
        self.inner.score(block, batch, sums);
    }

    fn write(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    ) {
        changes.clear();
        switched.clear();
        let array = self.hardware.array().clone();
        let pulses = self.hardware.pulses().unwrap().clone();
        let [down, up] = pulses.at(0);
        let active: Vec<bool> = event.active.iter().map(|&active| active != 0).collect();
        for (number, driven) in phases(array.scheme, array.phases == 2, &active).into_iter().enumerate() {
            let mut words = vec![0; LINES];
            random_words_from(event.streams, event.index, (number * LINES.div_ceil(4)) as u64, &mut words);
            let mut states = self.inner.states();
            for (tile, first) in self.tiles.iter_mut().zip((0..LINES).step_by(array.inputs)) {
                let step = LearningStep {
                    dendrite: neuron,
                    active: &active[first..first + array.inputs],
                    potentiation_volts: up,
                    depression_volts: down,
                    width_s: WIDTH_S,
                    contacts: None,
                };
                if !step.active.iter().any(|&active| driven[usize::from(active)]) {
                    continue;
                }
                let volts = tile.phase(&step, driven).unwrap().device_volts;
                for i in 0..array.inputs {
                    let line = first + i;
                    let bits = &mut states[neuron * LINES + line];
                    let (start, volts) = (state(*bits), volts[(i, neuron)]);
                    if volts * start.switching_polarity() <= 0.0 {
                        continue;
                    }
                    let nominal = spinhebb_device::population::DeviceFactors::NOMINAL;
                    let p = pulses.tables.exact().probability(&nominal, volts, WIDTH_S, start).unwrap().p;
                    if f64::from(words[line]) < p * 4_294_967_296.0 {
                        *bits ^= 1;
                        let parallel = *bits & 1 == 1;
                        tile.set_cell(i, neuron, array.nominal_cell(transport(), state(*bits))).unwrap();
                        let amount = self.inner.unit() as i32;
                        let amount = if parallel { amount } else { -amount };
                        changes.push(Change { neuron: neuron as u32, line: line as u16, amount });
                        switched.push((line as u16, 1));
                    }
                }
            }
            self.inner = self.inner.clone().with_states(&states).unwrap();
        }
    }

    fn row(&self, neuron: usize) -> Vec<u8> {
        self.inner.row(neuron)
    }
}

/// Fraction of the images that fall to a neuron whose label is theirs, after learning.
fn accuracy<S: Synapses>(
    synapses: S,
    plasticity: Plasticity,
    recipe: &Recipe,
    (images, labels): (&Images<'_>, &[u8]),
    seed: u64,
) -> f64 {
    let encoder = spinhebb_network::encoding::Encoder::new(&recipe.network.encoding, 28, 28).unwrap();
    let setting = Setting {
        plasticity: vec![plasticity],
        encoder,
        images: images.len(),
        seeds: Seeds::of_field(seed, 0),
        threshold: 1.0,
    };
    let setting = setting.starting(&synapses, &recipe.network, images);
    let mut trainer = Trainer::new(recipe, synapses, None, setting).unwrap();
    trainer.advance(images, u64::MAX).unwrap();
    let labelling = Labelling::by_activity(&trainer, images.still(), labels, 10).unwrap();
    let right: u32 = (0..NEURONS).map(|neuron| labelling.firings(neuron).iter().max().unwrap()).sum();
    f64::from(right) / images.len() as f64
}

/// (shortcut, whole) for one seed.
fn pair(config: &ArrayConfig, seed: u64) -> (f64, f64) {
    let set = mnist::load(None).unwrap().train.first(SHOWN);
    let images = Images::new(&set.pixels, set.columns, set.rows).unwrap();
    let mut recipe = preset::tuned(NEURONS, 1, SHOWN);
    let field = Some(Field { left: 7, top: 10, width: 14, height: 8 });
    recipe.network.encoding = EncodingConfig { field, ..recipe.network.encoding };
    let alike = PopulationConfig::default();
    let hardware =
        formula::hardware(&alike, &FaultsConfig::default(), config, Some(pulses(tables(logistic), 1)));
    let row = |neuron| hardware.row(neuron, LINES, 1);
    let tables = hardware.pulses().map(|pulses| Arc::clone(&pulses.tables));
    let size = LayerSize { neurons: NEURONS, lines: LINES, copies: 1 };
    let devices = LayerDevices { range: 1.0, tables, row: &row };
    let mut synapses = AnalogSynapses::random(size, 0.5, seed, &devices).unwrap();
    let whole = Whole::new(synapses.clone(), &hardware);
    Crossbar { hardware: Arc::clone(&hardware), first: 0 }.carry(&mut synapses).unwrap();
    let [down, up] = hardware.pulses().unwrap().at(0);
    let log = [down, up].map(|volts| OwnPulse::LogVolts(volts.abs().ln() as f32));
    let plasticity = synapses.plasticity(log, [0.2, 0.25], 0.1);
    let shown = (&images, set.labels.as_slice());
    (
        accuracy(synapses, plasticity.clone(), &recipe, shown, seed),
        accuracy(whole, plasticity, &recipe, shown, seed),
    )
}

/// Twenty paired seeds: the accuracies differ by no more than their standard error allows, and most runs are the same to the image.
#[test]
fn free_runs_are_those_of_the_whole_solution() {
    for (scheme, phases, compensation) in
        [(WriteScheme::CutOff, 2, Compensation::Row), (WriteScheme::HalfBias, 2, Compensation::None)]
    {
        let config = ArrayConfig {
            write_driver: Resistance(20.0),
            phases,
            compensation,
            ..array(0.5, scheme, 56, NEURONS)
        };
        let pairs: Vec<(f64, f64)> = (0..SEEDS).into_par_iter().map(|seed| pair(&config, seed)).collect();
        let n = SEEDS as f64;
        let differences: Vec<f64> = pairs.iter().map(|(short, whole)| short - whole).collect();
        let mean = differences.iter().sum::<f64>() / n;
        let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt();
        let same = differences.iter().filter(|d| **d == 0.0).count();
        println!("{scheme:?}: {mean:.4} +- {error:.4}, {same} of {n} the same");
        // Twice the standard error of the mean difference, and of one image in a run where all are the same.
        assert!(mean.abs() <= 2.0 * error + 1.0 / SHOWN as f64 / n, "{scheme:?}: {mean} +- {error}");
        let accuracy = pairs.iter().map(|(short, _)| short).sum::<f64>() / n;
        assert!(accuracy > 0.3, "{accuracy}: nothing is learned that could differ");
    }
}
