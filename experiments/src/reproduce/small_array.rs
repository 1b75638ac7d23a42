//! The 4x2 crossbar of the main job, as it is made and with ideal lines: both studies read and write the same two arrays.
//!
//! Inputs drive the word lines, dendrites are the bit lines. The wired array is written by the voltages of its solved circuit; with
//! ideal lines the two probabilities of the pulses count, for the devices of the neuron that fired alone.

use std::sync::Arc;

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::{FaultsConfig, Variation};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::{DeviceTables, PopulationConfig};
use spinhebb_network::demonstrator::{
    ArrayPulses, CurrentTable, DemonstratorConfig, SmallArray, SwitchingProbabilities, WriteProbabilities,
    ZeroInput,
};

use super::ReproduceParts;
use super::pulse::LearningPulses;
use crate::error::ExperimentError;

/// A crossbar of the 4x2 studies.
pub(super) struct StudiedArray {
    /// Part of the keys of its results.
    pub(super) name: &'static str,
    array: SmallArray,
    /// Tables of its devices; none where the two probabilities of the pulses count as they are.
    tables: Option<Arc<DeviceTables>>,
}

/// Keys and titles of the arrays, in the order of the page.
pub(super) const ARRAYS: [(&str, &str); 2] =
    [("ideal", "ideal lines, equal devices"), ("parasitic", "wires, drivers and spread")];

impl StudiedArray {
    /// The array of the system with ideal lines and equal devices, and as it is made of devices that are drawn with `seed` and
    /// have `tables`.
    ///
    /// # Errors
    /// The junction is not one macrospin, or a spread is out of range.
    pub(super) fn both(
        config: &ReproduceParts,
        tables: Arc<DeviceTables>,
        seed: u64,
    ) -> Result<[Self; 2], ExperimentError> {
        let transport = config.device.resolve()?.transport;
        // The currents of each state are tabulated once, without the noise of any one read.
        let faults = FaultsConfig { read_noise: 0.0, ..config.faults.clone() };
        let variation = Variation::new(&config.population, &faults, seed)?;
        let wired = SmallArray::new(config.array.clone(), variation, transport);
        let [ideal, parasitic] = ARRAYS;
        Ok([
            Self { name: ideal.0, array: Self::ideal(&config.array, transport)?, tables: None },
            Self { name: parasitic.0, array: wired, tables: Some(tables) },
        ])
    }

    /// The array with ideal lines and equal devices around `transport`.
    ///
    /// # Errors
    /// None with the spreads at zero.
    pub(super) fn ideal(array: &ArrayConfig, transport: Transport) -> Result<SmallArray, ExperimentError> {
        let variation = Variation::new(&PopulationConfig::default(), &FaultsConfig::default(), 0)?;
        Ok(SmallArray::new(array.ideal(), variation, transport))
    }

    /// Whether the voltages of the solved array count in a write.
    pub(super) const fn is_wired(&self) -> bool {
        self.tables.is_some()
    }

    /// Mean current in A of the devices in `state`.
    ///
    /// # Errors
    /// The circuit has no solution, or no device has a state.
    pub(super) fn mean_current_a(&self, state: State) -> Result<f64, ExperimentError> {
        Ok(self.array.mean_current_a(state)?)
    }

    /// Currents of every state in A.
    ///
    /// # Errors
    /// The array is too large for a table of all its states, or the solver fails.
    pub(super) fn currents(&self, zero: ZeroInput) -> Result<CurrentTable, ExperimentError> {
        Ok(self.array.currents(zero)?)
    }

    /// What the writes of a learning run do.
    ///
    /// # Errors
    /// The solver fails, or a device sees a voltage beyond the tables.
    pub(super) fn probabilities(
        &self,
        config: &DemonstratorConfig,
        pulses: &LearningPulses,
    ) -> Result<Box<dyn WriteProbabilities>, ExperimentError> {
        let LearningPulses { potentiation, depression, width_s } = pulses;
        Ok(match &self.tables {
            None => {
                let devices = config.initial.iter().map(|row| row.len()).sum();
                Box::new(SwitchingProbabilities::uniform(
                    devices,
                    potentiation.probability,
                    depression.probability,
                ))
            }
            Some(tables) => Box::new(self.array.writes(
                &config.potentiated(),
                &ArrayPulses {
                    tables: Arc::clone(tables),
                    potentiation_v: potentiation.volts,
                    depression_v: depression.volts,
                    width_s: *width_s,
                },
            )?),
        })
    }
}
