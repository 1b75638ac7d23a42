//! The array under a layer as its write events see it: own conductances of all devices, and the tiles with their drivers.

use std::ops::Range;

use spinhebb_circuit::array::cell::{Cell, CellLaw};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{Contacts, TilePlace};
use spinhebb_circuit::error::CircuitError;
use spinhebb_circuit::operate::write::ColumnWrite;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

use super::LayerSize;
use super::packed_devices::PackedDevices;
use super::packed_tables::probability;
use super::write_tally::WriteTally;
use crate::error::NetworkError;

/// What a device conducts by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnConductance {
    /// Conductance in the parallel state in S; 0 of a device that does not conduct.
    pub parallel_s: f64,
    /// TMR at zero bias; 0 of a broken-down barrier.
    pub tmr: f64,
}

/// What an array needs of its devices and lines.
pub struct ArrayParts<'a> {
    /// The array.
    pub config: &'a ArrayConfig,
    /// Conductances of the nominal device.
    pub nominal: Transport,
    /// Full width of a pulse in s.
    pub width_s: f64,
    /// Each device by (input, neuron), inputs line after line with copies side by side; `None` where all are nominal.
    pub device: Option<&'a (dyn Fn(usize, usize) -> OwnConductance + Sync)>,
    /// Supplies and contacts of the lines of a tile.
    pub contacts: &'a dyn Fn(&TilePlace) -> Option<Contacts>,
}

/// Conductances of all devices.
#[derive(Debug, Clone)]
pub(super) struct Conductances {
    config: ArrayConfig,
    nominal: Transport,
    /// Conductance in the parallel state and TMR of each device, neuron after neuron; empty where all are nominal.
    own: Vec<[f32; 2]>,
}

/// The array under a layer.
#[derive(Debug, Clone)]
pub struct ArrayWriter {
    pub(super) conductances: Conductances,
    /// One for each column of tiles.
    pub(super) columns: Vec<ColumnWrite>,
    /// Supplies and contacts of the tiles of each column.
    pub(super) contacts: Vec<Vec<Option<Contacts>>>,
    /// Dendrites of a full tile.
    pub(super) cols: usize,
    pub(super) scheme: WriteScheme,
    pub(super) width_s: f64,
    pub(super) one_after_the_other: bool,
    pub(super) verify: u32,
    /// Largest Gumbel variable of any device, out of P and out of AP.
    pub(super) largest: [LargestGumbel; 2],
    pub(super) tally: WriteTally,
    pub(super) failed: Option<CircuitError>,
    /// Inputs that are active in the event under way.
    pub(super) active: Vec<bool>,
}

impl Conductances {
    /// The cell of a device, which is number `input` of those of its neuron, in a state.
    pub(super) fn cell(&self, device: usize, parallel: bool) -> Cell {
        let transport = self.own.get(device).map_or(self.nominal, |&[parallel_s, tmr]| Transport {
            parallel_s: f64::from(parallel_s),
            tmr: f64::from(tmr),
            ..self.nominal
        });
        let law = if transport.parallel_s == 0.0 {
            CellLaw::Open
        } else if transport.tmr == 0.0 {
            CellLaw::Linear { siemens: transport.parallel_s }
        } else {
            CellLaw::junction(transport, if parallel { State::Parallel } else { State::AntiParallel })
        };
        self.config.cell_of(Cell { law, access_ohm: self.config.access.si() })
    }
}

impl ArrayWriter {
    /// The array under a layer of `size` whose devices are in `states` (one bit per device, one byte per synapse).
    ///
    /// # Errors
    /// A faulty array.
    pub(super) fn new(
        parts: &ArrayParts<'_>,
        size: LayerSize,
        states: &[u8],
        devices: &PackedDevices,
    ) -> Result<Self, NetworkError> {
        let ArrayParts { config, nominal, width_s, .. } = *parts;
        let inputs = size.lines * usize::from(size.copies);
        let own = parts.device.map_or_else(Vec::new, |device| packed(device, inputs, size.neurons));
        let conductances = Conductances { config: config.clone(), nominal, own };
        let mut columns = Vec::new();
        let mut contacts = Vec::new();
        for first in (0..size.neurons).step_by(config.outputs) {
            let outputs = first..(first + config.outputs).min(size.neurons);
            let cell = |input: usize, col: usize| {
                let neuron = first + col;
                conductances.cell(neuron * inputs + input, is_parallel(size, states, neuron, input))
            };
            columns.push(ColumnWrite::new(config, nominal, (inputs, outputs.len()), cell)?);
            let tiles = (0..inputs).step_by(config.inputs);
            let place = |input: usize| TilePlace {
                inputs: input..(input + config.inputs).min(inputs),
                outputs: outputs.clone(),
            };
            contacts.push(tiles.map(|input| (parts.contacts)(&place(input))).collect());
        }
        Ok(Self {
            conductances,
            columns,
            contacts,
            cols: config.outputs,
            scheme: config.scheme,
            width_s,
            one_after_the_other: config.phases == 2,
            verify: config.verify,
            largest: [State::Parallel, State::AntiParallel].map(|start| LargestGumbel::new(devices, start)),
            tally: WriteTally::default(),
            failed: None,
            active: vec![false; inputs],
        })
    }

    /// Largest probability, as a random word, that any device of the layer leaves the state of device number `input` at the voltage
    /// that this one sees in the phase last solved.
    pub(super) fn most(&self, neuron: usize, input: usize, parallel: bool) -> u32 {
        let seen = self.columns[neuron / self.cols].device_volts(input, neuron % self.cols);
        let Some(log_volts) = log_driving(seen, parallel) else { return 0 };
        (probability(self.largest[usize::from(!parallel)].at(log_volts)) * (1u64 << 32) as f32) as u32
    }

    /// Takes over the state of a device.
    pub(super) fn set_device(&mut self, (neuron, input): (usize, usize), parallel: bool) {
        let cell = self.conductances.cell(neuron * self.active.len() + input, parallel);
        // A cell of drawn conductances is sound, and its place exists.
        let set = self.columns[neuron / self.cols].set_cell(input, neuron % self.cols, cell);
        if let Err(error) = set {
            self.failed.get_or_insert(error);
        }
    }

    /// What has been counted since the last time, and what went wrong.
    pub(super) fn take_tally(&mut self) -> (WriteTally, Option<CircuitError>) {
        (std::mem::take(&mut self.tally), self.failed.take())
    }

    /// The neurons on the same column of tiles as `neuron`.
    pub(super) fn beside(&self, neuron: usize, neurons: usize) -> Range<usize> {
        let first = neuron / self.cols * self.cols;
        first..(first + self.cols).min(neurons)
    }
}

/// Logarithm of a device's voltage (V > 0 favours P) where it drives the device out of its state.
pub(super) fn log_driving(volts: f64, parallel: bool) -> Option<f32> {
    let driving = if parallel { -volts } else { volts };
    (driving > 0.0).then(|| driving.ln() as f32)
}

/// Whether device number `input` of a neuron is parallel.
pub(super) fn is_parallel(size: LayerSize, states: &[u8], neuron: usize, input: usize) -> bool {
    let r = usize::from(size.copies);
    states[neuron * size.lines + input / r] >> (input % r) & 1 == 1
}

fn packed(
    device: &(dyn Fn(usize, usize) -> OwnConductance + Sync),
    inputs: usize,
    neurons: usize,
) -> Vec<[f32; 2]> {
    use rayon::prelude::*;
    let mut own = vec![[0.0; 2]; inputs * neurons];
    own.par_chunks_mut(inputs).enumerate().for_each(|(neuron, row)| {
        for (input, own) in row.iter_mut().enumerate() {
            let OwnConductance { parallel_s, tmr } = device(input, neuron);
            *own = [parallel_s as f32, tmr as f32];
        }
    });
    own
}

/// Largest Gumbel variable of any device between neighbouring voltages.
#[derive(Debug, Clone)]
pub(super) struct LargestGumbel {
    values: Vec<f32>,
}

/// Logarithm of the first voltage (V), grid points for a factor e, and points.
const FIRST: f32 = -12.0;
const PER_LOG: f32 = 64.0;
const POINTS: usize = 1024;

impl LargestGumbel {
    fn new(devices: &PackedDevices, start: State) -> Self {
        let at: Vec<f32> =
            (0..=POINTS).map(|k| devices.largest_at_volts(FIRST + k as f32 / PER_LOG, start)).collect();
        // A little more, for what the curves do between the points.
        Self { values: at.windows(2).map(|pair| pair[0].max(pair[1]) + 0.01).collect() }
    }

    /// Upper bound at a voltage by its logarithm.
    pub(super) fn at(&self, log_volts: f32) -> f32 {
        let place = ((log_volts - FIRST) * PER_LOG).clamp(0.0, (POINTS - 1) as f32);
        self.values[place as usize]
    }
}
