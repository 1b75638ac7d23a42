//! Physics in the loop: what the circuit layer makes of the layer's devices.
//!
//! Reading: the devices are mapped onto tiles with wires, drivers and sense amplifiers
//! ([`spinhebb_circuit::operate::tile`]); every device then counts with its effective conductance. Writing: solved
//! learning steps of one tile ([`spinhebb_circuit::operate::write`]) give the voltages that cells see over those of
//! their drivers, and each device switches as its own table says at that voltage.
//!
//! # Not modelled
//! Between two refreshes ([`crate::training::on_array`]) the ratio of effective to own conductance of each device is kept although
//! states change. Write voltages are those of the first tile in its states at the refresh, for a random half of the
//! inputs active and for the other half, in proportion to the drivers' voltages; between nine dendrites they are interpolated.
//! Cells of the written dendrite that wait for the other pulse of a scheme with two are not disturbed. Copies of a line sit on
//! neighbouring word lines.

use std::sync::Arc;

use crate::error::NetworkError;
use crate::synapses::{AnalogSynapses, Drive, LayerSize, Synapses};
use crate::training::hardware::Hardware;
use nalgebra::DMatrix;
use rayon::prelude::*;
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::operate::tile::TiledMap;
use spinhebb_circuit::operate::write::{LearningStep, WriteOutcome, write};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;

/// Dendrites whose learning steps are solved at most.
const SOLVED: usize = 9;

/// The array that holds the synapses of a layer.
#[derive(Debug, Clone)]
pub struct Crossbar {
    /// Devices, array and pulses.
    pub hardware: Arc<Hardware>,
    /// Dendrite of the first neuron.
    pub first: usize,
}

/// What solved learning steps say.
#[derive(Debug, Clone, PartialEq)]
pub struct SolvedWrites {
    /// Voltages of cells over those of their drivers.
    pub drive: Drive,
    /// Mean energy of one event in one tile, in J.
    pub event_j: f64,
}

/// Cost of a layer on its array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Energy {
    /// Mean energy of reading one image, in J.
    pub read_j: f64,
    /// Energy of the write pulses of one firing, in J.
    pub write_j: f64,
}

const fn state(bit: u8) -> State {
    if bit & 1 == 1 { State::Parallel } else { State::AntiParallel }
}

impl Crossbar {
    /// State of the device of (input, neuron).
    fn state(size: LayerSize, states: &[u8], input: usize, neuron: usize) -> State {
        let r = usize::from(size.copies);
        state(states[neuron * size.lines + input / r] >> (input % r))
    }

    /// Maps the present states onto tiles; inputs are the devices of all lines (line after line, copies side by side),
    /// outputs the neurons.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer refuses.
    pub fn map(&self, synapses: &AnalogSynapses) -> Result<TiledMap, NetworkError> {
        let (states, size) = (synapses.states(), synapses.size());
        let inputs = synapses.lines() * usize::from(synapses.copies());
        Ok(TiledMap::from_cells(inputs, synapses.neurons(), self.hardware.array(), |input, neuron| {
            let draw = self.hardware.draw(input, self.first + neuron);
            self.hardware.conductance(&draw, Self::state(size, &states, input, neuron))
        })?)
    }

    /// Gives every device of `synapses` the conductance with which it counts on `map`; returns the mean ratio of effective to
    /// own conductance.
    ///
    /// What is subtracted is the nominal G_AP times the mean ratio along the word line: that of a column of the same array.
    ///
    /// # Errors
    /// As [`AnalogSynapses::reconduct`].
    pub fn apply(&self, map: &TiledMap, synapses: &mut AnalogSynapses) -> Result<f64, NetworkError> {
        let hardware = &self.hardware;
        let [p, ap] = hardware.nominal();
        let (inputs, neurons, states) = (map.inputs, synapses.neurons(), synapses.states());
        let size = synapses.size();
        let effective = map.effective_siemens();
        // A device that does not conduct loses nothing.
        let ratio = |input: usize, neuron: usize, own: f64| {
            if own > 0.0 { effective[(input, neuron)] / own } else { 1.0 }
        };
        let sums: Vec<f64> = (0..inputs)
            .into_par_iter()
            .map(|input| {
                let of = |neuron: usize| {
                    let draw = hardware.draw(input, self.first + neuron);
                    ratio(
                        input,
                        neuron,
                        hardware.conductance(&draw, Self::state(size, &states, input, neuron)),
                    )
                };
                (0..neurons).map(of).sum::<f64>()
            })
            .collect();
        let reference: Vec<f64> = sums.iter().map(|sum| sum / neurons as f64).collect();
        synapses.reconduct(&|neuron| {
            (0..inputs)
                .map(|input| {
                    let draw = hardware.draw(input, self.first + neuron);
                    let own = |state| hardware.conductance(&draw, state);
                    let a = ratio(input, neuron, own(Self::state(size, &states, input, neuron)));
                    let [own_p, own_ap] = [own(State::Parallel) * a, own(State::AntiParallel) * a];
                    ((own_ap - reference[input] * ap) / (p - ap), (own_p - own_ap) / (p - ap))
                })
                .collect()
        })?;
        Ok(sums.iter().sum::<f64>() / (inputs * neurons) as f64)
    }

    /// The first tile with its drawn devices in their present states.
    fn first_tile(&self, synapses: &AnalogSynapses) -> Array {
        let array = self.hardware.array();
        let inputs = synapses.lines() * usize::from(synapses.copies());
        let (rows, cols) = (array.inputs.min(inputs), array.outputs.min(synapses.neurons()));
        let (states, size) = (synapses.states(), synapses.size());
        let cells = DMatrix::from_fn(rows, cols, |i, j| {
            let draw = self.hardware.draw(i, self.first + j);
            let state = Self::state(size, &states, i, j);
            let variation = self.hardware.variation();
            array.cell_of(variation.cell(&draw, self.hardware.transport(), state, array.access.si()))
        });
        array.wired(Cells::Devices(cells))
    }

    /// Solves learning steps of the first tile in its present states, with drivers at `volts` (depression, potentiation).
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer refuses.
    pub fn solve_writes(
        &self,
        synapses: &AnalogSynapses,
        volts: [f64; 2],
        width_s: f64,
        seed: u64,
    ) -> Result<SolvedWrites, NetworkError> {
        let r = usize::from(synapses.copies());
        let tile = self.first_tile(synapses);
        let (rows, cols) = tile.shape();
        let words = Streams::new(seed, "write-pattern");
        let active: Vec<bool> = (0..rows).map(|i| words.block((i / r) as u64, 0)[0] & 1 == 1).collect();
        let other: Vec<bool> = active.iter().map(|a| !a).collect();
        let last = SOLVED - 1;
        let mut solved: Vec<usize> = (0..=last).map(|k| k * (cols - 1) / last).collect();
        solved.dedup();
        let step = |dendrite: usize, active: &[bool]| -> Result<WriteOutcome, NetworkError> {
            let array = self.hardware.array();
            let [depression_volts, potentiation_volts] = volts;
            let step = LearningStep { dendrite, active, potentiation_volts, depression_volts, width_s };
            Ok(write(&tile, array.scheme, &array.write_drivers(), &step)?)
        };
        let steps = solved
            .par_iter()
            .map(|&dendrite| Ok([step(dendrite, &active)?, step(dendrite, &other)?]))
            .collect::<Result<Vec<_>, NetworkError>>()?;
        let maps: Vec<Maps> = steps.iter().map(|pair| Maps::of(pair, [&active, &other], volts)).collect();
        let energies = steps.iter().flatten().map(WriteOutcome::energy_joules);
        let event_j = energies.sum::<f64>() / (2 * solved.len()) as f64;
        let selected = [0, 1].map(|side| {
            let place = (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j)));
            place.map(|(i, j)| between(&solved, j, |k| maps[k].selected[side][i]).ln() as f32).collect()
        });
        let others = maps.into_iter().map(|maps| maps.others).collect();
        Ok(SolvedWrites { drive: Drive { rows, cols, selected, solved, others }, event_j })
    }

    /// Energy of reading an image with `driven` of the lines (mean over `images` of active lines) and of writing one row.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer refuses.
    pub fn energy(
        &self,
        map: &TiledMap,
        writes: &SolvedWrites,
        copies: usize,
        images: &[Vec<u16>],
    ) -> Result<Energy, NetworkError> {
        let array = self.hardware.array();
        let mut read_j = 0.0;
        for active in images {
            let mut volts = vec![0.0; map.inputs];
            for &line in active {
                volts[usize::from(line) * copies..(usize::from(line) + 1) * copies]
                    .fill(array.read_voltage.si());
            }
            read_j += map.read_joules(&volts)? / images.len() as f64;
        }
        // The selected dendrite crosses one column of tiles.
        let tiles = map.inputs.div_ceil(array.inputs) as f64;
        Ok(Energy { read_j, write_j: writes.event_j * tiles })
    }
}

/// What the two solved events of one dendrite say.
struct Maps {
    /// Share of its driver's voltage that each cell of the dendrite sees, under depression and potentiation.
    selected: [Vec<f64>; 2],
    /// Phase by phase, as [`Drive::others`].
    others: Vec<[Vec<f32>; 2]>,
}

impl Maps {
    fn of(events: &[WriteOutcome; 2], active: [&Vec<bool>; 2], volts: [f64; 2]) -> Self {
        let (rows, cols) = events[0].phases[0].device_volts.shape();
        let phases = events.iter().map(|event| event.phases.len()).max().unwrap_or(0);
        let mut selected = [vec![0.0; rows], vec![0.0; rows]];
        let mut others = vec![[vec![0.0f32; rows * cols], vec![0.0f32; rows * cols]]; phases];
        for (event, active) in events.iter().zip(active) {
            for (k, phase) in event.phases.iter().enumerate() {
                for i in 0..rows {
                    let side = usize::from(active[i]);
                    if phase.driven[i] {
                        selected[side][i] = phase.device_volts[(i, event.dendrite)] / volts[side];
                    }
                    for j in 0..cols {
                        let share = phase.device_volts[(i, j)] / volts[side].abs();
                        others[k][side][i * cols + j] = share as f32;
                    }
                }
            }
        }
        Self { selected, others }
    }
}

/// A value at dendrite `j`, from those of the solved dendrites around it.
fn between(solved: &[usize], j: usize, value: impl Fn(usize) -> f64) -> f64 {
    let right = solved.partition_point(|&s| s < j).min(solved.len() - 1);
    let left = right.saturating_sub(usize::from(solved[right] > j));
    let (x0, x1) = (solved[left] as f64, solved[right] as f64);
    let share = if x1 > x0 { (j as f64 - x0) / (x1 - x0) } else { 0.0 };
    value(left) * (1.0 - share) + value(right) * share
}
