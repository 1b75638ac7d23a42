//! The 4x2 crossbar as a circuit: dendrite currents from a nodal solution of the wired array.
//!
//! Inputs drive the word lines, dendrites are the bit lines, sensed at ground. The reference current of each driven input is
//! subtracted behind the array, as in the paper.

use nalgebra::DMatrix;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::{FaultsConfig, Variation};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::PopulationConfig;
use spinhebb_network::demonstrator::{CurrentTable, Pattern};

use super::ReproduceParts;
use crate::error::ExperimentError;

/// The crossbar as it is made, and with ideal lines and equal devices.
pub(super) struct SmallArrays {
    /// With wires, drivers and spread.
    pub(super) parasitic: SmallArray,
    /// With ideal lines and equal devices.
    pub(super) ideal: SmallArray,
}

/// One small crossbar.
pub(super) struct SmallArray {
    array: ArrayConfig,
    variation: Variation,
    transport: Transport,
}

impl SmallArrays {
    /// The arrays of the system; devices are drawn with `seed`.
    ///
    /// # Errors
    /// The junction is not one macrospin.
    pub(super) fn new(config: &ReproduceParts, seed: u64) -> Result<Self, ExperimentError> {
        let transport = config.device.resolve()?.transport;
        Ok(Self {
            parasitic: SmallArray {
                array: config.array.clone(),
                variation: Variation::new(&config.population, &config.faults, seed)?,
                transport,
            },
            ideal: SmallArray::ideal(&config.array, transport)?,
        })
    }
}

impl SmallArray {
    /// The array with ideal lines and equal devices around `transport`.
    ///
    /// # Errors
    /// None with the spreads at zero.
    pub(super) fn ideal(array: &ArrayConfig, transport: Transport) -> Result<Self, ExperimentError> {
        let variation = Variation::new(&PopulationConfig::default(), &FaultsConfig::default(), 0)?;
        Ok(Self { array: array.ideal(), variation, transport })
    }

    /// Conductance in S of `state` at the read voltage.
    pub(super) fn siemens(&self, state: State) -> f64 {
        self.transport.conductance(state, self.read_v())
    }

    /// Read voltage in V.
    pub(super) fn read_v(&self) -> f64 {
        self.array.read_voltage.si()
    }

    /// Currents of every state, after subtraction of `reference_s` (S) per driven input.
    ///
    /// # Errors
    /// The array is too large for a table of all its states, or the solver fails.
    pub(super) fn currents(&self, reference_s: f64) -> Result<CurrentTable, ExperimentError> {
        let (inputs, neurons) = (self.array.inputs, self.array.outputs);
        let table = CurrentTable::build(inputs, neurons, |weights: &[Pattern], input: Pattern| {
            let states = DMatrix::from_fn(inputs, neurons, |i, k| match weights[k].get(i) {
                true => State::Parallel,
                false => State::AntiParallel,
            });
            let active: Vec<bool> = input.values().collect();
            let made = self.array.made(self.transport, &states, &self.variation);
            let array = self.array.for_read(made, &self.array.input_volts(&active));
            let reference = reference_s * f64::from(input.bits().count_ones()) * self.read_v();
            array.solve().map(|solution| solution.output_amperes().iter().map(|i| i - reference).collect())
        })?;
        Ok(table)
    }
}
