//! `spinhebb network train`: train, look on the way, keep checkpoints, test.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::Dataset;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::images::{ImageParts, ImagesConfig};
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::labelling::Labelling;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};
use spinhebb_network::training::network::Network;
use spinhebb_network::training::recipe::Recipe;

use super::accounting::{add_accounting, present_accounting};
use super::costs::{add_costs, present_costs};
use super::course::{Course, present_course};
use super::images;
use super::on_array::{self, write_map};
use super::pulses::{self, PulseParts, Tabulated, Voltages, WritePulses, add_pulses, write_pulses};
use super::test_result::{add_test, labels_dataset, present_test};
use super::training::{Keeping, train};
use crate::device::{check_method, device_name};
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Outcome, Shortcut};
use crate::present::Page;
use crate::present::plot::Figure;
use crate::system::system_parts;

/// What the cells of the array see.
const WRITES: &str = "network/array";

system_parts! {
    /// A network that is trained, labelled by its firing and tested.
    pub struct TrainParts {
        /// The junction at each crossing; read where pulses are voltages, on an array and for costs.
        device: MtjConfig,
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
    fn voltages(&self) -> Voltages {
        match (self.train.costs, self.network.synapses) {
            (true, _) => Voltages::Steps,
            (false, SynapseModel::Array) => Voltages::Always,
            (false, _) => Voltages::AsWritten,
        }
    }
}

fn across(config: &TrainParts, faults: &mut Faults) {
    images::check(&config.images, faults);
    let voltages = config.voltages();
    pulses::check(&config.pulses, config.network.stages, voltages, faults);
    if voltages != Voltages::AsWritten {
        check_method(&config.table, &config.device, faults);
        faults.within("array", |faults| config.array.check_tile(faults));
    }
    if let (Some(path), SynapseModel::Array) = (&config.train.checkpoint, config.network.synapses) {
        let expected = "no file: a training on an array keeps no checkpoint";
        faults.require(false, "train.checkpoint", path.display(), expected);
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
        let source = PulseParts { device: &config.device, table: &config.table, pulses: &config.pulses };
        let asked = (config.network.stages, config.voltages());
        let WritePulses { probabilities, tabulated } = write_pulses(source, asked, &mut outcome, context)?;
        let recipe = Recipe { network: config.network.clone(), pulses: probabilities };
        if let Some(pulses) = &tabulated {
            add_pulses(&mut outcome, pulses)?;
        }
        let trained = match (config.network.synapses, &tabulated) {
            (SynapseModel::Array, Some(pulses)) => {
                trained_on_array(config, &recipe, pulses, &parts, &mut outcome, context)?
            }
            _ => trained_on_ideal_lines(config, &recipe, &parts, context)?,
        };
        trained.add_to(&mut outcome)?;
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
        if let Ok(writes) = outcome.dataset(WRITES) {
            page.figure(&writes_figure(writes)?);
        }
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

fn trained_on_ideal_lines(
    config: &TrainParts,
    recipe: &Recipe,
    parts: &ImageParts<'_>,
    context: &Context,
) -> Result<Trained, ExperimentError> {
    let own = context.checkpoint("training.ckpt");
    let path = config.train.checkpoint.as_deref().or(own.as_deref());
    let keeping = Keeping { path, every: config.train.every };
    let (network, course) =
        train(recipe, parts, context.seed(), keeping, |images| context.stage("training", images))?;
    let stage = context.stage("labelling and testing", 1);
    let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
    let (labelling, evaluation) = network.examine(&config.network, train, test, parts.classes)?;
    stage.advance();
    Ok(Trained { members: network.members().to_vec(), course, labelling, evaluation })
}

fn trained_on_array(
    config: &TrainParts,
    recipe: &Recipe,
    pulses: &Tabulated,
    parts: &ImageParts<'_>,
    outcome: &mut Outcome,
    context: &Context,
) -> Result<Trained, ExperimentError> {
    let on_array = on_array::train(recipe, &config.array, pulses, parts, context)?;
    outcome.cite(on_array::MODELS);
    on_array.add_losses(outcome)?;
    outcome.add(Dataset::new(WRITES).with(on_array.write_fraction()?)?);
    let member = Network::Analog(on_array.trainer.trainer().clone());
    let mut course = Course { curve: on_array.curve, ..Course::default() };
    course.note_fields(member.shown(), &member);
    let shifts = &config.network.label_shifts;
    let labelling = vec![member.label(parts.train.at(shifts), parts.train_labels, parts.classes)?];
    Ok(Trained { members: vec![member], course, labelling, evaluation: on_array.evaluation })
}

fn writes_figure(writes: &Dataset) -> Result<Figure, ExperimentError> {
    let how =
        "Fraction of the driver's voltage that the cells of a tile see in a write, as solved at the end.";
    let figure = Figure::new("writes", "Write voltage over the cells of a tile.", how);
    Ok(figure.columns(1).cell(640.0, 560.0).map(write_map("", writes)?))
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
    flag(
        "hardware",
        "train.costs",
        "",
        "Write with pulses looked up in the device's table, and give energy and time on the array",
    ),
];

const fn flag(
    flag: &'static str,
    key: &'static str,
    value_name: &'static str,
    help: &'static str,
) -> Shortcut {
    Shortcut { flag, key, value_name, help, list: false }
}
