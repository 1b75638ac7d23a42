//! Physics in the loop: what the circuit layer makes of the layer's devices.
//!
//! Reading: the devices are mapped onto tiles with wires, drivers, contacts and sense amplifiers
//! ([`spinhebb_circuit::operate::tile`]); every device then counts with its effective conductance. Writing: every event is solved on
//! the tiles that it drives ([`crate::synapses::ArrayWriter`]).
//!
//! # Not modelled
//! Between two refreshes ([`crate::training::on_array`]) the ratio of effective to own conductance of each device is kept although
//! states change. Copies of a line sit on neighbouring word lines.

use std::sync::Arc;

use crate::error::NetworkError;
use crate::synapses::{AnalogSynapses, ArrayParts, LayerSize, Synapses};
use crate::training::hardware::Hardware;
use rayon::prelude::*;
use spinhebb_circuit::array::variation::{Contacts, TilePlace};
use spinhebb_circuit::operate::tile::TiledMap;
use spinhebb_circuit::operate::write::{ColumnStep, ColumnWrite, phases};
use spinhebb_device::junction::state::State;

/// The array that holds the synapses of a layer.
#[derive(Debug, Clone)]
pub struct Crossbar {
    /// Devices, array and pulses.
    pub hardware: Arc<Hardware>,
    /// Dendrite of the first neuron.
    pub first: usize,
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
        let siemens = |input: usize, neuron: usize| {
            let draw = self.hardware.draw(input, self.first + neuron);
            self.hardware.conductance(&draw, Self::state(size, &states, input, neuron))
        };
        let contacts = |place: &TilePlace| self.hardware.contacts(self.first, place);
        let shape = (inputs, synapses.neurons());
        Ok(TiledMap::with_contacts(shape, self.hardware.array(), siemens, contacts)?)
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

    /// Puts `synapses` on the array, on which their write events are solved from now on; where no line takes anything of a pulse
    /// and no other dendrite sees it, they stay off.
    ///
    /// # Errors
    /// A faulty array; hardware without pulses.
    pub fn carry(&self, synapses: &mut AnalogSynapses) -> Result<(), NetworkError> {
        let hardware = &self.hardware;
        let Some(pulses) = hardware.pulses() else { return hardware.check_only_read() };
        if hardware.lines_are_ideal() {
            return Ok(());
        }
        let own = |input: usize, neuron: usize| hardware.own(&hardware.draw(input, self.first + neuron));
        synapses.put_on(&ArrayParts {
            config: hardware.array(),
            nominal: hardware.transport(),
            width_s: pulses.tables.width_s(),
            device: (!hardware.conduct_alike()).then_some(&own),
            contacts: &|place| hardware.contacts(self.first, place),
        })
    }

    /// Mean energy in J of reading an image with the given active lines.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer refuses.
    pub fn read_joules(
        &self,
        map: &TiledMap,
        copies: usize,
        images: &[Vec<u16>],
    ) -> Result<f64, NetworkError> {
        let volts = self.hardware.array().read_voltage.si();
        let mut joules = 0.0;
        for active in images {
            let mut inputs = vec![0.0; map.inputs];
            for &line in active {
                inputs[usize::from(line) * copies..(usize::from(line) + 1) * copies].fill(volts);
            }
            joules += map.read_joules(&inputs)? / images.len() as f64;
        }
        Ok(joules)
    }

    /// Energy in J of one write event on `neuron` with the given active lines and pulses (depression, potentiation), the devices in their
    /// present states throughout.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer refuses.
    pub fn write_joules(
        &self,
        synapses: &AnalogSynapses,
        (neuron, active): (usize, &[u16]),
        volts: [f64; 2],
        width_s: f64,
    ) -> Result<f64, NetworkError> {
        let (hardware, states, size) = (&self.hardware, synapses.states(), synapses.size());
        let (array, r) = (hardware.array(), usize::from(size.copies));
        let (inputs, first) = (size.lines * r, neuron / array.outputs * array.outputs);
        let outputs = first..(first + array.outputs).min(size.neurons);
        let cell = |input: usize, col: usize| {
            let draw = hardware.draw(input, self.first + first + col);
            let state = Self::state(size, &states, input, first + col);
            let made = hardware.variation().cell(&draw, hardware.transport(), state, array.access.si());
            array.cell_of(made)
        };
        let mut column = ColumnWrite::new(array, hardware.transport(), (inputs, outputs.len()), cell)?;
        let contacts: Vec<Option<Contacts>> = (0..inputs)
            .step_by(array.inputs)
            .map(|input| {
                let inputs = input..(input + array.inputs).min(inputs);
                hardware.contacts(self.first, &TilePlace { inputs, outputs: outputs.clone() })
            })
            .collect();
        let mut is_active = vec![false; inputs];
        for &line in active {
            is_active[usize::from(line) * r..(usize::from(line) + 1) * r].fill(true);
        }
        let mut joules = 0.0;
        for driven in phases(array.scheme, array.phases == 2, &is_active) {
            let step = ColumnStep {
                dendrite: neuron - first,
                active: &is_active,
                volts,
                driven,
                width_s,
                contacts: &contacts,
            };
            joules += column.phase(&step, |input| cell(input, neuron - first))?;
        }
        Ok(joules)
    }
}
