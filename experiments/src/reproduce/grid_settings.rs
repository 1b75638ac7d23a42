//! The grid of networks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};

/// Which networks are trained, by the recipe `paper`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridSettings {
    /// Numbers of neurons.
    pub neurons: Vec<usize>,
    /// Numbers of devices per pixel and neuron.
    pub copies: Vec<u8>,
    /// Repetitions of every network.
    pub repetitions: u64,
}

impl Check for GridSettings {
    fn check(&self, faults: &mut Faults) {
        faults.each("neurons", &self.neurons, |neurons, faults| {
            faults.require((1..=1 << 20).contains(neurons), "", neurons, "between 1 and 1048576 neurons");
        });
        faults.each("copies", &self.copies, |copies, faults| {
            faults.require((1..=8).contains(copies), "", copies, "between 1 and 8 devices per pixel");
        });
        faults.require(self.repetitions > 0, "repetitions", self.repetitions, "at least 1");
    }
}
