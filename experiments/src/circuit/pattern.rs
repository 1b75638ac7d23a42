//! What is stored in an array and which inputs are active, drawn at random.

use nalgebra::DMatrix;
use rand::RngExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::{FaultsConfig, Variation};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::PopulationConfig;

use crate::error::ExperimentError;

/// What is stored in an array and which inputs are active, drawn at random.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatternConfig {
    /// Fraction of the devices that are parallel.
    pub parallel: f64,
    /// Fraction of the inputs that are active.
    pub active: f64,
}

impl Check for PatternConfig {
    fn check(&self, faults: &mut Faults) {
        for (key, fraction) in [("parallel", self.parallel), ("active", self.active)] {
            faults.require((0.0..=1.0).contains(&fraction), key, fraction, "0 to 1");
        }
    }
}

impl PatternConfig {
    /// State of the device (row, col).
    pub(super) fn state(&self, seed: u64, row: usize, col: usize) -> State {
        let mut rng = Streams::new(seed, "circuit/states").rng2(row as u32, col as u32);
        if rng.random::<f64>() < self.parallel { State::Parallel } else { State::AntiParallel }
    }

    /// States, device by device.
    pub(super) fn states(&self, seed: u64, rows: usize, cols: usize) -> DMatrix<State> {
        DMatrix::from_fn(rows, cols, |i, j| self.state(seed, i, j))
    }

    /// Whether each input is active.
    pub(super) fn active(&self, seed: u64, rows: usize) -> Vec<bool> {
        let streams = Streams::new(seed, "circuit/inputs");
        (0..rows).map(|i| streams.rng(i as u64).random::<f64>() < self.active).collect()
    }
}

/// Everything an array is made of.
#[derive(Debug, Clone)]
pub(super) struct Maker<'a> {
    pub(super) seed: u64,
    pub(super) mtj: &'a Mtj,
    pub(super) array: &'a ArrayConfig,
    pub(super) pattern: &'a PatternConfig,
    pub(super) variation: Variation,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        seed: u64,
        mtj: &'a Mtj,
        array: &'a ArrayConfig,
        pattern: &'a PatternConfig,
        (population, faults): (&PopulationConfig, &FaultsConfig),
    ) -> Result<Self, ExperimentError> {
        Ok(Self { seed, mtj, array, pattern, variation: Variation::new(population, faults, seed)? })
    }

    /// An array of `rows` x `cols` devices whose line ends float.
    pub(super) fn array(&self, rows: usize, cols: usize) -> Array {
        self.array.made(self.mtj.transport, &self.pattern.states(self.seed, rows, cols), &self.variation)
    }

    /// Voltages of the inputs of a read, in V.
    pub(super) fn input_volts(&self, rows: usize) -> Vec<f64> {
        self.array.input_volts(&self.pattern.active(self.seed, rows))
    }

    /// The array as it is read.
    pub(super) fn for_read(&self, rows: usize, cols: usize) -> Array {
        self.array.for_read(self.array(rows, cols), &self.input_volts(rows))
    }
}
