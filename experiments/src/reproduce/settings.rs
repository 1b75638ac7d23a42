//! What is asked of the main job, and whether the parts fit together.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::Time;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::demonstrator::DemonstratorConfig;
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::rules::readout::Readout;
use spinhebb_network::training::config::{NetworkConfig, RecipeName, SynapseModel};

use super::pulse::constant;
use crate::device::Table;
use crate::error::ExperimentError;
use crate::experiment::Experiment;
use crate::network::GridSettings;
use crate::system::{overlay, system_parts};

/// Parts of a system that make its switching curves.
const CURVE: [&str; 3] = ["device", "table", "pulses"];
/// Most bits of a state of the demonstrator with its input, for a table of the currents of all.
const MOST_BITS: usize = 20;

system_parts! {
    /// The whole chain, from spin dynamics to handwritten digits.
    pub struct ReproduceParts {
        /// The junction that learns.
        device: MtjConfig,
        /// How its devices differ in the 4x2 crossbar.
        population: PopulationConfig,
        /// Defects of the 4x2 crossbar; its currents are tabulated, so that read noise is not part of it.
        faults: FaultsConfig,
        /// How its switching probabilities are computed; the pulses are looked up in this table.
        table: TableConfig,
        /// Pulses of the 4x2 network; the networks for digits take the probabilities of their recipe at this width.
        pulses: PulsesConfig,
        /// The 4x2 crossbar.
        array: ArrayConfig,
        /// The 4x2 network.
        demonstrator: DemonstratorConfig,
        /// The network for digits whose receptive fields and confusion matrix are shown.
        network: NetworkConfig,
        /// The digits.
        images: ImagesConfig,
        /// The grid of networks for digits.
        grid: GridSettings,
        /// How much is computed, and further switching curves.
        reproduce: ReproduceSettings,
    }
    across across;
}

/// Parts of a system whose switching curves are computed: those of `spinhebb device table`.
pub(super) type CurveParts = <Table as Experiment>::Config;

/// How much is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Under three minutes on two cores.
    Default,
    /// The whole grid of Fig. 4d and finer switching curves.
    Paper,
}

/// How much is computed, and further switching curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReproduceSettings {
    /// How much is computed.
    pub profile: Profile,
    /// Further systems whose switching curves are computed, each by what it changes: `{ device.from = .., table = { .. } }`.
    pub curves: Vec<Changes>,
}

/// Keys of a system that differ from those of the system itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(pub toml::Table);

impl JsonSchema for Changes {
    fn schema_name() -> Cow<'static, str> {
        "Changes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "Keys of a system, laid over the system itself." })
    }
}

impl Check for ReproduceSettings {
    fn check(&self, faults: &mut Faults) {
        faults.each("curves", &self.curves, |changes, faults| {
            for key in changes.0.keys().filter(|key| !CURVE.contains(&key.as_str())) {
                faults.require(
                    false,
                    key,
                    "",
                    format!("one of {}, which make a switching curve", CURVE.join(", ")),
                );
            }
        });
    }
}

impl ReproduceParts {
    /// The parts of the system itself that make its switching curves.
    pub(super) fn own_curve(&self) -> CurveParts {
        CurveParts {
            seed: self.seed,
            device: self.device.clone(),
            table: self.table.clone(),
            population: PopulationConfig::default(),
            pulses: self.pulses.clone(),
        }
    }

    /// The parts of a system that differs by `changes`.
    ///
    /// # Errors
    /// A key or value is wrong.
    pub(super) fn curve(&self, changes: &Changes) -> Result<CurveParts, ExperimentError> {
        overlay(&self.own_curve(), &changes.0)
    }

    /// Inputs and neurons of the 4x2 network.
    pub(super) fn demonstrator_size(&self) -> (usize, usize) {
        let initial = &self.demonstrator.initial;
        (initial.first().map_or(0, |pattern| pattern.len()), initial.len())
    }
}

fn across(config: &ReproduceParts, faults: &mut Faults) {
    if !faults.found().is_empty() {
        return;
    }
    for (index, changes) in config.reproduce.curves.iter().enumerate() {
        if let Err(error) = config.curve(changes) {
            let problems = match &error {
                ExperimentError::Config(error) if !error.faults().is_empty() => {
                    error.faults().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
                }
                other => other.to_string(),
            };
            let expected = format!("changes that fit the system: {problems}");
            faults.require(false, &format!("reproduce.curves[{index}]"), "", expected);
        }
    }
    check_pulses(config, faults);
    check_array(config, faults);
    check_network(config, faults);
    if let Ok(available) = config.images.available() {
        faults.within("images", |faults| config.images.check_available(available, faults));
    }
}

/// The junction can be written, by constant pulses of a width that its table has.
fn check_pulses(config: &ReproduceParts, faults: &mut Faults) {
    if config.device.coupled.is_some() {
        let expected = "one macrospin, whose conductances the array is made of";
        faults.require(false, "device.coupled", "", expected);
    }
    let widths = config.table.widths_s(config.pulses.width);
    let width = config.pulses.width;
    if let (Some(first), Some(last)) = (widths.first(), widths.last()) {
        let fine = (*first..=*last).contains(&width.si());
        let expected = format!("a width within `table.widths`, {} to {}", Time(*first), Time(*last));
        faults.require(fine, "pulses.width", width, expected);
    }
    for (key, pulse) in
        [("potentiation", &config.pulses.potentiation), ("depression", &config.pulses.depression)]
    {
        let fine = constant(pulse.as_ref()).is_some();
        let expected = "one pulse for the whole learning: a probability such as \"35 %\", or a voltage";
        faults.require(fine, &format!("pulses.{key}"), "", expected);
    }
}

/// The array is that of the 4x2 network, small enough for a table of all its currents.
fn check_array(config: &ReproduceParts, faults: &mut Faults) {
    let (inputs, neurons) = config.demonstrator_size();
    let array = &config.array;
    for (key, lines, wanted) in [("inputs", array.inputs, inputs), ("outputs", array.outputs, neurons)] {
        let expected = format!("{wanted}, as the patterns of `demonstrator` have");
        faults.require(lines == wanted, &format!("array.{key}"), lines, expected);
    }
    let bits = inputs * neurons + inputs;
    let expected =
        format!("at most {MOST_BITS} bits of devices and inputs: the currents of all states are tabulated");
    faults.require(bits <= MOST_BITS, "demonstrator.initial", format!("an array of {bits} bits"), expected);
}

/// The networks are those of the paper.
fn check_network(config: &ReproduceParts, faults: &mut Faults) {
    let network = &config.network;
    let elsewhere = "`spinhebb network train` and `network grid` train others";
    let mut require = |fine: bool, key: &str, expected: &str| {
        faults.require(fine, &format!("network.{key}"), "", format!("{expected}; {elsewhere}"));
    };
    if network.recipe != RecipeName::Paper {
        return require(false, "recipe", "the recipe \"paper\"");
    }
    require(network.synapses == SynapseModel::Ideal, "synapses", "\"ideal\" synapses");
    require(network.stages == 1, "stages", "1 stage: the pulses are constant");
    require(network.fields.is_empty(), "fields", "no fields");
    let expected = "a single winner, beside which a vote of ten is shown";
    require(network.readout == Readout::SingleWinner, "readout", expected);
}
