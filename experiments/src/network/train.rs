//! `spinhebb network train`: train, look on the way, keep checkpoints, test.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::images::{ImageParts, ImagesConfig};
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::labelling::Labelling;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};
use spinhebb_network::training::hardware::Hardware;
use spinhebb_network::training::network::Network;
use spinhebb_network::training::recipe::Recipe;

use super::accounting::{add_accounting, present_accounting};
use super::costs::{add_costs, present_costs};
use super::course::{Course, present_course};
use super::hardware::SynapseParts;
use super::images;
use super::on_array::{add_array, add_devices, present_array};
use super::pulses::{WritePulses, add_pulses};
use super::test_result::{add_test, labels_dataset, present_test};
use super::training::{Keeping, train};
use crate::device::device_name;
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Json, Outcome, Shortcut};
use crate::present::Page;
use crate::system::system_parts;

/// Images of the ideal network between two marks of progress.
const LOOK: u64 = 5000;

system_parts! {
    /// A network that is trained, labelled by its firing and tested.
    pub struct TrainParts {
        /// The junction at each crossing; read where pulses are voltages, under synapses that are not ideal and for costs.
        device: MtjConfig,
        /// How devices differ; read under synapses that are not ideal.
        population: PopulationConfig,
        /// Which devices are broken; read under synapses that are not ideal.
        faults: FaultsConfig,
        /// Switching table of the junction; read as the device is.
        table: TableConfig,
        /// The write pulses, as probabilities or as voltages, over the stages.
        pulses: PulsesConfig,
        /// The array that holds the synapses; read on an array and for costs.
        array: ArrayConfig,
        /// Layer, training and read-out.
        network: NetworkConfig,
        /// Images to learn from and to be tested on.
        images: ImagesConfig,
        /// How the training is kept.
        train: TrainSettings,
    }
    across across;
}

/// How a training is kept, and what is reckoned beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// File that keeps the state of the training; where it exists, training goes on from it. Without it, an interrupted
    /// run goes on by itself but leaves no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<PathBuf>,
    /// Images between two checkpoints.
    pub every: u64,
    /// Whether the same network is trained with devices all alike on ideal lines as well, to stand beside synapses that are
    /// not ideal.
    pub ideal_beside: bool,
    /// Whether to give energy and time on the array. Pulses written as probabilities then become voltages in equal steps
    /// from the first to the last stage.
    pub costs: bool,
}

impl Check for TrainSettings {
    fn check(&self, faults: &mut Faults) {
        faults.require(self.every > 0, "every", self.every, "at least 1 image");
    }
}

impl TrainParts {
    fn synapses(&self) -> SynapseParts<'_> {
        SynapseParts {
            device: &self.device,
            population: &self.population,
            faults: &self.faults,
            table: &self.table,
            pulses: &self.pulses,
            array: &self.array,
            network: &self.network,
            in_steps: self.train.costs,
        }
    }
}

fn across(config: &TrainParts, faults: &mut Faults) {
    images::check(&config.images, faults);
    config.synapses().check(faults);
    let (every, refresh) = (config.train.every, config.network.refresh.max(1));
    if config.network.synapses == SynapseModel::Array {
        let expected = format!(
            "a multiple of `network.refresh`, {refresh}: between two the array cannot be written down"
        );
        faults.require(every.is_multiple_of(refresh), "train.every", every, expected);
    }
}

/// Training of a network, labels of its neurons, and a test.
pub struct Train;

impl Experiment for Train {
    type Config = TrainParts;
    const NAME: &'static str = "network train";
    const ABOUT: &'static str = "Train a network, label its neurons and test it";
    const CITES: &'static [&'static str] = images::MODELS;
    const SHORTCUTS: &'static [Shortcut] = SHORTCUTS;

    fn cost(config: &TrainParts) -> Cost {
        super::cost::of_training(&config.network, &config.images)
    }

    fn compute(config: &TrainParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Network training");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        let (WritePulses { probabilities, tabulated }, hardware) =
            config.synapses().prepare(&mut outcome, context)?;
        let recipe = Recipe { network: config.network.clone(), pulses: probabilities };
        if let Some(pulses) = &tabulated {
            add_pulses(&mut outcome, pulses)?;
        }
        let trained = trained(config, (&recipe, hardware.as_ref()), &parts, context)?;
        trained.add_to(&mut outcome)?;
        if let Some(hardware) = &hardware {
            add_devices(&mut outcome, &trained.members, hardware, context.seed())?;
            add_array(&mut outcome, &trained.members)?;
            if config.train.ideal_beside {
                add_ideal(&mut outcome, &recipe.ideal(), &parts, context)?;
            }
        }
        if let (true, Some(pulses)) = (config.train.costs, &tabulated) {
            let name = device_name(&config.device);
            let array = (&config.array, pulses, name.as_str());
            add_costs(&mut outcome, array, &trained.members, &parts.train, context.seed())?;
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let config: TrainParts = outcome.config()?;
        present_course(outcome, page)?;
        present_array(outcome, page)?;
        present_ideal(outcome, page)?;
        present_test(outcome, page)?;
        present_accounting(outcome, page)?;
        present_costs(outcome, &config.array, page)
    }
}

/// A trained network with its test.
struct Trained {
    members: Vec<Network>,
    course: Course,
    labelling: Vec<Labelling>,
    evaluation: Evaluation,
}

impl Trained {
    fn add_to(&self, outcome: &mut Outcome) -> Result<(), ExperimentError> {
        let middle = &self.members[self.members.len() / 2];
        self.course.add_to(outcome, middle.encoder().field())?;
        add_test(outcome, &self.evaluation)?;
        add_accounting(outcome, &self.members)?;
        for (field, member) in self.members.iter().enumerate() {
            let name = match self.members.len() {
                1 => "network/state".to_string(),
                _ => format!("network/state_field_{field:02}"),
            };
            outcome.add(member.to_dataset(&name)?);
        }
        outcome.add(labels_dataset(&self.labelling)?);
        Ok(())
    }
}

fn trained(
    config: &TrainParts,
    made: (&Recipe, Option<&Arc<Hardware>>),
    parts: &ImageParts<'_>,
    context: &Context,
) -> Result<Trained, ExperimentError> {
    let own = context.checkpoint("training.ckpt");
    let path = config.train.checkpoint.as_deref().or(own.as_deref());
    let system = match made.1 {
        Some(_) => config.synapses().text()?,
        None => String::new(),
    };
    let keeping = Keeping { path, every: config.train.every, system: &system };
    let (network, course) =
        train(made, parts, context.seed(), keeping, |images| context.stage("training", images))?;
    let stage = context.stage("labelling and testing", 1);
    let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
    let (labelling, evaluation) = network.examine(&config.network, train, test, parts.classes)?;
    stage.advance();
    Ok(Trained { members: network.members().to_vec(), course, labelling, evaluation })
}

/// Trains the same network on ideal synapses, a unit of the run, and adds its accuracy.
fn add_ideal(
    outcome: &mut Outcome,
    ideal: &Recipe,
    parts: &ImageParts<'_>,
    context: &Context,
) -> Result<(), ExperimentError> {
    let Json([accuracy, low, high]) = context.unit("ideal synapses", || {
        let mut network = Committee::new(ideal, None, &parts.train, context.seed())?;
        let stage = context.stage("training with ideal synapses", network.total());
        while network.shown() < network.total() {
            network.advance(&parts.train, LOOK)?;
            stage.reach(network.shown());
        }
        let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
        let (_, found) = network.examine(&ideal.network, train, test, parts.classes)?;
        let (low, high) = found.interval_95();
        Ok(Json([found.accuracy(), low, high]))
    })?;
    let meaning = "accuracy of the same network with devices all alike on ideal lines";
    outcome.scalar("accuracy_ideal", accuracy, "1", meaning).interval(low, high);
    Ok(())
}

fn present_ideal(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let in_per_cent = |key: &str| -> Option<String> {
        let found = outcome.find(key)?;
        let (low, high) = found.interval?;
        Some(format!("{:.2} ({:.2} to {:.2})", 100.0 * found.value, 100.0 * low, 100.0 * high))
    };
    let (Some(own), Some(ideal)) = (in_per_cent("accuracy"), in_per_cent("accuracy_ideal")) else {
        return Ok(());
    };
    let config: TrainParts = outcome.config()?;
    let synapses = match config.network.synapses {
        SynapseModel::Array => "on the array",
        SynapseModel::Devices | SynapseModel::Ideal => "devices of their own",
    };
    page.table(&["", synapses, "ideal synapses"], &[vec!["accuracy (%)".into(), own, ideal]]);
    Ok(())
}

const SHORTCUTS: &[Shortcut] = &[
    images::FOLDER,
    images::HELD_OUT,
    flag("preset", "network.recipe", "NAME", "Recipe to start from, `paper` or `best`; other keys change it"),
    flag("neurons", "network.neurons", "N", "Number of neurons in all"),
    flag("copies", "network.copies", "R", "Devices per input line of the `paper` recipe"),
    flag(
        "checkpoint",
        "train.checkpoint",
        "FILE",
        "Keep the training state in FILE; where FILE exists, training goes on from it",
    ),
    flag("every", "train.every", "IMAGES", "Images between two checkpoints"),
    flag("synapses", "network.synapses", "MODEL", "What synapses are: `ideal`, `devices` or `array`"),
    flag("costs", "train.costs", "", "Give energy and time on the array"),
];

const fn flag(
    flag: &'static str,
    key: &'static str,
    value_name: &'static str,
    help: &'static str,
) -> Shortcut {
    Shortcut { flag, key, value_name, help, list: false }
}
