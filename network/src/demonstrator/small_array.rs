//! The crossbar of a small network, as a circuit: read and written by the same solver of the same devices.
//!
//! Inputs drive the word lines, dendrites are the bit lines; in a read all dendrites are sensed at once, in a write that of the
//! neuron that fired is grounded and the scheme of the array says what the others do.
//!
//! # Not modelled
//! The one meter of the published board, which looks at one dendrite at a time and leaves the other open. Read noise: the
//! currents of a state are tabulated once. Disturbance by reads.

use super::{CurrentTable, Pattern, WriteEvent, WriteTable, ZeroInput};
use crate::error::NetworkError;
use nalgebra::DMatrix;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::crossbar::{Array, End};
use spinhebb_circuit::array::variation::{Contacts, Fault, TilePlace, Variation};
use spinhebb_circuit::error::CircuitError;
use spinhebb_circuit::operate::array_devices::ArrayDevices;
use spinhebb_circuit::operate::write::{LearningStep, write};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::DeviceTables;
use std::sync::Arc;

/// The pulses that write a small array, and what its devices make of them.
#[derive(Debug, Clone)]
pub struct ArrayPulses {
    /// Switching tables of the population of the devices.
    pub tables: Arc<DeviceTables>,
    /// Voltage of active inputs in V, above 0 (AP -> P).
    pub potentiation_v: f64,
    /// Voltage of inactive inputs in V, below 0 (P -> AP).
    pub depression_v: f64,
    /// Full width of a pulse in s.
    pub width_s: f64,
}

/// A crossbar of `array.inputs` x `array.outputs` devices, with its wires, drivers, sense circuits and defects.
#[derive(Debug, Clone)]
pub struct SmallArray {
    array: ArrayConfig,
    variation: Variation,
    transport: Transport,
    /// Supplies and contacts of the lines, where they differ.
    contacts: Option<Contacts>,
}

impl SmallArray {
    /// The array of devices that `variation` draws around `transport`.
    #[must_use]
    pub fn new(array: ArrayConfig, variation: Variation, transport: Transport) -> Self {
        let place = TilePlace { inputs: 0..array.inputs, outputs: 0..array.outputs };
        let contacts = Contacts::draw(&array, variation.seed(), &place);
        Self { array, variation, transport, contacts }
    }

    /// The array with its devices in the states `weights` (one row per neuron, 1 = P); its line ends float.
    #[must_use]
    pub fn made(&self, weights: &[Pattern]) -> Array {
        self.array.made(self.transport, &self.states(weights), &self.variation)
    }

    fn states(&self, weights: &[Pattern]) -> DMatrix<State> {
        DMatrix::from_fn(self.array.inputs, self.array.outputs, |i, k| state(weights[k].get(i)))
    }

    /// Current of each dendrite in A with the devices in the states `weights` and the inputs of `input` driven at the read
    /// voltage.
    ///
    /// # Errors
    /// The circuit has no solution.
    pub fn read_a(
        &self,
        weights: &[Pattern],
        input: Pattern,
        zero: ZeroInput,
    ) -> Result<Vec<f64>, CircuitError> {
        let active: Vec<bool> = input.values().collect();
        let mut array = self.array.for_read(self.made(weights), &self.array.input_volts(&active));
        if let Some(contacts) = &self.contacts {
            contacts.add_to(&mut array);
        }
        if zero == ZeroInput::Open {
            for (end, _) in array.word.first.iter_mut().zip(&active).filter(|(_, active)| !**active) {
                *end = End::Floating;
            }
        }
        Ok(array.solve()?.output_amperes().iter().copied().collect())
    }

    /// Currents of every combination of device states and inputs, in A.
    ///
    /// # Errors
    /// As [`CurrentTable::build`] and [`Self::read_a`].
    pub fn currents(&self, zero: ZeroInput) -> Result<CurrentTable, NetworkError> {
        let (inputs, neurons) = (self.array.inputs, self.array.outputs);
        CurrentTable::build(inputs, neurons, |weights, input| self.read_a(weights, input, zero))
    }

    /// Mean current in A of the array's devices in `state`, as it is measured: all devices in that state, one input driven
    /// after the other, all others at 0 V. Open and shorted devices are left out.
    ///
    /// # Errors
    /// The circuit has no solution; [`NetworkError::OutOfRange`] where all devices are open or shorted.
    pub fn mean_current_a(&self, state: State) -> Result<f64, NetworkError> {
        let (inputs, neurons) = (self.array.inputs, self.array.outputs);
        let ones = if state == State::Parallel { u32::MAX >> (32 - inputs) } else { 0 };
        let weights = vec![Pattern::new(ones, inputs)?; neurons];
        let draws = self.variation.devices(inputs, neurons);
        let (mut sum, mut count) = (0.0, 0);
        for input in 0..inputs {
            let currents = self.read_a(&weights, Pattern::new(1 << input, inputs)?, ZeroInput::Grounded)?;
            for (neuron, current) in currents.into_iter().enumerate() {
                if !matches!(draws[(input, neuron)].fault, Some(Fault::Open | Fault::Short)) {
                    sum += current;
                    count += 1;
                }
            }
        }
        NetworkError::require(count > 0, "faults", "every device open or shorted", "a device with a state")?;
        Ok(sum / f64::from(count))
    }

    /// Probability of each device (neuron-major) to be in its other state after the write of `event`, by the voltage that it
    /// sees in the solved array: the devices of the neurons that did not fire are disturbed as the scheme has it.
    ///
    /// # Errors
    /// The circuit has no solution, or a voltage lies beyond the tables.
    pub fn flips(&self, event: &WriteEvent<'_>, pulses: &ArrayPulses) -> Result<Vec<f64>, CircuitError> {
        let active: Vec<bool> = event.potentiated.values().collect();
        let step = LearningStep {
            dendrite: event.neuron,
            active: &active,
            potentiation_volts: pulses.potentiation_v,
            depression_volts: pulses.depression_v,
            width_s: pulses.width_s,
            contacts: self.contacts.as_ref(),
        };
        let drivers = self.array.write_drivers(self.transport);
        let written = write(&self.made(event.weights), self.array.scheme, &drivers, &step)?;
        let (inputs, neurons) = (self.array.inputs, self.array.outputs);
        let devices = ArrayDevices::new(self.variation.devices(inputs, neurons), Arc::clone(&pulses.tables));
        // A matrix lies column by column, and a column is a neuron.
        let flips = written.flip_probability(&self.states(event.weights), &devices)?;
        Ok(flips.iter().map(|flip| flip.p).collect())
    }

    /// What the write of every event does: all device states, each neuron and each of the sets of `potentiated` inputs.
    ///
    /// # Errors
    /// As [`WriteTable::build`] and [`Self::flips`].
    pub fn writes(&self, potentiated: &[Pattern], pulses: &ArrayPulses) -> Result<WriteTable, NetworkError> {
        WriteTable::build(self.array.outputs, potentiated, |event| self.flips(event, pulses))
    }
}

const fn state(parallel: bool) -> State {
    if parallel { State::Parallel } else { State::AntiParallel }
}
