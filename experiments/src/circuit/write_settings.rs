//! Configuration of `spinhebb circuit write`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_device::switching::table_config::TableConfig;

use super::pattern::PatternConfig;
use crate::device::check_method;
use crate::system::system_parts;

system_parts! {
    /// A learning step on a crossbar.
    pub struct WriteParts {
        /// The junction at every crossing.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Faults of devices and wires.
        faults: FaultsConfig,
        /// How switching probabilities are computed.
        table: TableConfig,
        /// The pulses of the learning step.
        pulses: PulsesConfig,
        /// The array and what drives it.
        array: ArrayConfig,
        /// What is stored and which inputs are active.
        pattern: PatternConfig,
        /// The step, and further arrays.
        write: WriteSettings,
    }
    across across;
}

/// A learning step, and the arrays for the report on open dendrites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteSettings {
    /// Dendrite of the neuron that fired, counted from 0.
    pub dendrite: usize,
    /// Arrays (inputs, dendrites) for the report on driving all inputs at once with open dendrites.
    pub sizes: Vec<[usize; 2]>,
}

impl Check for WriteSettings {
    fn check(&self, faults: &mut Faults) {
        faults.each("sizes", &self.sizes, |size, faults| {
            let fine = size.iter().all(|lines| (1..=1024).contains(lines));
            faults.require(fine, "", format!("{size:?}"), "1 to 1024 inputs and dendrites");
        });
    }
}

fn across(config: &WriteParts, faults: &mut Faults) {
    check_method(&config.table, &config.device, faults);
    let (dendrite, outputs) = (config.write.dendrite, config.array.outputs);
    let expected = format!("a bit line of the array, 0 to {}", outputs.saturating_sub(1));
    faults.require(dendrite < outputs, "write.dendrite", dendrite, expected);
    for (key, pulse) in [
        ("pulses.potentiation", &config.pulses.potentiation),
        ("pulses.depression", &config.pulses.depression),
    ] {
        faults.require(pulse.is_some(), key, "", "a voltage, a multiple of Vc0, or a probability");
        let first = pulse.as_ref().and_then(|staged| staged.entries().first().map(|(_, first)| **first));
        if let Some(Amplitude::Probability(p)) = first {
            let expected = "between 0 and 1, both excluded: a voltage is looked up for it";
            faults.require(p > 0.0 && p < 1.0, key, p, expected);
        }
    }
}
